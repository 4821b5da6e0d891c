using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MfaEvents.Core.Audit;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Server.Tests.Audit.Export;

/// <summary>An export as somebody received it.</summary>
public sealed record Exported(HttpResponseMessage Response, string Text)
{
    /// <summary>Its lines, the last one the checkpoint where the format has one.</summary>
    public IReadOnlyList<string> Lines { get; } = Text.Length == 0 ? [] : Text.TrimEnd('\n').Split('\n');

    public IReadOnlyList<JsonElement> Json => [.. Lines.Select(line => JsonElement.Parse(line))];

    public long Size => long.Parse(Response.Headers.GetValues("Audit-Size").Single(), CultureInfo.InvariantCulture);

    /// <summary>The note in the header.</summary>
    public string Note => Encoding.UTF8.GetString(Convert.FromBase64String(Response.Headers.GetValues("Audit-Checkpoint").Single()));

    /// <summary>What the note says.</summary>
    public Checkpoint Checkpoint => Core.Audit.Checkpoint.Parse(SignedNote.Parse(Note)?.Text ?? Note).ShouldNotBeNull(Note);
}

public static class Exporting
{
    public static async Task<Exported> Exported(this OpenAccount account, string query)
    {
        using var request = account.Request(query);
        using var response = await account.Host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(200, text);
        return new Exported(response, text);
    }

    public static Task<Reply> Export(this Person person, OpenAccount account, string query) => person.Get(PathOf(account, query));

    /// <summary>The bytes that came before the reader broke off behind so many, or all.</summary>
    public static async Task<byte[]> BrokenOff(this OpenAccount account, string query, int behind)
    {
        using var request = account.Request(query);
        using var response = await account.Host.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var bytes = new byte[behind];
        var read = await body.ReadAtLeastAsync(bytes, behind, throwOnEndOfStream: false, TestContext.Current.CancellationToken);
        return bytes[..read];
    }

    /// <summary>So many sessions ended, by SQL's measure in one moment, and the trail has them.</summary>
    public static async Task<long> Grown(this OpenAccount account, int events)
    {
        await using (var session = account.Host.Store.LightweightSession(account.Id))
        {
            for (var i = 0; i < events; i++) session.Events.Append("root", new SessionEnded(Guid.NewGuid()));
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        return await account.Logged();
    }

    /// <summary>Waits until all of an account's events are in its log; gives back how many they are.</summary>
    public static async Task<long> Logged(this OpenAccount account)
    {
        var events = (await account.Host.RowsAsync("select count(*) from mfa.mt_events where tenant_id = $1 and type <> 'tombstone'", account.Id))[0];
        await Scenarios.Eventually(
            async () => (await account.Host.RowsAsync("select size from mfa.log_size where account_id = $1", account.Id)).SingleOrDefault() == events,
            $"the log has {events} leaves");
        return long.Parse(events, CultureInfo.InvariantCulture);
    }

    private static string PathOf(OpenAccount account, string query) => $"{account.Path}/audit/export?{query}";

    private static HttpRequestMessage Request(this OpenAccount account, string query)
    {
        var token = account.Host.Token(new() { Roles = ["auditor"], Subject = "auditor", Accounts = [], AuthenticationMethods = [] });
        return new HttpRequestMessage(HttpMethod.Get, PathOf(account, query))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
    }
}
