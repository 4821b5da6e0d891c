using System.Collections.Concurrent;

namespace MfaEvents.Server.Access;

/// <summary>
/// Lets what belongs to one name through one by one on this node. The commands of one principal would wait for the same row lock,
/// and a crowd at it would hold the connections of everybody else; the passwords of one client would take the processors.
/// </summary>
public sealed class Turnstile
{
    /// <summary>How many may wait; whoever comes then is told to come again.</summary>
    private const int LongestQueue = 64;

    /// <summary>How long one waits at most: it holds nothing meanwhile, and a request has 30 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, Queue> queues = new(StringComparer.Ordinal);

    /// <summary>Waits for the turn of one of a principal's commands, as below.</summary>
    public Task<IDisposable> EnterAsync(string accountId, string principal, CancellationToken cancellation) =>
        EnterAsync($"{accountId}/{principal}", cancellation);

    /// <summary>Waits for one's turn, which lasts until it is disposed of.</summary>
    /// <exception cref="CrowdedException">It does not come.</exception>
    public async Task<IDisposable> EnterAsync(string name, CancellationToken cancellation)
    {
        var queue = Join(name);
        var entered = false;
        try
        {
            entered = queue.Length <= LongestQueue && await queue.Gate.WaitAsync(Patience, cancellation);
            return entered ? new Turn(this, name, queue) : throw new CrowdedException();
        }
        finally
        {
            if (!entered) Leave(name, queue);
        }
    }

    private Queue Join(string name)
    {
        while (true)
        {
            var queue = queues.GetOrAdd(name, static _ => new Queue());
            lock (queue)
            {
                if (queue.IsClosed) continue;
                queue.Length++;
                return queue;
            }
        }
    }

    private void Leave(string name, Queue queue)
    {
        lock (queue)
        {
            if (--queue.Length > 0) return;
            queue.IsClosed = true;
            queues.TryRemove(new(name, queue));
            queue.Gate.Dispose();
        }
    }

    private sealed class Queue
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public int Length { get; set; }

        public bool IsClosed { get; set; }
    }

    private sealed class Turn(Turnstile turnstile, string name, Queue queue) : IDisposable
    {
        public void Dispose()
        {
            queue.Gate.Release();
            turnstile.Leave(name, queue);
        }
    }
}

/// <summary>Too many of one principal's commands, or of one client's passwords, at once.</summary>
public sealed class CrowdedException() : Exception("Too much of one name at once.");

/// <summary>
/// Sends every command whose address names a principal through the <see cref="Turnstile"/>. A page is no command: those that it sends
/// from inside come through here themselves.
/// </summary>
public sealed class OneByOne(RequestDelegate next, Turnstile turnstile)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var target = Target.Of(context.Request.RouteValues);
        if (HttpMethods.IsGet(context.Request.Method)
            || context.GetEndpoint()?.Metadata.GetMetadata<AllowAttribute>() is null
            || target is not { AccountId: { } accountId, Principal: { } principal })
        {
            await next(context);
            return;
        }

        using var turn = await turnstile.EnterAsync(accountId, principal, context.RequestAborted);
        await next(context);
    }
}
