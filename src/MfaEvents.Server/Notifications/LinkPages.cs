using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using MfaEvents.Server.Console;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Notifications;

/// <summary>Where the links in mails lead, and their pages, which are written as those of the console.</summary>
public static class LinkPages
{
    public const string Policy = ConsoleSetup.Policy;

    private static readonly Dictionary<LinkPurpose, string> Names = new()
    {
        [LinkPurpose.RecoveryEmail] = "recovery-email",
        [LinkPurpose.ContactEmail] = "contact-email",
        [LinkPurpose.Repudiation] = "repudiation",
        [LinkPurpose.Veto] = "veto",
    };

    public static Uri AddressOf(MfaEventsSettings settings, LinkPurpose purpose, LinkToken token) =>
        new($"{settings.PublicUrl.AbsoluteUri.TrimEnd('/')}{Routes.Links}/{Names[purpose]}?token={token.Text()}");

    /// <summary>What a page is for; null when there is none of that name.</summary>
    public static LinkPurpose? PurposeOf(string name)
    {
        foreach (var (purpose, known) in Names)
            if (known == name) return purpose;
        return null;
    }

    /// <summary>The page of a link, whether it is still good or not: mail scanners open it too, and learn nothing.</summary>
    /// <param name="token">The link's token.</param>
    /// <param name="action">What its button does; null when the page shows the proof itself.</param>
    /// <param name="hidden">How the form on the page names the link.</param>
    internal static IResult Of(LinkToken token, ILinkAction? action, params IEnumerable<(string Name, string Value)> hidden) => action is null
        ? Written(200, "Your proof", (nameof(LinkPage.Proof), token.Text()))
        : Written(
            200,
            action.Text.Title,
            (nameof(LinkPage.Asked), action.Text),
            (nameof(LinkPage.Hidden), hidden.ToDictionary(field => field.Name, field => field.Value)));

    internal static IResult Done(LinkPageText text) => Written(200, text.Title, (nameof(LinkPage.Done), text.Done));

    internal static IResult Refused(Problem problem) => Refused(problem.Status, problem.Detail);

    internal static IResult Refused(int status, string sentence) =>
        Written(status, "This was not done", (nameof(LinkPage.Refusal), sentence));

    private static RazorComponentResult<LinkPage> Written(int status, string title, params IEnumerable<(string Name, object? Value)> parameters) =>
        new(parameters.Prepend((nameof(LinkPage.Title), title)).ToDictionary(parameter => parameter.Item1, parameter => parameter.Item2))
        {
            StatusCode = status,
        };
}

/// <summary>Shows the page of a link in a mail. It changes nothing: its button does.</summary>
public static class ShowLinkEndpoint
{
    private const string OpenAgain = "This link was opened too long ago, or in another browser. Open it in the mail once more.";

    [WolverineGet(Routes.Links + "/{purpose}"), NotTenanted, AllowAnonymous, PerAddress, ContentSecurityPolicy(LinkPages.Policy)]
    [Answers(200), Queries("token", "The token of the link.")]
    public static IResult Get(string purpose, HttpContext http, LinkActions actions, LinkCookies cookies)
    {
        if (LinkPages.PurposeOf(purpose) is not { } known) return Answer.Refuse(Problems.NotFound);
        var query = http.Request.Query;
        if (query.TryGetValue("link", out var name))
            return cookies.Find(http, name) is { } opened
                ? LinkPages.Of(opened.Token, actions.Of(known), ("link", name.ToString()), ("guard", opened.Guard))
                : LinkPages.Refused(StatusCodes.Status403Forbidden, OpenAgain);

        if (LinkToken.Parse(query["token"]) is not { } token) return LinkPages.Refused(Problems.InvalidProof);

        // A browser forgets the address with the token at once (W3C Fetch Metadata); what else opens links gets the page itself.
        return http.Request.Headers["Sec-Fetch-Mode"] == "navigate"
            ? new SeeOther($"{Routes.Links}/{purpose}?link={cookies.Keep(http, known, token)}")
            : LinkPages.Of(token, actions.Of(known), ("token", token.Text()));
    }

    /// <summary>303: the address of this request is to be forgotten.</summary>
    private sealed class SeeOther(string location) : IResult
    {
        public Task ExecuteAsync(HttpContext http)
        {
            (http.Response.StatusCode, http.Response.Headers.Location) = (StatusCodes.Status303SeeOther, location);
            return Task.CompletedTask;
        }
    }
}

/// <summary>Does what the button on a link's page says, for a form that holds the token, or names the link that this browser opened.</summary>
public static class UseLinkEndpoint
{
    [WolverinePost(Routes.Links + "/{purpose}"), NotTenanted, AllowAnonymous, PerAddress, ContentSecurityPolicy(LinkPages.Policy)]
    [Answers(200), Refuses(403, "invalid-proof"), Refuses(415, "unsupported-media-type")]
    public static async Task<IResult> Post(
        string purpose, HttpContext http, LinkActions actions, LinkCookies cookies, DateTimeOffset now)
    {
        if (LinkPages.PurposeOf(purpose) is not { } known || actions.Of(known) is not { } action)
            return Answer.Refuse(Problems.NotFound);
        if (!http.Request.HasFormContentType) return Answer.Refuse(Problems.UnsupportedMediaType);
        if (await FormAsync(http) is not { } form) return LinkPages.Refused(Problems.MalformedRequest("The form could not be read."));

        var opened = cookies.Find(http, form["link"]);
        if (opened is not null && form["guard"] != opened.Guard) opened = null;
        if ((opened?.Token ?? LinkToken.Parse(form["token"])) is not { } token) return LinkPages.Refused(Problems.InvalidProof);
        var fields = action.Text.Fields.ToDictionary(field => field.Name, field => form[field.Name].ToString());
        if (await action.ActAsync(token, fields, http, now) is { } refusal) return LinkPages.Refused(refusal);
        if (opened is not null) cookies.Forget(http, form["link"]!);
        return LinkPages.Done(action.Text);
    }

    private static async Task<IFormCollection?> FormAsync(HttpContext http)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(RequestBody.TimeLimit);
        try
        {
            return await http.Request.ReadFormAsync(limit.Token);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or OperationCanceledException)
        {
            http.RequestAborted.ThrowIfCancellationRequested();
            return null;
        }
    }
}
