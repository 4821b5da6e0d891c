using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.Log;

/// <summary>Proves that an entry is in the log (RFC 6962 2.1.1).</summary>
/// <param name="Index">The entry.</param>
/// <param name="Size">How many entries the tree has.</param>
/// <param name="LeafHash">The hash of its leaf, in base64.</param>
/// <param name="Hashes">The path from the leaf to the root, in base64.</param>
public sealed record InclusionProof(long Index, long Size, string LeafHash, IReadOnlyList<string> Hashes);

/// <summary>Proves that the log of an earlier time is the beginning of a later one (RFC 6962 2.1.2).</summary>
/// <param name="From">The earlier size.</param>
/// <param name="To">The later size.</param>
/// <param name="Hashes">The proof, in base64.</param>
public sealed record ConsistencyProof(long From, long To, IReadOnlyList<string> Hashes);

public static class ReadInclusionProofEndpoint
{
    [WolverineGet(Routes.AuditProofs + "/inclusion"), Allow(Role.Owner, Role.Auditor, RootOnly = true)]
    [Answers(200, typeof(InclusionProof))]
    [Queries("index", "The entry."), Queries("size", "How many entries the tree has; all of them when it is not given.")]
    public static async Task<Answer> Get(HttpRequest request, IQuerySession session, CancellationToken cancellation)
    {
        var log = new AuditLog(session);
        var (whole, query) = (await log.SizeAsync(cancellation), new QueryReader(request));
        var size = query.Whole("size", 1, whole) ?? whole;
        if (!await log.ExistsAsync(cancellation)) return Problems.NotFound;
        var index = query.Whole("index", 0, size - 1);
        if (query.Text("index") is null) query.Refuse("index", "index is needed.");
        if (query.Refusal is { } refusal) return refusal;

        var leaf = new LeafRange(index!.Value, index.Value + 1);
        var hashes = await log.HashesAsync([leaf, .. MerkleProof.Inclusion(index.Value, size)], cancellation);
        return Answer.Ok(new InclusionProof(
            index.Value, size, Convert.ToBase64String(hashes[0]), [.. hashes.Skip(1).Select(Convert.ToBase64String)]));
    }
}

public static class ReadConsistencyProofEndpoint
{
    [WolverineGet(Routes.AuditProofs + "/consistency"), Allow(Role.Owner, Role.Auditor, RootOnly = true)]
    [Answers(200, typeof(ConsistencyProof))]
    [Queries("from", "The earlier size, at least 1."), Queries("to", "The later size; all entries when it is not given.")]
    public static async Task<Answer> Get(HttpRequest request, IQuerySession session, CancellationToken cancellation)
    {
        var log = new AuditLog(session);
        var (whole, query) = (await log.SizeAsync(cancellation), new QueryReader(request));
        var to = query.Whole("to", 1, whole) ?? whole;
        if (!await log.ExistsAsync(cancellation)) return Problems.NotFound;
        var from = query.Whole("from", 1, to);
        if (query.Text("from") is null) query.Refuse("from", "from is needed.");
        if (query.Refusal is { } refusal) return refusal;

        var hashes = await log.HashesAsync(MerkleProof.Consistency(from!.Value, to), cancellation);
        return Answer.Ok(new ConsistencyProof(from.Value, to, [.. hashes.Select(Convert.ToBase64String)]));
    }
}
