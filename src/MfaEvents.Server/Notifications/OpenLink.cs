using Marten;

namespace MfaEvents.Server.Notifications;

/// <summary>A link that was sent and not yet used. It is deleted in the transaction of what it was good for.</summary>
/// <param name="Id">SHA-256 over the purpose and the token, which is not kept.</param>
/// <param name="Purpose">What it is good for.</param>
/// <param name="Subject">What it is about: the stream of a recovery or a case, or the principal or event that a notice told of.</param>
/// <param name="IssuedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it is void.</param>
public sealed record OpenLink(string Id, LinkPurpose Purpose, string Subject, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);

/// <summary>Makes and finds links.</summary>
public static class OpenLinks
{
    /// <summary>Makes a link within the session's transaction; the token goes into the mail and nowhere else.</summary>
    public static LinkToken OpenLink(
        this IDocumentSession session, LinkPurpose purpose, string subject, DateTimeOffset now, TimeSpan lifetime)
    {
        var token = LinkToken.Draw(session.TenantId);
        session.Insert(new OpenLink(token.LinkId(purpose), purpose, subject, now, now + lifetime));
        return token;
    }

    /// <summary>The link of a token in the session's account; null when it is false, spent, late or for something else.</summary>
    public static async Task<OpenLink?> LinkAsync(
        this IQuerySession session, LinkToken token, LinkPurpose purpose, DateTimeOffset now, CancellationToken cancellation) =>
        token.AccountId == session.TenantId
        && await session.LoadAsync<OpenLink>(token.LinkId(purpose), cancellation) is { } link
        && now < link.ExpiresAt
            ? link
            : null;
}
