using System.Net;
using System.Net.Sockets;

namespace MfaEvents.Server.Edge;

/// <summary>The network address of a client, and what of it is counted as one client.</summary>
public static class ClientAddress
{
    private const int PrefixBytes = 8;

    /// <summary>An IPv4 address as itself, also when it arrived as IPv6 (RFC 4291 2.5.5.2).</summary>
    public static IPAddress? Normal(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    /// <summary>
    /// The bytes that tell one client from another: all four of IPv4, the first 64 bits of IPv6, which is what a subscriber
    /// gets at least (RFC 6177); none for a connection without an address.
    /// </summary>
    public static byte[] Network(IPAddress? address)
    {
        if (Normal(address) is not { } normal) return [];
        var bytes = normal.GetAddressBytes();
        return normal.AddressFamily == AddressFamily.InterNetworkV6 ? bytes[..PrefixBytes] : bytes;
    }
}
