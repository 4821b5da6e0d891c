using Marten;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.Log;

/// <summary>The signed head of an account's log (C2SP tlog-checkpoint), as it is or as it was at an earlier size.</summary>
public static class ReadCheckpointEndpoint
{
    [WolverineGet(Routes.AuditCheckpoint), Allow(Role.Owner, Role.Auditor, RootOnly = true)]
    [Answers(200, ContentTypes = ["text/plain"]), Queries("size", "How many entries it covers; all of them when it is not given.")]
    public static async Task<Answer> Get(
        HttpRequest request, IQuerySession session, Checkpoints checkpoints, CancellationToken cancellation)
    {
        var log = new AuditLog(session);
        var (whole, query) = (await log.SizeAsync(cancellation), new QueryReader(request));
        var size = query.Whole("size", 0, whole) ?? whole;
        if (!await log.ExistsAsync(cancellation)) return Problems.NotFound;
        if (query.Refusal is { } refusal) return refusal;
        return Answer.Text(await checkpoints.NoteAsync(session, size, cancellation));
    }
}

/// <summary>The key that verifies checkpoints, as C2SP's signed-note writes it.</summary>
public static class ReadCheckpointKeyEndpoint
{
    [WolverineGet(Routes.CheckpointKey), NotTenanted, AllowAnonymous]
    [Answers(200, ContentTypes = ["text/plain"])]
    public static async Task<Answer> Get(CheckpointKeys keys, CancellationToken cancellation) =>
        Answer.Text($"{await keys.VerifierAsync(cancellation)}\n");
}

/// <summary>Every key that ever signed a checkpoint, a line each, the newest first.</summary>
public static class ReadCheckpointKeysEndpoint
{
    [WolverineGet(Routes.CheckpointKeys), NotTenanted, AllowAnonymous]
    [Answers(200, ContentTypes = ["text/plain"])]
    public static async Task<Answer> Get(CheckpointKeys keys, CancellationToken cancellation) =>
        Answer.Text(string.Concat((await keys.VerifiersAsync(cancellation)).Select(key => $"{key}\n")));
}
