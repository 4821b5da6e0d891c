using OtpNet;

namespace MfaEvents.Core.Devices.Totp;

/// <summary>
/// The shared secret of one TOTP device in the clear. It lives for the length of one request and prints as <c>***</c>.
/// </summary>
/// <remarks>RFC 4226 4 (R6): at least 128 bits; this product issues 320, which is 64 base32 characters, as AWS does.</remarks>
public readonly struct SecretKey : IEquatable<SecretKey>
{
    /// <summary>Length in bytes of every key issued here.</summary>
    public const int Length = 40;

    private readonly byte[] bytes;

    /// <param name="bytes">The raw key, at least 16 bytes (RFC 4226 4, R6).</param>
    /// <exception cref="ArgumentException">The key is shorter than 16 bytes.</exception>
    public SecretKey(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (bytes.Length < 16) throw new ArgumentException("A shared secret has at least 128 bits.", nameof(bytes));
        this.bytes = bytes;
    }

    public static SecretKey FromBase32(string text) => new(Base32Encoding.ToBytes(text));

    /// <summary>RFC 4648 base32 without padding: what an authenticator app takes by hand.</summary>
    public string ToBase32() => Base32Encoding.ToString(bytes).TrimEnd('=');

    public override string ToString() => "***";

    public bool Equals(SecretKey other) => bytes.AsSpan().SequenceEqual(other.bytes);

    public override bool Equals(object? obj) => obj is SecretKey other && Equals(other);

    public override int GetHashCode() => 0;

    internal byte[] Reveal() => bytes;

    public static bool operator ==(SecretKey left, SecretKey right) => left.Equals(right);

    public static bool operator !=(SecretKey left, SecretKey right) => !left.Equals(right);
}
