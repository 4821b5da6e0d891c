using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;
using Wolverine.Persistence.Durability;
using Wolverine.Persistence.Durability.DeadLetterManagement;

namespace MfaEvents.Server.Operations;

/// <summary>A message that was given up, without its body.</summary>
/// <param name="Id">The message.</param>
/// <param name="MessageType">What it was to do.</param>
/// <param name="SentAt">When it was sent.</param>
/// <param name="FailedAt">When it was given up.</param>
/// <param name="ExceptionType">Why: the type of the last exception.</param>
/// <param name="ExceptionMessage">Its message, without whatever it quotes.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Replaying">Whether it is about to be tried again.</param>
public sealed record DeadLetterView(
    Guid Id,
    string MessageType,
    DateTimeOffset SentAt,
    DateTimeOffset? FailedAt,
    string ExceptionType,
    string ExceptionMessage,
    int Attempts,
    bool Replaying);

public sealed record DeadLettersView(IReadOnlyList<DeadLetterView> Items, string? NextCursor);

/// <summary>Lists the messages that were given up.</summary>
public static class ReadDeadLettersEndpoint
{
    private const int DefaultLimit = 50;
    private const int MostLimit = 500;

    [WolverineGet("/dead-letters"), NotTenanted, Allow(Role.Operator, AllAccounts = true)]
    [Answers(200, typeof(DeadLettersView))]
    [Queries("cursor", "nextCursor of the page before."), Queries("limit", "How many items, at most 500.")]
    public static async Task<Answer> Get(HttpRequest request, IMessageStore messages, CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var limit = (int)(query.Whole("limit", 1, MostLimit) ?? DefaultLimit);
        var page = Page(query, limit);
        if (query.Refusal is { } refusal) return refusal;

        var found = await messages.DeadLetters.QueryAsync(
            new DeadLetterEnvelopeQuery { PageNumber = page, PageSize = limit }, cancellation);
        return Answer.Ok(new DeadLettersView(
            [.. found.Envelopes.Select(View)],
            (long)page * limit < found.TotalCount ? CursorTo(page + 1, limit) : null));
    }

    private static DeadLetterView View(DeadLetterEnvelope letter) => new(
        letter.Id,
        letter.MessageType,
        letter.SentAt,
        letter.FailedAt,
        letter.ExceptionType,
        Cleaned.Message(letter.ExceptionMessage),
        letter.Envelope.Attempts,
        letter.Replayable);

    // A page and its size: a message that goes meanwhile moves those behind it forward by one.
    private static string CursorTo(int page, int limit) => Cursor.Write("page", $"{page}", $"{limit}");

    private static int Page(QueryReader query, int limit)
    {
        if (query.Text("cursor") is not { } text) return 1;
        if (Cursor.Read(text) is ["page", var page, var size]
            && int.TryParse(page, out var number)
            && number > 1
            && size == $"{limit}")
            return number;
        query.Refuse("cursor", "cursor must be the nextCursor of an earlier page with the same limit.");
        return 1;
    }
}
