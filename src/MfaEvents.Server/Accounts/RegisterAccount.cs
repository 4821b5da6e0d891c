using System.Globalization;
using System.Security.Cryptography;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;

namespace MfaEvents.Server.Accounts;

public sealed record RegisterAccount(
    [AccountName] string AccountName, [Email] string Email, [Phone] string Phone, [Password] string Password);

public sealed record RegisteredAccount(string AccountId);

/// <summary>
/// Opens an account. The directory may lie in another database than the account, so there are two commits: the first reserves the
/// e-mail address and leaves a message, the second opens the account. A crash between them is finished by that message.
/// </summary>
public static class RegisterAccountEndpoint
{
    /// <summary>How long the message waits, so that it finds an account that this request opened already.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    [WolverinePost(Routes.Accounts), NotTenanted, MartenStore(typeof(IDirectoryStore)), Allow(Role.Provisioner)]
    [Answers(201, typeof(RegisteredAccount)), Refuses(409, "email-taken")]
    public static async Task<Answer> Post(
        RegisterAccount command,
        HttpContext http,
        IDocumentSession directory,
        IMessageContext messages,
        Seals seals,
        RememberedAnswers answers,
        CancellationToken cancellation)
    {
        var email = RootEmail.IdOf(command.Email);
        if (await directory.LoadAsync<RootEmail>(email, cancellation) is not null) return Problems.EmailTaken;

        var accountId = DrawAccountId();
        var opening = OpenAccount.Seal(seals, accountId, new AccountOpening(
            new ContactInformation(command.AccountName, command.Email, command.Phone),
            seals.SealPassword(accountId, Principal.Root, command.Password),
            Origin.Of(http)));
        var answer = Answer.Created($"{Routes.Accounts}/{accountId}", new RegisteredAccount(accountId));

        directory.Insert(new GivenAccountId(accountId));
        directory.Insert(new RootEmail(email, accountId));
        answers.Remember(answer, http, directory);
        await messages.PublishAsync(opening, new DeliveryOptions { TenantId = accountId, ScheduleDelay = Grace });
        await directory.SaveChangesAsync(cancellation);

        await messages.InvokeForTenantAsync(accountId, opening, cancellation);
        return answer;
    }

    // Twelve digits without a leading zero. Two draws that meet fail on the primary key, as a conflict to try again.
    private static string DrawAccountId() =>
        ((long)RandomNumberGenerator.GetInt32(100_000, 1_000_000) * 1_000_000 + RandomNumberGenerator.GetInt32(0, 1_000_000))
        .ToString(CultureInfo.InvariantCulture);
}
