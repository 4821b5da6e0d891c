using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Operations;

/// <summary>Says how far every projection is.</summary>
public static class ReadProjectionsEndpoint
{
    [WolverineGet("/projections"), NotTenanted, Allow(Role.Operator)]
    [Answers(200, typeof(IReadOnlyList<ProjectionState>))]
    public static async Task<Answer> Get(Projections projections, CancellationToken cancellation) =>
        Answer.Ok(await projections.ReadAsync(cancellation));
}
