using JasperFx;
using MfaEvents.Server.Access;
using MfaEvents.Server.Setup;

if (args is ["token", .. var request]) return TokenCommand.Run(request);

var builder = WebApplication.CreateBuilder(args);
builder.AddMfaEvents();

var app = builder.Build();
app.UseMfaEvents();
if (args.Length > 0) return await app.RunJasperFxCommands(args);
await app.RunAsync();
return 0;

public partial class Program;
