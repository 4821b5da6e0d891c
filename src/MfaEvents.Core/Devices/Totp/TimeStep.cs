namespace MfaEvents.Core.Devices.Totp;

/// <summary>RFC 6238 4.2: T = floor((now - T0) / X), with T0 = 1970-01-01T00:00:00Z and X = 30 s.</summary>
public static class TimeStep
{
    /// <summary>The length of one time step, X, in seconds.</summary>
    public const int Seconds = 30;

    /// <summary>The number of the time step in which <paramref name="instant"/> lies.</summary>
    public static long At(DateTimeOffset instant) => instant.ToUnixTimeSeconds() / Seconds;
}
