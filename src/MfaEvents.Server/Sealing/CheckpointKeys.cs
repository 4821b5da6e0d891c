using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Setup;
using NSec.Cryptography;

namespace MfaEvents.Server.Sealing;

/// <summary>The keys that sign checkpoints. They lie in the directory: what one node signs, every node says how to verify.</summary>
public sealed class CheckpointKeys(IDirectoryStore directory, Seals seals, MfaEventsSettings settings, TimeProvider clock)
{
    private const string Purpose = "checkpoint-key";

    /// <summary>What its keys are called in notes: the host of the public address.</summary>
    public string Name => settings.PublicUrl.IdnHost;

    public static string PurposeOf(string id) => $"{Purpose}:{id}";

    /// <summary>Signs a text. The first call makes the first key.</summary>
    public async Task<SignedNote> SignAsync(string text, CancellationToken cancellation)
    {
        var key = await ActiveAsync(cancellation);
        using var pair = Key.Import(
            SignatureAlgorithm.Ed25519, seals.Open(PurposeOf(key.Id), key.SealedPrivateKey!), KeyBlobFormat.RawPrivateKey);
        var signature = SignatureAlgorithm.Ed25519.Sign(pair, System.Text.Encoding.UTF8.GetBytes(text));
        return new SignedNote(text, [new NoteSignature(Name, NoteKeyOf(key).Hash, signature)]);
    }

    /// <summary>The key that signs now, as a verifier reads it. The first call makes the first key.</summary>
    public async Task<NoteKey> VerifierAsync(CancellationToken cancellation) => NoteKeyOf(await ActiveAsync(cancellation));

    /// <summary>All keys that ever signed, the newest first.</summary>
    public async Task<IReadOnlyList<NoteKey>> VerifiersAsync(CancellationToken cancellation)
    {
        await ActiveAsync(cancellation);
        await using var session = directory.QuerySession();
        var keys = await session.Query<CheckpointKey>().ToListAsync(cancellation);
        return [.. keys.OrderByDescending(key => key.CreatedAt).Select(NoteKeyOf)];
    }

    /// <summary>
    /// In the transaction of a rotation: the next key signs from its commit on, and the private part of the one before is gone.
    /// Who read that a moment earlier signs once more, which its public part still verifies.
    /// </summary>
    public async Task RotateAsync(IDocumentSession session, CancellationToken cancellation)
    {
        await session.HoldAsync(AdvisoryLock.CheckpointKey, cancellation);
        var active = await session.Query<CheckpointKey>().Where(key => key.State == KeyState.Active).ToListAsync(cancellation);
        if (active.Count == 0) return;
        foreach (var key in active) session.Store(key with { State = KeyState.Retired, SealedPrivateKey = null });
        session.Insert(Make());
    }

    private async Task<CheckpointKey> ActiveAsync(CancellationToken cancellation)
    {
        await using var session = directory.LightweightSession();
        if (await ActiveIn(session) is { } known) return known;

        // Of the nodes that find none, the first to get the lock makes one, and the others find it.
        await session.HoldAsync(AdvisoryLock.CheckpointKey, cancellation);
        if (await ActiveIn(session) is { } other) return other;
        var key = Make();
        session.Insert(key);
        await session.SaveChangesAsync(cancellation);
        return key;

        Task<CheckpointKey?> ActiveIn(IDocumentSession from) =>
            from.Query<CheckpointKey>().SingleOrDefaultAsync(key => key.State == KeyState.Active, cancellation);
    }

    private CheckpointKey Make()
    {
        var exportable = new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };
        using var pair = Key.Create(SignatureAlgorithm.Ed25519, exportable);
        var id = Convert.ToHexStringLower(pair.Export(KeyBlobFormat.RawPublicKey));
        return new CheckpointKey
        {
            Id = id,
            SealedPrivateKey = seals.Seal(PurposeOf(id), pair.Export(KeyBlobFormat.RawPrivateKey)),
            CreatedAt = clock.GetUtcNow(),
            State = KeyState.Active,
        };
    }

    private NoteKey NoteKeyOf(CheckpointKey key) => new(Name, key.PublicKey);
}
