using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MfaEvents.Server.Operations;

namespace MfaEvents.Server.Tests.Operations;

public sealed class LogsTests
{
    [Fact]
    public void A_line_is_one_JSON_object_with_UTC_time_and_trace()
    {
        using var activity = new Activity("test").Start();
        var line = Write("Two\nlines", new InvalidOperationException("And a\nreason"));
        line.TrimEnd('\n').ShouldNotContain("\n");
        var json = JsonElement.Parse(line);
        json.GetProperty("time").GetString()!.ShouldEndWith("Z");
        json.GetProperty("level").GetString().ShouldBe("warning");
        json.GetProperty("category").GetString().ShouldBe("Category");
        json.GetProperty("traceId").GetString().ShouldBe(activity.TraceId.ToHexString());
        json.GetProperty("spanId").GetString().ShouldBe(activity.SpanId.ToHexString());
        json.GetProperty("message").GetString().ShouldBe("Two\nlines");
        json.GetProperty("exception").GetString()!.ShouldContain("And a\nreason");
    }

    [Theory]
    [InlineData("of owner@example.com, gone", "of ***, gone")]
    [InlineData("for tenant 123456789012", "for tenant ***")]
    [InlineData("arn:aws:iam::123456789012:user/alice", "arn:aws:iam::***:***")]
    [InlineData("stream user:alice.b@c was", "stream *** was")]
    [InlineData("from 203.0.113.7:443", "from ***:443")]
    [InlineData("from 2001:db8:0:0:1::7 it", "from *** it")]
    [InlineData("call +14155550100.", "call ***.")]
    [InlineData("Bearer eyJhbGciOi.eyJzdWIi.c2ln", "Bearer ***")]
    [InlineData("seed JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "seed ***")]
    [InlineData("\"code\": \"123456\"", "\"code\": \"***\"")]
    public void What_may_name_somebody_is_taken_out(string written, string shown)
    {
        Cleaned.Text(written).ShouldBe(shown);
        JsonElement.Parse(Write(written, null)).GetProperty("message").GetString().ShouldBe(shown);
    }

    [Theory]
    [InlineData("The projection audit has stopped at event 123456 (code_accepted): JsonException")]
    [InlineData("   at MfaEvents.Server.Access.Gate.InvokeAsync(HttpContext context) in /src/Access/Gate.cs:line 33")]
    [InlineData("Envelope #08df4a57-f6e7-9527-4aa1-20076cfe0000 took 00:00:03.0809230 on 10.0.3-rc of Npgsql, Version=10.0.3")]
    [InlineData("event-subscriptions://marten/main/localhost.mfa/audit/all at 2026-11-24T18:00:00.123456Z")]
    public void And_nothing_else(string written) => Cleaned.Text(written).ShouldBe(written);

    private static string Write(string message, Exception? exception)
    {
        using var writer = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Warning, "Category", default, message, exception, (state, _) => state);
        new JsonLines().Write(entry, null, writer);
        return writer.ToString();
    }
}
