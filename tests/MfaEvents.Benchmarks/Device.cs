using System.Globalization;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Benchmarks;

/// <summary>An authenticator app of one principal, which shows no code twice.</summary>
public sealed record Device(string AccountId, string Principal, Uri Verifications, SecretKey Key)
{
    private static readonly int SearchWindow = new DevicePolicy().SearchWindow;

    private string? wrong;

    public Guid Id { get; } = Guid.Parse(Verifications.OriginalString.Split('/')[^2], CultureInfo.InvariantCulture);

    /// <summary>The latest step whose code was submitted.</summary>
    public required long LastStep { get; set; }

    /// <summary>The next unused code of the present step or the one after, which the sign-in window accepts; null when both are spent.</summary>
    public string? NextCode()
    {
        var current = CurrentStep;
        var step = Math.Max(LastStep + 1, current);
        if (step > current + 1) return null;
        LastStep = step;
        return TotpCode.At(Key, step);
    }

    /// <summary>A code that is right at no step of the search window, for longer than a benchmark lasts.</summary>
    public string WrongCode() => wrong ??= FindWrongCode();

    private string FindWrongCode()
    {
        var right = Enumerable.Range(-SearchWindow - 1, 2 * SearchWindow + 32).Select(offset => TotpCode.At(Key, CurrentStep + offset)).ToHashSet();
        return Enumerable.Range(0, 1_000_000).Select(number => number.ToString("D6", CultureInfo.InvariantCulture)).First(code => !right.Contains(code));
    }

    private static long CurrentStep => TimeStep.At(TimeProvider.System.GetUtcNow());
}
