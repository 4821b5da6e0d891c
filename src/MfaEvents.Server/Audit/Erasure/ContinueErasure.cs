using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Setup;
using Npgsql;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace MfaEvents.Server.Audit.Erasure;

/// <summary>
/// The next step of an erasure: it erases the personal data of a page of events, of their rows and of the sessions they began. That,
/// how far it is then and the message for the step after it are one commit: a node that is killed leaves its step to the others, undone.
/// </summary>
public sealed record ContinueErasure(Guid ErasureId, int Step);

public static class ContinueErasureHandler
{
    // The trail has come to its event: whatever drew a number before it has committed or never will.
    private const string Sequence =
        $"""
        select seq_id from {EventStore.Schema}.mt_events
        where tenant_id = $1 and stream_id = '{Account.StreamKey}' and type = 'personal_data_erased' and data ->> 'erasureId' = $2
            and seq_id <= (select last_seq_id from {EventStore.Schema}.mt_event_progression where name = '{AuditTrail.ShardName}')
        """;

    // In the order of the event store's index of streams: it costs what the account holds, however much there is beside it.
    private const string Page =
        $"""
        with page as (
            select stream_id, version, seq_id, case type when 'signed_in' then (data ->> 'sessionId')::uuid end as session_id
            from {EventStore.Schema}.mt_events
            where tenant_id = $1 and (stream_id, version) > ($8, $2) and seq_id < $3
            order by stream_id, version limit 2000
        ), erased as (
            update {EventStore.Schema}.mt_events as e set headers = e.headers - $4::text[]
            from page where e.seq_id = page.seq_id and e.tenant_id = $1 and e.headers ?| $4
            returning 1
        ), rows as (
            update {AuditTables.Items}
            set source_address = case when $5 then null else source_address end, user_agent = case when $6 then null else user_agent end
            where account_id = $1 and sequence in (select seq_id from page)
        ), sessions as (
            update {EventStore.Schema}.mt_doc_session
            set data = data || (select jsonb_object_agg(member, null::text) from unnest($7::text[]) as member)
            where tenant_id = $1 and id in (select session_id from page)
        )
        select stream_id, version, (select count(*) from erased) from page order by stream_id desc, version desc limit 1
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // A step that fails changed nothing, and there is nobody who could do it instead.
    public static void Configure(HandlerChain chain) => chain.OnAnyException().ScheduleRetryIndefinitely(
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    public static async Task<OutgoingMessages> Handle(
        ContinueErasure message, IDocumentSession session, TimeProvider clock, CancellationToken cancellation)
    {
        // A view that is built from events as they were would bring back what is erased.
        await session.HoldAsync(AdvisoryLock.Rebuild, cancellation);
        var erasure = await session.LoadAsync<DataErasure>(message.ErasureId, cancellation);
        if (erasure is null || erasure.AreEventsDone || erasure.Step != message.Step) return [];
        var next = erasure with { Step = erasure.Step + 1 };
        var (address, agent) = (erasure.Fields.Contains(PersonalField.ClientAddress), erasure.Fields.Contains(PersonalField.UserAgent));
        if (!address && !agent) return Done(next);

        var (connection, tenant) = ((NpgsqlConnection)session.Connection!, session.TenantId);
        if (await session.Query<Rebuild>().AnyAsync(rebuild => rebuild.AnyTenant() && rebuild.State == RebuildState.Running, cancellation))
            return Later();
        if (erasure.Sequence == 0)
        {
            await using var find = Command(Sequence, tenant, erasure.Id.ToString());
            if (await find.ExecuteScalarAsync(cancellation) is not long sequence) return Later();
            next = next with { Sequence = sequence };
        }

        string[] headers =
        [
            .. address ? [Origin.ClientAddressHeader, Origin.ClientAddressSaltHeader] : Array.Empty<string>(),
            .. agent ? [Origin.UserAgentHeader, Origin.UserAgentSaltHeader] : Array.Empty<string>(),
        ];
        string[] members = [.. address ? ["sourceAddress"] : Array.Empty<string>(), .. agent ? ["userAgent"] : Array.Empty<string>()];
        // Nobody waits for it; and a step that its time ends would be tried again for ever.
        await using (var patient = Command("set local statement_timeout = 0")) await patient.ExecuteNonQueryAsync(cancellation);
        await using (var erase = Command(Page, tenant, erasure.AfterVersion, next.Sequence, headers, address, agent, members, erasure.AfterStream))
        await using (var page = await erase.ExecuteReaderAsync(cancellation))
        {
            if (await page.ReadAsync(cancellation))
            {
                session.Store(next with
                {
                    AfterStream = page.GetString(0), AfterVersion = page.GetInt64(1), EventsErased = erasure.EventsErased + page.GetInt64(2),
                });
                return [message with { Step = next.Step }];
            }
        }

        return Done(next);

        OutgoingMessages Done(DataErasure done)
        {
            session.Store((done with { AreEventsDone = true }).At(clock.GetUtcNow()));
            return [];
        }

        OutgoingMessages Later()
        {
            var later = new OutgoingMessages();
            later.Delay(message, Pause);
            return later;
        }

        NpgsqlCommand Command(string sql, params object[] parameters)
        {
            var command = new NpgsqlCommand(sql, connection);
            foreach (var value in parameters) command.Parameters.Add(new NpgsqlParameter { Value = value });
            return command;
        }
    }
}
