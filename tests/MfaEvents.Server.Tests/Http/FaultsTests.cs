using System.Net;
using System.Net.Sockets;
using JasperFx.Events.Daemon;
using Marten.Exceptions;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Tests.Http;

/// <summary>What a caller hears when the database fails: 503, soon, and nothing half done.</summary>
public sealed class FaultsTests(FaultsTests.TightHost tight) : IClassFixture<FaultsTests.TightHost>
{
    private readonly MfaHost api = tight.Host;

    [Theory]
    [InlineData("57014"), InlineData("55P03"), InlineData("57P01"), InlineData("57P02"), InlineData("57P03"), InlineData("53300")]
    [InlineData("53100"), InlineData("53200"), InlineData("25006"), InlineData("25P03"), InlineData("08006")]
    public void What_passes_is_transient_wherever_it_is_wrapped(string sqlState)
    {
        var refused = new PostgresException("no", "FATAL", "FATAL", sqlState);
        DatabaseFaults.IsTransient(refused).ShouldBeTrue();
        DatabaseFaults.IsTransient(new MartenCommandException(new NpgsqlCommand(), refused)).ShouldBeTrue();
        DatabaseFaults.IsTransient(new AggregateException(new InvalidOperationException(), refused)).ShouldBeTrue();
        TransientFailures.IsTransient(refused).ShouldBeTrue("a projection that met it starts again by itself");
    }

    [Theory]
    [InlineData("23505"), InlineData("42P01"), InlineData("22P02"), InlineData("P0001")]
    public void What_does_not_pass_is_not(string sqlState) =>
        DatabaseFaults.IsTransient(new PostgresException("no", "ERROR", "ERROR", sqlState)).ShouldBeFalse();

    [Fact]
    public void Nor_is_a_fault_of_our_own()
    {
        DatabaseFaults.IsTransient(Dereferenced("Npgsql")).ShouldBeTrue();
        DatabaseFaults.IsTransient(Dereferenced("MfaEvents.Server")).ShouldBeFalse();
        DatabaseFaults.IsTransient(new NpgsqlException("gone", new SocketException())).ShouldBeTrue();
        DatabaseFaults.IsTransient(new NpgsqlException("wrong")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_ended_and_nothing_is_done()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        await using var connection = await api.ConnectAsync();
        await Do(connection, $$"""
            create or replace function mfa.slow() returns trigger language plpgsql as $f$ begin perform pg_sleep(20); return new; end $f$;
            create trigger slow before insert on mfa.mt_events for each row when (new.tenant_id = '{{account.Id}}') execute function mfa.slow();
            """);

        ShouldBeUnavailable(await device.Verify(device.Code()));

        await Do(connection, "drop trigger slow on mfa.mt_events");
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_database_that_takes_no_writes_is_unavailable()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        await using var connection = await api.ConnectAsync();
        await Do(connection, $$"""
            create or replace function mfa.standby() returns trigger language plpgsql as $f$ begin
                raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006';
            end $f$;
            create trigger standby before insert on mfa.mt_events for each row when (new.tenant_id = '{{account.Id}}') execute function mfa.standby();
            """);

        ShouldBeUnavailable(await device.Verify(device.Code()));

        await Do(connection, "drop trigger standby on mfa.mt_events");
        (await device.Verify(device.Code())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sessions_that_are_ended_under_a_request_are_replaced()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        await using var connection = await api.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            var verifying = Scenarios.AtOnce(4, _ => device.Verify(device.WrongCode()));
            await Do(connection, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
            foreach (var reply in await verifying)
                if (reply.Status is not (403 or 429)) ShouldBeUnavailable(reply);
        }

        account.Time.Pass(TimeSpan.FromMinutes(5));

        await Scenarios.Eventually(async () => (await device.Verify(device.WrongCode())).Status == 403, "the service is back");
        await Scenarios.Eventually(async () => (await api.A("provisioner").Post("/accounts", Scenarios.Registration())).Status == 201, "the directory too");
    }

    [Fact]
    public async Task Without_a_free_connection_it_is_unavailable_and_not_unexpected()
    {
        var account = await api.RegisteredAccount();
        var device = await account.AssignedDevice().Activated();
        await using var connection = await api.ConnectAsync();
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            // Everybody who wants this principal waits with a connection in the hand.
            await Do(connection, $"select 1 from mfa.mt_streams where tenant_id = '{account.Id}' for update");
            var replies = await Scenarios.AtOnce(40, _ => device.Verify(device.WrongCode()));
            foreach (var reply in replies) ShouldBeUnavailable(reply);
        }

        await Scenarios.Eventually(async () => (await device.Verify(device.Code())).Status == 200, "the service is back");
        (await api.EventsAsync(account.Id, "root")).Select(e => e.EventTypeName).Count(name => name == "code_rejected").ShouldBe(0);
    }

    private static NullReferenceException Dereferenced(string source)
    {
        string? nothing = null;
        var thrown = Should.Throw<NullReferenceException>(() => nothing!.Length);
        thrown.Source = source;
        return thrown;
    }

    private static void ShouldBeUnavailable(Reply reply)
    {
        reply.ShouldRefuse(503, "unavailable").TextOf("traceId").ShouldNotBeNullOrEmpty();
        reply.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    private static async Task Do(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A host with few connections and no patience.</summary>
    public sealed class TightHost(TestRun run) : IAsyncLifetime
    {
        public MfaHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await run.StartHostAsync(
            "mfa_tight", connection: "Maximum Pool Size=12;Timeout=2;Options=-c statement_timeout=1500ms");

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
