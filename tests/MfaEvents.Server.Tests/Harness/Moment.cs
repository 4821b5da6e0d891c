namespace MfaEvents.Server.Tests.Harness;

/// <summary>
/// The time in which an account lives. It stands at the beginning of a step, moves a millisecond with every request, so that instants
/// tell events apart, and otherwise only when a test lets it.
/// </summary>
public sealed class Moment
{
    private const int StepSeconds = 30;
    private readonly Lock gate = new();
    private DateTimeOffset now;

    public Moment()
    {
        var seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        now = DateTimeOffset.FromUnixTimeSeconds(seconds - seconds % StepSeconds).AddSeconds(1);
    }

    public DateTimeOffset Now
    {
        get { lock (gate) return now; }
    }

    /// <summary>The number of the time step, counted apart from the product (RFC 6238 4.2).</summary>
    public long Step => Now.ToUnixTimeSeconds() / StepSeconds;

    public DateTimeOffset Next()
    {
        lock (gate) return now = now.AddMilliseconds(1);
    }

    public void Pass(TimeSpan time)
    {
        lock (gate) now += time;
    }

    public void PassSteps(int steps) => Pass(TimeSpan.FromSeconds((double)steps * StepSeconds));
}
