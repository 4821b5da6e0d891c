using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Recovery;

/// <summary>What came of a recovery that was not the owner's.</summary>
public sealed class RecoveryTracesTests
{
    private static readonly Guid Recovery = new("0199f3e6-0000-7000-8000-00000000000a");
    private static readonly Guid Recovered = new("0199f3e6-0000-7000-8000-000000000001");
    private static readonly Guid Next = new("0199f3e6-0000-7000-8000-000000000002");
    private static readonly Guid Owners = new("0199f3e6-0000-7000-8000-000000000003");
    private static readonly Guid His = new("0199f3e6-0000-7000-8000-000000000004");
    private static readonly Guid HisToo = new("0199f3e6-0000-7000-8000-000000000005");

    [Fact]
    public void A_second_recovery_by_the_password_of_the_first_belongs_to_it_whichever_is_undone_first()
    {
        Traced[] both =
        [
            By(Recovered, new PasswordChanged()),
            By(null, new RecoveryVerified(Guid.AllBitsSet)),
            By(null, new SignedIn(Next, Factor.Recovery, null)),
            By(Next, new DeviceActivated(His, 1, 0)),
            By(Next, new PasswordChanged()),
        ];
        RecoveryTraces.Of(Recovered, both).SetPassword.ShouldBeTrue();
        RecoveryTraces.Of(Recovered, both).Devices.ShouldBe([His]);
        RecoveryTraces.Of(Recovered, [.. both, By(null, new RecoveryUndone(Guid.AllBitsSet, true))]).SetPassword.ShouldBeTrue();

        // The first one is undone: what its password's successor set is no longer the password.
        Traced[] second = [By(Next, new PasswordChanged()), By(null, new RecoveryUndone(Guid.NewGuid(), true))];
        RecoveryTraces.Of(Next, second).SetPassword.ShouldBeFalse();
    }

    private static Traced By(Guid? session, object happened) => new(happened, session);

    [Fact]
    public void Devices_of_the_session_and_of_the_sessions_that_they_gave_are_traced()
    {
        var traces = RecoveryTraces.Of(Recovered,
        [
            By(Recovered, new DeviceAssigned(His, "his", DeviceType.Virtual)),
            By(Recovered, new DeviceActivated(His, 1, 0)),
            By(null, new SignedIn(Next, Factor.Otp, His)),
            By(Next, new DeviceAssigned(HisToo, "his too", DeviceType.Virtual)),
            By(null, new SignedIn(Owners, Factor.Otp, Phone.Id)),
            By(Owners, new DeviceAssigned(Guid.Empty, "the owner's", DeviceType.Virtual)),
        ]);
        traces.Devices.ShouldBe([His, HisToo], ignoreOrder: true);
        traces.SetPassword.ShouldBeFalse();
    }

    [Fact]
    public void A_device_that_waited_and_was_activated_by_the_session_is_traced() =>
        RecoveryTraces.Of(Recovered, [By(Recovered, new DeviceActivated(His, 1, 0))]).Devices.ShouldBe([His]);

    [Fact]
    public void A_session_by_the_password_alone_is_traced_since_the_recovery_made_it_possible() =>
        RecoveryTraces.Of(Recovered, [By(null, new SignedIn(Next, Factor.Password, null)), By(Next, new DeviceActivated(His, 1, 0))])
            .Devices.ShouldBe([His]);

    [Fact]
    public void The_last_change_of_the_password_counts()
    {
        RecoveryTraces.Of(Recovered, [By(Recovered, new PasswordChanged())]).SetPassword.ShouldBeTrue();
        RecoveryTraces.Of(Recovered, [By(Recovered, new PasswordChanged()), By(Owners, new PasswordChanged())]).SetPassword.ShouldBeFalse();
        RecoveryTraces.Of(Recovered, [By(Owners, new PasswordChanged()), By(Recovered, new PasswordChanged())]).SetPassword.ShouldBeTrue();
    }

    [Fact]
    public void Undoing_removes_the_traced_devices_that_are_there_and_ends_all_sessions() =>
        GivenInUse(Phone)
            .When(state => state.UndoRecovery(Recovery, new RecoveryTraces(new HashSet<Guid> { Phone.Id, His }, false)))
            .Then(
                _ => new DeviceRemoved(Phone.Id, RemovalReason.Repudiated),
                _ => new RecoveryUndone(Recovery, false),
                SessionsEnd(SessionsEndReason.Repudiated))
            .State.SignInByPassword(Next, Noon).ShouldBeNull();

    [Fact]
    public void While_a_device_is_left_it_is_asked_for_and_when_that_is_gone_the_password_is_enough_again()
    {
        var undone = GivenInUse(Phone).And(_ => new RecoveryUndone(Recovery, false));
        undone.State.RefusesPasswordAlone.ShouldBeFalse();
        undone.And(_ => new DeviceRemoved(Phone.Id, RemovalReason.Requested)).State.SignInByPassword(Next, Noon).ShouldNotBeNull();
    }

    [Fact]
    public void A_new_device_ends_the_refusal_of_the_password_alone()
    {
        var undone = Given(_ => new RecoveryUndone(Recovery, true));
        undone.State.PasswordAloneServes.ShouldBeFalse();
        undone.And(Phone.Assigned, Phone.Activated(), _ => new DeviceRemoved(Phone.Id, RemovalReason.Requested)).State.PasswordAloneServes.ShouldBeTrue();
    }

    [Fact]
    public void A_recovery_locks_the_contact_from_then_on() =>
        Given(_ => new RecoveryVerified(Recovery)).State.ContactLockedSince.ShouldBe(Noon);
}
