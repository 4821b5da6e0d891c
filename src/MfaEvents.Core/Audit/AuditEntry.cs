using System.Buffers;
using System.Globalization;

namespace MfaEvents.Core.Audit;

/// <summary>
/// One event as the audit trail has it: what is stored, and what the events before it say about the device and the person it
/// concerns. It is a leaf of the account's log, with the commitments to its personal data in the place of the data itself.
/// </summary>
/// <param name="Index">Dense per account from 0, oldest first.</param>
/// <param name="Event">The event as it is stored.</param>
/// <param name="Principal">Whom it is about; null for the account itself.</param>
/// <param name="Device">The device that it names.</param>
public sealed record AuditEntry(long Index, StoredEvent Event, string? Principal, DeviceLabel? Device)
{
    private const string InstantFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The bytes of the leaf: an object of RFC 8785 with always the same members.</summary>
    /// <exception cref="FormatException">The event's data are no JSON that has a canonical form.</exception>
    public void WriteLeaf(IBufferWriter<byte> output)
    {
        Text("{\"accountId\":"u8, Event.AccountId);
        Text(",\"actor\":"u8, Event.Actor);
        Text(",\"actorIssuer\":"u8, Event.ActorIssuer);
        Text(",\"causationId\":"u8, Event.CausationId);
        Text(",\"contactCommitment\":"u8, Event.ContactCommitment);
        Text(",\"correlationId\":"u8, Event.CorrelationId);
        output.Write(",\"data\":"u8);
        CanonicalJson.Write(output, Event.Data.Span);
        Text(",\"deviceId\":"u8, Device?.Id.ToString());
        Text(",\"deviceName\":"u8, Device?.Name);
        Text(",\"deviceType\":"u8, Device?.Type);
        Text(",\"eventId\":"u8, Event.EventId.ToString());
        Text(",\"eventType\":"u8, Event.EventType);
        Whole(",\"index\":"u8, Index);
        Text(",\"occurredAt\":"u8, Event.OccurredAt.UtcDateTime.ToString(InstantFormat, CultureInfo.InvariantCulture));
        Text(",\"personalDataCommitment\":"u8, Event.PersonalDataCommitment);
        Text(",\"principal\":"u8, Principal);
        Text(",\"sessionId\":"u8, Event.SessionId);
        Text(",\"stream\":"u8, Event.Stream);
        Whole(",\"version\":"u8, Event.Version);
        output.Write("}"u8);

        void Text(ReadOnlySpan<byte> member, string? value)
        {
            output.Write(member);
            CanonicalJson.WriteText(output, value);
        }

        void Whole(ReadOnlySpan<byte> member, long value)
        {
            output.Write(member);
            CanonicalJson.WriteWhole(output, value);
        }
    }
}

/// <summary>An event as the store keeps it, before anything is made of its data: what later code reads into it changes no leaf.</summary>
/// <param name="Sequence">Its number over all accounts.</param>
/// <param name="AccountId">Whose it is.</param>
/// <param name="EventId">Its own id.</param>
/// <param name="Stream">The stream it was appended to.</param>
/// <param name="Version">Its number in that stream, from 1.</param>
/// <param name="EventType">The stored name.</param>
/// <param name="OccurredAt">When it was decided, in whole microseconds.</param>
/// <param name="Data">The payload, JSON in UTF-8.</param>
public sealed record StoredEvent(
    long Sequence,
    string AccountId,
    Guid EventId,
    string Stream,
    long Version,
    string EventType,
    DateTimeOffset OccurredAt,
    ReadOnlyMemory<byte> Data)
{
    /// <summary>Who did it.</summary>
    public string? Actor { get; init; }

    /// <summary>Who vouches for the actor.</summary>
    public string? ActorIssuer { get; init; }

    /// <summary>What else belongs to the same request.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>What caused it.</summary>
    public string? CausationId { get; init; }

    /// <summary>The session it was asked for in.</summary>
    public string? SessionId { get; init; }

    /// <summary>The network address of the request; null also once it was erased.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>What the client called itself; null also once it was erased.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The salt of the commitment to the client address, in base64; null once it was erased.</summary>
    public string? ClientAddressSalt { get; init; }

    /// <summary>The salt of the commitment to the user agent, in base64; null once it was erased.</summary>
    public string? UserAgentSalt { get; init; }

    /// <summary>The <see cref="Commitment"/> to client address and user agent, in base64.</summary>
    public string? PersonalDataCommitment { get; init; }

    /// <summary>
    /// The <see cref="Commitment"/> to the version of the contact information that came with the event, in base64: account name, e-mail
    /// addresses, phone numbers.
    /// </summary>
    public string? ContactCommitment { get; init; }
}

/// <summary>What a device was called when something happened to it.</summary>
public sealed record DeviceLabel(Guid Id, string? Name, string? Type);
