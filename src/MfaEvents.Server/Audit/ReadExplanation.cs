using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http.Timeouts;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Audit;

/// <summary>Why a device could or could not sign in.</summary>
/// <param name="Sentences">Plain sentences; the numbers in brackets are versions of events.</param>
/// <param name="Events">The events that they rest on.</param>
public sealed record ExplanationView(IReadOnlyList<string> Sentences, IReadOnlyList<ExplainedEvent> Events);

/// <summary>An event that a sentence rests on.</summary>
public sealed record ExplainedEvent(long Version, Guid EventId, string EventType, DateTimeOffset OccurredAt);

/// <summary>Explains why a device could or could not sign in at an instant, out of the events until then.</summary>
public static class ReadExplanationEndpoint
{
    private const int PageSize = 500;

    [WolverineGet(Routes.Explanation), Allow(Role.Owner, Role.SupportAgent, Role.SupportApprover, Role.Auditor), DisableRequestTimeout]
    [Answers(200, typeof(ExplanationView))]
    [Queries("at", "The instant, inclusive; now when it is left out.")]
    [Queries("deviceId", "One device; all of them when it is left out.")]
    public static async Task<Answer> Get(
        string accountId,
        string principal,
        HttpRequest request,
        IDocumentStore store,
        IQuerySession session,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var (at, deviceId) = (query.Instant("at") ?? now, query.Id("deviceId"));
        if (await session.Events.FetchStreamStateAsync(principal, cancellation) is not { } stream) return Problems.NotFound;
        if (query.Refusal is { } refusal) return refusal;

        var (explanation, later) = (new Explanation(principal), new Explanation(principal));
        var references = new Dictionary<long, ExplainedEvent>();
        for (long first = 1; first <= stream.Version; first += PageSize)
            foreach (var e in await PageAsync(first))
            {
                later.Add(e.Version, e.Data, e.Timestamp);
                if (e.Timestamp > at) continue;
                explanation.Add(e.Version, e.Data, e.Timestamp);
                references[e.Version] = new ExplainedEvent(e.Version, e.Id, e.EventTypeName, e.Timestamp);
            }

        // A device of another principal, or of none, is not there; one that was assigned later is.
        if (deviceId is { } wanted && !later.Devices.Contains(wanted)) return Problems.NotFound;
        var facts = explanation.Of(deviceId, at < now ? at : now, settings.Devices);
        string[] sentences = [.. at > now ? (string[])["That instant has not come yet: this is how it stands now."] : [], .. facts.Select(fact => fact.Sentence)];
        return Answer.Ok(new ExplanationView(
            sentences, [.. facts.SelectMany(fact => fact.Versions).Distinct().Order().Select(version => references[version])]));

        async Task<IReadOnlyList<IEvent>> PageAsync(long first)
        {
            await using var page = store.QuerySession(accountId);
            return await page.Events.FetchStreamAsync(
                principal, Math.Min(first + PageSize - 1, stream.Version), fromVersion: first, token: cancellation);
        }
    }
}
