using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Server.Tests.SignIn;

/// <summary>Wrong passwords wait per pair of name and client address: whoever guesses keeps the owner out of nothing.</summary>
public sealed class PasswordThrottleTests(TestRun run)
{
    private const string Wrong = "a wrong password";

    private readonly MfaHost api = run.Host;

    [Fact]
    public async Task The_fifth_wrong_password_is_still_looked_at_and_begins_a_wait_of_five_seconds()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        for (var attempt = 1; attempt <= 5; attempt++) (await stranger.SignIn(account, Wrong)).ShouldRefuse(403, "invalid-credentials");

        var refused = (await stranger.SignIn(account)).ShouldRefuse(429, "too-many-attempts");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));

        account.Time.Pass(TimeSpan.FromSeconds(5));
        (await stranger.SignIn(account, Wrong)).ShouldRefuse(403, "invalid-credentials");
        (await stranger.SignIn(account)).ShouldRefuse(429, "too-many-attempts").Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task The_right_password_ends_the_row()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        for (var attempt = 1; attempt <= 4; attempt++) await stranger.SignIn(account, Wrong);
        (await stranger.SignIn(account)).ShouldBe(HttpStatusCode.OK);
        for (var attempt = 1; attempt <= 5; attempt++) (await stranger.SignIn(account, Wrong)).ShouldRefuse(403, "invalid-credentials");
    }

    [Fact]
    public async Task A_stranger_who_knows_the_name_does_not_keep_the_owner_out()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        for (var attempt = 1; attempt <= 7; attempt++) await stranger.SignIn(account, Wrong);
        (await stranger.SignIn(account, Wrong)).ShouldRefuse(429, "too-many-attempts");

        (await account.Stranger().SignIn(account)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Wrong_passwords_from_everywhere_make_no_device_wait()
    {
        var account = await api.RegisteredAccount();
        var phone = await account.AssignedDevice().Activated();
        for (var attempt = 1; attempt <= 12; attempt++) await account.Stranger().SignIn(account, Wrong);
        var half = await account.HalfSignedIn();
        (await half.Code(phone, phone.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_name_that_nobody_has_waits_alike()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        var email = Scenarios.NewEmail();
        for (var attempt = 1; attempt <= 5; attempt++)
            (await stranger.Post("/sign-ins", new { email, password = Wrong })).ShouldRefuse(403, "invalid-credentials");
        (await stranger.Post("/sign-ins", new { email, password = Wrong })).ShouldRefuse(429, "too-many-attempts")
            .Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_name_is_one_however_it_is_written()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        for (var attempt = 1; attempt <= 5; attempt++)
            await stranger.Post("/sign-ins", new { email = attempt % 2 == 0 ? account.Email : account.Email.ToUpperInvariant(), password = Wrong });
        (await stranger.SignIn(account)).ShouldRefuse(429, "too-many-attempts");
    }

    [Theory]
    [InlineData("2001:db8:5:5::1", "2001:db8:5:5:ffff::2", 429)]
    [InlineData("2001:db8:6:5::1", "2001:db8:6:6::1", 200)]
    [InlineData("::ffff:198.51.100.77", "198.51.100.77", 429)]
    public async Task Addresses_of_one_network_are_one_client(string first, string second, int status)
    {
        var account = await api.RegisteredAccount();
        for (var attempt = 1; attempt <= 5; attempt++) await (account.Stranger() with { Address = first }).SignIn(account, Wrong);
        (await (account.Stranger() with { Address = second }).SignIn(account)).Status.ShouldBe(status);
    }

    [Fact]
    public async Task Attempts_that_race_are_all_counted()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        var replies = await Scenarios.AtOnce(16, _ => stranger.SignIn(account, Wrong));
        replies.Count(reply => reply.Status == 403).ShouldBe(5);
        replies.Count(reply => reply.Status == 429).ShouldBe(11);
    }

    [Fact]
    public async Task Right_passwords_that_race_make_nobody_wait()
    {
        var account = await api.RegisteredAccount();
        var owner = account.Stranger();
        (await Scenarios.AtOnce(12, _ => owner.SignIn(account))).ShouldAllBe(reply => reply.Status == 200);
    }

    [Fact]
    public async Task The_counts_tell_nobody_whose_they_are()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        await stranger.SignIn(account, Wrong);
        var network = Convert.ToHexString(IPAddress.Parse(stranger.Address!).GetAddressBytes());
        string?[] bare = [account.Email, null, null, network];
        string?[] named = ["password", .. bare];
        var counted = await api.RowsAsync("select id from directory.mt_doc_passwordfailures");
        counted.ShouldNotBeEmpty();
        foreach (var guess in (string?[][])[bare, named])
            counted.ShouldNotContain(Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(guess))));
        (await api.RowsAsync("select data->>'sealedKey' from sealed.mt_doc_attemptkey")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_beginning_of_each_wait_is_one_event_and_what_waits_is_none()
    {
        var account = await api.RegisteredAccount();
        var stranger = account.Stranger();
        for (var attempt = 1; attempt <= 9; attempt++) await stranger.SignIn(account, Wrong);

        await Scenarios.Eventually(
            async () => (await api.EventsAsync(account.Id, "root")).Count(e => e.Data is SignInRefused) == 5, "five recorded refusals");
        (await api.EventsAsync(account.Id, "root")).Select(e => e.Data).OfType<PasswordAttemptsThrottled>()
            .ShouldHaveSingleItem().ShouldBe(new PasswordAttemptsThrottled(5, 5));
    }
}
