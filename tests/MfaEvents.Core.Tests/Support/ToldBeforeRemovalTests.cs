using MfaEvents.Core.Support;
using static MfaEvents.Core.Tests.Support.CaseStory;

namespace MfaEvents.Core.Tests.Support;

/// <summary>The owner has the whole cooling-off after being told, or nothing is removed.</summary>
public sealed class ToldBeforeRemovalTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan InTime = Policy.CoolingOff / 10;

    [Fact]
    public void A_notice_that_comes_in_time_changes_nothing_and_counts_once() =>
        GivenApproved()
            .After(InTime)
            .WhenDue((c, now) => c.Deliver(1, now, Policy), new RemovalNoticeDelivered(1))
            .And(Person.Product, new RemovalNoticeDelivered(1))
            .WhenDue((c, now) => c.Deliver(1, now, Policy))
            .WhenDue((c, now) => c.Deliver(2, now, Policy), new RemovalNoticeDelivered(2));

    [Fact]
    public void A_notice_that_comes_late_begins_the_cooling_off_again()
    {
        var late = GivenApproved().After(InTime + Moment);
        var until = late.Now + Policy.CoolingOff;
        late.WhenDue((c, now) => c.Deliver(1, now, Policy), new RemovalNoticeDelivered(1), new RemovalPutOff(until))
            .And(Person.Product, new RemovalNoticeDelivered(1), new RemovalPutOff(until))
            .After(Policy.CoolingOff - Moment).WhenDue((c, now) => c.Execute(1, null, true, now, Policy))
            .After(Moment).WhenDue((c, now) => c.Execute(1, null, true, now, Policy), new RemovalExecuted(1));
    }

    [Fact]
    public void An_owner_who_was_not_told_loses_nothing_and_the_story_says_once_that_it_was_put_off()
    {
        var untold = GivenApproved().After(Policy.CoolingOff)
            .WhenDue((c, now) => c.Execute(1, null, false, now, Policy), new RemovalPutOff(null))
            .And(Person.Product, new RemovalPutOff(null));
        untold.Case.ExecutesAt.ShouldBeNull();
        untold.WhenDue((c, now) => c.Execute(1, null, false, now, Policy));
        untold.WhenDue((c, now) => c.Execute(1, Noon, false, now, Policy), new RemovalVetoed(VetoReason.SignIn));
        untold.When((c, _) => c.Veto(VetoReason.Link), CaseOutcome.Done, new RemovalVetoed(VetoReason.Link));
        untold.Case.LooksAgainAt(untold.Now, Policy).ShouldBe(untold.Now + TimeSpan.FromMinutes(5));

        // However they came to be told: the whole cooling-off begins then.
        var told = untold.After(TimeSpan.FromMinutes(1));
        var until = told.Now + Policy.CoolingOff;
        told.WhenDue((c, now) => c.Execute(1, null, true, now, Policy), new RemovalPutOff(until));
        told.WhenDue((c, now) => c.Deliver(1, now, Policy), new RemovalNoticeDelivered(1), new RemovalPutOff(until));
    }

    [Fact]
    public void A_removal_that_nobody_could_be_told_of_expires_with_its_case()
    {
        var untold = GivenApproved().After(Policy.CoolingOff).And(Person.Product, new RemovalPutOff(null));
        untold.After(Policy.CaseLifetime - Policy.CoolingOff - Moment).WhenDue((c, now) => c.Execute(1, null, false, now, Policy));
        untold.After(Policy.CaseLifetime - Policy.CoolingOff)
            .WhenDue((c, now) => c.Execute(1, null, false, now, Policy), new CaseExpired(Untold: true));
    }

    [Fact]
    public void A_clock_that_runs_behind_makes_no_removal_earlier()
    {
        var until = Noon + (3 * Policy.CoolingOff);
        GivenApproved().And(Person.Product, new RemovalPutOff(until)).After(Policy.CoolingOff)
            .WhenDue((c, now) => c.Deliver(1, now, Policy), new RemovalNoticeDelivered(1), new RemovalPutOff(until));
    }

    [Fact]
    public void It_does_not_come_earlier_either_after_it_was_put_off_without_a_time()
    {
        var until = Noon + (3 * Policy.CoolingOff);
        GivenApproved().And(Person.Product, new RemovalPutOff(until)).And(Person.Product, new RemovalPutOff(null)).After(Policy.CoolingOff)
            .WhenDue((c, now) => c.Deliver(1, now, Policy), new RemovalNoticeDelivered(1), new RemovalPutOff(until));
    }
}
