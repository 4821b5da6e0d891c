using JasperFx.Events;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Runtime;

namespace MfaEvents.Server.Recovery;

/// <summary>A recovery that is locked, and its root user too, until it is disposed of.</summary>
public sealed class HeldRecovery(
    string accountId, Guid id, IDocumentSession session, IWolverineRuntime runtime, IDisposable turn) : IAsyncDisposable
{
    private IEventStream<PrincipalMfa>? root;
    private IEventStream<RootRecovery>? stream;

    public string AccountId => accountId;

    public Guid Id => id;

    public IDocumentSession Session => session;

    public PrincipalMfa Root => root!.Aggregate!;

    /// <summary>The recovery, as it is with what was appended meanwhile.</summary>
    public RootRecovery State { get; private set; } = null!;

    /// <summary>Takes the locks; false when there is no such recovery.</summary>
    public async Task<bool> LockAsync(CancellationToken cancellation)
    {
        root = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        stream = await session.Events.FetchForExclusiveWriting<RootRecovery>(RootRecovery.StreamKey(id), cancellation);
        if (root.Aggregate is null || stream.Aggregate is not { } state) return false;

        // The account's own stream is not locked: whoever takes its contact information back holds the root user's lock.
        State = state;
        var account = await session.LoadAsync<Account>(Account.StreamKey, cancellation);
        if (State.Outdated(Root.PasswordChangedAt, account!) is { } reason) Append(State.End(reason));
        return true;
    }

    public void Append(IReadOnlyList<IRecoveryEvent> events)
    {
        stream!.AppendMany(events);
        foreach (var e in events) State = RootRecovery.Evolve(State, State.Id, e, State.StartedAt)!;
    }

    public void AppendToRoot(IEnumerable<object> events) => root!.AppendMany(events);

    /// <summary>Commits, and sends the messages with that.</summary>
    public async Task CommitAsync(CancellationToken cancellation, params IReadOnlyList<object> messages)
    {
        var outbox = new MartenOutbox(runtime, session);
        foreach (var message in messages) await outbox.PublishAsync(message, new DeliveryOptions { TenantId = accountId });
        await session.SaveChangesAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await session.DisposeAsync();
        turn.Dispose();
    }
}
