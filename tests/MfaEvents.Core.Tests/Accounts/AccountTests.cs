using MfaEvents.Core.Accounts;

namespace MfaEvents.Core.Tests.Accounts;

public sealed class AccountTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Account Registered = Account.Evolve(null, new AccountRegistered(1), Noon)!;

    [Fact]
    public void A_registered_account_has_the_contact_information_it_opened_with() =>
        Registered.ShouldBe(new Account { Id = "account", CreatedAt = Noon, ContactVersion = 1 });

    [Fact]
    public void Users_come_and_go_without_a_change_of_the_account()
    {
        Account.Evolve(Registered, new UserCreated("alice"), Noon).ShouldBeSameAs(Registered);
        Account.Evolve(Registered, new UserDeleted("alice"), Noon).ShouldBeSameAs(Registered);
    }
}
