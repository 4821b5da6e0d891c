using JasperFx;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.SignIn;
using Wolverine;
using Wolverine.ErrorHandling;

namespace MfaEvents.Server.Setup;

public static class Messaging
{
    public const string Schema = "wolverine";

    /// <summary>Wolverine: endpoints and handlers, one transaction each, with durable local queues and schedules.</summary>
    public static void AddMessaging(this WebApplicationBuilder builder)
    {
        builder.Host.UseWolverine(wolverine =>
        {
            // Without it a host that tests started answers 404 to every route.
            wolverine.ApplicationAssembly = typeof(Program).Assembly;
            wolverine.CodeGeneration.Sources.Insert(0, new ClockVariableSource());
            wolverine.Policies.AutoApplyTransactions();
            wolverine.Policies.UseDurableLocalQueues();
            wolverine.Policies.AddMiddleware(typeof(MessageOrigin));
            wolverine.OnException<ConcurrencyException>().RetryWithCooldown(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(250));
            wolverine.Durability.MessageStorageSchemaName = Schema;

            // The audit trail runs on one node at a time: it starts with the first one, and another takes over from a node
            // that died.
            wolverine.Durability.FirstHealthCheckExecution = TimeSpan.FromMilliseconds(100);
            wolverine.Durability.HealthCheckPollingTime = TimeSpan.FromSeconds(1);
            wolverine.Durability.CheckAssignmentPeriod = TimeSpan.FromSeconds(1);
            wolverine.Durability.StaleNodeTimeout = TimeSpan.FromSeconds(6);
            wolverine.Durability.ScheduledJobFirstExecution = TimeSpan.FromMilliseconds(500);

            wolverine.Durability.DeadLetterQueueExpirationEnabled = true;
            wolverine.Schedules.ScheduleRecurring("forget-answers", "17 * * * *", due => new ForgetAnswers(due));
            wolverine.Schedules.ScheduleRecurring("forget-sign-ins", "47 * * * *", due => new ForgetSignIns(due));
        });
    }
}
