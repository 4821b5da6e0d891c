using JasperFx;
using JasperFx.Events.Daemon;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;
using MfaEvents.Server.Recovery;
using MfaEvents.Server.SignIn;
using Wolverine;
using Wolverine.ErrorHandling;

namespace MfaEvents.Server.Setup;

public static class Messaging
{
    public const string Schema = "wolverine";

    private static readonly TimeSpan[] Soon =
        [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1)];

    private static readonly TimeSpan[] Later =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30),
    ];

    /// <summary>Wolverine: endpoints and handlers, one transaction each, with durable local queues and schedules.</summary>
    public static void AddMessaging(this WebApplicationBuilder builder)
    {
        // What Npgsql and PostgreSQL say of a restart is not all in Npgsql's own list: a projection that met it starts again by
        // itself.
        TransientFailures.AddClassifier(exception => DatabaseFaults.IsTransient(exception) ? true : null);
        builder.Host.UseWolverine(wolverine =>
        {
            // Without it a host that tests started answers 404 to every route.
            wolverine.ApplicationAssembly = typeof(Program).Assembly;
            wolverine.CodeGeneration.Sources.Insert(0, new ClockVariableSource());
            wolverine.Policies.AutoApplyTransactions();
            wolverine.Policies.UseDurableLocalQueues();
            wolverine.Policies.AddMiddleware(typeof(MessageOrigin));
            wolverine.OnException<ConcurrencyException>().RetryWithCooldown(Soon[..2]);
            wolverine.Durability.MessageStorageSchemaName = Schema;

            wolverine.RetryCalls();
            wolverine.RetryPush();

            // A database that restarts or fails over is back within minutes; a message outlasts that, and is never lost.
            wolverine.OnException(DatabaseFaults.IsTransient)
                .RetryWithCooldown(Soon)
                .Then.ScheduleRetry(Later)
                .Then.MoveToErrorQueue();

            wolverine.RouteMail();

            // The audit trail runs on one node at a time: it starts with the first one, and another takes over from a node
            // that died.
            wolverine.Durability.FirstHealthCheckExecution = TimeSpan.FromMilliseconds(100);
            wolverine.Durability.HealthCheckPollingTime = TimeSpan.FromSeconds(1);
            wolverine.Durability.CheckAssignmentPeriod = TimeSpan.FromSeconds(1);
            wolverine.Durability.StaleNodeTimeout = TimeSpan.FromSeconds(6);
            wolverine.Durability.TransientFailureRestartMaxBackoff = TimeSpan.FromSeconds(15);
            wolverine.Durability.ScheduledJobFirstExecution = TimeSpan.FromMilliseconds(500);

            wolverine.Durability.DeadLetterQueueExpirationEnabled = true;
            wolverine.Schedules.ScheduleRecurring("forget-answers", "17 * * * *", due => new ForgetAnswers(due));
            wolverine.Schedules.ScheduleRecurring("forget-recoveries", "57 * * * *", due => new ForgetRecoveries(due));
            wolverine.Schedules.ScheduleRecurring("forget-links", "27 * * * *", due => new ForgetLinks(due));
            wolverine.Schedules.ScheduleRecurring("forget-sign-ins", "47 * * * *", due => new ForgetSignIns(due));
        });
    }
}
