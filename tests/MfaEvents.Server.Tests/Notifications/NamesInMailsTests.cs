using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Notifications.Notices;

namespace MfaEvents.Server.Tests.Notifications;

/// <summary>Whoever names a device or a user has no link in a mail that is believed.</summary>
public sealed class NamesInMailsTests(TestRun run)
{
    private const string Evil = "evil.example.com";

    private readonly MfaHost api = run.Host;

    public static TheoryData<Type> Events => [.. NoticeTable.Rows.Select(row => row.Event)];

    [Theory, MemberData(nameof(Events))]
    public void No_kind_of_notice_makes_a_link_of_a_name(Type @event)
    {
        var row = NoticeTable.Rows.Single(row => row.Event == @event);
        string[] sentences =
        [
            .. Possible(@event).Select(e => row.Sentence(e, new NoticeFacts($"the user \"{Evil}\"", $"The device \"{Evil}\""))).OfType<string>(),
        ];
        sentences.ShouldNotBeEmpty();
        foreach (var sentence in sentences) Linkless(new Letter(row.Subject, [sentence, $"Account: {Evil} (000000000000)"]));
    }

    [Theory, InlineData(Evil), InlineData($"https://{Evil}/x"), InlineData("https://localhost/x"), InlineData("bob@evil.com"), InlineData("evil\u3002com")]
    public void Nothing_that_a_mail_program_takes_for_a_link_is_left_of_a_name(string name) => Linkless(new Letter("A subject", [$"The user \"{name}\" was created."]));

    [Fact]
    public void A_sentence_and_an_address_stay_as_they_are() =>
        new Letter("A subject", ["It happened. From: 203.0.113.7"]).Text().ShouldContain("It happened. From: 203.0.113.7");

    [Fact]
    public async Task Every_mail_that_names_an_account_a_user_or_a_device_names_it_so()
    {
        var account = await api.RegisteredAccount(accountName: $"https://{Evil}");
        var alice = await account.CreatedUser(Evil);
        var device = await (await account.AssignedDevice(alice, $"user:{Evil}", Evil)).Activated();
        (await device.Owner.Patch(device.Path, new { deviceName = "www.evil.example.com" })).ShouldBe(HttpStatusCode.OK);
        (await device.Owner.Delete(device.Path)).ShouldBe(HttpStatusCode.NoContent);
        (await account.Root.Delete($"{account.Path}/users/{Evil}")).ShouldBe(HttpStatusCode.NoContent);

        var mailbox = Mailbox.Of(account);
        foreach (var subject in (string[])
            ["A user was created", "An MFA device was activated", "An MFA device was renamed", "An MFA device was removed", "A user was deleted"])
        {
            var mail = await mailbox.Get(subject);
            mail.Text.ShouldContain("evil[.]example[.]com");
            Linkless(mail.Text, mail.Html);
        }
    }

    private static void Linkless(Letter letter) => Linkless(letter.Text(), letter.Html());

    private static void Linkless(params string[] bodies)
    {
        foreach (var body in bodies) body.ShouldNotMatch(@"evil[.\u3002][a-z]|example[.]com|https://(?!localhost:5080)");
    }

    // Events of a type as they may be, names and all: of each part a value or some.
    private static IEnumerable<object> Possible(Type @event)
    {
        var constructor = @event.GetConstructors().Single(one => one.GetParameters() is not [{ ParameterType: var only }] || only != @event);
        IEnumerable<object?[]> all = [[]];
        foreach (var parameter in constructor.GetParameters())
            all = [.. all.SelectMany(before => Values(parameter).Select(value => (object?[])[.. before, value]))];
        return all.Select(constructor.Invoke);
    }

    private static IEnumerable<object?> Values(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (type == typeof(ImmutableArray<PersonalField>)) return [ImmutableArray.Create(PersonalField.Email), ImmutableArray.Create(PersonalField.UserAgent)];
        if (type == typeof(string)) return [Evil];
        if (type.IsEnum) return Enum.GetValues(type).Cast<object?>();
        if (type == typeof(bool)) return [false, true];
        if (type == typeof(int)) return [5];
        return [type.IsValueType ? Activator.CreateInstance(type) : null];
    }
}
