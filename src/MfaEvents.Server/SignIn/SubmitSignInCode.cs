using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

public sealed record SubmitSignInCode([DeviceId] string DeviceId, [Code] string Code);

/// <summary>Completes a sign-in with one code of one named device.</summary>
public static class SubmitSignInCodeEndpoint
{
    [WolverinePost(Routes.SignIn + "/codes"), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(SignInKey.Header, "The sign-in's key.")]
    [Answers(200, typeof(AccessToken)), Refuses(403, "invalid-authentication-code"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        SubmitSignInCode command,
        string signInId,
        HttpContext http,
        OpenSignIns signIns,
        AccessTokens tokens,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        await using var signIn = await signIns.HoldAsync(http, signInId, Guid.Parse(command.DeviceId), now);
        if (signIn is null) return Problems.NotFound;

        var begun = new Session(Guid.CreateVersion7(now), signIn.State.Id, Factor.Otp, now);
        var decision = signIn.State.SignInByCode(
            begun.Id,
            signIn.DeviceId,
            device => TotpCode.Find(signIn.Key(), command.Code, device, now, settings.Devices),
            now,
            settings.Devices,
            signIn.WrongPasswords);
        return await signIn.AnswerAsync(decision, begun, tokens, http.RequestAborted);
    }
}
