using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications.Phone;
using Wolverine;
using Wolverine.ErrorHandling;

namespace MfaEvents.Server.Setup;

public static class PhoneSetup
{
    // Somebody waits at the page for the phone to ring, and after ten minutes no longer.
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(1),
    ];

    /// <summary>Calls: through the gateway that is configured, else into the outbox of Development.</summary>
    public static void AddPhone(this WebApplicationBuilder builder, MfaEventsSettings settings)
    {
        builder.Services.AddSingleton<TelephonySecret>();
        builder.Services.AddSingleton<Calls>();
        builder.Services.AddSingleton<PhoneAnswers>();
        builder.Services.AddSingleton<IShowAgain, CallDigitsAgain>();
        if (settings.Telephony.Gateway is not null)
        {
            builder.Services.AddHttpClient(nameof(GatewayTelephony), http => http.Timeout = settings.Telephony.Timeout);
            builder.Services.AddSingleton<ITelephony, GatewayTelephony>();
        }
        else if (builder.Environment.IsDevelopment())
        {
            builder.Services.AddSingleton<ITelephony, OutboxTelephony>();
        }
        else
        {
            builder.Services.AddSingleton<ITelephony, NoTelephony>();
        }
    }

    /// <summary>A gateway that is away is asked again for a while; what it refuses for good is a dead letter at once.</summary>
    public static void RetryCalls(this WolverineOptions wolverine)
    {
        wolverine.OnException<CallFailedException>(failed => failed.Passes).ScheduleRetry(Pauses).Then.MoveToErrorQueue();
        wolverine.OnException<CallFailedException>(failed => !failed.Passes).MoveToErrorQueue();
        wolverine.Schedules.ScheduleRecurring("forget-calls", "27 * * * *", due => new ForgetCalls(due));
    }
}
