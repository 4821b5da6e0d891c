using System.Security.Cryptography;
using System.Text.Json;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Audit.Verification;

/// <summary>
/// Holds personal data against what each event commits to. They may be gone once an erasure says so that comes later in the history;
/// they are never others.
/// </summary>
public sealed class PersonalDataWitness(IQuerySession session, Seals seals)
{
    /// <summary>The stored name of the event that says what was erased before it.</summary>
    public const string Erased = "personal_data_erased";

    // What is gone and not accounted for yet, and what a row has that its event has no more: the first of each field.
    private readonly SortedDictionary<PersonalField, LogDifference> missing = [];
    private readonly SortedDictionary<PersonalField, LogDifference> left = [];

    /// <summary>The first thing that is gone without an erasure or there in spite of one, once the whole history has been seen.</summary>
    public LogDifference? First => missing.Values.Concat(left.Values).MinBy(found => found.Index);

    /// <summary>Looks at one entry and its row; a value that is not what the event commits to is the answer.</summary>
    public async ValueTask<LogDifference?> ObserveAsync(AuditEntry entry, AuditEntry? row, CancellationToken cancellation)
    {
        var stored = entry.Event;
        if (stored.EventType == Erased) Accept(stored);

        var copy = row?.Event.EventId == stored.EventId ? row.Event : null;
        return Metadata(entry, PersonalField.ClientAddress, 0, stored.ClientAddressSalt, stored.ClientAddress, copy?.ClientAddress, copy)
            ?? Metadata(entry, PersonalField.UserAgent, 1, stored.UserAgentSalt, stored.UserAgent, copy?.UserAgent, copy)
            ?? (stored.ContactCommitment is null ? null : await ContactAsync(entry, stored.ContactCommitment, cancellation));
    }

    /// <summary>What an erasure names may be gone from all that came before it.</summary>
    public void Accept(StoredEvent erasure)
    {
        foreach (var field in FieldsOf(erasure)) missing.Remove(field);
    }

    private LogDifference? Metadata(
        AuditEntry entry, PersonalField field, int index, string? salt, string? value, string? copied, StoredEvent? copy)
    {
        if (copy is not null && copied is null && value is not null)
            missing.TryAdd(field, Found(entry, DifferenceKind.RowChanged, field, $"Row {entry.Index} of the audit trail has lost its {Name(field)}."));
        if (copied is not null && value is null)
            left.TryAdd(field, Found(entry, DifferenceKind.RowChanged, field, $"Row {entry.Index} of the audit trail has a {Name(field)} that its event has not."));
        if (entry.Event.PersonalDataCommitment is not { } commitment) return null;
        return Compare(entry, field, index, commitment, salt is null ? null : new Committed(salt, value), value is not null);
    }

    private async Task<LogDifference?> ContactAsync(AuditEntry entry, string commitment, CancellationToken cancellation)
    {
        var contact = VersionOf(entry.Event) is { } version
            ? Open(await session.LoadAsync<SealedContact>(Seals.ContactId(version), cancellation))
            : null;
        for (var i = 0; i < ContactVersions.Fields.Count; i++)
        {
            var field = ContactVersions.Fields[i];
            if (Compare(entry, field, i, commitment, contact?.Committed(field), contact?.Has(field) == true) is { } found) return found;
        }

        return null;
    }

    // What does not open is not there: under a key that is lost, or not sealed by this product.
    private ContactInformation? Open(SealedContact? contact)
    {
        try
        {
            return contact is null ? null : seals.Open(session.TenantId, contact);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private LogDifference? Compare(AuditEntry entry, PersonalField field, int index, string commitment, Committed? committed, bool isThere)
    {
        if (committed is { } there ? Commitment.Holds(commitment, index, there) : !isThere)
        {
            if (committed is null)
                missing.TryAdd(field, Found(
                    entry, DifferenceKind.PersonalDataMissing, field, $"Entry {entry.Index} has lost its {Name(field)}, and no erasure says so."));
            return null;
        }

        return Found(
            entry,
            DifferenceKind.PersonalDataChanged,
            field,
            $"The {Name(field)} of entry {entry.Index} is not the one that its event commits to.");
    }

    private static LogDifference Found(AuditEntry entry, DifferenceKind kind, PersonalField field, string sentence) =>
        new(entry.Index, kind, entry.Event.EventId, [Name(field)], sentence);

    // Data that were tampered with may be any JSON, and name nothing then: that they are not what was logged is found by their hash.
    private static int? VersionOf(StoredEvent stored)
    {
        using var data = JsonDocument.Parse(stored.Data);
        return Member(data, "contactVersion") is { ValueKind: JsonValueKind.Number } member && member.TryGetInt32(out var version) ? version : null;
    }

    private static IReadOnlyList<PersonalField> FieldsOf(StoredEvent erased)
    {
        using var data = JsonDocument.Parse(erased.Data);
        if (Member(data, "fields") is not { ValueKind: JsonValueKind.Array } names) return [];
        var texts = names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. Enum.GetValues<PersonalField>().Where(field => texts.Contains(Name(field)))];
    }

    private static JsonElement? Member(JsonDocument data, string name) =>
        data.RootElement.ValueKind == JsonValueKind.Object && data.RootElement.TryGetProperty(name, out var member) ? member : null;

    private static string Name(PersonalField field) => JsonNamingPolicy.CamelCase.ConvertName($"{field}");
}
