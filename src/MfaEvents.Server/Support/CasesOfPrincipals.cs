using JasperFx.Events;
using Marten;
using MfaEvents.Core;
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

    /// <summary>The seconds until another case may be opened about a principal whose lock is held; null when it may now.</summary>
    public static async Task<int?> OpeningWaitAsync(
        this IDocumentSession session, string principal, SupportPolicy policy, DateTimeOffset now, CancellationToken cancellation) =>
        PerDay.Wait(
            (await session.RecentCasesAsync(principal, policy, now, cancellation)).Select(found => found.OpenedAt),
            policy.CasesPerDay,
            now);

    /// <summary>The seconds until a case of the principal's may place another call; null when it may now.</summary>
    public static async Task<int?> CallWaitAsync(
        this IDocumentSession session, string principal, SupportPolicy policy, DateTimeOffset now, CancellationToken cancellation) =>
        PerDay.Wait(
            (await session.RecentCasesAsync(principal, policy, now, cancellation)).SelectMany(found => found.CalledAt),
            policy.CallsPerDay,
            now);

    /// <summary>Within the transaction of a sign-in with a second factor: it vetoes a removal that is to come.</summary>
    public static async Task VetoBySignInAsync(this IDocumentSession session, string principal, CancellationToken cancellation)
    {
        if (await session.CaseInProgressAsync(principal, cancellation) is { Aggregate: { } found } stream)
            stream.AppendMany(found.Veto(VetoReason.SignIn).Events);
    }

    // Whatever happened within a day belongs to a case that was open within that day.
    private static Task<IReadOnlyList<SupportCase>> RecentCasesAsync(
        this IDocumentSession session, string principal, SupportPolicy policy, DateTimeOffset now, CancellationToken cancellation)
    {
        var since = now - policy.CaseLifetime - TimeSpan.FromDays(1);
        return session.Query<SupportCase>()
            .Where(found => found.Principal == principal && found.OpenedAt > since)
            .ToListAsync(cancellation);
    }
}
