using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Tests.Access;

public sealed class EndpointsTests(TestRun run)
{
    [Fact]
    public void Every_endpoint_says_whom_it_serves()
    {
        var endpoints = run.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints;

        endpoints.Count.ShouldBeGreaterThan(15);
        endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<AllowAttribute>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Select(endpoint => endpoint.DisplayName).ShouldBeEmpty();
    }

    [Fact]
    public void An_endpoint_that_serves_somebody_names_a_role() =>
        run.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<AllowAttribute>()).OfType<AllowAttribute>()
            .ShouldAllBe(allow => allow.Roles.Count > 0);
}
