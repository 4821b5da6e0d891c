using MfaEvents.Core.Support;

namespace MfaEvents.Core.Tests.Support;

/// <summary>Given these events of a case, when somebody does something, then these follow.</summary>
internal sealed record CaseStory(SupportCase Case, DateTimeOffset Now)
{
    public static readonly Guid CaseId = new("0199f3e6-0000-7000-8000-00000000000a");
    public static readonly Guid Note = new("0199f3e6-0000-7000-8000-00000000000b");
    public static readonly Guid Call = new("0199f3e6-0000-7000-8000-00000000000c");

    public static Person Ann { get; } = new("https://desk.example", "ann");

    public static Person Bob { get; } = new("https://desk.example", "bob");

    public static Person Eve { get; } = new("https://desk.example", "eve");

    public static SupportPolicy Policy { get; } = new();

    public static DateTimeOffset Noon { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static CaseOpened Opened { get; } = SupportCase.Open(CaseId, "root", "T-1", Note, Noon, Policy);

    public static EvidenceRecorded Evidence(EvidenceKind kind) => new(kind, Note);

    public static RemovalRequested Requested { get; } = new(Note);

    /// <summary>Ann opened a case and did all of this at noon.</summary>
    public static CaseStory GivenBy(Person by, params ICaseEvent[] events) =>
        new CaseStory(SupportCase.Evolve(null, SupportCase.StreamKey(CaseId), Opened, Noon, by)!, Noon).And(by, events);

    public static CaseStory Given(params ICaseEvent[] events) => GivenBy(Ann, events);

    public static CaseStory GivenRequested() =>
        Given(Evidence(EvidenceKind.InPerson), Evidence(EvidenceKind.IdentityDocument), Requested);

    public static CaseStory GivenApproved() => GivenRequested().And(Bob, new RemovalApproved(Noon + Policy.CoolingOff, Note));

    public CaseStory And(Person by, params ICaseEvent[] events) =>
        this with { Case = events.Aggregate(Case, (state, e) => SupportCase.Evolve(state, state.Id, e, Now, by)!) };

    public CaseStory After(TimeSpan time) => this with { Now = Now + time };

    public CaseStory When(Func<SupportCase, DateTimeOffset, CaseDecision> decide, CaseOutcome outcome, params ICaseEvent[] events)
    {
        var decision = decide(Case, Now);
        decision.Outcome.ShouldBe(outcome);
        decision.Events.ShouldBe(events);
        return this;
    }

    public CaseStory WhenDue(Func<SupportCase, DateTimeOffset, IReadOnlyList<ICaseEvent>> decide, params ICaseEvent[] events)
    {
        decide(Case, Now).ShouldBe(events);
        return this;
    }
}
