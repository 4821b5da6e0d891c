using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;
using Wolverine.Runtime;

namespace MfaEvents.Server.Recovery;

public sealed record StartRecovery([SignInId] string SignInId);

/// <summary>A recovery that has begun.</summary>
/// <param name="RecoveryId">The recovery, for the address of the next requests.</param>
/// <param name="RecoveryKey">Its secret, for the header <c>Recovery-Key</c> of the next requests.</param>
/// <param name="Email">The address that a link was sent to, masked.</param>
/// <param name="Phone">The number that will be called, masked.</param>
/// <param name="Step">What is due: the link.</param>
public sealed record StartedRecovery(Guid RecoveryId, string RecoveryKey, string Email, string Phone, RecoveryStep Step)
{
    public override string ToString() => $"recovery {RecoveryId}";
}

/// <summary>
/// Begins the recovery of a root user whose password was right and whose device is gone: a link goes to the address on file.
/// </summary>
public static class StartRecoveryEndpoint
{
    [WolverinePost(Routes.Recoveries), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(SignInKey.Header, "The sign-in's key.")]
    [Answers(201, typeof(StartedRecovery)), Refuses(404, "not-found"), Refuses(409, "recovery-not-available")]
    [Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        StartRecovery command,
        HttpContext http,
        OpenSignIns signIns,
        Recoveries recoveries,
        PasswordAttempts attempts,
        AttemptNames names,
        Seals seals,
        IWolverineRuntime runtime,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using var signIn = await signIns.HoldAsync(http, command.SignInId, now);
        if (signIn is null) return Problems.NotFound;
        if (signIn.State.Id != Principal.Root) return Problems.RecoveryNotAvailable;

        var (accountId, session) = (signIn.AccountId, signIn.Session);
        if (await recoveries.SecondsUntilStartAsync(session, now, cancellation) is { } untilThen)
            return Problems.TooManyAttempts(untilThen);

        // Each sends a mail: whoever begins many waits, long before the day of everybody is used up.
        var starts = await names.OfRecoveryAsync(accountId, http.Connection.RemoteIpAddress, cancellation);
        var (_, wait) = await attempts.CountAsync(starts, settings.Recovery.Starts(settings.Devices.Throttle), cancellation);
        if (wait is { } seconds) return Problems.TooManyAttempts(seconds);

        var account = await session.LoadAsync<Account>(Account.StreamKey, cancellation)
            ?? throw new InvalidOperationException("The account is missing.");
        var contact = await session.ContactAsync(accountId, account, seals, cancellation);
        if (contact is not { Email: { } email, Phone: { } phone }) return Problems.RecoveryNotAvailable;
        var (id, key) = (Guid.CreateVersion7(now), RecoveryKey.Draw(accountId));
        var stream = RootRecovery.StreamKey(id);
        var started = RootRecovery.Start(account.ContactVersion, account.ContactChangedAt, now, settings.Recovery);
        session.Events.StartStream<RootRecovery>(stream, started);
        session.Insert(new KeptRecoveryKey(key.KeptId(id), now + settings.Recovery.Remembered));

        var outbox = new MartenOutbox(runtime, session);
        await outbox.PublishAsync(
            new SendRecoveryMail(accountId, id, account.ContactVersion), new DeliveryOptions { TenantId = accountId });
        await outbox.PublishAsync(
            new ExpireRecovery(stream), new DeliveryOptions { TenantId = accountId, ScheduleDelay = started.ExpiresAt - now });
        await session.SaveChangesAsync(cancellation);
        return Answer.Created(
            $"{Routes.Recoveries}/{id}",
            new StartedRecovery(id, key.Text(), Masked.Email(email), Masked.Phone(phone), RecoveryStep.Email));
    }
}
