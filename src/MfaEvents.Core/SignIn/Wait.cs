namespace MfaEvents.Core.SignIn;

/// <summary>A time during which attempts are refused without being looked at, spent or recorded.</summary>
/// <param name="Until">When it is over.</param>
/// <param name="Seconds">How long it lasts in all.</param>
public sealed record Wait(DateTimeOffset Until, int Seconds)
{
    /// <summary>The wait that begins now, or the one that is there when none begins.</summary>
    public static Wait? Begun(int seconds, DateTimeOffset now, Wait? current = null) =>
        seconds > 0 ? new Wait(now.AddSeconds(seconds), seconds) : current;

    /// <summary>
    /// The whole seconds that are left; null when it is over. A clock that was set back does not make it longer to the caller.
    /// </summary>
    public int? SecondsLeft(DateTimeOffset now) =>
        now < Until ? (int)Math.Ceiling(Math.Min((Until - now).TotalSeconds, Seconds)) : null;
}
