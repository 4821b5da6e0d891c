using System.Text.Json;
using System.Text.RegularExpressions;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Setup;
using MimeKit;

namespace MfaEvents.Server.Console;

/// <summary>A mail in the outbox, and the links in it.</summary>
public sealed record DeliveredMail(string To, string Subject, DateTimeOffset Date, string Text, IReadOnlyList<Uri> Links);

/// <summary>What lies in the outbox of this data directory, for the eyes of a developer.</summary>
public sealed partial class DevelopmentOutbox(MfaEventsSettings settings)
{
    private const int MostShown = 30;

    public IEnumerable<DeliveredMail> Mails() => Latest("*.eml").Select(file =>
    {
        using var mail = MimeMessage.Load(file.FullName);
        var text = mail.TextBody ?? "";
        return new DeliveredMail(mail.To.ToString(), mail.Subject ?? "", mail.Date, text, [.. Link().Matches(text).Select(link => new Uri(link.Value))]);
    });

    public IEnumerable<PlacedCall> Calls() => Latest("*.json")
        .Select(file => JsonSerializer.Deserialize<PlacedCall>(File.ReadAllBytes(file.FullName), Json.Options)!).Take(3);

    private IEnumerable<FileInfo> Latest(string pattern)
    {
        var folder = new DirectoryInfo(Outbox.In(settings.DataDirectory));
        return folder.Exists
            ? folder.GetFiles(pattern).Where(file => file.Name[0] != '.').OrderByDescending(file => file.LastWriteTimeUtc).Take(MostShown)
            : [];
    }

    [GeneratedRegex(@"https?://\S+")]
    private static partial Regex Link();
}
