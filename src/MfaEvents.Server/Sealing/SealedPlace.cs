using System.Buffers.Text;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// A table with sealed values in it. Whatever is sealed and kept has its place here: what has none would be lost with the first
/// rotation, and a test looks for it.
/// </summary>
public abstract record SealedPlace(string Table)
{
    // Data Protection writes base64url without padding: 26 letters are its header and 15 and a half of the 16 bytes of the id.
    private const int PrefixLength = 26;

    private static ReadOnlySpan<byte> Header => [0x09, 0xF0, 0xC9, 0xF0];

    /// <summary>All places.</summary>
    public static IReadOnlyList<SealedPlace> All { get; } =
    [
        .. Messages($"{Messaging.Schema}.wolverine_incoming_envelopes"),
        .. Messages($"{Messaging.Schema}.wolverine_dead_letters"),
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_sealedseed", "sealed", row =>
            Seals.SeedPurposes(row.TenantId, row.Principal!, row.Id)) { IdType = "uuid" },
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_sealedcontact", "sealed", row =>
            Seals.ContactPurposes(row.TenantId, row.Id)),
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_sealedpassword", "sealed", row =>
            Seals.PasswordPurposes(row.TenantId, row.Id)),
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_passwordbeforerecovery", "sealed", row =>
            Seals.PasswordPurposes(row.TenantId, row.Principal!)),
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_sealednote", "sealed", row =>
            Seals.NotePurposes(row.TenantId, row.Id)) { IdType = "uuid" },
        new SealedDocuments($"{EventStore.Schema}.mt_doc_rememberedanswer", "sealedMacKey", _ =>
            [Http.RememberedAnswers.MacKeyPurpose]),
        new SealedDocuments($"{DirectoryStore.Schema}.mt_doc_rememberedanswer", "sealedMacKey", _ =>
            [Http.RememberedAnswers.MacKeyPurpose]) { IsTenanted = false },
        new SealedDocuments($"{DirectoryStore.Schema}.mt_doc_phonecall", "sealedDigits", row =>
            [PhoneCall.SealPurpose(row.Id)]) { IsTenanted = false, IdType = "uuid" },
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_tokenkey", "sealedPrivateKey", row =>
            [TokenKeys.PurposeOf(row.Id)]) { IsTenanted = false },
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_checkpointkey", "sealedPrivateKey", row =>
            [CheckpointKeys.PurposeOf(row.Id)]) { IsTenanted = false },
        new SealedDocuments($"{EventStore.SealedSchema}.mt_doc_attemptkey", "sealedKey", _ => [AttemptKey.Purpose])
        {
            IsTenanted = false,
        },
    ];

    private static IEnumerable<SealedPlace> Messages(string table) =>
    [
        new SealedMessages(table, typeof(OpenAccount), (accountId, text, seals) =>
            new OpenAccount(accountId, text).Anew(seals).Sealed),
        new SealedMessages(table, typeof(RecordSignInRefused), (_, text, seals) => RecordSignInRefused.Anew(text, seals)),
    ];

    /// <summary>How everything begins that is sealed with a key.</summary>
    public static string PrefixOf(Guid keyId) =>
        Base64Url.EncodeToString([.. Header, .. keyId.ToByteArray()])[..PrefixLength];

    /// <summary>The keys with which anything is sealed in a database; tables that are not there yet hold nothing.</summary>
    public static async Task<IReadOnlyCollection<Guid>> KeysInUseAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        var keys = new HashSet<Guid>();
        foreach (var place in All)
        {
            await using var exists = new NpgsqlCommand("select to_regclass($1) is not null", connection);
            exists.Parameters.Add(new NpgsqlParameter<string> { TypedValue = place.Table });
            if (await exists.ExecuteScalarAsync(cancellation) is true)
                keys.UnionWith(await place.KeysAsync(connection, cancellation));
        }

        return keys;
    }

    /// <summary>How many values are sealed with another key than this one.</summary>
    public abstract Task<long> CountAsync(NpgsqlConnection connection, Guid active, CancellationToken cancellation);

    /// <summary>
    /// Seals some values anew with the active key, in the transaction of the connection, from where the last page ended. A value
    /// that somebody changes or deletes meanwhile is left to them.
    /// </summary>
    public abstract Task<SealedPage> AnewAsync(
        NpgsqlConnection connection, Seals seals, Guid active, PageRequest request, CancellationToken cancellation);

    protected abstract Task<IReadOnlyCollection<Guid>> KeysAsync(NpgsqlConnection connection, CancellationToken cancellation);

    /// <summary>The key that a value is sealed with; null when it is no sealed value.</summary>
    protected static Guid? KeyOf(string sealedValue)
    {
        // 28 letters are 21 bytes: header, id, and one of what follows.
        Span<byte> bytes = stackalloc byte[21];
        if (sealedValue.Length < 28 || !Base64Url.TryDecodeFromChars(sealedValue.AsSpan(0, 28), bytes, out _)) return null;
        return bytes.StartsWith(Header) ? new Guid(bytes[4..20]) : null;
    }
}

/// <summary>Which values to seal anew.</summary>
/// <param name="After">Where the last page ended; null at the beginning.</param>
/// <param name="Limit">How many.</param>
/// <param name="Wait">Whether to wait for rows that others have locked, or to leave them for a later pass.</param>
public sealed record PageRequest(string? After, int Limit, bool Wait);

/// <summary>What became of one page.</summary>
/// <param name="Anew">How many values were sealed anew.</param>
/// <param name="Unreadable">How many open for nobody, whatever key is there: as lost before a rotation as after it.</param>
/// <param name="Next">Where it ended; null when nothing follows.</param>
public sealed record SealedPage(int Anew, int Unreadable, string? Next);
