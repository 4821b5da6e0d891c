using System.Net;
using System.Net.Http.Headers;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Push;

public enum PushOutcome
{
    /// <summary>The receiver has it (2xx).</summary>
    Delivered,

    /// <summary>It may arrive another time: nobody answered, or the answer is about the receiver and not about these events.</summary>
    Failed,

    /// <summary>The receiver will not take these events (4xx).</summary>
    Refused,
}

/// <summary>What became of a post.</summary>
/// <param name="Outcome">Whether it arrived.</param>
/// <param name="Cause">The status in digits, or <c>timeout</c> or <c>network</c>; nothing that the receiver said.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone, if it says so.</param>
public sealed record PushAnswer(PushOutcome Outcome, string Cause, TimeSpan? RetryAfter = null);

/// <summary>The receiver of pushed events: an outside seam that speaks HTTP.</summary>
public sealed class Webhook(IHttpClientFactory clients, MfaEventsSettings settings, TimeProvider clock)
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    // About the address, the secret or the form, and so about every event alike: an operator mends it, and nothing is given up meanwhile.
    private static readonly HashSet<HttpStatusCode> AboutTheReceiver =
    [
        HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed,
        HttpStatusCode.NotAcceptable, HttpStatusCode.ProxyAuthenticationRequired, HttpStatusCode.RequestTimeout, HttpStatusCode.Gone,
        HttpStatusCode.UnsupportedMediaType, (HttpStatusCode)425, HttpStatusCode.TooManyRequests,
    ];

    private readonly PushSettings push = settings.Audit.Push;

    /// <summary>Whether anybody is configured to receive.</summary>
    public bool Exists => push.Url is not null;

    /// <summary>Posts a batch once.</summary>
    public async Task<PushAnswer> PostAsync(PushBatch batch, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, push.Url);
        request.Content = new ReadOnlyMemoryContent(batch.Body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(PushBatch.ContentType, "utf-8");
        WebhookSignature.Sign(request, push.Key()!, batch.Id, batch.Body.Span, clock.GetUtcNow());
        try
        {
            using var http = clients.CreateClient(nameof(Webhook));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return new PushAnswer(OutcomeOf(response.StatusCode), $"{(int)response.StatusCode}", RetryAfterOf(response));
        }
        catch (HttpRequestException)
        {
            return new PushAnswer(PushOutcome.Failed, "network");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new PushAnswer(PushOutcome.Failed, "timeout");
        }
    }

    private static PushOutcome OutcomeOf(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => PushOutcome.Delivered,
        >= 400 and < 500 when !AboutTheReceiver.Contains(status) => PushOutcome.Refused,
        _ => PushOutcome.Failed,
    };

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        var wish = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - clock.GetUtcNow() : null;
        return wish > LongestRetryAfter ? LongestRetryAfter : wish;
    }
}
