using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;

namespace MfaEvents.Core.Tests.Accounts;

public sealed class ContactTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ContactPolicy Policy = new();
    private static readonly Guid Call = new("0199f3e6-0000-7000-8000-000000000001");

    [Fact]
    public void What_is_asked_for_gets_the_next_version_and_waits() =>
        Given().RequestContact(email: true, phone: false).ShouldBe(new ContactChangeRequested(2, true, false));

    [Fact]
    public void The_link_of_the_latest_request_confirms_the_address()
    {
        var account = Given((0, new ContactChangeRequested(2, true, false)), (0, new ContactChangeRequested(3, true, true)));
        account.ConfirmEmail(2).ShouldBeNull();
        account.ConfirmEmail(3).ShouldBe(new ContactInformationChanged(4, Email: true, Phone: false));
    }

    [Fact]
    public void A_link_confirms_once_and_the_number_stays_pending()
    {
        var account = Changed(hour: 0, new ContactChangeRequested(2, true, true), new ContactInformationChanged(3, true, false));
        account.ConfirmEmail(2).ShouldBeNull();
        account.PendingPhone.ShouldBe(2);
        account.EmailChangedAt.ShouldBe(Noon);
        account.PhoneChangedAt.ShouldBeNull();
    }

    [Fact]
    public void Right_digits_confirm_the_number()
    {
        var account = Given((0, new ContactChangeRequested(2, false, true)), (0, new ContactCallPlaced(Call, At(0.1))));
        account.Answer(Call, right: true, Noon, Policy).ShouldBe([new ContactInformationChanged(3, Email: false, Phone: true)]);
    }

    [Fact]
    public void Five_wrong_digits_end_the_call()
    {
        var account = Given((0, new ContactChangeRequested(2, false, true)), (0, new ContactCallPlaced(Call, At(0.1))));
        for (var wrong = 0; wrong < 5; wrong++)
        {
            account.Answer(Call, right: false, Noon, Policy).ShouldBe([new ContactDigitsRejected(Call)]);
            account = Account.Evolve(account, new ContactDigitsRejected(Call), Noon)!;
        }

        account.Answer(Call, right: true, Noon, Policy).ShouldBeEmpty();
        account.Answer(Call, right: false, Noon, Policy).ShouldBeEmpty();
    }

    [Fact]
    public void An_earlier_call_and_one_for_another_number_confirm_nothing()
    {
        var other = Guid.NewGuid();
        Given((0, new ContactChangeRequested(2, false, true)), (0, new ContactCallPlaced(Call, At(0.1))), (0, new ContactCallPlaced(other, At(0.1))))
            .Answer(Call, true, Noon, Policy).ShouldBeEmpty();
        Given((0, new ContactChangeRequested(2, false, true)), (0, new ContactCallPlaced(Call, At(0.1))), (0, new ContactChangeRequested(3, false, true)))
            .Answer(Call, true, Noon, Policy).ShouldBeEmpty();
        Given((0, new ContactChangeRequested(2, true, false)), (0, new ContactCallPlaced(Call, At(0.1)))).Answer(Call, true, Noon, Policy).ShouldBeEmpty();
    }

    [Fact]
    public void Late_digits_confirm_nothing() => Given((0, new ContactChangeRequested(2, false, true)), (0, new ContactCallPlaced(Call, At(0.1))))
        .Answer(Call, true, At(0.1), Policy).ShouldBeEmpty();

    [Fact]
    public void Ten_requests_and_five_calls_a_day_are_enough()
    {
        var account = Given([.. Enumerable.Range(2, 10).Select(version => (0d, (IAccountEvent)new ContactChangeRequested(version, true, true)))]);
        account.RequestWait(At(1), Policy).ShouldBe(23 * 3600);
        account.RequestWait(At(24), Policy).ShouldBeNull();

        account = Given([.. Enumerable.Range(0, 5).Select(hour => ((double)hour, (IAccountEvent)new ContactCallPlaced(Call, At(0.1))))]);
        account.CallWait(At(5), Policy).ShouldBe(19 * 3600);
        account.CallWait(At(24), Policy).ShouldBeNull();
    }

    [Fact]
    public void For_72_hours_the_former_address_is_told_and_can_undo()
    {
        var account = Changed(hour: 0, new ContactChangeRequested(2, true, false), new ContactInformationChanged(3, true, false));

        account.ContactsToTell(At(71.9), Policy).ShouldBe([2, 3]);
        account.HasSay(1, At(71.9), Policy).ShouldBeTrue();
        account.HasSay(2, At(71.9), Policy).ShouldBeTrue();
        account.RestoreContact(At(71.9), Policy).ShouldBe(new ContactRestored(4, 2));

        account.ContactsToTell(At(72), Policy).ShouldBe([3]);
        account.HasSay(1, At(72), Policy).ShouldBeFalse();
        account.HasSay(2, At(72), Policy).ShouldBeFalse();
        account.HasSay(3, At(72), Policy).ShouldBeTrue();
        account.RestoreContact(At(72), Policy).ShouldBeNull();
    }

    [Fact]
    public void Whoever_was_reached_by_what_was_undone_has_no_say_and_is_told_nothing()
    {
        var account = Changed(hour: 0, new ContactChangeRequested(2, true, false), new ContactInformationChanged(3, true, false));
        account = Account.Evolve(account, new ContactRestored(4, 2), At(1))!;

        account.ContactsToTell(At(1), Policy).ShouldBe([4]);
        account.HasSay(2, At(1), Policy).ShouldBeTrue();
        account.HasSay(3, At(1), Policy).ShouldBeFalse();
        account.HasSay(4, At(1), Policy).ShouldBeTrue();
        account.RestoreContact(At(1), Policy).ShouldBeNull();
        account.ContactsTakenBack(new ContactRestored(4, 2)).ShouldBe([3]);
    }

    [Fact]
    public void To_take_a_change_back_is_a_change()
    {
        var account = Changed(hour: 0, new ContactChangeRequested(2, true, false), new ContactInformationChanged(3, true, false));
        account = Account.Evolve(account, new ContactRestored(4, 2), At(50))!;

        account.EmailChangedAt.ShouldBe(At(50));
        account.ContactChangedAt.ShouldBe(At(50));
        account.PhoneChangedAt.ShouldBeNull();

        var other = Changed(hour: 0, new ContactChangeRequested(2, false, true), new ContactInformationChanged(3, false, true));
        other = Account.Evolve(other, new ContactRestored(4, 2), At(50))!;
        other.PhoneChangedAt.ShouldBe(At(50));
        other.EmailChangedAt.ShouldBeNull();
        other.ContactsTakenBack(new ContactRestored(4, 2)).ShouldBeEmpty();
    }

    [Fact]
    public void To_take_back_what_is_pending_changes_nothing_that_is_in_force()
    {
        var account = Given((0, new ContactChangeRequested(2, true, true)), (1, new ContactRestored(3, 2)));
        account.ContactChangedAt.ShouldBeNull();
        account.ContactsTakenBack(new ContactRestored(3, 2)).ShouldBeEmpty();
    }

    [Fact]
    public void Each_address_that_was_in_force_since_is_taken_back()
    {
        // The number first: the address of 2 and 3 is the one that is in force again.
        var account = Changed(
            hour: 0,
            new ContactInformationChanged(2, false, true),
            new ContactInformationChanged(3, false, true),
            new ContactInformationChanged(4, true, false),
            new ContactInformationChanged(5, true, false));
        account = Account.Evolve(account, new ContactRestored(6, 1), At(1))!;
        account.ContactsTakenBack(new ContactRestored(6, 1)).ShouldBe([4, 5]);
    }

    [Fact]
    public void What_is_too_old_to_be_undone_stays_a_change_when_a_later_one_is_undone()
    {
        var account = Changed(hour: 0, new ContactInformationChanged(2, true, false));
        account = Account.Evolve(account, new ContactInformationChanged(3, false, true), At(80))!;
        account.RestoreContact(At(81), Policy).ShouldBe(new ContactRestored(4, 2));
        account = Account.Evolve(account, new ContactRestored(4, 2), At(81))!;

        account.FormerContacts.ShouldBe([new FormerContact(1, Noon, Email: true, Phone: false)]);
        account.EmailChangedAt.ShouldBe(Noon);
        account.PhoneChangedAt.ShouldBe(At(81));
        account.HasSay(1, At(81), Policy).ShouldBeFalse();
        account.HasSay(2, At(81), Policy).ShouldBeTrue();
    }

    [Fact]
    public void Everybody_is_reached_who_has_a_say_by_whatever_version_has_their_address()
    {
        Given().AreReached([], Noon, Policy).ShouldBeFalse();
        Given((0, new ContactChangeRequested(2, true, true))).AreReached([1], Noon, Policy).ShouldBeTrue();
        var account = Changed(hour: 0, new ContactChangeRequested(2, true, false), new ContactInformationChanged(3, true, false));
        account.AreReached([1], At(1), Policy).ShouldBeFalse();
        account.AreReached([3], At(1), Policy).ShouldBeFalse();
        account.AreReached([1, 3], At(1), Policy).ShouldBeTrue();
        account.AreReached([3], At(72), Policy).ShouldBeTrue();

        // What was undone was another's address.
        account = Account.Evolve(account, new ContactRestored(4, 2), At(1))!;
        account.AreReached([3], At(1), Policy).ShouldBeFalse();
        account.AreReached([1], At(1), Policy).ShouldBeTrue();
    }

    [Fact]
    public void Two_changes_are_undone_together_to_what_was_before_both()
    {
        var account = Changed(hour: 0, new ContactChangeRequested(2, true, true), new ContactInformationChanged(3, true, false));
        account = Account.Evolve(account, new ContactInformationChanged(4, false, true), At(10))!;

        account.RestoreContact(At(20), Policy).ShouldBe(new ContactRestored(5, 2));
        account.RestoreContact(At(75), Policy).ShouldBe(new ContactRestored(5, 3));
    }

    [Fact]
    public void A_new_number_takes_no_address_its_say()
    {
        var account = Changed(hour: 0, new ContactChangeRequested(2, false, true), new ContactInformationChanged(3, false, true));
        account.HasSay(1, At(200), Policy).ShouldBeTrue();
        account.ContactsToTell(At(1), Policy).ShouldBe([3]);
    }

    [Fact]
    public void What_is_pending_is_undone_too() =>
        Given((0, new ContactChangeRequested(2, true, false))).RestoreContact(At(1), Policy).ShouldBe(new ContactRestored(3, 2));

    [Fact]
    public void Contact_is_locked_for_72_hours()
    {
        var root = PrincipalMfa.Evolve(null, Principal.Root, new PrincipalCreated(), Noon)!;
        root.IsContactLocked(Noon, Policy).ShouldBeFalse();
        root = root with { ContactLockedSince = Noon };
        root.IsContactLocked(At(71.9), Policy).ShouldBeTrue();
        root.IsContactLocked(At(72), Policy).ShouldBeFalse();
    }

    private static DateTimeOffset At(double hour) => Noon.AddHours(hour);

    private static Account Changed(double hour, params IAccountEvent[] events) => Given([.. events.Select(e => (hour, e))]);

    private static Account Given(params (double Hour, IAccountEvent Event)[] events) => events.Aggregate(
        Account.Evolve(null, new AccountRegistered(1), Noon.AddDays(-30))!,
        (account, happened) => Account.Evolve(account, happened.Event, At(happened.Hour))!);
}
