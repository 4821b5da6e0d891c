using Marten;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>Wrong passwords in a row for one name from one client network.</summary>
/// <param name="Id">The name of both, by <see cref="AttemptNames"/>.</param>
/// <param name="Failures">How many, and the wait that the last of them began.</param>
/// <param name="LastAt">When the last one was.</param>
public sealed record PasswordFailures(string Id, FailuresInARow Failures, DateTimeOffset LastAt)
{
    public static void Map(StoreOptions store) => store.Schema.For<PasswordFailures>().Duplicate(failures => failures.LastAt);
}

/// <summary>
/// Throttles passwords per pair of name and client network, on all nodes together: whoever guesses from elsewhere does not keep
/// the owner out.
/// </summary>
public sealed class PasswordAttempts(IDirectoryStore directory, MfaEventsSettings settings, TimeProvider clock)
{
    /// <summary>A row of failures that nobody went on with for so long is over.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(24);

    /// <summary>
    /// Counts an attempt as a failure before its password is looked at, so that attempts which race are all counted; a right one
    /// calls <see cref="ForgetAsync"/>. During a wait nothing is counted.
    /// </summary>
    /// <returns>The failures with this one, or the seconds to wait.</returns>
    public Task<(FailuresInARow Failures, int? Wait)> CountAsync(string id, CancellationToken cancellation) =>
        CountAsync(id, settings.Devices.Throttle, cancellation);

    /// <summary>The same for another thing that is counted, with waits of its own.</summary>
    public async Task<(FailuresInARow Failures, int? Wait)> CountAsync(
        string id, ThrottlePolicy throttle, CancellationToken cancellation)
    {
        await using var session = directory.LightweightSession();
        await session.HoldAsync(id, cancellation);

        var now = clock.GetUtcNow();
        var before = await session.LoadAsync<PasswordFailures>(id, cancellation);
        var failures = before is not null && now - before.LastAt < Forgotten ? before.Failures : FailuresInARow.None;
        if (failures.Wait?.SecondsLeft(now) is { } seconds) return (failures, seconds);

        failures = failures.OneMore(now, throttle);
        session.Store(new PasswordFailures(id, failures, now));
        await session.SaveChangesAsync(cancellation);
        return (failures, null);
    }

    public async Task ForgetAsync(string id, CancellationToken cancellation)
    {
        await using var session = directory.LightweightSession();
        session.Delete<PasswordFailures>(id);
        await session.SaveChangesAsync(cancellation);
    }
}
