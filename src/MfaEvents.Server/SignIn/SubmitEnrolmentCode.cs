using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Devices;
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

        var sessionId = Guid.CreateVersion7(now);
        var decision = signIn.State.SignInByEnrolmentCode(
            sessionId,
            signIn.WrongPasswords,
            () => signIn.EnrolmentCode?.IsRight(signIn.AccountId, command.Code, now) == true,
            now,
            settings.Devices);
        var accepted = decision.Outcome == CodeOutcome.Accepted;
        await signIn.CommitAsync(decision.Events, completes: accepted, http.RequestAborted);
        if (!accepted) return CodeRefusals.For(decision);

        var begun = new Session(sessionId, signIn.State.Id, Factor.EnrolmentCode, now);
        return Answer.Ok(await tokens.IssueAsync(signIn.AccountId, begun, http.RequestAborted));
    }
}
