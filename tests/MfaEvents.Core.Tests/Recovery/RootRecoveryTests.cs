using CsCheck;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Tests.Recovery;

/// <summary>Password, e-mail, phone: in this order, each once, and in time.</summary>
public sealed class RootRecoveryTests
{
    private const string Stream = "recovery:0199f3e6-0000-7000-8000-000000000001";

    private static readonly Guid FirstCall = new("0199f3e6-0000-7000-8000-000000000002");
    private static readonly Guid SecondCall = new("0199f3e6-0000-7000-8000-000000000003");
    private static readonly Guid Session = new("0199f3e6-0000-7000-8000-000000000004");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RecoveryPolicy Policy = new();
    private static readonly ThrottlePolicy Throttle = new();

    private static DateTimeOffset After(double hours) => Noon.AddHours(hours);

    private static RecoveryStarted Started(bool contactChangedLately = false) => new(1, contactChangedLately, After(24));

    private static PhoneCallPlaced Placed(Guid call, double hours = 1) => new(call, After(hours).AddMinutes(10));

    private static RecoveryProofRejected Rejected(RecoveryProof proof, ProofRefusal reason, Guid? call = null, int wait = 0) =>
        new(proof, reason, call, wait);

    /// <summary>All of it happened at noon.</summary>
    private static RootRecovery Given(params IRecoveryEvent[] events) => events.Aggregate(default(RootRecovery), (state, e) => RootRecovery.Evolve(state, Stream, e, Noon))!;

    [Fact]
    public void It_begins_with_the_contact_in_force_and_lasts_a_day()
    {
        RootRecovery.Start(3, null, Noon, Policy).ShouldBe(new RecoveryStarted(3, false, After(24)));
        RootRecovery.Start(3, After(-72), Noon, Policy).ShouldBe(new RecoveryStarted(3, false, After(24)));
        RootRecovery.Start(3, After(-71.9), Noon, Policy).ShouldBe(new RecoveryStarted(3, true, After(24)));
    }

    [Fact]
    public void The_link_proves_the_email_once()
    {
        Given(Started()).ProveEmail(true, After(1), Throttle).Events.ShouldBe([new EmailVerified()]);
        var twice = Given(Started(), new EmailVerified()).ProveEmail(true, After(1), Throttle);
        twice.Outcome.ShouldBe(RecoveryOutcome.InvalidProof);
        twice.Events.ShouldBe([Rejected(RecoveryProof.Email, ProofRefusal.NotDue)]);
    }

    [Fact]
    public void A_false_link_is_recorded_and_the_fifth_begins_a_wait()
    {
        var wrong = Rejected(RecoveryProof.Email, ProofRefusal.Wrong);
        Given(Started()).ProveEmail(false, After(1), Throttle).Events.ShouldBe([wrong]);

        var fifth = Given(Started(), wrong, wrong, wrong, wrong).ProveEmail(false, Noon, Throttle);
        fifth.Events.ShouldBe([wrong with { WaitSeconds = 5 }]);
        var waiting = Given(Started(), wrong, wrong, wrong, wrong, wrong with { WaitSeconds = 5 });
        waiting.ProveEmail(true, Noon.AddSeconds(4), Throttle).ShouldBe(new RecoveryDecision(RecoveryOutcome.Wait, [], 1), RecoveryDecisions.Same);
        waiting.ProveEmail(true, Noon.AddSeconds(5), Throttle).Outcome.ShouldBe(RecoveryOutcome.Done);
    }

    [Fact]
    public void The_phone_is_called_after_the_email_was_proven()
    {
        Given(Started()).RefuseCall(After(1), Policy)!.Outcome.ShouldBe(RecoveryOutcome.WrongState);
        Given(Started(), new EmailVerified()).RefuseCall(After(1), Policy).ShouldBeNull();
        Given(Started(), new EmailVerified()).RefuseCall(After(24), Policy)!.Outcome.ShouldBe(RecoveryOutcome.WrongState);
        IRecoveryEvent[] calls = [.. Enumerable.Repeat(Placed(FirstCall), Policy.Calls)];
        Given([Started(), new EmailVerified(), .. calls]).RefuseCall(After(1), Policy)!.Outcome.ShouldBe(RecoveryOutcome.Wait);
    }

    [Fact]
    public void Right_digits_of_the_last_call_verify_the_phone()
    {
        var called = Given(Started(), new EmailVerified(), Placed(FirstCall), Placed(SecondCall));
        Keyed(called, SecondCall, true, After(1)).Events.ShouldBe([new PhoneVerified(SecondCall, null, After(24))]);
        Keyed(called, FirstCall, true, After(1)).Events.ShouldBe([Rejected(RecoveryProof.Phone, ProofRefusal.NotDue, FirstCall)]);
        Keyed(called, SecondCall, true, After(1).AddMinutes(10)).Events.ShouldBe([Rejected(RecoveryProof.Phone, ProofRefusal.NotDue, SecondCall)]);
    }

    [Fact]
    public void Five_wrong_digits_end_a_call()
    {
        var wrong = Rejected(RecoveryProof.Phone, ProofRefusal.Wrong, FirstCall);
        IRecoveryEvent[] called = [Started(), new EmailVerified(), Placed(FirstCall)];
        Keyed(Given([.. called, wrong, wrong, wrong, wrong]), FirstCall, true, After(1)).Outcome.ShouldBe(RecoveryOutcome.Done);
        Keyed(Given([.. called, wrong, wrong, wrong, wrong, wrong]), FirstCall, true, After(1)).Outcome.ShouldBe(RecoveryOutcome.InvalidProof);
        Keyed(Given([.. called, wrong, wrong, wrong, wrong, wrong, Placed(SecondCall)]), SecondCall, true, After(1)).Outcome.ShouldBe(RecoveryOutcome.Done);
    }

    [Fact]
    public void A_contact_that_was_changed_lately_makes_completion_wait_a_day_and_the_recovery_live_two_more()
    {
        var called = Given(Started(contactChangedLately: true), new EmailVerified(), Placed(FirstCall));
        var verified = (PhoneVerified)Keyed(called, FirstCall, true, After(1)).Events.ShouldHaveSingleItem();
        verified.ShouldBe(new PhoneVerified(FirstCall, After(25), After(72)));

        var state = RootRecovery.Evolve(called, Stream, verified, After(1))!;
        state.Complete(Session, After(24.9)).ShouldBe(new RecoveryDecision(RecoveryOutcome.WrongState, [], AvailableAt: After(25)), RecoveryDecisions.Same);
        state.Complete(Session, After(25)).Events.ShouldBe([new RecoveryCompleted(Session)]);
        state.Complete(Session, After(72)).Outcome.ShouldBe(RecoveryOutcome.WrongState);
        state.Expire(After(25)).ShouldBeEmpty();
        state.Expire(After(72)).ShouldBe([new RecoveryExpired(RecoveryEnd.TimeOver)]);
    }

    [Fact]
    public void It_is_completed_once()
    {
        var verified = new PhoneVerified(FirstCall, null, After(24));
        Given(Started(), new EmailVerified(), Placed(FirstCall), verified).Complete(Session, After(1)).Outcome.ShouldBe(RecoveryOutcome.Done);
        Given(Started(), new EmailVerified(), Placed(FirstCall), verified, new RecoveryCompleted(Session)).Complete(Session, After(1))
            .Outcome.ShouldBe(RecoveryOutcome.WrongState);
    }

    [Fact]
    public void A_completed_one_can_be_repudiated_and_what_is_over_cannot()
    {
        Given(Started()).Repudiate(After(1)).ShouldBe([new RecoveryRepudiated()]);
        Given(Started(), new RecoveryCompleted(Session)).Repudiate(After(300)).ShouldBe([new RecoveryRepudiated()]);
        Given(Started(), new RecoveryRepudiated()).Repudiate(After(1)).ShouldBeEmpty();
        Given(Started(), new RecoveryExpired(RecoveryEnd.TimeOver)).Repudiate(After(1)).ShouldBeEmpty();
        Given(Started()).Repudiate(After(24)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(2, 0, null)]
    [InlineData(3, 0, 3600)]
    [InlineData(4, 0, 7200)]
    [InlineData(3, 1, null)]
    public void Three_of_a_day_may_prove_their_email(int proven, int hoursLater, int? seconds) =>
        Policy.SecondsUntilProof(Enumerable.Range(0, proven).Select(i => After(-23 + i)), After(hoursLater)).ShouldBe(seconds);

    [Theory, InlineData(19, 0, null), InlineData(20, 0, 3600), InlineData(25, 0, 6 * 3600), InlineData(20, 1, null)]
    public void Twenty_a_day_begin(int started, double hoursLater, int? seconds) =>
        Policy.SecondsUntilStart(Enumerable.Range(0, started).Select(i => After(-23 + i)), After(hoursLater)).ShouldBe(seconds);

    [Fact]
    public void No_completion_without_both_proofs_in_order_and_no_way_back_from_an_end()
    {
        // What anybody may do, at whatever time, with whatever is right or wrong.
        var act = Gen.Select(Gen.Int[0, 7], Gen.Bool, Gen.Int[0, 600]);
        Gen.Select(Gen.Bool, act.Array[1, 40]).Sample(
            (changedLately, acts) =>
            {
                var (state, now, calls) = (Given(Started(changedLately)), Noon, new List<Guid>());
                var log = new List<IRecoveryEvent>();
                foreach (var (what, right, minutes) in acts)
                {
                    now = now.AddMinutes(minutes);
                    var call = right && calls.Count > 0 ? calls[^1] : FirstCall;
                    IReadOnlyList<IRecoveryEvent> events = what switch
                    {
                        0 => state.ProveEmail(right, now, Throttle).Events,
                        1 => state.RefuseCall(now, Policy) is null ? [new PhoneCallPlaced(NewCall(), now.AddMinutes(10))] : [],
                        2 or 3 => state.KeyDigits(call, right, now, Policy, Throttle).Events,
                        4 or 5 => state.Complete(Session, now).Events,
                        6 => minutes < 20 ? state.Repudiate(now) : [],
                        _ => state.Expire(now),
                    };
                    var before = state;
                    foreach (var e in events)
                    {
                        state = RootRecovery.Evolve(state, Stream, e, now)!;
                        log.Add(e);
                        if (e is RecoveryCompleted)
                        {
                            var (email, phone) = (log.FindIndex(x => x is EmailVerified), log.FindIndex(x => x is PhoneVerified));
                            email.ShouldBeGreaterThanOrEqualTo(0);
                            phone.ShouldBeGreaterThan(email);
                            log.ShouldNotContain(x => x is RecoveryRepudiated || x is RecoveryExpired);
                            now.ShouldBeLessThan(before.ExpiresAt);
                            if (changedLately) now.ShouldBeGreaterThanOrEqualTo(before.AvailableAt!.Value);
                        }
                    }

                    if (before.Step is RecoveryStep.Expired or RecoveryStep.Repudiated) state.Step.ShouldBe(before.Step);
                    if (before.Step == RecoveryStep.Completed) state.Step.ShouldBeOneOf(RecoveryStep.Completed, RecoveryStep.Repudiated);
                }

                log.Count(e => e is RecoveryCompleted).ShouldBeLessThanOrEqualTo(1);
                log.Count(e => e is EmailVerified).ShouldBeLessThanOrEqualTo(1);

                Guid NewCall()
                {
                    calls.Add(new Guid(calls.Count + 1, 0, 0, new byte[8]));
                    return calls[^1];
                }
            },
            iter: 20_000);
    }

    private static RecoveryDecision Keyed(RootRecovery state, Guid call, bool right, DateTimeOffset at) =>
        state.KeyDigits(call, right, at, Policy, Throttle);

    /// <summary>Decisions are the same when what they say is, event by event.</summary>
    private static class RecoveryDecisions
    {
        public static IEqualityComparer<RecoveryDecision> Same { get; } = EqualityComparer<RecoveryDecision>.Create((one, other) =>
            one!.Outcome == other!.Outcome && one.WaitSeconds == other.WaitSeconds && one.AvailableAt == other.AvailableAt && one.Events.SequenceEqual(other.Events));
    }
}
