using MfaEvents.Server.Http;

namespace MfaEvents.Server.Notifications;

/// <summary>What the button on a link's page does. Each purpose has at most one; without one the page shows the proof itself.</summary>
public interface ILinkAction
{
    LinkPurpose Purpose { get; }

    LinkPageText Text { get; }

    /// <summary>Does it, under the locks that it needs, and deletes the link with it.</summary>
    /// <param name="token">The token as it was sent: nobody has looked for it yet.</param>
    /// <param name="fields">What was typed into <see cref="LinkPageText.Fields"/>, by name.</param>
    /// <param name="http">The request, which is anonymous.</param>
    /// <param name="now">The time.</param>
    /// <returns>Why it was not done, or null.</returns>
    Task<Problem?> ActAsync(LinkToken token, IReadOnlyDictionary<string, string> fields, HttpContext http, DateTimeOffset now);
}

/// <summary>What a link's page says.</summary>
/// <param name="Title">What it is about.</param>
/// <param name="Sentence">What the button does.</param>
/// <param name="Button">The words on the button.</param>
/// <param name="Done">What the page says once it is done.</param>
public sealed record LinkPageText(string Title, string Sentence, string Button, string Done)
{
    /// <summary>What else is asked for.</summary>
    public IReadOnlyList<LinkField> Fields { get; init; } = [];
}

/// <summary>Something that a page asks for.</summary>
public sealed record LinkField(string Name, string Label);

/// <summary>What every link does.</summary>
public sealed class LinkActions(IEnumerable<ILinkAction> actions)
{
    private readonly Dictionary<LinkPurpose, ILinkAction> byPurpose = actions.ToDictionary(action => action.Purpose);

    public ILinkAction? Of(LinkPurpose purpose) => byPurpose.GetValueOrDefault(purpose);
}
