using Marten;
using MfaEvents.Server.Audit.Trail;
using Npgsql;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// Builds the audit trail anew beside the one that is read. The log is never touched: its numbers come out of the events once
/// more, and what was signed stays what it was. Each step is one transaction of a few seconds, but for those that make an index of
/// many rows. The part of one account is not swapped but exchanged: the rows of it that differ, range by range.
/// </summary>
public sealed class TrailRebuild(TimeProvider clock) : IRebuilder
{
    private const int PageSize = 5_000;

    /// <summary>So many events are left for the moment of the swap, in which the projection waits.</summary>
    private const int LeftForTheSwap = 2_000;

    /// <summary>So many sequences, or indexes of one account, are compared or exchanged at once.</summary>
    private const int Range = 50_000;

    private static readonly TimeSpan StepTime = TimeSpan.FromSeconds(3);

    public async Task<Rebuild> StepAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation)
    {
        var work = new RebuildWork((NpgsqlConnection)session.Connection!, rebuild, cancellation);
        await work.DoAsync("set local statement_timeout = 0");
        return rebuild.Stage switch
        {
            RebuildStage.Preparing => await PrepareAsync(work, rebuild),
            RebuildStage.Loading => await LoadAsync(work, rebuild),
            RebuildStage.Indexing => await IndexAsync(work, rebuild),
            RebuildStage.Comparing => await CompareAsync(session, work, rebuild, cancellation),
            _ => await SwapAsync(session, work, rebuild),
        };
    }

    public string Left(Rebuild rebuild) => rebuild is { AccountId: not null, Stage: RebuildStage.Swapping }
        ? IRebuilder.SomeChanged
        : IRebuilder.NothingChanged;

    public Task DropAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation) =>
        new RebuildWork((NpgsqlConnection)session.Connection!, rebuild, cancellation).DropAsync();

    private static async Task<Rebuild> PrepareAsync(RebuildWork work, Rebuild rebuild)
    {
        await work.MakeTablesAsync();
        return rebuild with { Stage = RebuildStage.Loading, EventsTotal = await work.EventsAsync() };
    }

    private async Task<Rebuild> LoadAsync(RebuildWork work, Rebuild rebuild)
    {
        var began = clock.GetTimestamp();
        var until = await work.LivePositionAsync(forSwap: false);
        var loaded = rebuild;
        do
        {
            var (count, position) = await work.LoadAsync(loaded.Position, until, PageSize);
            loaded = loaded with { EventsDone = loaded.EventsDone + count, Position = count < PageSize ? until : position };
        }
        while (loaded.Position < until && clock.GetElapsedTime(began) < StepTime);

        loaded = loaded with
        {
            SecondsLoading = rebuild.SecondsLoading + clock.GetElapsedTime(began).TotalSeconds,
            EventsTotal = Math.Max(rebuild.EventsTotal, loaded.EventsDone),
        };
        return loaded.Position < until ? loaded : loaded with { Stage = RebuildStage.Indexing };
    }

    private static async Task<Rebuild> IndexAsync(RebuildWork work, Rebuild rebuild)
    {
        var indexes = await work.IndexesAsync();
        if (rebuild.Indexes == indexes.Count)
        {
            await work.CountAsync();
            return rebuild with { Stage = RebuildStage.Comparing };
        }

        await work.MakeIndexAsync(indexes[rebuild.Indexes]);
        return rebuild with { Indexes = rebuild.Indexes + 1 };
    }

    // What happened while the indexes were made is loaded first: then both views are compared as far as the new one is.
    private async Task<Rebuild> CompareAsync(
        IDocumentSession session, RebuildWork work, Rebuild rebuild, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        var (compared, end) = (rebuild, await work.EndAsync(rebuild.Position));
        while (compared.Compared < end && clock.GetElapsedTime(began) < StepTime) await ToAsync(Math.Min(compared.Compared + Range, end));
        if (compared.Compared < end) return compared;

        // Rows of one account that come after its last entry belong to no event.
        if (rebuild.AccountId is not null) compared = compared with { Parity = await AndAsync(end, long.MaxValue) };
        if (compared.Parity.Differences == 0 || await IsRaisedAsync(session, cancellation)) return compared with { Stage = RebuildStage.Swapping };

        await work.DropAsync();
        return compared with
        {
            State = RebuildState.Failed,
            FinishedAt = clock.GetUtcNow(),
            Outcome = $"{compared.Parity.Differences} rows of the view differ from what the events say, and the projection's version was not "
                + "raised: it was not swapped. Look into it with POST /accounts/ID/audit/verification before anything else.",
        };

        async Task ToAsync(long to) => compared = compared with { Parity = await AndAsync(compared.Compared, to), Compared = to };

        async Task<Parity> AndAsync(long from, long to) => compared.Parity.And(await work.CompareAsync(from, to, rebuild.Position));
    }

    private async Task<Rebuild> SwapAsync(IDocumentSession session, RebuildWork work, Rebuild rebuild)
    {
        if (rebuild.AccountId is not null)
        {
            var end = await work.EndAsync(rebuild.Position);
            for (var began = clock.GetTimestamp(); rebuild.Exchanged < end; rebuild = rebuild with { Exchanged = Math.Min(rebuild.Exchanged + Range, end) })
            {
                if (clock.GetElapsedTime(began) > StepTime) return rebuild;
                await work.ExchangeAsync(rebuild.Exchanged, Math.Min(rebuild.Exchanged + Range, end), rebuild.Position);
            }
        }

        // Its next commit waits for ours: both views end with the same event.
        var until = await work.LivePositionAsync(forSwap: true);
        var (count, position) = await work.LoadAsync(rebuild.Position, until, LeftForTheSwap);
        var loaded = rebuild with
        {
            EventsDone = rebuild.EventsDone + count,
            EventsTotal = Math.Max(rebuild.EventsTotal, rebuild.EventsDone + count),
            Position = count == LeftForTheSwap ? position : until,
        };

        // More has happened than the projection should wait for.
        if (loaded.Position < until) return loaded with { Stage = RebuildStage.Loading };

        if (rebuild.AccountId is null)
        {
            await work.SwapAsync();
            session.Store(new BuiltView(AuditTrail.ProjectionName, AuditTrail.RowVersion));
        }
        else
        {
            await work.FinishAsync(rebuild.Exchanged, until);
        }

        return loaded with
        {
            State = RebuildState.Succeeded,
            FinishedAt = clock.GetUtcNow(),
            Outcome = loaded.Parity.Missing == 0
                ? "The view is what the events say."
                : $"The view is what the events say again: {loaded.Parity.Missing} rows had been lost.",
        };
    }

    private static Task<bool> IsRaisedAsync(IDocumentSession session, CancellationToken cancellation) =>
        BuiltView.IsOlderAsync(session, AuditTrail.ProjectionName, AuditTrail.RowVersion, cancellation);
}
