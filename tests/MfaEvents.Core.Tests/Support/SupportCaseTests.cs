using MfaEvents.Core.Support;
using static MfaEvents.Core.Tests.Support.CaseStory;

namespace MfaEvents.Core.Tests.Support;

public sealed class SupportCaseTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData(EvidenceKind.InPerson, EvidenceKind.IdentityDocument, true)]
    [InlineData(EvidenceKind.CallBack, EvidenceKind.Knowledge, true)]
    [InlineData(EvidenceKind.CallBack, EvidenceKind.InPerson, true)]
    [InlineData(EvidenceKind.CallBack, EvidenceKind.CallBack, false)]
    [InlineData(EvidenceKind.InPerson, EvidenceKind.InPerson, false)]
    [InlineData(EvidenceKind.IdentityDocument, EvidenceKind.Knowledge, false)]
    [InlineData(EvidenceKind.Knowledge, EvidenceKind.Other, false)]
    public void Two_kinds_of_evidence_are_needed_one_of_them_a_call_back_or_in_person(EvidenceKind one, EvidenceKind two, bool enough) =>
        Given(Evidence(one), Evidence(two))
            .When((c, now) => c.Request(Note, now), enough ? CaseOutcome.Done : CaseOutcome.EvidenceMissing, enough ? [Requested] : []);

    [Fact]
    public void Nobody_records_a_call_back() =>
        Given().When((c, now) => c.Record(EvidenceKind.CallBack, Note, now, Policy), CaseOutcome.EvidenceMissing);

    [Fact]
    public void Evidence_ends_with_the_request() =>
        GivenRequested().When((c, now) => c.Record(EvidenceKind.Other, Note, now, Policy), CaseOutcome.WrongState);

    [Fact]
    public void A_second_person_approves_and_the_cooling_off_begins() =>
        GivenRequested().When(
            (c, now) => c.Approve(Bob, Note, now, Policy), CaseOutcome.Done, new RemovalApproved(Noon + TimeSpan.FromHours(24), Note));

    public static TheoryData<string> Parts => ["opened", "evidence", "call", "request"];

    [Theory, MemberData(nameof(Parts))]
    public void Whoever_had_a_part_in_the_case_decides_nothing_and_that_they_tried_is_kept(string part)
    {
        var story = part == "opened" ? GivenBy(Eve) : Given();
        story = story.And(part == "evidence" ? Eve : Ann, Evidence(EvidenceKind.InPerson), Evidence(EvidenceKind.Other))
            .And(part == "call" ? Eve : Ann, new CallBackPlaced(Call, Noon, Note))
            .And(part == "request" ? Eve : Ann, Requested);

        story.When(
            (c, now) => c.Approve(Eve, Note, now, Policy),
            CaseOutcome.SecondPersonRequired, new SecondPersonMissing(CaseDecisionKind.Approval));
        story.When((c, now) => c.Decline(Eve, Note, now), CaseOutcome.SecondPersonRequired, new SecondPersonMissing(CaseDecisionKind.Refusal));
        story.When((c, now) => c.Decline(Bob, Note, now), CaseOutcome.Done, new RemovalDeclined(Note));
    }

    [Fact]
    public void The_same_subject_of_another_issuer_is_another_person() =>
        GivenRequested().When((c, now) => c.Decline(Ann with { Issuer = "https://other.example" }, Note, now), CaseOutcome.Done, new RemovalDeclined(Note));

    [Fact]
    public void The_removal_is_executed_when_the_cooling_off_is_over_and_not_before() =>
        GivenApproved()
            .After(Policy.CoolingOff - Moment).WhenDue((c, now) => c.Execute(2, null, true, now, Policy))
            .After(Moment).WhenDue((c, now) => c.Execute(2, null, true, now, Policy), new RemovalExecuted(2))
            .And(Person.Product, new RemovalExecuted(2)).WhenDue((c, now) => c.Execute(0, null, true, now, Policy));

    [Fact]
    public void A_sign_in_with_a_second_factor_since_the_approval_vetoes_even_when_nobody_saw_it()
    {
        var due = GivenApproved().After(Policy.CoolingOff);
        due.WhenDue((c, now) => c.Execute(1, Noon, true, now, Policy), new RemovalVetoed(VetoReason.SignIn));
        due.WhenDue((c, now) => c.Execute(1, Noon - Moment, true, now, Policy), new RemovalExecuted(1));
    }

    [Fact]
    public void A_veto_stops_the_removal_for_good() =>
        GivenApproved()
            .When((c, _) => c.Veto(VetoReason.Link), CaseOutcome.Done, new RemovalVetoed(VetoReason.Link))
            .And(Person.Product, new RemovalVetoed(VetoReason.Link))
            .After(Policy.CoolingOff)
            .WhenDue((c, now) => c.Execute(1, null, true, now, Policy))
            .When((c, _) => c.Veto(VetoReason.Owner), CaseOutcome.WrongState)
            .When((c, now) => c.Approve(Bob, Note, now, Policy), CaseOutcome.WrongState);

    [Fact]
    public void There_is_nothing_to_veto_before_the_approval() =>
        GivenRequested().When((c, _) => c.Veto(VetoReason.Owner), CaseOutcome.WrongState);

    [Fact]
    public void Undecided_after_seven_days_a_case_takes_nothing_any_more_whether_the_message_has_come_or_not()
    {
        var late = GivenRequested().After(TimeSpan.FromDays(7));
        late.When((c, now) => c.Approve(Bob, Note, now, Policy), CaseOutcome.WrongState);
        late.When((c, now) => c.Close(Note, now), CaseOutcome.WrongState);
        late.WhenDue((c, now) => c.Expire(now), new CaseExpired());
        GivenRequested().After(TimeSpan.FromDays(7) - Moment).WhenDue((c, now) => c.Expire(now));
        GivenApproved().After(TimeSpan.FromDays(8)).WhenDue((c, now) => c.Expire(now));
        Given().After(TimeSpan.FromDays(7)).When((c, now) => c.Record(EvidenceKind.InPerson, Note, now, Policy), CaseOutcome.WrongState);
    }

    [Fact]
    public void Digits_that_were_keyed_right_are_evidence_of_the_call()
    {
        var ringing = Given(new CallBackPlaced(Call, Noon + TimeSpan.FromMinutes(10), Note));
        ringing.WhenDue((c, now) => c.Answer(Call, true, now, Policy), new EvidenceRecorded(EvidenceKind.CallBack, Note, Call));
        ringing.WhenDue((c, now) => c.Answer(Note, true, now, Policy));
        ringing.After(TimeSpan.FromMinutes(10)).WhenDue((c, now) => c.Answer(Call, true, now, Policy));
        ringing.And(Ann, new CallBackPlaced(Note, Noon + TimeSpan.FromMinutes(10), Note)).WhenDue((c, now) => c.Answer(Call, true, now, Policy));
    }

    [Fact]
    public void The_fifth_wrong_digits_end_the_call()
    {
        var wrong = new CallBackRejected(Call, false);
        Given(new CallBackPlaced(Call, Noon + TimeSpan.FromMinutes(10), Note), wrong, wrong, wrong)
            .WhenDue((c, now) => c.Answer(Call, false, now, Policy), wrong)
            .And(Person.Product, wrong)
            .WhenDue((c, now) => c.Answer(Call, false, now, Policy), new CallBackRejected(Call, true))
            .And(Person.Product, new CallBackRejected(Call, true))
            .WhenDue((c, now) => c.Answer(Call, true, now, Policy));
    }

    [Fact]
    public void One_case_rings_a_phone_five_times_at_most()
    {
        var placed = new CallBackPlaced(Call, Noon, Note);
        Given(placed, placed, placed, placed)
            .When((c, now) => c.PlaceCall(Call, Noon, Note, now, Policy), CaseOutcome.Done, placed)
            .And(Ann, placed)
            .When((c, now) => c.PlaceCall(Call, Noon, Note, now, Policy), CaseOutcome.WrongState);
    }

    [Fact]
    public void A_case_holds_twenty_pieces_of_evidence()
    {
        var pieces = Enumerable.Repeat(Evidence(EvidenceKind.Other), 19).ToArray<ICaseEvent>();
        Given(pieces)
            .When((c, now) => c.Record(EvidenceKind.Other, Note, now, Policy), CaseOutcome.Done, Evidence(EvidenceKind.Other))
            .And(Ann, Evidence(EvidenceKind.Other))
            .When((c, now) => c.Record(EvidenceKind.InPerson, Note, now, Policy), CaseOutcome.WrongState);
    }

    [Fact]
    public void Whoever_goes_on_trying_to_decide_a_case_of_their_own_is_recorded_three_times()
    {
        var tried = new SecondPersonMissing(CaseDecisionKind.Approval);
        var story = GivenRequested().And(Ann, tried, tried);
        story.When((c, now) => c.Approve(Ann, Note, now, Policy), CaseOutcome.SecondPersonRequired, tried);
        story.And(Ann, tried).When((c, now) => c.Approve(Ann, Note, now, Policy), CaseOutcome.SecondPersonRequired);
        story.And(Ann, tried).And(Bob, Evidence(EvidenceKind.Other))
            .When((c, now) => c.Decline(Bob, Note, now), CaseOutcome.SecondPersonRequired, new SecondPersonMissing(CaseDecisionKind.Refusal));
    }

    [Fact]
    public void The_enrolment_code_is_taken_once_after_the_removal_by_somebody_without_a_part_in_the_case()
    {
        GivenApproved().When((c, now) => c.IssueEnrolmentCode(Bob, now, Policy), CaseOutcome.WrongState);
        var issued = new EnrolmentCodeIssued(Noon + TimeSpan.FromHours(72));
        var executed = GivenApproved().And(Person.Product, new RemovalExecuted(1));
        executed.When((c, now) => c.IssueEnrolmentCode(Ann, now, Policy),
            CaseOutcome.SecondPersonRequired, new SecondPersonMissing(CaseDecisionKind.EnrolmentCode));
        executed.When((c, now) => c.IssueEnrolmentCode(Bob, now, Policy), CaseOutcome.Done, issued)
            .And(Bob, issued)
            .When((c, now) => c.IssueEnrolmentCode(Bob, now, Policy), CaseOutcome.WrongState);
        executed.And(Ann, new CaseClosed(ClosureReason.Requested, Note)).When((c, now) => c.IssueEnrolmentCode(Bob, now, Policy), CaseOutcome.Done, issued);
    }

    [Fact]
    public void A_case_that_is_closed_in_the_cooling_off_removes_nothing() =>
        GivenApproved()
            .When((c, now) => c.Close(Note, now), CaseOutcome.Done, new CaseClosed(ClosureReason.Requested, Note))
            .And(Ann, new CaseClosed(ClosureReason.Requested, Note))
            .After(Policy.CoolingOff)
            .WhenDue((c, now) => c.Execute(1, null, true, now, Policy))
            .When((c, now) => c.Close(Note, now), CaseOutcome.WrongState);

    [Fact]
    public void The_end_of_the_user_ends_its_case()
    {
        GivenApproved().WhenDue((c, _) => c.PrincipalGone(), new CaseClosed(ClosureReason.PrincipalDeleted, null));
        GivenApproved().And(Person.Product, new RemovalExecuted(1)).WhenDue((c, _) => c.PrincipalGone());
    }
}
