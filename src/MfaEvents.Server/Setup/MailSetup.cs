using MfaEvents.Server.Accounts;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Mail;
using MfaEvents.Server.Notifications.Notices;
using MfaEvents.Server.Notifications.Phone;
using Wolverine;
using Wolverine.ErrorHandling;

namespace MfaEvents.Server.Setup;

public static partial class MailSetup
{
    private const string Queue = "mail";

    /// <summary>How many mails a node hands on at once.</summary>
    private const int AtOnce = 4;

    // Together a day and a bit: a mail server that is down over night loses nothing.
    private static readonly TimeSpan[] Later =
    [
        TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8),
        TimeSpan.FromHours(8),
    ];

    /// <summary>Mail: by the server that is configured, or else into files.</summary>
    public static void AddMail(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.Services.AddSingleton<Mails>();
        builder.Services.AddSingleton<Repudiations>();
        builder.Services.AddSingleton<LinkActions>();
        builder.Services.AddSingleton<ILinkAction, RepudiationLink>();
        builder.Services.AddSingleton<IAnsweredByPhone, ContactAnswered>();
        if (settings.Mail.Host is null) builder.Services.AddSingleton<IMailCarrier, OutboxCarrier>();
        else builder.Services.AddSingleton<IMailCarrier>(_ => new SmtpCarrier(settings.Mail));
    }

    /// <summary>A queue of its own: what waits for a mail server keeps nothing else waiting.</summary>
    public static void RouteMail(this WolverineOptions wolverine)
    {
        wolverine.Publish(messages =>
        {
            messages.MessagesImplementing<IMailMessage>();
            messages.ToLocalQueue(Queue).MaximumParallelMessages(AtOnce).UseDurableInbox();
        });
        wolverine.OnException<MailRefusedException>().MoveToErrorQueue();
        wolverine.OnException<MailDelayedException>().ScheduleRetry(Later).Then.MoveToErrorQueue();
    }

    /// <summary>Outside of Development, files are seldom what an operator wanted.</summary>
    public static void SayWhereMailGoes(this WebApplication app, MfaEventsSettings settings)
    {
        if (settings.Mail.Host is null && !app.Environment.IsDevelopment())
            LogFiles(app.Logger, Outbox.In(settings.DataDirectory));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "MfaEvents:Mail:Host names no mail server: mail lands in files in {Folder}")]
    private static partial void LogFiles(ILogger logger, string folder);
}
