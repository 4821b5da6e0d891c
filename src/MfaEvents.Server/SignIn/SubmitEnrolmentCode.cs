using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

public sealed record SubmitEnrolmentCode([PlainText] string Code)
{
    public override string ToString() => "***";
}

/// <summary>
/// Completes a sign-in after support removed every device: with the code that an approver handed to the proven owner, until a
/// device is active.
/// </summary>
public static class SubmitEnrolmentCodeEndpoint
{
    [WolverinePost(Routes.SignIn + "/enrolment-codes"), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(SignInKey.Header, "The sign-in's key.")]
    [Answers(200, typeof(AccessToken)), Refuses(403, "invalid-authentication-code"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        SubmitEnrolmentCode command,
        string signInId,
        HttpContext http,
        OpenSignIns signIns,
        AccessTokens tokens,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        await using var signIn = await signIns.HoldForEnrolmentAsync(http, signInId, now);
        if (signIn is null) return Problems.NotFound;

        var begun = new Session(Guid.CreateVersion7(now), signIn.State.Id, Factor.EnrolmentCode, now);
        var decision = signIn.State.SignInByEnrolmentCode(
            begun.Id,
            signIn.WrongPasswords,
            () => signIn.EnrolmentCode?.IsRight(signIn.AccountId, command.Code, now) == true,
            now,
            settings.Devices);
        return await signIn.AnswerAsync(decision, begun, tokens, http.RequestAborted);
    }
}
