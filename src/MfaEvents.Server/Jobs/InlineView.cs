using System.Collections.Immutable;
using System.Text.Json;
using JasperFx.Events;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.Support;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Recovery;
using MfaEvents.Server.SignIn;
using MfaEvents.Server.Support;

namespace MfaEvents.Server.Jobs;

/// <summary>
/// A view that is written in the transactions of its events, as a function of these: which streams make it, and which documents each
/// of them makes. What only deletes, as <c>seed-destruction</c> and <c>enrolment-codes</c> do, is no view.
/// </summary>
public abstract class InlineView(string projection, IReadOnlyList<string> streams)
{
    private static readonly string[] Principals = [Principal.Root, Principal.User("%")];
    private static readonly string[] Accounts = [Account.StreamKey];
    private static readonly string[] Recoveries = [RootRecovery.KeyPrefix + "%"];
    private static readonly string[] Cases = [SupportCase.KeyPrefix + "%"];

    public static IReadOnlyList<InlineView> All { get; } =
    [
        new InlineView<PrincipalMfa, PrincipalMfa>(nameof(PrincipalMfa), Principals, EvolvePrincipal, state => [state]),
        new InlineView<Account, Account>(nameof(Account), Accounts, new AccountSnapshot().Evolve, state => [state]),
        new InlineView<RootRecovery, RootRecovery>(nameof(RootRecovery), Recoveries, new RecoverySnapshot().Evolve, state => [state]),
        new InlineView<SupportCase, SupportCase>(nameof(SupportCase), Cases, EvolveCase, state => [state]),
        new InlineView<DeviceName, PrincipalMfa>(
            "device-names",
            Principals,
            EvolvePrincipal,
            state => state.Devices.Select(device => new DeviceName(DeviceName.IdOf(device.Name), device.DeviceId))),
        new InlineView<IamUser, ImmutableDictionary<string, IamUser>>(
            "users", Accounts, (users, _, e) => IamUsers.Evolve(users, e), users => users.Values),
        new InlineView<Session, ImmutableDictionary<Guid, Session>>(
            "sessions", Principals, (sessions, _, e) => SessionList.Evolve(sessions, e), sessions => sessions.Values),
        new InlineView<CaseInProgress, SupportCase>(
            "cases-in-progress",
            Cases,
            EvolveCase,
            state => state.EndedAt is null ? [new CaseInProgress(state.Principal, state.Id)] : []),
    ];

    /// <summary>The projection that writes it.</summary>
    public string Projection => projection;

    /// <summary>The keys of its streams, as patterns of <c>like</c>.</summary>
    public IReadOnlyList<string> Streams => streams;

    /// <summary>Raised when its documents change their meaning, so that a rebuild may change them.</summary>
    public int Version { get; init; } = 1;

    /// <summary>What a document is.</summary>
    public abstract Type Document { get; }

    /// <summary>The view of a projection; null when that has none.</summary>
    public static InlineView? Of(string projection) => All.SingleOrDefault(view => view.Projection == projection);

    /// <summary>Begins a stream with its first event.</summary>
    public abstract StreamReplay Begin(string stream);

    private static PrincipalMfa? EvolvePrincipal(PrincipalMfa? state, string stream, IEvent e) =>
        new PrincipalMfaSnapshot().Evolve(state, stream, e);

    private static SupportCase? EvolveCase(SupportCase? state, string stream, IEvent e) => new SupportCaseSnapshot().Evolve(state, stream, e);
}

/// <summary>How a stream's documents come about, event by event.</summary>
public abstract class StreamReplay
{
    /// <summary>The version of the last event that was played.</summary>
    public long Version { get; private set; }

    public void Play(IEvent e)
    {
        Evolve(e);
        Version = e.Version;
    }

    /// <summary>The documents after the last event, as they are stored.</summary>
    public abstract IEnumerable<StoredDocument> Documents(ISerializer serializer);

    protected abstract void Evolve(IEvent e);
}

/// <summary>A document as it is stored.</summary>
/// <param name="Id">Its id, as text.</param>
/// <param name="Data">Its JSON.</param>
public sealed record StoredDocument(string Id, string Data)
{
    /// <summary>The members in which two copies of a document differ.</summary>
    public IReadOnlyList<string> DifferFrom(string other)
    {
        using var ours = JsonDocument.Parse(Data);
        using var theirs = JsonDocument.Parse(other);
        return
        [
            .. Members(ours).Concat(Members(theirs)).Distinct().Order(StringComparer.Ordinal).Where(member =>
                !ours.RootElement.TryGetProperty(member, out var one) || !theirs.RootElement.TryGetProperty(member, out var two)
                || !JsonElement.DeepEquals(one, two)),
        ];

        static IEnumerable<string> Members(JsonDocument document) => document.RootElement.EnumerateObject().Select(member => member.Name);
    }
}

/// <inheritdoc />
public sealed class InlineView<TDocument, TState>(
    string projection,
    IReadOnlyList<string> streams,
    Func<TState?, string, IEvent, TState?> evolve,
    Func<TState, IEnumerable<TDocument>> documents) : InlineView(projection, streams)
    where TDocument : class
    where TState : class
{
    public override Type Document => typeof(TDocument);

    public override StreamReplay Begin(string stream) => new Replay(stream, evolve, documents);

    private sealed class Replay(
        string stream, Func<TState?, string, IEvent, TState?> evolve, Func<TState, IEnumerable<TDocument>> documents) : StreamReplay
    {
        private TState? state;

        public override IEnumerable<StoredDocument> Documents(ISerializer serializer)
        {
            foreach (var document in state is null ? [] : documents(state))
            {
                var data = serializer.ToJson(document);
                using var json = JsonDocument.Parse(data);
                yield return new StoredDocument(json.RootElement.GetProperty("id").GetString()!, data);
            }
        }

        protected override void Evolve(IEvent e) => state = evolve(state, stream, e);
    }
}
