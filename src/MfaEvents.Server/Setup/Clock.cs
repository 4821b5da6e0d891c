using JasperFx.CodeGeneration.Frames;
using JasperFx.CodeGeneration.Model;

namespace MfaEvents.Server.Setup;

/// <summary>The system's clock in whole microseconds, so that an instant reads back from PostgreSQL as it was written.</summary>
public sealed class MicrosecondClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow()
    {
        var now = base.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}

/// <summary>
/// Gives endpoints and handlers their <c>now</c> from the <see cref="TimeProvider"/>; generated code would read the system's.
/// </summary>
public sealed class ClockVariableSource : IVariableSource
{
    public bool Matches(Type type) => type == typeof(DateTimeOffset);

    public Variable Create(Type type)
    {
        var call = new MethodCall(typeof(TimeProvider), nameof(TimeProvider.GetUtcNow));
        call.ReturnVariable!.OverrideName("now");
        return call.ReturnVariable;
    }
}
