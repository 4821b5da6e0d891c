using JasperFx.Events;
using Marten;
using MfaEvents.Core.Support;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.Support;

/// <summary>A case with its whole story.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="AccountId">Its account.</param>
/// <param name="Principal">Whom it is about.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reference">What the desk's own system calls it.</param>
/// <param name="OpenedBy">Who opened it.</param>
/// <param name="OpenedAt">When.</param>
/// <param name="ExpiresAt">When it expires, undecided.</param>
/// <param name="ExecutesAt">When the cooling-off is over.</param>
/// <param name="Evidence">The kinds of evidence that were recorded.</param>
/// <param name="NotBy">Who had a part in it, and cannot be the approver.</param>
/// <param name="Story">What happened, oldest first.</param>
public sealed record CaseView(
    Guid CaseId,
    string AccountId,
    string Principal,
    CaseState State,
    string Reference,
    string OpenedBy,
    DateTimeOffset OpenedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? ExecutesAt,
    IReadOnlyList<EvidenceKind> Evidence,
    IReadOnlyList<string> NotBy,
    IReadOnlyList<StoryItem> Story);

/// <summary>One step of a case, told from its event alone.</summary>
/// <param name="EventType">The stored name of the event.</param>
/// <param name="OccurredAt">When.</param>
/// <param name="Actor">Who.</param>
/// <param name="Sentence">What, in a plain sentence.</param>
/// <param name="Note">What they wrote down, as long as it is not erased.</param>
public sealed record StoryItem(string EventType, DateTimeOffset OccurredAt, string? Actor, string Sentence, string? Note);

/// <summary>One case with its whole story.</summary>
public static class ReadCaseEndpoint
{
    [WolverineGet(Routes.Case), Allow(Role.SupportAgent, Role.SupportApprover, Role.Auditor)]
    [Answers(200, typeof(CaseView))]
    public static async Task<Answer> Get(
        string accountId,
        Guid caseId,
        IQuerySession session,
        Seals seals,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var key = SupportCase.StreamKey(caseId);
        var events = await session.Events.FetchStreamAsync(key, token: cancellation);
        SupportCase? state = null;
        foreach (var e in events) state = SupportCase.Evolve(state, key, (ICaseEvent)e.Data, e.Timestamp, People.Of(e));
        if (state is null) return Problems.NotFound;

        var ids = events.Select(e => NoteOf(e.Data)).OfType<Guid>().Distinct();
        var notes = (await session.LoadManyAsync<SealedNote>(cancellation, ids)).ToDictionary(note => note.Id);
        return Answer.Ok(new CaseView(
            caseId,
            accountId,
            state.Principal,
            state.StateAt(now),
            state.Reference,
            state.OpenedBy.Subject,
            state.OpenedAt,
            state.ExpiresAt,
            state.ExecutesAt,
            [.. state.Evidence.Select(evidence => evidence.Kind)],
            [.. state.Agents.Select(agent => agent.Subject)],
            [.. events.Select(Told)]));

        StoryItem Told(IEvent e) => new(
            e.EventTypeName,
            e.Timestamp,
            e.UserName,
            CaseStory.Sentence((ICaseEvent)e.Data, e.UserName ?? "Somebody"),
            NoteOf(e.Data) is { } id && notes.TryGetValue(id, out var note) ? seals.OpenNote(accountId, note) : null);
    }

    // Of a call back the note is told once, where the call was placed.
    private static Guid? NoteOf(object data) => data switch
    {
        CaseOpened e => e.NoteId,
        EvidenceRecorded { Kind: not EvidenceKind.CallBack } e => e.NoteId,
        CallBackPlaced e => e.NoteId,
        RemovalRequested e => e.NoteId,
        RemovalApproved e => e.NoteId,
        RemovalDeclined e => e.NoteId,
        CaseClosed e => e.NoteId,
        _ => null,
    };
}
