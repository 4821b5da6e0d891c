using System.Data;
using Marten;
using Npgsql;
using SessionOptions = Marten.Services.SessionOptions;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// Builds a view anew that is written with its events. First every stream is played and compared with the documents that are read, an
/// account at a time and in one snapshot of the database, without a lock. Then the streams whose documents were wrong are
/// mended one by one, each under the lock that commands take. What was right needs no mending: it stays so with every event.
/// </summary>
public sealed class ViewRebuild(IDocumentStore store, TimeProvider clock) : IRebuilder
{
    private const int PageSize = 500;

    private static readonly TimeSpan StepTime = TimeSpan.FromSeconds(3);

    public Task<Rebuild> StepAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation) => rebuild.Stage switch
    {
        RebuildStage.Preparing => PrepareAsync(session, rebuild, cancellation),
        RebuildStage.Loading => PlayAsync(session, rebuild, cancellation),
        _ => MendAsync(session, rebuild, cancellation),
    };

    // What is mended is right, and stays so.
    public string Left(Rebuild rebuild) => rebuild.Stage == RebuildStage.Swapping
        ? IRebuilder.SomeChanged
        : IRebuilder.NothingChanged;

    public Task DropAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation) =>
        WorkOf(session, rebuild, cancellation).DropAsync();

    private async Task<Rebuild> PrepareAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation)
    {
        var work = WorkOf(session, rebuild, cancellation);
        await work.MakeListAsync();
        return rebuild with { Stage = RebuildStage.Loading, EventsTotal = await work.EventsAsync() };
    }

    private async Task<Rebuild> PlayAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation)
    {
        var work = WorkOf(session, rebuild, cancellation);
        var began = clock.GetTimestamp();
        var played = rebuild;
        string? account;
        do
        {
            account = await work.NextAccountAsync(played.After);
            if (account is not null) played = await PlayAsync(work, played, account, cancellation);
        }
        while (account is not null && clock.GetElapsedTime(began) < StepTime);

        played = played with
        {
            SecondsLoading = rebuild.SecondsLoading + clock.GetElapsedTime(began).TotalSeconds,
            EventsTotal = Math.Max(rebuild.EventsTotal, played.EventsDone),
        };
        if (account is not null) return played;
        if (played.Parity.Differences == 0 || await IsRaisedAsync(session, work.View, cancellation))
            return played with { Stage = RebuildStage.Swapping };

        await work.DropAsync();
        return played with
        {
            State = RebuildState.Failed,
            FinishedAt = clock.GetUtcNow(),
            Outcome = $"{played.Parity.Differences} documents of the view differ from what the events say, and its version was not raised: "
                + "nothing was changed. Look into it before anything else.",
        };
    }

    private async Task<Rebuild> PlayAsync(ViewWork work, Rebuild rebuild, string accountId, CancellationToken cancellation)
    {
        var options = new SessionOptions { TenantId = accountId, IsolationLevel = IsolationLevel.RepeatableRead };
        await using var session = store.LightweightSession(options);
        await session.BeginTransactionAsync(cancellation);
        var connection = (NpgsqlConnection)session.Connection!;
        var stored = await work.StoredAsync(connection, accountId);
        var claimed = new HashSet<string>();
        var (parity, events) = (new Parity(0, 0, 0, []), 0L);
        foreach (var stream in await work.StreamsAsync(connection, accountId))
        {
            var replay = await PlayAsync(session, work, stream, null, cancellation);
            events += replay.Version;
            var found = replay.Documents(store.Options.Serializer())
                .Aggregate(new Parity(0, 0, 0, []), (all, document) => all.And(Compared(accountId, document, stored, claimed)));
            if (found.Missing + found.Differences > 0) await work.ListAsync(accountId, stream);
            parity = parity.And(found);
        }

        foreach (var (id, data) in stored)
        {
            await work.ListAsync(accountId, new StoredDocument(id, data));
            parity = parity.And(new Parity(1, 1, 0, [$"{accountId} {id} belongs to no event"]));
        }

        return rebuild with { After = accountId, EventsDone = rebuild.EventsDone + events, Parity = rebuild.Parity.And(parity) };
    }

    private static Parity Compared(string accountId, StoredDocument document, Dictionary<string, string> stored, HashSet<string> claimed)
    {
        if (!claimed.Add(document.Id)) return Different("belongs to two streams");
        if (!stored.Remove(document.Id, out var data)) return new Parity(1, 0, 1, []);
        return document.DifferFrom(data) is { Count: > 0 } members
            ? Different($"differs from its events in {string.Join(", ", members)}")
            : new Parity(1, 0, 0, []);

        Parity Different(string how) => new(1, 1, 0, [$"{accountId} {document.Id} {how}"]);
    }

    private async Task<Rebuild> MendAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation)
    {
        var work = WorkOf(session, rebuild, cancellation);
        var began = clock.GetTimestamp();
        var isRaised = await IsRaisedAsync(session, work.View, cancellation);
        while (clock.GetElapsedTime(began) < StepTime)
        {
            if (await work.TakeAsync() is { Count: > 0 } taken)
            {
                foreach (var listed in taken) await MendAsync(work, listed, isRaised, cancellation);
                continue;
            }

            await work.DropAsync();
            if (rebuild.AccountId is null) session.Store(new BuiltView(work.View.Projection, work.View.Version));
            return rebuild with
            {
                State = RebuildState.Succeeded,
                FinishedAt = clock.GetUtcNow(),
                Outcome = rebuild.Parity.Missing == 0
                    ? "The view is what the events say."
                    : $"The view is what the events say again: {rebuild.Parity.Missing} documents had been lost.",
            };
        }

        return rebuild;
    }

    private async Task MendAsync(ViewWork work, Listed listed, bool isRaised, CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        if (listed.Stream is not { } stream)
        {
            await work.DeleteAsync(connection, listed.AccountId, listed.Document!);
            return;
        }

        // However long the stream is, the lock is held for its last events alone.
        StreamReplay replay;
        await using (var session = store.QuerySession(listed.AccountId))
            replay = await PlayAsync(session, work, stream, null, cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await work.LockAsync(connection, listed.AccountId, stream);
        var locked = SessionOptions.ForTransaction(transaction);
        locked.TenantId = listed.AccountId;
        await using (var session = store.QuerySession(locked)) await PlayAsync(session, work, stream, replay, cancellation);
        foreach (var document in replay.Documents(store.Options.Serializer()))
            if (!await work.WriteAsync(connection, listed.AccountId, document, replay.Version, isRaised))
                throw new RebuildRefusedException($"{listed.AccountId} {document.Id} was written meanwhile, and not as its events say");
        await transaction.CommitAsync(cancellation);
    }

    // Page by page: a stream may be longer than the memory.
    private static async Task<StreamReplay> PlayAsync(
        IQuerySession session, ViewWork work, string stream, StreamReplay? begun, CancellationToken cancellation)
    {
        var replay = begun ?? work.View.Begin(stream);
        int count;
        do
        {
            var first = replay.Version + 1;
            var page = await session.Events.FetchStreamAsync(stream, first + PageSize - 1, fromVersion: first, token: cancellation);
            foreach (var e in page) replay.Play(e);
            count = page.Count;
            await work.StayAsync();
        }
        while (count == PageSize);

        return replay;
    }

    private static async Task<bool> IsRaisedAsync(IDocumentSession session, InlineView view, CancellationToken cancellation) =>
        await BuiltView.IsOlderAsync(session, view.Projection, view.Version, cancellation);

    private ViewWork WorkOf(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation) =>
        new((NpgsqlConnection)session.Connection!, store.Options, rebuild, cancellation);
}
