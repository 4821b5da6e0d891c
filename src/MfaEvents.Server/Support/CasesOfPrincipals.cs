using JasperFx.Events;
using Marten;
using MfaEvents.Core.Support;

namespace MfaEvents.Server.Support;

/// <summary>
/// Finds the case about a principal. Where both are locked, the principal is first: opening, execution, sign-in and the end of
/// a user take them in this order, and whatever locks a case alone takes nothing after it.
/// </summary>
public static class CasesOfPrincipals
{
    /// <summary>The case in progress about a principal whose lock is held, locked as well; null when there is none.</summary>
    public static async Task<IEventStream<SupportCase>?> CaseInProgressAsync(
        this IDocumentSession session, string principal, CancellationToken cancellation) =>
        await session.LoadAsync<CaseInProgress>(principal, cancellation) is { } inProgress
            ? await session.Events.FetchForExclusiveWriting<SupportCase>(inProgress.Case, cancellation)
            : null;

    /// <summary>
    /// The cases about a principal that went on within the last 24 hours, for what is limited per day. Nobody adds to them meanwhile if
    /// the principal's lock is held, or that of the case in progress: there is one at most.
    /// </summary>
    public static Task<IReadOnlyList<SupportCase>> CasesOfTodayAsync(
        this IQuerySession session, string principal, DateTimeOffset now, CancellationToken cancellation)
    {
        var since = now - TimeSpan.FromHours(24);
        return session.Query<SupportCase>()
            .Where(found => found.Principal == principal && (found.EndedAt == null || found.EndedAt > since))
            .ToListAsync(cancellation);
    }

    /// <summary>Within the transaction of a sign-in with a second factor: it vetoes a removal that is to come.</summary>
    public static async Task VetoBySignInAsync(this IDocumentSession session, string principal, CancellationToken cancellation)
    {
        if (await session.CaseInProgressAsync(principal, cancellation) is { Aggregate: { } found } stream)
            stream.AppendMany(found.Veto(VetoReason.SignIn).Events);
    }
}
