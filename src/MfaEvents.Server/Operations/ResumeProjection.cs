using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Operations;

/// <summary>
/// Starts a stopped projection again, after its cause is mended. The wish is written down; the node that has the projection obeys
/// it within a second or two.
/// </summary>
public static class ResumeProjectionEndpoint
{
    [WolverinePost("/projections/{name}/resumption"), NotTenanted, Allow(Role.Operator, AllAccounts = true)]
    [Answers(202), Refuses(409, "conflict")]
    public static async Task<Answer> Post(
        string name, IDocumentSession session, Projections projections, DateTimeOffset now, CancellationToken cancellation)
    {
        var state = (await projections.ReadAsync(cancellation)).SingleOrDefault(projection => projection.Name == name);
        if (state is null) return Problems.NotFound;
        if (state.State == ProjectionState.Running) return Problems.ProjectionRuns;

        // Without a stop there is nothing to end: as soon as there is a node to run it, it runs.
        if (state.Stop is { } stop) session.Store(stop with { ResumptionAt = now });
        return Answer.Accepted();
    }
}
