using System.Text.RegularExpressions;
using MimeKit;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>What lies in the outbox for one address.</summary>
public sealed class Mailbox(MfaHost host, string address)
{
    public static Mailbox Of(OpenAccount account, string? address = null) => new(account.Host, address ?? account.Email);

    /// <summary>The mails so far, in no order.</summary>
    public IReadOnlyList<Received> All() => Directory.Exists(host.Outbox)
        ? [.. Directory.GetFiles(host.Outbox, "*.eml").Select(Read).OfType<Received>().Where(mail => mail.To == address)]
        : [];

    /// <summary>Waits for the mail whose subject begins so; the latest, when there are several.</summary>
    public async Task<Received> Get(string subject)
    {
        await Scenarios.Eventually(() => Task.FromResult(Find(subject).Any()), $"a mail \"{subject}\" has come, beside {string.Join(", ", All().Select(mail => mail.Subject))}");
        return Find(subject).OrderBy(mail => mail.Date).Last();
    }

    /// <summary>Waits for so many mails with such a subject.</summary>
    public Task Has(int count, string subject) => Scenarios.Eventually(() => Task.FromResult(Find(subject).Count() == count), $"{count} mails \"{subject}\"");

    public IEnumerable<Received> Find(string subject) => All().Where(mail => mail.Subject.StartsWith(subject, StringComparison.Ordinal));

    private static Received? Read(string file)
    {
        try
        {
            return Received.Of(MimeMessage.Load(file));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}

/// <summary>A mail as it was received.</summary>
public sealed record Received(string To, string From, string Subject, string MessageId, DateTimeOffset Date, string Text, string Html, string Headers)
{
    /// <summary>The token of the only link.</summary>
    public string Token => Regex.Matches(Text, @"\?token=(\S+)").ShouldHaveSingleItem(Text).Groups[1].Value;

    /// <summary>The path of the only link.</summary>
    public string Link => Regex.Matches(Text, @"https?://[^/\s]+(/\S+)").ShouldHaveSingleItem(Text).Groups[1].Value;

    public static Received Of(MimeMessage mail) => new(
        ((MailboxAddress)mail.To.Single()).Address,
        mail.From.ToString(),
        mail.Subject!,
        mail.MessageId!,
        mail.Date,
        mail.TextBody!,
        mail.HtmlBody!,
        string.Join('\n', mail.Headers.Select(header => $"{header.Field}: {header.Value}")));
}
