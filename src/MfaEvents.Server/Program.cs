using JasperFx;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit.Verification;
using MfaEvents.Server.EmbeddedPostgres;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Notifications.Phone;
using MfaEvents.Server.Operations;
using MfaEvents.Server.Setup;

if (args is ["token", .. var request]) return TokenCommand.Run(request);
if (args is ["phone", .. var answer]) return await PhoneCommand.RunAsync(answer);
if (args is ["healthcheck"]) return await HealthcheckCommand.RunAsync();
if (args is ["verify", .. var proof]) return await VerifyCommand.RunAsync(proof);
if (args is ["rebuild", .. var view]) return await RebuildCommand.RunAsync(view);

try
{
    var options = new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory };
    var builder = WebApplication.CreateBuilder(options);
    var settings = MfaEventsSettings.Read(builder.Configuration);
    await using var database = await Database.OpenAsync(builder.Configuration, settings);

    var isCommand = args.Any(argument => !argument.StartsWith('-'));
    if (isCommand) builder.Host.ApplyJasperFxExtensions();
    builder.AddLogs();
    builder.AddEventStore(database.ConnectionString);
    builder.AddTelemetry();
    builder.AddMessaging();
    builder.AddGeneratedCode();
    builder.AddSealing(settings, database.ConnectionString);
    builder.AddBearerTokens(settings);
    builder.AddSignIn();
    builder.AddAudit();
    builder.AddAuditPush(settings, database);
    builder.AddSupportDesk();
    builder.AddMail(settings);
    builder.AddPhone(settings);
    builder.AddRecovery();
    builder.AddHttp(settings);
    builder.AddConsole(settings);

    await using var app = builder.Build();
    app.UseHttp();
    if (isCommand) return await app.RunJasperFxCommands(args);

    app.AnnounceWhenStarted(settings, database);
    app.SayWhereMailGoes(settings);
    await app.StartOrExplainAsync();
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception exception) when (exception is SettingsException or EmbeddedPostgresException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

public partial class Program;
