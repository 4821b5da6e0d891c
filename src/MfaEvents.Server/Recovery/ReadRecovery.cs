using System.Text.Json.Serialization;
using Marten;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Recovery;

/// <summary>How far a recovery is.</summary>
/// <param name="Step">What is due, or how it ended.</param>
public sealed record RecoveryView(RecoveryStep Step)
{
    /// <summary>Until when completion waits, because the contact information was changed lately.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? AvailableAt { get; init; }
}

/// <summary>Tells how far a recovery is.</summary>
public static class ReadRecoveryEndpoint
{
    [WolverineGet(Routes.Recovery), NotTenanted, AllowAnonymous]
    [TakesHeader(RecoveryKey.Header, "The recovery's key.")]
    [Answers(200, typeof(RecoveryView))]
    public static async Task<Answer> Get(
        string recoveryId, HttpContext http, Recoveries recoveries, IDocumentStore store, DateTimeOffset now)
    {
        if (await recoveries.FindAsync(http, recoveryId) is not var (accountId, id)) return Problems.NotFound;
        await using var session = store.QuerySession(accountId);
        if (await session.LoadAsync<RootRecovery>(RootRecovery.StreamKey(id), http.RequestAborted) is not { } state)
            return Problems.NotFound;

        var root = await session.LoadAsync<PrincipalMfa>(Principal.Root, http.RequestAborted);
        var account = await session.LoadAsync<Account>(Account.StreamKey, http.RequestAborted);
        var step = state.Outdated(root?.PasswordChangedAt, account!) is null ? state.StepAt(now) : RecoveryStep.Expired;
        return Answer.Ok(new RecoveryView(step)
        {
            AvailableAt = step == RecoveryStep.Verified && now < state.AvailableAt ? state.AvailableAt : null,
        });
    }
}
