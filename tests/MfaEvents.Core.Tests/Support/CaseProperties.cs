using System.Collections.Concurrent;
using System.Text.Json;
using CsCheck;
using MfaEvents.Core.Support;
using MfaEvents.Core.Tests.Devices;

namespace MfaEvents.Core.Tests.Support;

/// <summary>What holds whatever random people do at random times. A failure prints its seed.</summary>
public sealed class CaseProperties
{
    private enum Verb
    {
        Record,
        Call,
        Answer,
        Request,
        Approve,
        Decline,
        Veto,
        SignIn,
        Deliver,
        Execute,
        Expire,
        Close,
        IssueCode,
    }

    private sealed record Act(Verb Verb, int Who, int Pick, int Hours);

    private sealed record Happened(ICaseEvent Event, DateTimeOffset At, Person By, SupportCase After);

    /// <summary>A sign-in with a second factor.</summary>
    /// <param name="At">When, by a clock that may be set back.</param>
    /// <param name="After">How many events of the case it came after.</param>
    /// <param name="Seen">Whether its own transaction vetoed, as it does; or it is left to the execution to see it.</param>
    private sealed record SignIn(DateTimeOffset At, int After, bool Seen);

    private static readonly Person[] People = [CaseStory.Ann, CaseStory.Bob, CaseStory.Eve];

    /// <summary>The whole road to a removal, which chance alone seldom walks to its end.</summary>
    private static readonly Act[] Road =
    [
        new(Verb.Record, 0, (int)EvidenceKind.InPerson, 0), new(Verb.Record, 0, (int)EvidenceKind.IdentityDocument, 1), new(Verb.Request, 0, 0, 0),
        new(Verb.Approve, 1, 0, 2), new(Verb.Deliver, 0, 0, 0), new(Verb.Deliver, 0, 1, 0), new(Verb.Execute, 0, 0, 24),
    ];

    private static Gen<Act[]> Random { get; } = Gen.Select(
        Gen.Int[0, Road.Length], Acts, (walked, acts) => (Act[])[.. Road[..walked], .. acts]);

    private static Gen<Act[]> Acts => Gen.Select(
        Gen.Frequency(
            (10, Verb.Record), (4, Verb.Call), (4, Verb.Answer), (8, Verb.Request), (9, Verb.Approve), (1, Verb.Decline), (1, Verb.Veto),
            (1, Verb.SignIn), (6, Verb.Deliver), (9, Verb.Execute), (1, Verb.Expire), (1, Verb.Close), (3, Verb.IssueCode)),
        Gen.Int[0, People.Length - 1],
        Gen.Int[0, 4],
        Gen.Frequency((6, Gen.Const(0)), (3, Gen.Int[1, 12]), (3, Gen.Int[20, 30]), (1, Gen.Int[-30, -1]), (1, Gen.Int[100, 200])),
        (verb, who, pick, hours) => new Act(verb, who, pick, hours)).Array[1, 40];

    [Fact]
    public void There_is_no_removal_without_two_people_two_kinds_of_evidence_a_full_cooling_off_after_being_told_and_no_veto() => InEvery((happened, signIns) =>
    {
        var executed = happened.FindIndex(one => one.Event is RemovalExecuted);
        if (executed < 0) return;
        var before = happened[..executed];

        var approval = before.Single(one => one.Event is RemovalApproved);
        var agents = before.Where(one => one.Event is CaseOpened or RemovalRequested or CallBackPlaced
            || one.Event is EvidenceRecorded { Kind: not EvidenceKind.CallBack }).Select(one => one.By).ToHashSet();
        agents.ShouldNotBeEmpty();
        agents.ShouldNotContain(approval.By);

        var kinds = before.TakeWhile(one => one.Event is not RemovalRequested)
            .Select(one => one.Event).OfType<EvidenceRecorded>().Select(e => e.Kind).ToHashSet();
        kinds.Count.ShouldBeGreaterThanOrEqualTo(2);
        (kinds.Contains(EvidenceKind.CallBack) || kinds.Contains(EvidenceKind.InPerson)).ShouldBeTrue();

        (happened[executed].At - approval.At).ShouldBeGreaterThanOrEqualTo(CaseStory.Policy.CoolingOff);
        var told = before.Where(one => one.Event is RemovalNoticeDelivered).ToArray();
        told.Length.ShouldBeGreaterThanOrEqualTo(2);
        told.ShouldAllBe(one => one.At - approval.At <= CaseStory.Policy.CoolingOff / 10
            || happened[executed].At - one.At >= CaseStory.Policy.CoolingOff);
        before.ShouldNotContain(one => one.Event is RemovalVetoed || one.Event is CaseClosed || one.Event is RemovalDeclined);
        signIns.ShouldNotContain(signIn => signIn.After > before.IndexOf(approval)
            && signIn.After <= executed && (signIn.Seen || signIn.At >= approval.At));
        happened.Count(one => one.Event is RemovalExecuted).ShouldBe(1);
    });

    [Fact]
    public void Call_back_evidence_follows_a_call_that_was_answered_right_and_is_recorded_by_the_product() => InEvery((happened, _) =>
    {
        foreach (var (number, one) in happened.Index().Where(x => x.Item.Event is EvidenceRecorded { Kind: EvidenceKind.CallBack }))
        {
            one.By.ShouldBe(Person.Product);
            var call = ((EvidenceRecorded)one.Event).CallId;
            happened[..number].ShouldContain(before => before.Event is CallBackPlaced && ((CallBackPlaced)before.Event).CallId == call);
        }
    });

    [Fact]
    public void An_end_is_an_end() => InEvery((happened, _) =>
    {
        var end = happened.FindIndex(one => one.Event is RemovalVetoed or RemovalDeclined or CaseExpired or CaseClosed);
        if (end >= 0) happened[(end + 1)..].ShouldAllBe(one => one.Event is EnrolmentCodeIssued || one.Event is SecondPersonMissing);
    });

    [Fact]
    public void A_state_survives_JSON_and_counts_its_events() => InEvery((happened, _) =>
    {
        var folded = happened.Aggregate((SupportCase?)null, (state, one) =>
            Again(SupportCase.Evolve(state, SupportCase.StreamKey(CaseStory.CaseId), Again(one.Event), one.At, one.By)!));
        Text(folded!).ShouldBe(Text(happened[^1].After));
        folded!.Version.ShouldBe(happened.Count);
    });

    // Else the properties above might hold of nothing.
    [Fact]
    public void The_histories_reach_every_event_and_removals_by_several_pairs()
    {
        var seen = new ConcurrentDictionary<string, int>();
        InEvery((happened, _) =>
        {
            foreach (var one in happened) seen.AddOrUpdate(one.Event.GetType().Name, 1, (_, n) => n + 1);
            if (happened.Exists(one => one.Event is RemovalVetoed { Reason: VetoReason.SignIn })) seen["veto by sign-in"] = 1;
        });
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen.OrderBy(x => x.Value)));
        string[] expected =
        [
            .. typeof(ICaseEvent).Assembly.GetTypes().Where(type => type is { IsClass: true } && type.IsAssignableTo(typeof(ICaseEvent)))
                .Select(type => type.Name),
            "veto by sign-in",
        ];
        expected.Except(seen.Keys).ShouldBeEmpty();
    }

    private static void InEvery(Action<List<Happened>, List<SignIn>> holds) => Random.Sample(acts =>
    {
        var (happened, signIns) = Play(acts);
        holds(happened, signIns);
    }, iter: 5000, print: acts => string.Join(Environment.NewLine, Play(acts).Happened.Select(one => $"{one.At:O} {one.By.Subject} {one.Event}")));

    private static (List<Happened> Happened, List<SignIn> SignIns) Play(Act[] acts)
    {
        var now = CaseStory.Noon;
        var policy = CaseStory.Policy;
        List<Happened> happened = [];
        List<SignIn> signIns = [];
        SupportCase? state = null;
        Take([CaseStory.Opened], People[acts[0].Who]);
        foreach (var act in acts)
        {
            now += TimeSpan.FromHours(act.Hours);
            var by = People[act.Who];
            var note = CaseStory.Note;
            var call = new Guid(act.Pick % 2, 0, 0, new byte[8]);
            switch (act.Verb)
            {
                case Verb.Record: Take(state!.Record((EvidenceKind)act.Pick, note, now, policy).Events, by); break;
                case Verb.Call: Take(state!.PlaceCall(call, now.AddMinutes(10), note, now, policy).Events, by); break;
                case Verb.Answer: Take(state!.Answer(call, act.Who > 0, now, policy), Person.Product); break;
                case Verb.Request: Take(state!.Request(note, now).Events, by); break;
                case Verb.Approve: Take(state!.Approve(by, note, now, policy).Events, by); break;
                case Verb.Decline: Take(state!.Decline(by, note, now).Events, by); break;
                case Verb.Veto: Take(state!.Veto(VetoReason.Link).Events, Person.Product); break;
                case Verb.SignIn when act.Pick > 0:
                    signIns.Add(new SignIn(now, happened.Count, true));
                    Take(state!.Veto(VetoReason.SignIn).Events, Person.Product);
                    break;
                case Verb.SignIn: signIns.Add(new SignIn(now, happened.Count, false)); break;
                case Verb.Expire: Take(state!.Expire(now), Person.Product); break;
                case Verb.Close: Take(state!.Close(note, now).Events, by); break;
                case Verb.IssueCode: Take(state!.IssueEnrolmentCode(by, now, policy).Events, by); break;

                case Verb.Deliver: Take(state!.Deliver(act.Pick % 2, now, policy), Person.Product); break;

                // The execution is the last that could see a sign-in.
                case Verb.Execute:
                    var isTold = state!.ToldContacts.Length == 2;
                    Take(state.Execute(1, signIns.Max(signIn => (DateTimeOffset?)signIn.At), isTold, now, policy), Person.Product);
                    break;
            }
        }

        return (happened, signIns);

        void Take(IEnumerable<ICaseEvent> events, Person by)
        {
            foreach (var e in events)
            {
                state = SupportCase.Evolve(state, SupportCase.StreamKey(CaseStory.CaseId), e, now, by)!;
                happened.Add(new Happened(e, now, by, state));
            }
        }
    }

    private static string Text(object value) => JsonSerializer.Serialize(value, value.GetType(), Histories.Json);

    private static T Again<T>(T value) where T : notnull => (T)JsonSerializer.Deserialize(Text(value), value.GetType(), Histories.Json)!;
}
