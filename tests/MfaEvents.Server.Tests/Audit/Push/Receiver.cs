using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MfaEvents.Server.Tests.Audit.Push;

/// <summary>A post as it came in, and what was answered.</summary>
public sealed record Post(DateTimeOffset At, IHeaderDictionary Headers, byte[] Body)
{
    public int Status { get; set; }

    public IReadOnlyList<JsonElement> Events { get; } = [.. JsonElement.Parse(Body).EnumerateArray()];

    public IEnumerable<string> Ids => Events.Select(e => e.GetProperty("id").GetString()!);
}

/// <summary>Somebody who receives what is pushed, and answers as a test wants it.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private WebApplication server = null!;

    public string Url { get; private set; } = null!;

    public ConcurrentQueue<Post> Posts { get; } = new();

    /// <summary>What it answers: 200 unless a test wants something else.</summary>
    public Func<Post, HttpResponse, Task<int>> Answer { get; set; } = Take;

    /// <summary>The ids that were taken, in the order in which they came.</summary>
    public IReadOnlyList<string> Taken => [.. Posts.Where(post => post.Status is >= 200 and < 300).SelectMany(post => post.Ids)];

    public static Task<int> Take(Post post, HttpResponse response) => Task.FromResult(204);

    public static Func<Post, HttpResponse, Task<int>> Always(int status) => (_, _) => Task.FromResult(status);

    public static async Task<Receiver> StartAsync()
    {
        var receiver = new Receiver();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        receiver.server = builder.Build();
        receiver.server.MapPost("/{**path}", receiver.ReceiveAsync);
        await receiver.server.StartAsync();
        receiver.Url = receiver.server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/audit";
        return receiver;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var post = new Post(DateTimeOffset.UtcNow, new HeaderDictionary(http.Request.Headers.ToDictionary()), body.ToArray());
        post.Status = await Answer(post, http.Response);
        http.Response.StatusCode = post.Status;
        Posts.Enqueue(post);
    }
}
