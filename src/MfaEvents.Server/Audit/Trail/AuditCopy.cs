namespace MfaEvents.Server.Audit.Trail;

/// <summary>
/// What the trail's rows do to texts that a client chose: it cuts them, so that no row is ever too long for an index. The event and its leaf
/// have the whole text.
/// </summary>
public static class AuditCopy
{
    /// <summary>How many characters a copy has at most, its mark included.</summary>
    public const int Limit = 512;

    private const string Mark = "…";

    /// <summary>The text, cut to the limit and with a mark at its end if it was longer.</summary>
    public static string? Cut(string? text) => text is { Length: > Limit } ? text[..(Limit - Mark.Length)] + Mark : text;
}
