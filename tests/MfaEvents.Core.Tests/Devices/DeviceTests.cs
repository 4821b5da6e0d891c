using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using static MfaEvents.Core.Tests.Devices.Authenticator;
using static MfaEvents.Core.Tests.Devices.Story;

namespace MfaEvents.Core.Tests.Devices;

public sealed class DeviceTests
{
    [Fact]
    public void An_assigned_device_is_pending_and_no_second_factor_yet() =>
        Given()
            .When(Assigning(Phone))
            .Then(Phone.Assigned)
            .ShouldSatisfyAllConditions(
                story => story.Of(Phone).ShouldBe(new MfaDevice
                {
                    DeviceId = Phone.Id,
                    Name = "phone",
                    Type = DeviceType.Virtual,
                    Status = DeviceStatus.Pending,
                    AssignedAt = Noon,
                }),
                story => story.State.HasSecondFactor.ShouldBeFalse());

    // AWS IAM: eight devices per user, in any mix; here in any state.
    [Fact]
    public void A_principal_has_at_most_eight_devices_in_whatever_state() =>
        GivenInUse(Numbered(1, 2, 3))
            .And(Phone.Assigned, Phone.Activated(), Phone.WentOutOfSync(60))
            .And([.. Numbered(4, 5, 6).Select(device => device.Assigned)])
            .When(Assigning(Tablet)).Then(Tablet.Assigned)
            .When(Assigning(Laptop)).ThenNothing();

    [Fact]
    public void A_removed_device_frees_its_place() =>
        Given([.. Numbered(1, 2, 3, 4, 5, 6, 7).Select(device => device.Assigned), Phone.Assigned])
            .And(Phone.Removed(RemovalReason.Requested))
            .When(Assigning(Laptop)).Then(Laptop.Assigned);

    [Fact]
    public void A_device_takes_another_name() =>
        GivenInUse(Phone)
            .When(state => PrincipalMfa.Rename(state.Device(Phone.Id)!, "old-phone"))
            .Then(Phone.Renamed("old-phone"))
            .Of(Phone).Name.ShouldBe("old-phone");

    [Fact]
    public void Nothing_happens_when_it_has_that_name_already() =>
        GivenInUse(Phone).When(state => PrincipalMfa.Rename(state.Device(Phone.Id)!, "phone")).ThenNothing();

    [Fact]
    public void Another_case_is_another_name() =>
        GivenInUse(Phone).When(state => PrincipalMfa.Rename(state.Device(Phone.Id)!, "Phone")).Then(Phone.Renamed("Phone"));

    [Fact]
    public void A_removed_device_is_gone_and_the_others_stay() =>
        GivenInUse(Phone, Tablet)
            .When(state => PrincipalMfa.Remove(state.Device(Phone.Id)!, null))
            .Then(Phone.Removed(RemovalReason.Requested), SessionsEnd(SessionsEndReason.DeviceRemoved))
            .State.Devices.ShouldHaveSingleItem().DeviceId.ShouldBe(Tablet.Id);

    [Fact]
    public void The_session_that_removes_a_device_goes_on()
    {
        var session = Guid.CreateVersion7();
        GivenInUse(Phone)
            .When(state => PrincipalMfa.Remove(state.Device(Phone.Id)!, session))
            .Then(Phone.Removed(RemovalReason.Requested), SessionsEnd(SessionsEndReason.DeviceRemoved, kept: session));
    }

    [Fact]
    public void A_device_that_was_never_a_factor_is_removed_and_no_session_ends() =>
        Given(Phone.Assigned)
            .When(state => PrincipalMfa.Remove(state.Device(Phone.Id)!, null))
            .Then(Phone.Removed(RemovalReason.Requested));

    [Fact]
    public void A_pending_device_expires() =>
        Given(Phone.Assigned)
            .After(Policy.PendingLifetime)
            .When(state => state.Expire(Phone.Id))
            .Then(Phone.Removed(RemovalReason.Expired))
            .State.Devices.ShouldBeEmpty();

    [Fact]
    public void A_device_that_was_ever_activated_does_not_expire() =>
        GivenInUse(Phone, Tablet)
            .And(Tablet.WentOutOfSync(60))
            .When(state => state.Expire(Phone.Id)).ThenNothing()
            .When(state => state.Expire(Tablet.Id)).ThenNothing();

    [Fact]
    public void A_device_that_is_gone_does_not_expire() =>
        Given(Phone.Assigned, Phone.Removed(RemovalReason.Requested))
            .When(state => state.Expire(Phone.Id)).ThenNothing();

    [Fact]
    public void A_device_is_a_second_factor_from_its_activation_on_in_sync_or_not() =>
        Given(Phone.Assigned, Tablet.Assigned).ShouldSatisfyAllConditions(
            story => story.State.HasSecondFactor.ShouldBeFalse(),
            story => story.And(Phone.Activated()).State.HasSecondFactor.ShouldBeTrue(),
            story => story.And(Phone.Activated(), Phone.WentOutOfSync(60)).State.HasSecondFactor.ShouldBeTrue(),
            story => story.And(Phone.Activated(), Phone.Removed(RemovalReason.Requested)).State.HasSecondFactor.ShouldBeFalse());

    [Fact]
    public void A_deleted_principal_has_no_state_and_what_comes_after_is_ignored()
    {
        var gone = PrincipalMfa.Evolve(GivenInUse(Phone).State, Principal.Root, new PrincipalDeleted(), Noon);
        gone.ShouldBeNull();
        PrincipalMfa.Evolve(gone, Principal.Root, new CodeRejected(Phone.Id, default, default), Noon).ShouldBeNull();
    }

    [Fact]
    public void An_event_of_another_kind_changes_nothing()
    {
        var state = GivenInUse(Phone).State;
        PrincipalMfa.Evolve(state, Principal.Root, new SessionEnded(Guid.Empty), Noon).ShouldBeSameAs(state);
    }

    private static Func<PrincipalMfa, IReadOnlyList<object>> Assigning(Authenticator device) => state =>
        state.Assign(device.Id, device.Name, DeviceType.Virtual, Policy) is { } assigned ? [assigned] : [];

    private static Authenticator[] Numbered(params int[] numbers) =>
        [.. numbers.Select(number => new Authenticator($"device-{number}"))];
}
