using Marten;
using MfaEvents.Server.Audit.Trail;

namespace MfaEvents.Server.Jobs;

/// <summary>Rebuilds one kind of view, step by step. Each step is a few seconds of work in the transaction of its session.</summary>
public interface IRebuilder
{
    protected const string NothingChanged = "the view is as it was";

    protected const string SomeChanged = "some of what was lost may be back, and the rest of the view is as it was";

    /// <summary>Does the next step: how far the rebuild is then. What it throws undoes the step.</summary>
    Task<Rebuild> StepAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation);

    /// <summary>What a rebuild leaves that ends before it is done, in a clause.</summary>
    string Left(Rebuild rebuild) => NothingChanged;

    /// <summary>Drops the tables of a rebuild that ends without a new view.</summary>
    Task DropAsync(IDocumentSession session, Rebuild rebuild, CancellationToken cancellation);
}

/// <summary>Who rebuilds what.</summary>
public sealed class Rebuilders(TrailRebuild trail, ViewRebuild views)
{
    public IRebuilder For(Rebuild rebuild) => rebuild.Projection == AuditTrail.ProjectionName ? trail : views;
}
