using System.Globalization;

namespace MfaEvents.SystemTests.Harness;

/// <summary>An authenticator app that nobody here wrote: oathtool.</summary>
public static class Authenticator
{
    // A delay may be over a little before the clock on the wall says so.
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromMilliseconds(100);

    /// <summary>The codes of consecutive time steps (RFC 6238, 30 s), beginning <paramref name="from"/> steps from now.</summary>
    public static async Task<string[]> CodesAsync(string secretKey, int from, int count)
    {
        var at = DateTimeOffset.UtcNow.AddSeconds(from * 30).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        var window = (count - 1).ToString(CultureInfo.InvariantCulture);
        var oathtool = await Command.RunAsync("oathtool", "--totp", "-b", "-w", window, "-N", at, secretKey);
        return oathtool.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static async Task<string> CodeAsync(string secretKey, int step) => (await CodesAsync(secretKey, step, 1))[0];

    /// <summary>Waits out the end of a time step when less than <paramref name="needed"/> is left of it.</summary>
    public static async Task HasTimeAsync(TimeSpan needed)
    {
        var left = TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(DateTime.UtcNow.Ticks % TimeSpan.FromSeconds(30).Ticks);
        if (left < needed) await Task.Delay(left + ClocksDiffer, TestContext.Current.CancellationToken);
    }
}
