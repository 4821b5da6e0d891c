using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marten;
using MfaEvents.Server.Access;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Http;

/// <summary>
/// Idempotency-Key: the same key and body gives the first answer again. The answer is written in the command's own transaction,
/// and a parallel duplicate waits for that transaction on an advisory lock, on whatever node it arrived.
/// </summary>
public sealed class RememberedAnswers(
    Seals seals, IEnumerable<IShowAgain> rooms, MfaEventsSettings settings, TimeProvider clock)
{
    internal const string MacKeyPurpose = "idempotency-body";

    /// <summary>Takes the key's lock and looks for an earlier answer; null when this request is the first with its key.</summary>
    public async Task<Answer?> FindAsync(HttpContext http, IDocumentSession session)
    {
        if (IdOf(http) is not { } id) return null;

        var cancellation = http.RequestAborted;
        await session.HoldAsync(id, cancellation);
        var remembered = await session.LoadAsync<RememberedAnswer>(id, cancellation);
        if (remembered is null || remembered.ExpiresAt <= clock.GetUtcNow()) return null;

        var target = Target.Of(http.Request.RouteValues);
        var mac = HMACSHA256.HashData(seals.Open(MacKeyPurpose, remembered.SealedMacKey), Body(http.Request));
        if (!CryptographicOperations.FixedTimeEquals(mac, Convert.FromBase64String(remembered.BodyMac)))
            return await target.IsMissingAsync(session, cancellation) ? Problems.NotFound : Problems.IdempotencyKeyReused;

        // Authorised anew: a principal that has gone since has no answers.
        return await target.WithoutDevice().IsMissingAsync(session, cancellation)
            ? Problems.NotFound
            : await AgainAsync(remembered, target, session, cancellation);
    }

    /// <summary>
    /// Keeps a decision with the command that made it. Waits and faults are not kept: they are there to be tried again.
    /// </summary>
    public void Remember(Answer answer, HttpContext http, IDocumentSession session)
    {
        if (answer.Status is 404 or 429 or >= 500 || IdOf(http) is not { } id || http.Features.Get<Kept>() is not null) return;
        http.Features.Set(new Kept());

        var macKey = RandomNumberGenerator.GetBytes(32);
        var body = answer.Refusal ?? answer.Memorable ?? answer.Body?.Invoke();
        session.Store(new RememberedAnswer
        {
            Id = id,
            SealedMacKey = seals.Seal(MacKeyPurpose, macKey),
            BodyMac = Convert.ToBase64String(HMACSHA256.HashData(macKey, Body(http.Request))),
            Status = answer.Status,
            Location = answer.Location,
            Body = body is null ? null : JsonSerializer.Serialize(body, body.GetType(), Json.Options),
            Secret = answer.Secret,
            ExpiresAt = clock.GetUtcNow() + settings.IdempotencyLifetime,
        });
    }

    private async Task<Answer> AgainAsync(
        RememberedAnswer remembered, Target target, IDocumentSession session, CancellationToken cancellation)
    {
        object? body = remembered.Body is null ? null : JsonSerializer.Deserialize<JsonElement>(remembered.Body);
        if (remembered.Secret is { } secret && body is JsonElement first)
            body = await rooms.Single(room => room.Kind == secret.Kind)
                .AgainAsync(secret.Id, first, target, session, cancellation) ?? body;
        return Answer.Again(remembered.Status, remembered.Location, body, remembered.Secret);
    }

    private static string? IdOf(HttpContext http)
    {
        if (IdempotencyKey.Of(http.Request) is not { } key || http.Features.Get<Caller>() is not { } caller) return null;

        // The route and its values, not the path as it was spelled: its case and a slash at its end say nothing.
        var route = ((RouteEndpoint)http.GetEndpoint()!).RoutePattern;
        var path = route.Parameters.Select(parameter => http.Request.RouteValues[parameter.Name] as string ?? "");
        var scope = JsonSerializer.Serialize<string[]>(
            [caller.Issuer, caller.Subject, string.Join(',', caller.Accounts.Order()), route.RawText!, .. path, key]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(scope)));
    }

    /// <summary>Marks a request whose answer is kept already: an endpoint with two commits keeps it in the first.</summary>
    private sealed record Kept;

    // The gate has read it; a POST without a body has none to read.
    private static byte[] Body(HttpRequest request) => request.Body is MemoryStream buffer ? buffer.ToArray() : [];
}

/// <summary>Runs <see cref="RememberedAnswers"/> around every POST: before its state is loaded, and before its commit.</summary>
public static class Idempotency
{
    public static async Task<IResult> BeforeAsync(HttpContext http, IDocumentSession session, RememberedAnswers answers)
    {
        return (IResult?)await answers.FindAsync(http, session) ?? WolverineContinue.Result();
    }

    public static void After(Answer answer, HttpContext http, IDocumentSession session, RememberedAnswers answers)
    {
        answers.Remember(answer, http, session);
    }
}

/// <summary>The answer is never remembered for an Idempotency-Key: it holds a token, and asking again does no harm.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeverRememberedAttribute : Attribute;
