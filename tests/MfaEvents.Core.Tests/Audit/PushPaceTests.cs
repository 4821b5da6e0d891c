using MfaEvents.Core.Audit;

namespace MfaEvents.Core.Tests.Audit;

public sealed class PushPaceTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_receiver_that_fails_is_asked_ever_less_often_and_never_given_up()
    {
        var pace = new PushPace(100);
        pace.Pause(Second, Minute).ShouldBe(TimeSpan.Zero);
        var pauses = new List<double>();
        for (var tries = 0; tries < 5000; tries++)
        {
            pace = pace.AfterFailure();
            pace.GivesUp.ShouldBeFalse();
            pauses.Add(pace.Pause(Second, Minute).TotalSeconds);
        }

        pauses[..7].ShouldBe([1, 2, 4, 8, 16, 32, 60]);
        pauses.Skip(7).ShouldAllBe(pause => pause == 60);
        pace.Limit.ShouldBe(100);
        pace.AfterDelivery().ShouldBe(new PushPace(100));
    }

    [Fact]
    public void Of_several_events_that_are_refused_together_the_one_is_found_by_halving_and_without_a_pause()
    {
        var pace = new PushPace(100);
        var limits = new List<int>();
        while (pace.Limit > 1)
        {
            limits.Add(pace.Limit);
            pace = pace.AfterRefusal(pace.Limit);
            pace.Failures.ShouldBe(0);
            pace.Refusals.ShouldBe(0);
        }

        limits.ShouldBe([100, 50, 25, 12, 6, 3]);
    }

    [Fact]
    public void One_event_is_given_up_when_it_was_refused_five_times_whatever_failed_between()
    {
        var pace = new PushPace(1);
        for (var tries = 1; tries <= 5; tries++)
        {
            pace.GivesUp.ShouldBeFalse();
            pace = pace.AfterFailure().AfterRefusal(1);
        }

        pace.GivesUp.ShouldBeTrue();
        pace.AfterGivingUp().Pause(Second, Minute).ShouldBe(TimeSpan.Zero);
        pace.AfterGivingUp().GivesUp.ShouldBeFalse();
    }

    [Fact]
    public void A_receiver_that_refuses_everything_is_waited_for()
    {
        var (pace, givenUp) = (new PushPace(1), 0);
        for (var tries = 0; tries < 1000; tries++)
        {
            pace = pace.AfterRefusal(1);
            if (!pace.GivesUp) continue;
            givenUp++;
            pace = pace.AfterGivingUp();
        }

        givenUp.ShouldBe(10);
        pace.Pause(Second, Minute).ShouldBe(Minute);
        pace.AfterDelivery().AfterRefusal(1).GivenUp.ShouldBe(0);
    }
}
