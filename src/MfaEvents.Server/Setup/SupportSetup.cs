using Marten;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Support;

namespace MfaEvents.Server.Setup;

public static class SupportSetup
{
    /// <summary>The support desk.</summary>
    public static void AddSupportDesk(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<QueuedCases>();
        builder.Services.AddSingleton<Vetoes>();
        builder.Services.AddSingleton<ILinkAction, VetoLink>();
        builder.Services.AddSingleton<IAnsweredByPhone, CallBackAnswered>();
        builder.Services.ConfigureMarten((services, store) =>
            store.Listeners.Add(new QueuedAtOnce(services, services.GetRequiredService<ILogger<QueuedAtOnce>>())));
    }
}
