using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace MfaEvents.Server.Console.Inside;

/// <summary>An answer that stays in this process: it is kept whole, and begins when it has been written.</summary>
internal sealed class InsideResponse : IHttpResponseFeature, IHttpResponseBodyFeature, IDisposable
{
    private readonly Stack<(Func<object, Task> Callback, object State)> starting = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> completed = new();
    private readonly MemoryStream body = new();
    private PipeWriter? writer;

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public bool HasStarted { get; private set; }

    public Stream Body
    {
        get => body;
        set => throw new NotSupportedException("Whoever wraps a body sets the feature.");
    }

    public Stream Stream => body;

    public PipeWriter Writer => writer ??= PipeWriter.Create(body, new StreamPipeWriterOptions(leaveOpen: true));

    public void OnStarting(Func<object, Task> callback, object state) => starting.Push((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => completed.Push((callback, state));

    public void Dispose() => body.Dispose();

    public void DisableBuffering()
    {
    }

    // It begins at its end: until then a fault may still take its place.
    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public async Task CompleteAsync()
    {
        if (writer is not null) await writer.FlushAsync();
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The API sends no files.");

    /// <summary>Ends it, and hands its body over.</summary>
    public async Task<ReadOnlyMemory<byte>> EndAsync()
    {
        await CompleteAsync();
        while (starting.TryPop(out var one)) await one.Callback(one.State);
        HasStarted = true;
        while (completed.TryPop(out var one)) await one.Callback(one.State);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
