using CsCheck;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>What somebody with valid codes, but from the wrong time, can and cannot do.</summary>
public sealed class AdversaryProperties
{
    // The drift walk: a verifier that adopts every offset goes from 3 minutes stale to 36 in 12 sign-ins.
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Whoever_always_submits_the_farthest_acceptable_code_gets_eleven_steps_away_and_no_farther(int direction)
    {
        // Four to six months of sign-ins, by the minutes between them.
        Gen.Frequency((3, Gen.Int[1, 10]), (2, Gen.Int[10, 600]), (3, Gen.Int[600, 2000])).Array[300, 400].Sample(
            waits =>
            {
                var story = GivenInUse(Phone);
                var start = story.Now;
                foreach (var minutes in waits)
                {
                    story = story.After(Minutes(minutes));
                    if (FarthestAcceptable(story, direction) is not { } offset) continue;

                    // One step of window, one move at once, then one a day, and ten in all.
                    var days = (int)(story.Now - start).TotalDays;
                    Math.Abs(offset).ShouldBeLessThanOrEqualTo(1 + Math.Min(10, 1 + days));
                    var decided = story.When(Phone.Verifies(offset));
                    decided.Outcome.ShouldBe(CodeOutcome.Accepted);
                    story = decided.Follow();
                }

                // The bound is reached, and so the walk was a walk.
                Math.Abs(story.Of(Phone).DriftSteps).ShouldBe(10);
            },
            iter: 3);
    }

    [Fact]
    public void A_pair_written_down_long_ago_makes_no_device_accept_codes_from_the_past()
    {
        var age = Gen.Int[11, 110];
        var tries = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 300], (what, wait) => (What: what, Wait: wait)).Array[1, 25];
        Gen.Select(age, tries).Sample(
            (steps, attempts) =>
            {
                var story = GivenInUse(Phone).After(Hours(24));
                var (code1, code2) = (Phone.Code(-steps - 1, story.Now), Phone.Code(-steps, story.Now));
                foreach (var (what, wait) in attempts)
                {
                    story = story.After(Seconds(wait));
                    var decided = story.When(what switch
                    {
                        0 => Phone.VerifiesWith(code1),
                        1 => Phone.VerifiesWith(code2),
                        _ => Phone.ResyncsWith(code1, code2),
                    });

                    // One code in 300,000 happens to be shown again now; it is no code from the past then.
                    if (decided.Events is [CodeAccepted { DriftSteps: >= -1 and <= 1 }]) return;
                    decided.Outcome.ShouldNotBe(CodeOutcome.Accepted);
                    story = decided.Follow();
                    story.Of(Phone).DriftSteps.ShouldBe(0);
                }
            },
            iter: 30);
    }

    // Looking from the far end; without a search window a look is cheap.
    private static int? FarthestAcceptable(Story story, int direction)
    {
        var near = Policy with { SearchWindow = 0 };
        for (var offset = 20 * direction; offset != 0; offset -= direction)
        {
            var match = TotpCode.Find(Phone.Key, Phone.Code(offset, story.Now), story.Of(Phone), story.Now, near);
            if (match is { Place: CodePlace.InWindow } && match.DriftSteps == offset) return offset;
        }

        return null;
    }
}
