using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MfaEvents.Server.Operations;

namespace MfaEvents.Server.Tests.Operations;

[CollectionDefinition(nameof(OperatedHost))]
public sealed class AnOperatedHost : ICollectionFixture<OperatedHost>;

/// <summary>
/// A host with an operator: a collector takes its traces and figures, and every log line is kept that the configured levels let through.
/// </summary>
public sealed class OperatedHost(TestRun run) : IAsyncLifetime
{
    private readonly Lines lines = new();
    private WebApplication collector = null!;

    public MfaHost Host { get; private set; } = null!;

    public Person Operator => Host.A("operator");

    /// <summary>What was exported, by the collector's path, as text: names and values of protobuf's strings are readable in it.</summary>
    public ConcurrentQueue<(string Path, string Text)> Exports { get; } = new();

    public IReadOnlyCollection<string> LogLines => lines.All;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        collector = builder.Build();
        collector.MapPost("/v1/{signal}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            Exports.Enqueue((request.Path, Encoding.Latin1.GetString(body.ToArray())));
        });
        await collector.StartAsync();
        var address = collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        Host = await run.StartHostAsync(
            "mfa_operated",
            new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
                ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            },
            services => services.AddLogging(logging => logging.AddProvider(lines)));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await collector.DisposeAsync();
        lines.Dispose();
    }

    /// <summary>Keeps what Production would write.</summary>
    private sealed class Lines : ILoggerProvider
    {
        private readonly ConcurrentQueue<string> all = new();

        public IReadOnlyCollection<string> All => all;

        public ILogger CreateLogger(string categoryName) => new Listener(categoryName, all);

        public void Dispose()
        {
        }

        private sealed class Listener(string category, ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue(Written(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter)));

            private static string Written<TState>(in LogEntry<TState> entry)
            {
                using var writer = new StringWriter();
                new JsonLines().Write(entry, null, writer);
                return writer.ToString();
            }
        }
    }
}
