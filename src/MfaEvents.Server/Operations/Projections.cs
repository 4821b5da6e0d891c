using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using MfaEvents.Server.Setup;
using Npgsql;
using Wolverine;
using Wolverine.Runtime;

namespace MfaEvents.Server.Operations;

/// <summary>Reads how far every projection is, from the database: the answer is the same whichever node is asked.</summary>
public sealed class Projections(IDocumentStore store, IWolverineRuntime wolverine)
{
    private const string Sql =
        $"""
        select coalesce((select max(seq_id) from {EventStore.Schema}.mt_events), 0);
        select name, last_seq_id,
            (select extract(epoch from clock_timestamp() - waiting.timestamp)::float8 from {EventStore.Schema}.mt_events waiting
                where waiting.seq_id > last_seq_id and waiting.type <> 'tombstone' order by waiting.seq_id limit 1)
        from {EventStore.Schema}.mt_event_progression;
        select assigned.id from {Messaging.Schema}.wolverine_node_assignments assigned
        join {Messaging.Schema}.wolverine_nodes node on node.id = assigned.node_id
        where node.health_check > now() - make_interval(secs => $1)
        """;

    /// <summary>
    /// Every projection, in the order of <c>Setup/EventStore.cs</c>, and what else follows the events, as the notices do: to an
    /// operator it is the same.
    /// </summary>
    public IEnumerable<(string Name, ProjectionLifecycle Lifecycle, uint Version, IReadOnlyList<ShardName> Shards)> Registered
    {
        get
        {
            var projections = ((DocumentStore)store).Options.Projections;
            var names = projections.All.Select(source => source.Name).ToHashSet();
            return projections.All
                .Select(source => (source.Name, source.Lifecycle, source.Version, (IReadOnlyList<ShardName>)source.ShardNames()))
                .Concat(projections.AllShards().Select(shard => shard.Name).Where(shard => !names.Contains(shard.Name))
                    .Select(shard => (shard.Name, ProjectionLifecycle.Async, shard.Version, (IReadOnlyList<ShardName>)[shard])));
        }
    }

    public async Task<IReadOnlyList<ProjectionState>> ReadAsync(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var stops = (await session.Query<ProjectionStop>().ToListAsync(cancellation)).ToDictionary(stop => stop.Id);
        var (highest, positions, assigned) = await ProgressAsync(cancellation);
        var poisoned = await PoisonedAsync(stops.Values, cancellation);

        return
        [
            .. Registered.Select(projection =>
            {
                var isAsync = projection.Lifecycle == ProjectionLifecycle.Async;
                var shards = projection.Shards.Select(shard => positions.GetValueOrDefault(shard.Identity)).ToList();
                var position = isAsync ? shards.Min(shard => shard.Position) : highest;
                var lag = Math.Max(highest - position, 0);
                var stop = stops.GetValueOrDefault(projection.Name);
                var runs = !isAsync || projection.Shards.All(shard => assigned.Any(agent => IsFor(agent, shard)));
                return new ProjectionState(
                    projection.Name,
                    isAsync ? "async" : "inline",
                    (int)projection.Version,
                    position,
                    Math.Max(highest, position),
                    lag,
                    stop is null ? runs ? ProjectionState.Running : ProjectionState.Stopped
                        : stop.Retries ? ProjectionState.Paused : ProjectionState.Stopped)
                {
                    Stop = stop,
                    LagSeconds = isAsync && lag > 0 ? Math.Round(Math.Max(shards.Max(shard => shard.SecondsWaiting), 0), 3) : 0,
                    StoppedAt = poisoned.GetValueOrDefault(projection.Name),
                };
            }),
        ];
    }

    /// <summary>
    /// The first event a projection has before it whose stored name nobody knows: Marten itself does not say which it was.
    /// </summary>
    public async Task<(long Sequence, string? EventType)?> FirstUnknownAsync(
        IReadOnlyList<ShardName> shards, CancellationToken cancellation)
    {
        string[] known = [Tombstone.Name, .. store.Options.Events.AllKnownEventTypes().Select(type => type.EventTypeName)];
        await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            $"""
            select seq_id, type from {EventStore.Schema}.mt_events
            where type <> all($1) and seq_id >
                coalesce((select min(last_seq_id) from {EventStore.Schema}.mt_event_progression where name = any($2)), 0)
            order by seq_id limit 1
            """,
            connection)
        {
            Parameters = { new() { Value = known }, new() { Value = shards.Select(shard => shard.Identity).ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetInt64(0), reader.GetString(1)) : null;
    }

    /// <summary>Whether an agent of Wolverine's is the one of this shard.</summary>
    public static bool IsFor(Uri agent, ShardName shard) => agent.Scheme == "event-subscriptions"
        && agent.AbsolutePath.EndsWith("/" + shard.RelativeUrl, StringComparison.OrdinalIgnoreCase);

    private async Task<Dictionary<string, PoisonedEvent>> PoisonedAsync(
        IEnumerable<ProjectionStop> stops, CancellationToken cancellation)
    {
        var blamed = stops.Where(stop => stop.Sequence is not null).ToList();
        if (blamed.Count == 0) return [];
        await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            $"select seq_id, id from {EventStore.Schema}.mt_events where seq_id = any($1)", connection)
        {
            Parameters = { new() { Value = blamed.Select(stop => stop.Sequence!.Value).ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var ids = new Dictionary<long, Guid>();
        while (await reader.ReadAsync(cancellation)) ids[reader.GetInt64(0)] = reader.GetGuid(1);
        return blamed.ToDictionary(stop => stop.Id, stop => new PoisonedEvent(
            stop.Sequence!.Value,
            ids.TryGetValue(stop.Sequence.Value, out var id) ? id : null,
            stop.EventType,
            stop.Cause,
            stop.StoppedAt));
    }

    private async Task<(long Highest, Dictionary<string, (long Position, double SecondsWaiting)> Positions, IReadOnlyList<Uri> Assigned)> ProgressAsync(
        CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in Sql.Split(';')) batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
        batch.BatchCommands[^1].Parameters.Add(
            new NpgsqlParameter { Value = wolverine.Options.Durability.StaleNodeTimeout.TotalSeconds });
        await using var reader = await batch.ExecuteReaderAsync(cancellation);

        await reader.ReadAsync(cancellation);
        var highest = reader.GetInt64(0);

        await reader.NextResultAsync(cancellation);
        var positions = new Dictionary<string, (long, double)>();
        while (await reader.ReadAsync(cancellation))
            positions[reader.GetString(0)] =
                (reader.GetInt64(1), await reader.IsDBNullAsync(2, cancellation) ? 0 : reader.GetDouble(2));

        await reader.NextResultAsync(cancellation);
        var assigned = new List<Uri>();
        while (await reader.ReadAsync(cancellation)) assigned.Add(new Uri(reader.GetString(0)));

        // A node that is alone by its configuration writes no assignments down.
        if (wolverine.Options.Durability.Mode == DurabilityMode.Solo) assigned.AddRange(wolverine.Agents.AllRunningAgentUris());
        return (highest, positions, assigned);
    }
}
