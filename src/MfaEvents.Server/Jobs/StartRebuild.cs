using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit.Erasure;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Http;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.Jobs;

public sealed record StartRebuild([OptionalAccountId] string? AccountId = null);

/// <summary>How far a rebuild is.</summary>
/// <param name="RebuildId">The rebuild.</param>
/// <param name="Projection">The projection.</param>
/// <param name="AccountId">The account whose part is built anew; null for all of it.</param>
/// <param name="State">How it stands.</param>
/// <param name="EventsDone">Events in the new view.</param>
/// <param name="EventsTotal">Events there are for it; it grows with what happens meanwhile.</param>
/// <param name="EventsPerSecond">How many become rows in a second.</param>
/// <param name="RemainingSeconds">How long the loading will go on; null when it is over or has not begun.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="Parity">How old and new view compare.</param>
/// <param name="Outcome">How it ended, in a sentence.</param>
public sealed record RebuildView(
    Guid RebuildId,
    string Projection,
    string? AccountId,
    RebuildState State,
    long EventsDone,
    long EventsTotal,
    double EventsPerSecond,
    double? RemainingSeconds,
    DateTimeOffset StartedAt,
    DateTimeOffset? FinishedAt,
    Parity Parity,
    string? Outcome)
{
    public static RebuildView Of(Rebuild rebuild)
    {
        var rate = rebuild.SecondsLoading > 0 ? rebuild.EventsDone / rebuild.SecondsLoading : 0;
        var left = Math.Max(rebuild.EventsTotal - rebuild.EventsDone, 0);
        return new RebuildView(
            rebuild.Id,
            rebuild.Projection,
            rebuild.AccountId,
            rebuild.State,
            rebuild.EventsDone,
            Math.Max(rebuild.EventsTotal, rebuild.EventsDone),
            Math.Round(rate, 1),
            rebuild is { IsRunning: true, Stage: RebuildStage.Loading } && rate > 0 ? Math.Round(left / rate, 1) : null,
            rebuild.StartedAt,
            rebuild.FinishedAt,
            rebuild.Parity,
            rebuild.Outcome);
    }
}

/// <summary>
/// Builds a projection's view anew from the events, beside the one that is read, and puts it in its place. There are views to rebuild
/// of <c>audit</c>, <c>PrincipalMfa</c>, <c>Account</c>, <c>RootRecovery</c>, <c>SupportCase</c>, <c>device-names</c>, <c>users</c>,
/// <c>sessions</c> and <c>cases-in-progress</c>. The other projections have none: they delete, or send.
/// </summary>
public static class StartRebuildEndpoint
{
    [WolverinePost(Routes.Rebuilds), NotTenanted, Allow(Role.Operator)]
    [Answers(202, typeof(RebuildView)), Refuses(409, "rebuild-running", "conflict")]
    public static async Task<(Answer, OutgoingMessages)> Post(
        StartRebuild command,
        string name,
        Caller caller,
        IDocumentSession session,
        Projections projections,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (projections.Registered.All(projection => projection.Name != name)) return (Problems.NotFound, []);
        if (name != AuditTrail.ProjectionName && InlineView.Of(name) is null) return (Problems.NoView, []);
        if (!IsOf(command.AccountId, caller)) return (command.AccountId is null ? Problems.Forbidden : Problems.NotFound, []);
        if (command.AccountId is { } accountId)
        {
            await using var account = session.DocumentStore.QuerySession(accountId);
            if (await account.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return (Problems.NotFound, []);
        }

        await session.HoldAsync(AdvisoryLock.Rebuild, cancellation);
        if (await session.Query<Rebuild>().AnyAsync(other => other.State == RebuildState.Running && other.Projection == name, cancellation))
            return (Problems.RebuildRunning, []);
        if (await session.Query<DataErasure>().AnyAsync(erasure => erasure.AnyTenant() && !erasure.AreEventsDone, cancellation))
            return (Problems.ErasureRuns, []);

        var rebuild = new Rebuild
        {
            Id = Guid.CreateVersion7(now),
            Projection = name,
            AccountId = command.AccountId,
            StartedBy = caller.Subject,
            StartedAt = now,
        };
        session.Insert(rebuild);
        return (
            Answer.Accepted($"/rebuilds/{rebuild.Id}", RebuildView.Of(rebuild)), [new ContinueRebuild(rebuild.Id, rebuild.Step)]);
    }

    /// <summary>Whether a rebuild of one account, or of all of them (null), is the caller's business.</summary>
    public static bool IsOf(string? accountId, Caller caller) =>
        accountId is null ? caller.Accounts.Count == 0 : caller.Sees(accountId, Role.Operator);
}

/// <summary>Tells how far a rebuild is.</summary>
public static class ReadRebuildEndpoint
{
    [WolverineGet(Routes.Rebuild), NotTenanted, Allow(Role.Operator)]
    [Answers(200, typeof(RebuildView))]
    public static async Task<Answer> Get(string rebuildId, Caller caller, IQuerySession session, CancellationToken cancellation) =>
        Uuid.Parse(rebuildId) is { } id && await session.LoadAsync<Rebuild>(id, cancellation) is { } rebuild
            && StartRebuildEndpoint.IsOf(rebuild.AccountId, caller)
            ? Answer.Ok(RebuildView.Of(rebuild))
            : Problems.NotFound;
}

/// <summary>Ends a rebuild within a second or two. The old view stays as it is.</summary>
public static class CancelRebuildEndpoint
{
    [WolverinePost(Routes.Rebuild + "/cancellation"), NotTenanted, Allow(Role.Operator)]
    [Answers(202, typeof(RebuildView)), Refuses(409, "rebuild-finished")]
    public static async Task<(Answer, OutgoingMessages)> Post(
        string rebuildId, Caller caller, IDocumentSession session, CancellationToken cancellation)
    {
        if (Uuid.Parse(rebuildId) is not { } id || await session.LoadAsync<Rebuild>(id, cancellation) is not { } rebuild
            || !StartRebuildEndpoint.IsOf(rebuild.AccountId, caller))
            return (Problems.NotFound, []);
        if (!rebuild.IsRunning) return (Problems.RebuildFinished, []);
        session.Store(new RebuildCancellation(id, caller.Subject));

        // Should its own message be lost among the dead letters, this one ends it; handled twice, a step is done once.
        return (Answer.Accepted(RebuildView.Of(rebuild)), [new ContinueRebuild(id, rebuild.Step)]);
    }
}

/// <summary>Twelve digits, or nothing.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class OptionalAccountIdAttribute : System.ComponentModel.DataAnnotations.RegularExpressionAttribute
{
    public OptionalAccountIdAttribute()
        : base("^[0-9]{12}$") => ErrorMessage = "{0} must be the twelve digits of an account.";
}
