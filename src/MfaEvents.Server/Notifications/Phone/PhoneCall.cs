using System.Security.Cryptography;
using System.Text;
using Marten;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>What somebody is called for.</summary>
public enum CallPurpose
{
    /// <summary>Proves that whoever recovers answers the phone on file.</summary>
    Recovery,

    /// <summary>Proves that the owner answers the phone of a new number.</summary>
    Contact,

    /// <summary>Proves to the support desk that it talks with whoever answers the phone on file.</summary>
    CaseEvidence,
}

/// <summary>
/// A call that was prepared, in the directory: the gateway's answer knows its id and nothing else. Whether it is still open,
/// and how many wrong digits were keyed, is in the stream of its subject.
/// </summary>
/// <param name="Id">The call.</param>
/// <param name="AccountId">The account whose number is called.</param>
/// <param name="Purpose">What for.</param>
/// <param name="Subject">The stream of what it proves something for.</param>
/// <param name="SealedDigits">The six digits that the page shows, under the key ring.</param>
/// <param name="ExpiresAt">From when on its digits are worth nothing.</param>
public sealed record PhoneCall(
    Guid Id, string AccountId, CallPurpose Purpose, string Subject, string SealedDigits, DateTimeOffset ExpiresAt)
{
    public const int DigitCount = 6;

    /// <summary>The session it was asked for in, if it ends with that.</summary>
    public Guid? AskedIn { get; init; }

    public static string SealPurpose(string id) => $"call-digits:{id}";

    public static string DrawDigits() => RandomNumberGenerator.GetString("0123456789", DigitCount);

    /// <summary>Whether these digits were keyed, in a time that tells nothing of how many of them were right.</summary>
    public bool Shows(string digits, Seals seals) => CryptographicOperations.FixedTimeEquals(
        seals.Open(SealPurpose(Id.ToString()), SealedDigits), Encoding.ASCII.GetBytes(digits));

    public static void Map(StoreOptions store) => store.Schema.For<PhoneCall>().Duplicate(call => call.ExpiresAt);
}

/// <summary>A signature of the gateway that came: none serves two calls, on whatever node.</summary>
/// <param name="Id">SHA-256 over it.</param>
/// <param name="SeenAt">When it came first.</param>
/// <param name="CallId">For which call.</param>
public sealed record SeenSignature(string Id, DateTimeOffset SeenAt, Guid CallId)
{
    public static void Map(StoreOptions store) => store.Schema.For<SeenSignature>().Duplicate(seen => seen.SeenAt);
}

/// <summary>An answer of the gateway that was taken, in the account that it was about: none does twice what it does.</summary>
/// <param name="Id">SHA-256 over its signature.</param>
/// <param name="TakenAt">When.</param>
public sealed record TakenAnswer(string Id, DateTimeOffset TakenAt);
