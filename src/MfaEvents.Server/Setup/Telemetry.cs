using Marten;
using MfaEvents.Server.Operations;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MfaEvents.Server.Setup;

/// <summary>What an operator sees: figures, traces, and the watch over the projections.</summary>
public static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Wolverine counts by tenant too, and a tenant is an account.</summary>
    private static readonly MetricStreamConfiguration OfMessages =
        new() { TagKeys = ["message.type", "message.destination", "exception.type"] };

    /// <exception cref="SettingsException">OTEL_EXPORTER_OTLP_ENDPOINT is no address.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MfaMetrics>();
        builder.Services.AddSingleton<Projections>();
        builder.Services.AddHostedService<ProjectionWatch>();
        builder.Services.ConfigureMarten((services, store) =>
        {
            store.Schema.For<ProjectionStop>().SingleTenanted();
            store.Listeners.Add(new CommittedEvents(services.GetRequiredService<MfaMetrics>()));
        });

        if (builder.Configuration[Endpoint] is not { Length: > 0 } endpoint) return;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new SettingsException($"The configuration is wrong: {Endpoint} is no http or https address.");

        // Figures and traces, and no log lines: those are cleaned where they are written, and collected from there.
        // An event on a span holds the message of an exception, and that may quote anything.
        builder.Configuration["OTEL_SPAN_EVENT_COUNT_LIMIT"] = "0";
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("mfaevents"))
            .WithTracing(tracing => tracing
                .AddAspNetCoreInstrumentation()
                .AddNpgsql()
                .AddSource("Marten", "Wolverine")
                .AddProcessor(new SpanPrivacy())
                .AddOtlpExporter())
            .WithMetrics(metrics => metrics
                .AddMeter(MfaMetrics.MeterName, "Marten", "Wolverine*", "Npgsql")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation()
                .AddView(instrument =>
                    instrument.Meter.Name.StartsWith("Wolverine", StringComparison.Ordinal) ? OfMessages : null)
                .AddOtlpExporter());
    }
}
