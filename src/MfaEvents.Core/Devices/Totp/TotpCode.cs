using OtpNet;

namespace MfaEvents.Core.Devices.Totp;

/// <summary>RFC 6238 codes of one key: SHA-1, six digits.</summary>
/// <remarks>A code is computed for a <em>step</em>, and a step is what the caller gets back: the step is recorded, the code
/// never.</remarks>
public static class TotpCode
{
    /// <summary>How many digits a code has (RFC 4226 5.3).</summary>
    public const int Digits = 6;

    /// <summary>The code that a device with this key shows during <paramref name="step"/>.</summary>
    public static string At(SecretKey key, long step) => new Hotp(key.Reveal(), OtpHashMode.Sha1, Digits).ComputeHOTP(step);

    /// <summary>
    /// Where one submitted code stands: inside the sign-in window around the device's drift, elsewhere in the search window,
    /// on a step that is spent, or nowhere.
    /// </summary>
    public static CodeMatch Find(SecretKey key, string code, MfaDevice device, DateTimeOffset now, DevicePolicy policy)
    {
        using var submitted = new CodeSearch(key, code);
        return Find(submitted.IsAt, device, TimeStep.At(now), policy);
    }

    /// <summary>The same for a code of which it is known whether a step has it.</summary>
    /// <param name="isAt">Whether the code is the one of a step.</param>
    /// <param name="device">The device.</param>
    /// <param name="current">The server's own step.</param>
    /// <param name="policy">The policies.</param>
    public static CodeMatch Find(Func<long, bool> isAt, MfaDevice device, long current, DevicePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(isAt);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(policy);

        var centre = current + device.DriftSteps;
        long? spent = null;

        // Nearest first, so that of two steps with the same code the likelier one counts.
        foreach (var step in Outwards(centre, policy.SignInWindow))
        {
            if (!isAt(step)) continue;
            if (!device.HasSpent(step)) return new CodeMatch(CodePlace.InWindow, step, Offset(step, current));
            spent ??= step;
        }

        long? elsewhere = null;
        foreach (var step in Outwards(current, policy.SearchWindow))
        {
            if (Math.Abs(step - centre) <= policy.SignInWindow || !isAt(step)) continue;
            if (device.HasSpent(step)) spent ??= step;
            else elsewhere ??= step;
        }

        // A replay inside the window is a replay, even if the same digits happen to be valid an hour away.
        if (spent is { } used) return new CodeMatch(CodePlace.Spent, used, Offset(used, current));
        return elsewhere is { } found
            ? new CodeMatch(CodePlace.OutsideWindow, found, Offset(found, current))
            : CodeMatch.None;
    }

    /// <summary>
    /// Where two consecutive codes stand; the match names the step and offset of the <em>second</em> code (RFC 4226 7.4).
    /// </summary>
    public static CodeMatch FindPair(
        SecretKey key, string code1, string code2, MfaDevice device, DateTimeOffset now, DevicePolicy policy)
    {
        using var first = new CodeSearch(key, code1);
        using var second = new CodeSearch(key, code2);
        return FindPair(step => second.IsAt(step) && first.IsAt(step - 1), device, TimeStep.At(now), policy);
    }

    /// <summary>The same for a pair of which it is known whether a step, and the one before it, have it.</summary>
    /// <param name="isAt">Whether the pair's second code is the one of a step, and its first the one of the step before.</param>
    /// <param name="device">The device.</param>
    /// <param name="current">The server's own step.</param>
    /// <param name="policy">The policies.</param>
    public static CodeMatch FindPair(Func<long, bool> isAt, MfaDevice device, long current, DevicePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(isAt);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(policy);

        long? spent = null;
        foreach (var step in PairsAround(current, policy.SearchWindow))
        {
            if (!isAt(step)) continue;
            if (!device.HasSpent(step - 1))
            {
                var place = Math.Abs(step - current) <= policy.SignInWindow ? CodePlace.InWindow : CodePlace.OutsideWindow;
                return new CodeMatch(place, step, Offset(step, current));
            }

            spent ??= step;
        }

        return spent is { } used ? new CodeMatch(CodePlace.Spent, used, Offset(used, current)) : CodeMatch.None;
    }

    /// <summary>The steps that the second code of a pair may belong to when the first one is searched for too.</summary>
    internal static IEnumerable<long> PairsAround(long current, int reach) => Outwards(current, reach).Where(step => step > current - reach);

    /// <summary>The steps around one, nearest first.</summary>
    internal static IEnumerable<long> Outwards(long centre, int reach)
    {
        yield return centre;
        for (var distance = 1; distance <= reach; distance++)
        {
            yield return centre - distance;
            yield return centre + distance;
        }
    }

    private static int Offset(long step, long current) => (int)(step - current);
}
