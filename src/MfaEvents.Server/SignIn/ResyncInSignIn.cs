using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

public sealed record ResyncInSignIn([DeviceId] string DeviceId, [Code] string Code1, [Code] string Code2);

/// <summary>
/// Resyncs a device within a sign-in, by two fresh consecutive codes; then the next code signs in. The password alone has been
/// proven, so that a suspended device stays suspended.
/// </summary>
public static class ResyncInSignInEndpoint
{
    [WolverinePost(Routes.SignIn + "/resync"), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(SignInKey.Header, "The sign-in's key.")]
    [Answers(200, typeof(ResyncedDevice)), Refuses(403, "invalid-authentication-code"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        ResyncInSignIn command,
        string signInId,
        HttpContext http,
        OpenSignIns signIns,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        await using var signIn = await signIns.HoldAsync(http, signInId, Guid.Parse(command.DeviceId), now);
        if (signIn is null) return Problems.NotFound;

        var decision = signIn.State.Resync(
            signIn.DeviceId,
            device => TotpCode.FindPair(signIn.Key(), command.Code1, command.Code2, device, now, settings.Devices),
            endsSuspension: false,
            now,
            settings.Devices);
        await signIn.CommitAsync(decision.Events, completes: false, http.RequestAborted);
        return ResyncedDevice.AnswerFor(decision);
    }
}
