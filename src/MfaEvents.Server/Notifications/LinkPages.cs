using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Notifications;

/// <summary>Where the links in mails lead, and what their pages look like.</summary>
public static class LinkPages
{
    /// <summary>No script and nothing from elsewhere; a test compares the hash with <see cref="Style"/>.</summary>
    public const string Policy = "default-src 'none'; style-src '" + StyleHash + "'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'";

    public const string Style =
        "body{font-family:sans-serif;line-height:1.5;max-width:40em;margin:2em auto;padding:0 1em}"
        + "button,input{font:inherit;padding:.5em 1em}input{display:block;width:100%;box-sizing:border-box}"
        + "code{overflow-wrap:anywhere;user-select:all}";

    public const string StyleHash = "sha256-6oyavVrrIzaG62r2CdzaLUTvVBECI0L9aE5aFfhbtWY=";

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
    internal static Page Of(LinkToken token, ILinkAction? action)
    {
        if (action is null)
            return Written(200, "Your proof", body => body
                .Append("<p>Copy this proof to the page where you asked for it. It is good once.</p>")
                .Append($"<p><code>{Encoded(token.Text())}</code></p>"));
        var text = action.Text;
        return Written(200, text.Title, body =>
        {
            body.Append($"<p>{Encoded(text.Sentence)}</p><form method=\"post\" action=\"\" autocomplete=\"off\">");
            body.Append($"<input type=\"hidden\" name=\"token\" value=\"{Encoded(token.Text())}\">");
            foreach (var field in text.Fields)
                body.Append($"<p><label>{Encoded(field.Label)}<input name=\"{Encoded(field.Name)}\" required></label></p>");
            return body.Append($"<p><button type=\"submit\">{Encoded(text.Button)}</button></p></form>");
        });
    }

    internal static Page Done(LinkPageText text) => Written(200, text.Title, body => body.Append($"<p>{Encoded(text.Done)}</p>"));

    internal static Page Refused(Problem problem) => Written(
        problem.Status, "This was not done", body => body.Append($"<p>{Encoded(problem.Detail)}</p>"));

    private static Page Written(int status, string title, Func<StringBuilder, StringBuilder> body) => new(status, body(
        new StringBuilder("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Append($"<title>{Encoded(title)}</title><style>{Style}</style></head><body><main><h1>{Encoded(title)}</h1>"))
        .Append("</main></body></html>").ToString());

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>Shows the page of a link in a mail. It changes nothing: its button does.</summary>
public static class ShowLinkEndpoint
{
    [WolverineGet(Routes.Links + "/{purpose}"), NotTenanted, AllowAnonymous, PerAddress, ContentSecurityPolicy(LinkPages.Policy)]
    [Answers(200), Queries("token", "The token of the link.")]
    public static IResult Get(string purpose, HttpRequest request, LinkActions actions)
    {
        if (LinkPages.PurposeOf(purpose) is not { } known) return Answer.Refuse(Problems.NotFound);
        return LinkToken.Parse(request.Query["token"]) is { } token
            ? LinkPages.Of(token, actions.Of(known))
            : LinkPages.Refused(Problems.InvalidProof);
    }
}

/// <summary>Does what the button on a link's page says, for a form that holds the token.</summary>
public static class UseLinkEndpoint
{
    [WolverinePost(Routes.Links + "/{purpose}"), NotTenanted, AllowAnonymous, PerAddress, ContentSecurityPolicy(LinkPages.Policy)]
    [Answers(200), Refuses(403, "invalid-proof"), Refuses(415, "unsupported-media-type")]
    public static async Task<IResult> Post(string purpose, HttpContext http, LinkActions actions, DateTimeOffset now)
    {
        if (LinkPages.PurposeOf(purpose) is not { } known || actions.Of(known) is not { } action)
            return Answer.Refuse(Problems.NotFound);
        if (!http.Request.HasFormContentType) return Answer.Refuse(Problems.UnsupportedMediaType);
        if (await FormAsync(http) is not { } form) return LinkPages.Refused(Problems.MalformedRequest("The form could not be read."));

        if (LinkToken.Parse(form["token"]) is not { } token) return LinkPages.Refused(Problems.InvalidProof);
        var fields = action.Text.Fields.ToDictionary(field => field.Name, field => form[field.Name].ToString());
        return await action.ActAsync(token, fields, http, now) is { } refusal
            ? LinkPages.Refused(refusal)
            : LinkPages.Done(action.Text);
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
