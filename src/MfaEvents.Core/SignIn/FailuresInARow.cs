namespace MfaEvents.Core.SignIn;

/// <summary>
/// Wrong passwords since the last right one, for one name from one client network, and the wait that the last of them began.
/// Refused codes are counted by their events, in <see cref="Devices.PrincipalMfa"/>.
/// </summary>
public sealed record FailuresInARow(int Count, Wait? Wait)
{
    public static FailuresInARow None { get; } = new(0, null);

    /// <summary>One more. Attempts are counted before they are looked at, so that those which race are all counted.</summary>
    public FailuresInARow OneMore(DateTimeOffset now, ThrottlePolicy policy)
    {
        var count = Count + 1;
        return new FailuresInARow(count, Wait.Begun(policy.SecondsAfter(count), now));
    }
}
