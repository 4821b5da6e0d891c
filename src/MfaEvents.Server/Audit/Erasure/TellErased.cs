using System.Text.Json;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Erasure;

/// <summary>Tells the addresses that an erasure erased of it, as the last that is sent there.</summary>
public sealed record TellErased(string AccountId, Guid ErasureId) : IMailMessage;

public static class TellErasedHandler
{
    public static async Task<ForgetErased?> Handle(
        TellErased message, IDocumentStore store, Mails mails, Seals seals, MfaEventsSettings settings, CancellationToken cancellation)
    {
        await using var query = store.QuerySession(message.AccountId);
        if (await query.LoadAsync<SealedNote>(message.ErasureId, cancellation) is not { } note) return null;
        if (await query.LoadAsync<DataErasure>(message.ErasureId, cancellation) is not { } erasure) return null;

        var addresses = JsonSerializer.Deserialize<string[]>(seals.OpenNote(message.AccountId, note))!;
        var letter = new Letter($"Personal data were erased - {settings.Issuer}",
        [
            $"Of the account {message.AccountId}, these personal data were erased on request: {Words(erasure.Fields)}. This address is among "
            + "them: it signs nobody in any more, gets nothing after this mail, and is no way back into the account.",
            "If you did not ask for that, tell our support desk now: a session that is still open can enter an address again.",
        ]);
        for (var i = 0; i < addresses.Length; i++)
            await mails.SendAsync(addresses[i], $"erasure.{message.ErasureId:N}.{i}", letter, cancellation);
        return new ForgetErased(message.ErasureId);
    }

    private static string Words(IEnumerable<PersonalField> fields) => string.Join(", ", fields.Select(field => field switch
    {
        PersonalField.AccountName => "the account's name",
        PersonalField.Email => "e-mail addresses",
        PersonalField.Phone => "phone numbers",
        PersonalField.ClientAddress => "network addresses",
        PersonalField.UserAgent => "names of programs",
        _ => throw new ArgumentOutOfRangeException(nameof(fields)),
    }));
}

/// <summary>Destroys the addresses that an erasure had to tell: they were told, or could not be for two days.</summary>
public sealed record ForgetErased(Guid ErasureId)
{
    public static readonly TimeSpan After = TimeSpan.FromDays(2);
}

public static class ForgetErasedHandler
{
    public static async Task Handle(ForgetErased message, IDocumentSession session, TimeProvider clock, CancellationToken cancellation)
    {
        await session.HoldAsync(AdvisoryLock.Rebuild, cancellation);
        if (await session.LoadAsync<DataErasure>(message.ErasureId, cancellation) is not { IsTelling: true } erasure) return;
        session.Delete<SealedNote>(message.ErasureId);
        session.Store((erasure with { IsTelling = false }).At(clock.GetUtcNow()));
    }
}
