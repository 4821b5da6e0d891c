using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Recovery;

/// <summary>An event of the root user's stream, and the session in which it was asked for.</summary>
public sealed record Traced(object Event, Guid? SessionId);

/// <summary>
/// What came of a recovery's session: the devices that it assigned or activated, the sessions that those gave, and so on; and
/// whether the password is one that such a session set.
/// </summary>
/// <param name="Devices">Devices, also those that are gone.</param>
/// <param name="SetPassword">Whether the last change of the password came from it.</param>
public sealed record RecoveryTraces(IReadOnlySet<Guid> Devices, bool SetPassword)
{
    /// <summary>Follows a recovery's session through what happened since.</summary>
    /// <param name="sessionId">The session that the recovery gave.</param>
    /// <param name="since">The events of the root user's stream after it was completed, oldest first.</param>
    public static RecoveryTraces Of(Guid sessionId, IEnumerable<Traced> since)
    {
        HashSet<Guid> sessions = [sessionId];
        HashSet<Guid> devices = [];
        Dictionary<Guid, bool> setBefore = [];
        var setPassword = false;
        foreach (var (happened, by) in since)
        {
            var traced = by is { } session && sessions.Contains(session);
            switch (happened)
            {
                // When the recovery began there was a device. A password alone signs in after it because that one was removed.
                case SignedIn { Factor: Factor.Password } e: sessions.Add(e.SessionId); break;
                case SignedIn { DeviceId: { } device } e when devices.Contains(device): sessions.Add(e.SessionId); break;

                // A further recovery begins with the password: one that was set by this one's session is no proof of the owner.
                case RecoveryVerified e: setBefore[e.RecoveryId] = setPassword; break;
                case SignedIn { Factor: Factor.Recovery } e when setPassword: sessions.Add(e.SessionId); break;
                case RecoveryUndone { PasswordVoided: true } e: setPassword = setBefore.GetValueOrDefault(e.RecoveryId); break;
                case DeviceAssigned e when traced: devices.Add(e.DeviceId); break;
                case DeviceActivated e when traced: devices.Add(e.DeviceId); break;
                case PasswordChanged: setPassword = traced; break;
            }
        }

        return new RecoveryTraces(devices, setPassword);
    }
}
