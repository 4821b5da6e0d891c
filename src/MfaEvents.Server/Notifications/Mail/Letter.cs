using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Notifications.Mail;

/// <summary>What a mail says, before it is text and HTML: plain sentences and at most two links.</summary>
/// <param name="Subject">Its subject. Nothing that a stranger wrote stands in it.</param>
/// <param name="Paragraphs">
/// What it says, a sentence or some each. Names that people chose stand in them, and nothing in them becomes a link.
/// </param>
public sealed partial record Letter(string Subject, IReadOnlyList<string> Paragraphs)
{
    /// <summary>What the reader is asked to do.</summary>
    public LetterLink? Button { get; init; }

    /// <summary>What the reader does who did not do what the letter tells.</summary>
    public LetterLink? Repudiation { get; init; }

    public string Text()
    {
        var text = new StringBuilder();
        foreach (var paragraph in Unlinked) text.Append(paragraph).Append("\r\n\r\n");
        foreach (var link in Links) text.Append(link.Words).Append(":\r\n").Append(link.Address.AbsoluteUri).Append("\r\n\r\n");
        return text.Append(Closing).Append("\r\n").ToString();
    }

    public string Html()
    {
        var html = new StringBuilder(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
            """);
        html.Append($"<title>{Encoded(Subject)}</title></head>\n");
        html.Append("<body style=\"font-family: sans-serif; line-height: 1.5; max-width: 40em\">\n");
        html.Append($"<h1 style=\"font-size: 1.25em\">{Encoded(Subject)}</h1>\n");
        foreach (var paragraph in Unlinked) html.Append($"<p>{Encoded(paragraph)}</p>\n");
        foreach (var link in Links) html.Append($"<p><a href=\"{Encoded(link.Address.AbsoluteUri)}\">{Encoded(link.Words)}</a></p>\n");
        return html.Append($"<p style=\"color: #555\">{Encoded(Closing)}</p>\n</body>\n</html>\n").ToString();
    }

    // A link in it is a secret.
    public override string ToString() => "***";

    private const string Closing = "This mail was sent by a machine. Nobody reads what is answered to it.";

    private IEnumerable<LetterLink> Links => new[] { Button, Repudiation }.OfType<LetterLink>();

    // This mail is believed, and its reader's program makes a link of whatever looks like a host.
    private IEnumerable<string> Unlinked => Paragraphs.Select(paragraph =>
        DotInName().Replace(paragraph, "[.]").Replace("://", "[://]", StringComparison.Ordinal));

    // Also the dots that hosts may be written with elsewhere (RFC 3490 3.1).
    [GeneratedRegex(@"[.\u3002\uFF0E\uFF61](?=\p{L})")]
    private static partial Regex DotInName();

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>A link in a letter: what it is good for, in words, and where it leads.</summary>
public sealed record LetterLink(string Words, Uri Address)
{
    public override string ToString() => "***";
}
