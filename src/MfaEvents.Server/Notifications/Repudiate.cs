using Microsoft.AspNetCore.Authorization;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.SignIn;
using Wolverine.Http;

namespace MfaEvents.Server.Notifications;

public sealed record Repudiate([PlainText] string Token)
{
    public override string ToString() => "***";
}

/// <summary>
/// "This was not me", by the token of a notice: ends all sessions of whom the notice told, and takes back a change of contact
/// information that is not older than 72 hours.
/// </summary>
public static class RepudiateEndpoint
{
    [WolverinePost(Routes.Repudiations), NotTenanted, AllowAnonymous, PerAddress]
    [Answers(204), Refuses(403, "invalid-proof"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(Repudiate command, HttpContext http, Repudiations repudiations, DateTimeOffset now) =>
        LinkToken.Parse(command.Token) is { } token && await repudiations.RepudiateAsync(token, http, now)
            ? Answer.NoContent
            : Problems.InvalidProof;
}

/// <summary>The same by the button on the link's page.</summary>
public sealed class RepudiationLink(Repudiations repudiations) : ILinkAction
{
    public LinkPurpose Purpose => LinkPurpose.Repudiation;

    public LinkPageText Text { get; } = new(
        "This was not me",
        "What you were told of is undone: all sessions end, and a change of contact information that is not older than 72 hours is "
        + "taken back; or a recovery ends, with the session, the devices and the password that came of it.",
        "This was not me",
        "Done. Now change the password, and look at the devices: whoever it was may know the password.");

    public async Task<Problem?> ActAsync(
        LinkToken token, IReadOnlyDictionary<string, string> fields, HttpContext http, DateTimeOffset now) =>
        await repudiations.RepudiateAsync(token, http, now) ? null : Problems.InvalidProof;
}
