using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Recovery;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine.Http;

namespace MfaEvents.Server.Recovery;

public sealed record ProveEmail([PlainText] string Token)
{
    public override string ToString() => "***";
}

/// <summary>Takes the token of the link in the mail; the recovery's key says that it is the same person.</summary>
public static class ProveEmailEndpoint
{
    [WolverinePost(Routes.Recovery + "/email-proofs"), NotTenanted, AllowAnonymous, PerAddress]
    [TakesHeader(RecoveryKey.Header, "The recovery's key.")]
    [Answers(200, typeof(RecoveryView)), Refuses(403, "invalid-proof"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        ProveEmail command,
        string recoveryId,
        HttpContext http,
        Recoveries recoveries,
        PasswordAttempts attempts,
        AttemptNames names,
        MfaEventsSettings settings,
        DateTimeOffset now)
    {
        var cancellation = http.RequestAborted;
        await using var held = await recoveries.HoldAsync(http, recoveryId);
        if (held is null) return Problems.NotFound;

        var link = LinkToken.Parse(command.Token) is { } token
            ? await held.Session.LinkAsync(token, LinkPurpose.RecoveryEmail, now, cancellation)
            : null;
        var decision = held.State.ProveEmail(link?.Subject == held.State.Id, now, settings.Devices.Throttle);
        if (decision.Outcome == RecoveryOutcome.Done)
        {
            if (await recoveries.SecondsUntilProofAsync(held.Session, now, cancellation) is { } seconds)
                return Problems.TooManyAttempts(seconds);
            await SupersedeAsync(held, await recoveries.OpenAsync(held.Session, now, cancellation), cancellation);
            held.Session.Delete(link!);
        }

        held.Append(decision.Events);
        await held.CommitAsync(cancellation);
        if (decision.Outcome != RecoveryOutcome.Done) return RecoveryRefusals.For(decision);

        var starts = await names.OfRecoveryAsync(held.AccountId, http.Connection.RemoteIpAddress, cancellation);
        await attempts.ForgetAsync(starts, cancellation);
        return Answer.Ok(new RecoveryView(held.State.Step));
    }

    // One goes on at a time: the one that read the mail last. Who only knows the password ends nobody's.
    private static async Task SupersedeAsync(
        HeldRecovery held, IReadOnlyList<RootRecovery> open, CancellationToken cancellation)
    {
        foreach (var other in open.Where(other => other.Id != held.State.Id))
        {
            var stream = await held.Session.Events.FetchForExclusiveWriting<RootRecovery>(other.Id, cancellation);
            stream.AppendMany(stream.Aggregate!.End(RecoveryEnd.Superseded));
        }
    }
}

/// <summary>How refused steps of a recovery are answered.</summary>
public static class RecoveryRefusals
{
    public static Problem For(RecoveryDecision decision) => decision.Outcome switch
    {
        RecoveryOutcome.InvalidProof => Problems.InvalidProof,
        RecoveryOutcome.WrongState => Problems.RecoveryState(decision.AvailableAt),
        RecoveryOutcome.Wait => Problems.TooManyAttempts(decision.WaitSeconds),
        _ => throw new ArgumentException("This is no refusal.", nameof(decision)),
    };
}
