using Microsoft.AspNetCore.OpenApi;

namespace MfaEvents.Server.Http;

public static class ApiDescription
{
    public static void Configure(OpenApiOptions options)
    {
    }
}
