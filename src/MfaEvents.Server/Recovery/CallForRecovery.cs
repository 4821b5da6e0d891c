using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Recovery;

/// <summary>A call that is on its way.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Digits">What to key into the phone.</param>
/// <param name="ExpiresAt">From when on that is worth nothing.</param>
public sealed record RecoveryCall(Guid CallId, string Digits, DateTimeOffset ExpiresAt)
{
    public override string ToString() => $"call {CallId}";
}

/// <summary>Calls the phone on file, which asks for the digits that are shown here; an earlier call is over with that.</summary>
public static class CallForRecoveryEndpoint
{
    [WolverinePost(Routes.Recovery + "/calls"), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(RecoveryKey.Header, "The recovery's key.")]
    [Answers(201, typeof(RecoveryCall)), Refuses(409, "recovery-state"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        string recoveryId, HttpContext http, Recoveries recoveries, Calls calls, MfaEventsSettings settings, DateTimeOffset now)
    {
        // Once without the locks: a call is prepared on a connection of its own.
        var cancellation = http.RequestAborted;
        if (await recoveries.PeekAsync(http, recoveryId) is not var (accountId, state)) return Problems.NotFound;
        var call = state.RefuseCall(now, settings.Recovery) is null
            ? await calls.PrepareAsync(
                accountId, CallPurpose.Recovery, state.Id, state.ContactVersion, PhoneNumberKind.OnFile, now, cancellation)
            : null;

        await using var held = await recoveries.HoldAsync(http, recoveryId);
        if (held is null) return Problems.NotFound;
        if (held.State.RefuseCall(now, settings.Recovery) is { } refused)
        {
            await held.CommitAsync(cancellation);
            return RecoveryRefusals.For(refused);
        }

        if (call is null) return Problems.Conflict;
        held.Append([new PhoneCallPlaced(call.CallId, call.ExpiresAt)]);
        await held.CommitAsync(cancellation, call.Message);
        return Answer.Created($"{Routes.Recoveries}/{held.Id}", new RecoveryCall(call.CallId, call.Digits, call.ExpiresAt));
    }
}

/// <summary>What keyed digits do for a recovery.</summary>
public sealed class RecoveryAnswered(Recoveries recoveries, MfaEventsSettings settings) : IAnsweredByPhone
{
    public CallPurpose Purpose => CallPurpose.Recovery;

    public async Task AnsweredAsync(PhoneAnswer answer, HttpContext http, DateTimeOffset now)
    {
        var call = answer.Call;
        if (RootRecovery.IdOf(call.Subject) is not { } id) return;
        var cancellation = http.RequestAborted;
        await using var held = await recoveries.HoldAsync(call.AccountId, id, Origin.OfTelephony(http), cancellation);
        if (held is null) return;
        answer.TakeIn(held.Session);
        held.Append(held.State.KeyDigits(call.Id, answer.IsRight, now, settings.Recovery, settings.Devices.Throttle).Events);
        await held.CommitAsync(cancellation);
    }
}
