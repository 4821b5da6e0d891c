using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MfaEvents.SystemTests;

/// <summary>
/// The node that pushes is killed (SIGKILL), again and again, while events come and the receiver is slow: another goes on, and the receiver
/// has every event, in the order of their sequence.
/// </summary>
public sealed class PushDeathTests : IAsyncLifetime
{
    private readonly Service service = new();
    private readonly ConcurrentQueue<string> taken = new();
    private WebApplication receiver = null!;
    private Settings settings = null!;

    public async ValueTask InitializeAsync()
    {
        await service.InitializeAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        receiver = builder.Build();
        receiver.MapPost("/", ReceiveAsync);
        await receiver.StartAsync();
        settings = service.Settings
            .With("MfaEvents__Audit__Push__Url", receiver.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First())
            .With("MfaEvents__Audit__Push__Secret", "a secret of thirty-two bytes, and more")
            .With("MfaEvents__Audit__Push__BatchSize", "5");
    }

    public async ValueTask DisposeAsync()
    {
        await receiver.DisposeAsync();
        await service.DisposeAsync();
    }

    [Fact]
    public async Task Whatever_dies_every_event_arrives_and_in_order()
    {
        var pushing = await service.StartNodeAsync(settings);
        var other = await service.StartNodeAsync(settings);
        try
        {
            for (var deaths = 0; deaths < 3; deaths++)
            {
                var account = await other.RegisterAsync();
                var before = taken.Count;
                var writing = Task.WhenAll(Enumerable.Range(0, 40).Select(i => account.CreateUserAsync($"user{i}")));
                await Eventually.Holds("some have arrived", TimeSpan.FromMinutes(1), () => Task.FromResult(taken.Count > before + 10));

                // Once when a batch was taken and its sender not told, then when one is under way.
                await Task.Delay(deaths == 0 ? 0 : 200, TestContext.Current.CancellationToken);
                await pushing.KillAsync();
                var killed = DateTime.UtcNow;
                await writing;
                var had = taken.Count;
                await Eventually.Holds("the other pushes", TimeSpan.FromMinutes(1), () => Task.FromResult(taken.Count > had));
                TestContext.Current.TestOutputHelper!.WriteLine($"the other pushes within {(DateTime.UtcNow - killed).TotalSeconds:F1} s after the kill");

                await pushing.DisposeAsync();
                (pushing, other) = (other, await service.StartNodeAsync(settings));
            }

            var all = await service.Database.RowsAsync("select id::text from mfa.mt_events where type <> 'tombstone' order by seq_id");
            await Eventually.Holds("all have arrived", TimeSpan.FromMinutes(2), () => Task.FromResult(taken.Contains(all[^1])));

            // What was under way at a death comes again: at least once, in order.
            taken.Distinct().ShouldBe(all);
            taken.Count.ShouldBeInRange(all.Count, all.Count + 3 * 5);
            TestContext.Current.TestOutputHelper!.WriteLine($"{all.Count} events, {taken.Count - all.Count} of them twice");
        }
        finally
        {
            await pushing.DisposeAsync();
            await other.DisposeAsync();
        }
    }

    // The times to die in: before anything was taken, which is then lost with the connection, and when it was taken and nobody told yet.
    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        await Task.Delay(200, http.RequestAborted);
        foreach (var e in body.RootElement.EnumerateArray()) taken.Enqueue(e.GetProperty("id").GetString()!);
        await Task.Delay(100, CancellationToken.None);
        http.Response.StatusCode = 204;
    }
}
