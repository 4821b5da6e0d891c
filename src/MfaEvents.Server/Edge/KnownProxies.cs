using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using MfaEvents.Server.Setup;
using IPNetwork = System.Net.IPNetwork;

namespace MfaEvents.Server.Edge;

/// <summary>
/// Behind proxies the client's address and scheme are in X-Forwarded-For and X-Forwarded-Proto, and believed when a known proxy
/// sent them. X-Forwarded-Host is never believed.
/// </summary>
public static class KnownProxies
{
    /// <summary>How many proxies a request may have come through.</summary>
    private const int ChainLimit = 8;

    public static void AddKnownProxies(this IServiceCollection services, MfaEventsSettings settings)
    {
        // After everybody else: ASPNETCORE_FORWARDEDHEADERS_ENABLED would have every peer believed.
        services.PostConfigure<ForwardedHeadersOptions>(options =>
        {
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var network in settings.KnownProxies.Select(Parse).OfType<IPNetwork>())
                options.KnownIPNetworks.Add(network);

            // The framework believes everybody when it knows nobody.
            options.ForwardedHeaders = options.KnownIPNetworks.Count == 0
                ? ForwardedHeaders.None
                : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = ChainLimit;
        });
    }

    /// <summary>Stands before everything that asks who the client is.</summary>
    public static void UseKnownProxies(this IApplicationBuilder app)
    {
        // A peer without an address, on a Unix socket, is known by nobody; the framework would believe it.
        app.UseWhen(http => http.Connection.RemoteIpAddress is not null, addressed => addressed.UseForwardedHeaders());
    }

    /// <summary>An address, or a network in CIDR notation, which has no bits set behind its prefix; else null.</summary>
    public static IPNetwork? Parse(string text)
    {
        var slash = text.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address)) return null;

        // The framework reads "10" and "0x0a000001" as addresses too.
        var isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        if (isV4 && text.Count(c => c == '.') != 3) return null;
        if (slash < 0) return new IPNetwork(address, isV4 ? 32 : 128);

        // A network of every address is no proxy that anybody knows.
        return IPNetwork.TryParse(text, out var network)
            && network.PrefixLength > 0
            && network.BaseAddress.Equals(address)
                ? network
                : null;
    }
}

/// <summary>Each text is an address or a network in CIDR notation.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NetworksAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        var wrong = ((IEnumerable<string>)value!).FirstOrDefault(text => KnownProxies.Parse(text) is null);
        return wrong is null
            ? ValidationResult.Success
            : new ValidationResult(
                $"\"{wrong}\" is neither an address (10.0.0.7) nor a network (10.0.0.0/24).", [validationContext.MemberName!]);
    }
}
