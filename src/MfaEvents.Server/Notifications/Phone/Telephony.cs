using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications.Phone;

/// <summary>A call as it is asked for.</summary>
/// <param name="CallId">The call; a repetition has the same.</param>
/// <param name="Number">Whom to call, E.164.</param>
/// <param name="Say">What to say.</param>
/// <param name="Digits">How many digits to gather.</param>
public sealed record CallOrder(Guid CallId, string Number, string Say, int Digits)
{
    public override string ToString() => $"call {CallId}";
}

/// <summary>The way to the telephone network.</summary>
public interface ITelephony
{
    /// <summary>Has a call made; what is keyed comes back to <see cref="CallBack.PathOf"/>.</summary>
    /// <exception cref="CallFailedException">It was not accepted.</exception>
    Task PlaceAsync(CallOrder order, CancellationToken cancellation);
}

/// <summary>The gateway did not accept a call.</summary>
public sealed class CallFailedException(string message, bool passes, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the same call may be accepted later.</summary>
    public bool Passes { get; } = passes;
}

/// <summary>Where the answer to a call goes.</summary>
public static class CallBack
{
    public static string PathOf(Guid callId) => $"{Routes.Calls}/{callId}/digits";
}

/// <summary>A gateway that speaks HTTP: <c>POST {gateway}/calls</c>.</summary>
public sealed class GatewayTelephony(IHttpClientFactory clients, MfaEventsSettings settings) : ITelephony
{
    private readonly TelephonySettings telephony = settings.Telephony;

    public async Task PlaceAsync(CallOrder order, CancellationToken cancellation)
    {
        var callback = settings.PublicUrl.AbsoluteUri.TrimEnd('/') + CallBack.PathOf(order.CallId);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{telephony.Gateway!.AbsoluteUri.TrimEnd('/')}/calls");
        request.Content = new StringContent(
            JsonSerializer.Serialize(new { order.CallId, order.Number, order.Say, order.Digits, callback }, Json.Options),
            Encoding.UTF8,
            "application/json");
        if (telephony.Token is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

        HttpStatusCode status;
        try
        {
            using var http = clients.CreateClient(nameof(GatewayTelephony));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            status = response.StatusCode;
        }
        catch (Exception exception) when (
            exception is HttpRequestException || (exception is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new CallFailedException("The telephony gateway does not answer.", passes: true, exception);
        }

        // A gateway that knows the call already says 409 to a repetition: it rings.
        if ((int)status is >= 200 and < 300 or 409) return;
        throw new CallFailedException(
            $"The telephony gateway refused a call ({(int)status}).",
            passes: (int)status is >= 500 or 408 or 425 or 429);
    }
}

/// <summary>The telephone network of Development: a call is a file in <c>{DataDirectory}/outbox</c>.</summary>
public sealed class OutboxTelephony(
    MfaEventsSettings settings, IConfiguration configuration, IServiceProvider services, TimeProvider clock) : ITelephony
{
    private const string PublicUrl = $"{MfaEventsSettings.Section}:{nameof(MfaEventsSettings.PublicUrl)}";

    public static string FileOf(string dataDirectory, Guid callId) => Path.Combine(Outbox.In(dataDirectory), NameOf(callId));

    public Task PlaceAsync(CallOrder order, CancellationToken cancellation)
    {
        var placed = new PlacedCall(
            order.CallId, order.Number, order.Say, order.Digits, Address() + CallBack.PathOf(order.CallId), clock.GetUtcNow());
        return Outbox.WriteAsync(
            settings.DataDirectory,
            NameOf(order.CallId),
            JsonSerializer.SerializeToUtf8Bytes(placed, Json.Options),
            cancellation);
    }

    private static string NameOf(Guid callId) => $"{callId}.json";

    // Whoever named no public address is called back where this process listens.
    private string Address()
    {
        var own = configuration[PublicUrl] is null
            ? services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            : null;
        return (own ?? settings.PublicUrl.AbsoluteUri).TrimEnd('/')
            .Replace("//0.0.0.0:", "//127.0.0.1:", StringComparison.Ordinal)
            .Replace("//[::]:", "//127.0.0.1:", StringComparison.Ordinal)
            .Replace("//+:", "//127.0.0.1:", StringComparison.Ordinal)
            .Replace("//*:", "//127.0.0.1:", StringComparison.Ordinal);
    }
}

/// <summary>A call in the outbox.</summary>
public sealed record PlacedCall(
    Guid CallId, string Number, string Say, int Digits, string Callback, DateTimeOffset PlacedAt);

/// <summary>Outside of Development, without a gateway: no call is made, and an operator sees that in the dead letters.</summary>
public sealed class NoTelephony : ITelephony
{
    public Task PlaceAsync(CallOrder order, CancellationToken cancellation) =>
        throw new CallFailedException("No telephony gateway is configured (MfaEvents:Telephony:Gateway).", passes: false);
}
