using MfaEvents.Server.Setup;
using MimeKit;

namespace MfaEvents.Server.Notifications.Mail;

/// <summary>Lets mail land as a file in the outbox; a second delivery of one mail takes the place of the first.</summary>
public sealed class OutboxCarrier(MfaEventsSettings settings) : IMailCarrier
{
    public async Task CarryAsync(MimeMessage mail, CancellationToken cancellation)
    {
        using var content = new MemoryStream();
        await mail.WriteToAsync(content, cancellation);
        var name = $"{mail.MessageId!.Split('@')[0]}.eml";
        try
        {
            await Outbox.WriteAsync(settings.DataDirectory, name, content.ToArray(), cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MailDelayedException($"The outbox cannot be written: {exception.GetType().Name}.");
        }
    }
}
