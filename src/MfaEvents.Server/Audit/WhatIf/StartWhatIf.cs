using System.ComponentModel.DataAnnotations;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.WhatIf;

/// <summary>The policies to try; what is left out stays as it is in force.</summary>
/// <param name="SignInWindow">How many time steps a code may lie before or after the device's drift.</param>
/// <param name="SearchWindow">How many time steps around the server's own are searched.</param>
/// <param name="FirstWaitAt">The failure in a row that begins the first wait.</param>
/// <param name="FirstWaitSeconds">The first wait, in seconds.</param>
/// <param name="LongestWaitSeconds">The longest wait, in seconds.</param>
/// <param name="SuspendAt">The failure of a device in a row that suspends it.</param>
/// <param name="Principal">Whose history is played: <c>root</c> or <c>user:{name}</c>; everybody's when it is left out.</param>
public sealed record StartWhatIf(
    [Whole(0, 1)] int? SignInWindow = null,
    [Whole(2, 2880)] int? SearchWindow = null,
    [Whole(1, 100)] int? FirstWaitAt = null,
    [Whole(1, 3600)] int? FirstWaitSeconds = null,
    [Whole(1, 86_400)] int? LongestWaitSeconds = null,
    [Whole(1, 100)] int? SuspendAt = null,
    [StringLength(100)] string? Principal = null)
{
    public DevicePolicy Over(DevicePolicy live) => live with
    {
        SignInWindow = SignInWindow ?? live.SignInWindow,
        SearchWindow = SearchWindow ?? live.SearchWindow,
        Throttle = new ThrottlePolicy
        {
            FirstWaitAt = FirstWaitAt ?? live.Throttle.FirstWaitAt,
            FirstWait = FirstWaitSeconds is { } first ? TimeSpan.FromSeconds(first) : live.Throttle.FirstWait,
            LongestWait = LongestWaitSeconds is { } longest ? TimeSpan.FromSeconds(longest) : live.Throttle.LongestWait,
            SuspendAt = SuspendAt ?? live.Throttle.SuspendAt,
        },
    };
}

/// <summary>
/// Plays an account's history once more under other policies, and lists the attempts that would have ended differently. It changes
/// nothing. Each account has one such job at a time; a job is kept for thirty days after its end.
/// </summary>
public static class StartWhatIfEndpoint
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    // Twice the longest step: a job that was quiet for so long has lost its message.
    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(2);

    [WolverinePost(Routes.WhatIf), Allow(Role.Auditor)]
    [Answers(202, typeof(WhatIfView)), Refuses(409, "conflict")]
    public static async Task<(Answer, OutgoingMessages)> Post(
        StartWhatIf command,
        string accountId,
        Caller caller,
        IDocumentSession session,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return (Problems.NotFound, []);
        if (command.Principal is { } one)
        {
            if (!Target.IsPrincipal(one)) return (Problems.Validation("principal", "principal must be root or user:{name}."), []);
            if (await session.Events.FetchStreamStateAsync(one, cancellation) is null) return (Problems.NotFound, []);
        }

        await session.HoldAsync(AdvisoryLock.WhatIf, cancellation);
        foreach (var running in await session.Query<WhatIfJob>().Where(job => job.State == WhatIfState.Running).ToListAsync(cancellation))
        {
            if (now - running.SteppedAt < Forgotten) return (Problems.WhatIfRuns, []);
            session.Store(running with
            {
                State = WhatIfState.Failed,
                Step = running.Step + 1,
                FinishedAt = now,
                Outcome = "It made no step for two hours, and another was asked for.",
            });
        }

        var old = now - Kept;
        session.DeleteWhere<WhatIfJob>(job => job.FinishedAt < old);
        var job = new WhatIfJob
        {
            Id = Guid.CreateVersion7(now),
            AccountId = accountId,
            Principal = command.Principal,
            Live = settings.Devices,
            Tried = command.Over(settings.Devices),
            StartedBy = caller.Subject,
            StartedAt = now,
            SteppedAt = now,
            EventsTotal = (await session.PlayedStreamsAsync(command.Principal, null, cancellation)).Sum(stream => stream.Version),
        };
        session.Insert(job);
        return (Answer.Accepted($"/jobs/{job.Id}", WhatIfView.Of(job)), [new ContinueWhatIf(job.Id, job.Step)]);
    }
}
