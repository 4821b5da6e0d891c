using System.Buffers.Binary;
using Marten;
using Npgsql;

namespace MfaEvents.Server.Setup;

/// <summary>
/// PostgreSQL's advisory locks of this product, held on all nodes alike until the transaction ends. Their numbers stand here
/// together, so that no two things lock the same one.
/// </summary>
public static class AdvisoryLock
{
    /// <summary>"ringkeys": the start of a node, which may make the first key of the ring.</summary>
    public const long KeyRing = 0x7269_6e67_6b65_7973;

    /// <summary>"tokenkey": whoever makes a token key that signs.</summary>
    public const long TokenKey = 0x746f_6b65_6e6b_6579;

    /// <summary>"attempts": whoever makes the key that names counted attempts.</summary>
    public const long AttemptKey = 0x6174_7465_6d70_7473;

    /// <summary>"checkkey": whoever makes a key that signs checkpoints.</summary>
    public const long CheckpointKey = 0x6368_6563_6b6b_6579;

    /// <summary>"checkpts": the node that writes checkpoints out.</summary>
    public const long Checkpoints = 0x6368_6563_6b70_7473;

    /// <summary>"pushaudt": the node that pushes the audit trail.</summary>
    public const long Push = 0x7075_7368_6175_6474;

    /// <summary>"rebuilds": the beginning of a rebuild.</summary>
    public const long Rebuild = 0x7265_6275_696c_6473;

    /// <summary>"whatifjb": the beginning of a what-if.</summary>
    public const long WhatIf = 0x7768_6174_6966_6a62;

    /// <summary>"rotateky": the beginning of a rotation.</summary>
    public const long Rotation = 0x726f_7461_7465_6b79;

    /// <summary>"rotatest": a step of one.</summary>
    public const long RotationStep = 0x726f_7461_7465_7374;

    /// <summary>Begins the session's transaction, and waits in it for the lock.</summary>
    public static async Task HoldAsync(this IDocumentSession session, long number, CancellationToken cancellation)
    {
        await session.BeginTransactionAsync(cancellation);
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock($1)");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        await session.ExecuteAsync(command, cancellation);
    }

    /// <summary>The same for a thing with a hash, in hexadecimal: two whose first 64 bits meet wait for each other.</summary>
    public static Task HoldAsync(this IDocumentSession session, string hash, CancellationToken cancellation) =>
        session.HoldAsync(NumberOf(hash), cancellation);

    /// <summary>Begins the session's transaction, and takes the lock of such a thing in it if nobody has it.</summary>
    public static async Task<bool> TryHoldAsync(this IDocumentSession session, string hash, CancellationToken cancellation)
    {
        await session.BeginTransactionAsync(cancellation);
        await using var command = new NpgsqlCommand("select pg_try_advisory_xact_lock($1)", (NpgsqlConnection)session.Connection!);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = NumberOf(hash) });
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static long NumberOf(string hash) => BinaryPrimitives.ReadInt64LittleEndian(Convert.FromHexString(hash));
}
