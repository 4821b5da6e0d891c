namespace MfaEvents.SystemTests.Harness;

/// <summary>How a view is rebuilt that has more in it than the test's own account.</summary>
public static class Rebuilding
{
    public static async Task<string> AskForRebuildAsync(this ServerProcess node, string token, string projection) =>
        (await node.Api.PostAsync($"/projections/{projection}/rebuilds", token, [])).ShouldBe(202).Location!;

    public static async Task<Reply> RebuildEndedAsync(this ServerProcess node, string token, string location)
    {
        Reply? rebuild = null;
        await Eventually.Holds("the rebuild ends", TimeSpan.FromMinutes(4), async () =>
            (rebuild = (await node.Api.GetAsync(location, token)).ShouldBe(200))["finishedAt"] is not null);
        return rebuild!;
    }

    public static long Parity(this Reply rebuild, string member) => rebuild.Body!["parity"]![member]!.GetValue<long>();

    /// <summary>
    /// Gives an account a few users and copies it again and again, as if others had done the same; its snapshots and users come with it.
    /// Nobody works on the copies.
    /// </summary>
    public static async Task CopyAsync(this Service service, TestAccount account, int copies)
    {
        for (var number = 0; number < 20; number++) await account.CreateUserAsync($"copied{number}");
        foreach (var table in (string[])["mt_streams", "mt_doc_principalmfa", "mt_doc_account", "mt_doc_iamuser"])
            await service.Database.QueryAsync(
                $"""
                insert into mfa.{table} select (jsonb_populate_record(one, jsonb_build_object('tenant_id', lpad(copy::text, 12, '0')))).*
                from mfa.{table} one, generate_series(1, {copies}) copy where tenant_id = '{account.Id}'
                """);
        await service.Database.QueryAsync(
            $"""
            insert into mfa.mt_events
            select (jsonb_populate_record(one, jsonb_build_object(
                'tenant_id', lpad(copy::text, 12, '0'), 'id', gen_random_uuid(), 'seq_id', nextval('mfa.mt_events_sequence')))).*
            from (
                select one, copy from mfa.mt_events one, generate_series(1, {copies}) copy where tenant_id = '{account.Id}' order by copy, one.seq_id
            ) ordered
            """);
        await Eventually.Holds("the trail has the copies", TimeSpan.FromMinutes(3), async () =>
            await service.Database.QueryAsync("select (max(last_seq_id) >= (select max(seq_id) from mfa.mt_events))::text from mfa.mt_event_progression where name like 'audit:%'") == "true");
    }

    /// <summary>How many tables are there that a rebuild builds beside the live ones.</summary>
    public static Task<string> LeftoversAsync(this Service service) =>
        service.Database.QueryAsync("select count(*)::text from pg_tables where schemaname = 'mfa' and tablename ~ '_r[0-9a-f]{12}$'");
}
