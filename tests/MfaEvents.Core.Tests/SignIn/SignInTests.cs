using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Core.Tests.Devices;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.SignIn;

public sealed class SignInTests
{
    private static readonly Guid Session = new("0199f3e6-0000-7000-8000-000000000001");

    [Fact]
    public void Without_a_device_the_password_signs_in() =>
        Given().State.SignInByPassword(Session, Noon).ShouldBe(new SignedIn(Session, Factor.Password, null));

    [Fact]
    public void A_device_that_waits_for_its_activation_is_no_factor() =>
        Given(Phone.Assigned).State.SignInByPassword(Session, Noon).ShouldNotBeNull();

    [Fact]
    public void Any_device_that_was_ever_activated_is_asked_for()
    {
        GivenInUse(Phone).State.SignInByPassword(Session, Noon).ShouldBeNull();
        GivenInUse(Phone).And(Phone.WentOutOfSync(60)).State.SignInByPassword(Session, Noon).ShouldBeNull();
    }

    [Fact]
    public void A_code_signs_in_and_names_the_device_and_the_factor() =>
        GivenInUse(Phone)
            .When(Phone.SignsIn(Session, 0))
            .Then(CodeOutcome.Accepted, Phone.Accepted(0, CodePurpose.SignIn), _ => new SignedIn(Session, Factor.Otp, Phone.Id));

    [Fact]
    public void A_refused_code_is_a_refused_sign_in() =>
        GivenInUse(Phone)
            .When(Phone.SignsIn(Session, Wrong))
            .Then(
                CodeOutcome.Refused,
                Phone.Rejected(RejectionReason.Wrong, purpose: CodePurpose.SignIn),
                _ => new SignInRefused(Factor.Otp, Phone.Id, 1));

    [Fact]
    public void A_code_signs_in_once() =>
        GivenInUse(Phone)
            .And(Phone.Accepted(0))
            .When(Phone.SignsIn(Session, 0))
            .Then(
                CodeOutcome.Refused,
                Phone.Rejected(RejectionReason.Replayed, 0, CodePurpose.SignIn),
                _ => new SignInRefused(Factor.Otp, Phone.Id, 1));

    [Fact]
    public void Three_codes_from_outside_the_window_at_sign_in_show_that_the_device_is_out_of_sync() =>
        GivenInUse(Phone)
            .And(Stray(40), Stray(41))
            .When(Phone.SignsIn(Session, 42))
            .Then(
                CodeOutcome.ResyncRequired,
                Stray(42),
                Phone.WentOutOfSync(42),
                _ => new SignInRefused(Factor.Otp, Phone.Id, 1));

    [Fact]
    public void Refused_codes_after_right_passwords_are_counted_until_a_sign_in_tells_how_many_they_were()
    {
        var guessed = Enumerable.Range(1, 6).Aggregate(GivenInUse(Phone), (story, count) =>
        {
            var decided = story.When(Phone.SignsIn(Session, Wrong));
            decided.Events.OfType<SignInRefused>().ShouldHaveSingleItem().ConsecutiveFailures.ShouldBe(count);
            return decided.Follow().After(Minutes(10));
        });
        var signedIn = guessed.When(Phone.SignsIn(Session, 0));
        signedIn.Events.ShouldContain(new SignedIn(Session, Factor.Otp, Phone.Id, 6));
        signedIn.Follow().After(Minutes(1)).When(Phone.SignsIn(Session, Wrong)).Events.ShouldContain(new SignInRefused(Factor.Otp, Phone.Id, 1));
    }

    [Fact]
    public void Codes_that_a_service_asks_about_are_no_sign_ins() =>
        GivenInUse(Phone).And(Phone.Rejected(RejectionReason.Wrong)).When(Phone.SignsIn(Session, 0)).Events
            .ShouldContain(new SignedIn(Session, Factor.Otp, Phone.Id));

    [Fact]
    public void Wrong_passwords_before_a_right_one_are_told_by_the_sign_in() =>
        Given().State.SignInByPassword(Session, Noon, wrongPasswords: 7).ShouldBe(new SignedIn(Session, Factor.Password, null, 7));

    [Fact]
    public void A_device_that_waits_for_its_activation_signs_nobody_in() =>
        GivenInUse(Phone).And(Tablet.Assigned).When(Tablet.SignsIn(Session, 0)).ThenNothing(CodeOutcome.DevicePending);

    private static Happening Stray(int offset) => Phone.Rejected(RejectionReason.OutsideWindow, offset, CodePurpose.SignIn);
}
