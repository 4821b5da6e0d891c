using System.Net;
using System.Net.Sockets;

namespace MfaEvents.Server.SignIn;

/// <summary>The network that one client is taken for: an IPv4 address, or the /64 of an IPv6 address.</summary>
public static class ClientNetwork
{
    public static string Of(IPAddress? address)
    {
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return $"{new IPAddress(bytes)}/64";
    }
}
