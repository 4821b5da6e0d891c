using System.Net;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Sealing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfaEvents.Server.Tests.Operations;

[Collection(nameof(OperatedHost))]
public sealed class HealthTests(OperatedHost operated)
{
    [Fact]
    public async Task Anybody_hears_a_word_for_each_part()
    {
        (await operated.Host.Nobody().Get("/health/live")).ShouldBe(HttpStatusCode.OK).ShouldHave("status", "parts");
        var ready = (await operated.Host.Nobody().Get("/health/ready")).ShouldBe(HttpStatusCode.OK).ShouldHave("status", "parts");
        ready["parts"].EnumerateObject().Select(part => part.Name).ShouldBe(["database", "keyRing", "checkpoints", "projections"], ignoreOrder: true);
        foreach (var part in ready["parts"].EnumerateObject()) part.Value.GetString().ShouldBeOneOf("healthy", "degraded", "unhealthy");
    }

    [Fact]
    public async Task The_operator_hears_a_sentence_for_each()
    {
        var details = (await operated.Operator.Get("/health/details")).ShouldBe(HttpStatusCode.OK).ShouldHave("status", "parts");
        foreach (var part in (string[])["database", "keyRing"])
            details["parts"].GetProperty(part).GetProperty("detail").GetString()!.ShouldEndWith(".");
        details["parts"].GetProperty("projections").EnumerateArray().ShouldAllBe(one => one.GetProperty("lag").GetInt64() >= 0);
    }

    [Theory]
    [InlineData("GET", "/health/details"), InlineData("GET", "/projections"), InlineData("POST", "/projections/audit/resumption")]
    [InlineData("GET", "/dead-letters"), InlineData("POST", "/dead-letters/0194c2c8-7d5c-7000-8000-000000000000/replay")]
    public async Task Nobody_but_the_operator_gets_more(string verb, string path)
    {
        (await operated.Host.Nobody().Send(new HttpMethod(verb), path)).ShouldRefuse(401, "unauthenticated");
        foreach (var role in (string[])["service", "support-agent", "support-approver", "auditor", "provisioner"])
            (await operated.Host.A(role).Send(new HttpMethod(verb), path)).ShouldRefuse(403, "forbidden");
        var account = await operated.Host.RegisteredAccount();
        (await account.Root.Send(new HttpMethod(verb), path)).ShouldRefuse(403, "forbidden");
        (await operated.Operator.Send(new HttpMethod(verb), path)).Status.ShouldBeOneOf(200, 404, 409);
    }

    [Fact]
    public async Task A_key_ring_that_does_not_open_is_no_key_ring()
    {
        var context = new HealthCheckContext();
        (await new KeyRingHealth(new Seals(new EphemeralDataProtectionProvider())).CheckHealthAsync(context, TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);
        (await new KeyRingHealth(new Seals(new Forgetful())).CheckHealthAsync(context, TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Unhealthy);
    }

    /// <summary>A key ring that has lost the key by the time it is needed.</summary>
    private sealed class Forgetful : IDataProtectionProvider
    {
        public IDataProtector CreateProtector(string purpose) => new EphemeralDataProtectionProvider().CreateProtector(purpose);
    }
}
