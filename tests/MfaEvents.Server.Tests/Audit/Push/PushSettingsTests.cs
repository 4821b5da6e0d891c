using System.Security.Cryptography;
using System.Text;
using MfaEvents.Server.Audit.Push;
using MfaEvents.Server.Setup;
using Microsoft.Extensions.Configuration;

namespace MfaEvents.Server.Tests.Audit.Push;

public sealed class PushSettingsTests
{
    private const string Good = "a secret of thirty-two bytes, and more";

    [Theory]
    [InlineData("http://siem.example.com/", Good, "Url"), InlineData("ftp://siem.example.com/", Good, "Url"), InlineData("/audit", Good, "Url")]
    [InlineData("https://user:password@siem.example.com/", Good, "Url"), InlineData("https://siem.example.com/?token=very-secret", Good, "Url")]
    [InlineData("https://siem.example.com/#very-secret", Good, "Url"), InlineData("https://siem.example.com/", null, "Secret")]
    [InlineData("https://siem.example.com/", "very-secret", "Secret"), InlineData("https://siem.example.com/", "whsec_very-secret but no base64, however long", "Secret")]
    [InlineData("https://siem.example.com/", "whsec_dmVyeSBzZWNyZXQ=", "Secret")]
    public void A_receiver_that_is_not_safe_stops_the_start_with_a_sentence_that_names_the_setting_and_nothing_secret(string url, string? secret, string setting)
    {
        var sentence = Should.Throw<SettingsException>(() => Read(url, secret)).Message;
        sentence.ShouldContain($"MfaEvents:Audit:Push:{setting}");
        sentence.ShouldNotContain("very-secret");
        sentence.ShouldNotContain("password");
    }

    [Theory]
    [InlineData("https://siem.example.com/audit"), InlineData("http://127.0.0.1:8080/"), InlineData("http://localhost/audit"), InlineData("http://[::1]/")]
    public void An_address_with_TLS_or_on_this_machine_serves(string url) => Read(url, Good).Url.ShouldBe(new Uri(url));

    [Fact]
    public void A_secret_in_the_form_of_Standard_Webhooks_is_the_bytes_that_it_encodes()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        Read("https://siem.example.com/", "whsec_" + Convert.ToBase64String(key)).Key().ShouldBe(key);
        Read("https://siem.example.com/", Good).Key().ShouldBe(Encoding.UTF8.GetBytes(Good));
    }

    [Fact]
    public void Without_an_address_nothing_is_asked_for() => Read(null, null).Url.ShouldBeNull();

    private static PushSettings Read(string? url, string? secret) => MfaEventsSettings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["MfaEvents:Audit:Push:Url"] = url, ["MfaEvents:Audit:Push:Secret"] = secret })
        .Build()).Audit.Push;
}
