using System.Diagnostics;
using System.Net;
using Npgsql;

namespace MfaEvents.Benchmarks;

/// <summary>
/// What a verification costs at the end of a long stream beside one of a short stream: two principals, one of which gets its long
/// past by SQL, asked in turns on one connection.
/// </summary>
public static class StreamLength
{
    private const int DevicesEach = 8;
    private const int Turns = 5;
    private const int Refusals = 3;

    // The past is that of a principal whose codes were refused: copies of its own last event, with the versions in between.
    private const string Lengthen = """
        with last as (select * from mfa.mt_events where tenant_id = $1 and stream_id = $2 order by version desc limit 1),
        added as (
          insert into mfa.mt_events
            (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived)
          select nextval('mfa.mt_events_sequence'), gen_random_uuid(), stream_id, version + n, data, type, timestamp, tenant_id, mt_dotnet_type,
            correlation_id, causation_id, headers, user_name, false
          from last, generate_series(1, $3) as n
          returning version),
        stream as (update mfa.mt_streams set version = version + $3 where tenant_id = $1 and id = $2)
        update mfa.mt_doc_principalmfa set mt_version = mt_version + $3 where tenant_id = $1 and id = $2
        """;

    public static async Task MeasureAsync(Options options, string data, string connectionString, int length)
    {
        await using var server = await ServerProcess.StartAsync(options.Server, data, connectionString, options.Settings);
        using var api = new Api(server.Address, data, 2);
        var account = await api.RegisterAccountAsync(api.Token("--role", "provisioner"), "bench");
        var owner = api.Token("--role", "owner", "--account", account, "--amr", "pwd,otp");
        var service = api.Token("--role", "service", "--account", account);
        var (brief, lengthy) = (await DevicesOfAsync("brief"), await DevicesOfAsync("lengthy"));
        await RefuseAsync(brief[0]);
        await RefuseAsync(lengthy[0]);

        await using (var database = NpgsqlDataSource.Create(connectionString))
        await using (var command = database.CreateCommand(Lengthen))
        {
            command.CommandTimeout = 300;
            command.Parameters.Add(new NpgsqlParameter { Value = account });
            command.Parameters.Add(new NpgsqlParameter { Value = lengthy[0].Principal });
            command.Parameters.Add(new NpgsqlParameter { Value = length });
            await command.ExecuteNonQueryAsync();
            await using var rest = database.CreateCommand("analyze; checkpoint");
            await rest.ExecuteNonQueryAsync();
        }

        await Contender.RestAsync(connectionString, TimeSpan.FromMinutes(5));
        var (few, many) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var turn = 0; turn <= Turns; turn++)
        {
            for (var i = 0; i < DevicesEach; i++)
            {
                // Three refusals and an acceptance, so that no throttle is near; who goes first alternates.
                for (var n = 0; n < Refusals; n++)
                {
                    if (n % 2 == i % 2) few.Add(await RefuseAsync(brief[i]));
                    many.Add(await RefuseAsync(lengthy[i]));
                    if (n % 2 != i % 2) few.Add(await RefuseAsync(brief[i]));
                }

                if (i % 2 == 0) few.Add(await AcceptAsync(brief[i]));
                many.Add(await AcceptAsync(lengthy[i]));
                if (i % 2 != 0) few.Add(await AcceptAsync(brief[i]));
            }

            // The first turn warms up.
            if (turn == 0) (few, many) = ([], []);
        }

        var (a, b) = (new Measurement(default, few), new Measurement(default, many));
        Console.WriteLine($"p50 of {few.Count} verifications each, in turns: {a.Percentile(50).TotalMilliseconds:F2} ms in a stream of some ten events,"
            + $" {b.Percentile(50).TotalMilliseconds:F2} ms after {length} more: {b.Percentile(50) / a.Percentile(50):F2} times");

        async Task<Device[]> DevicesOfAsync(string user)
        {
            await api.CreateUserAsync(owner, account, user);
            var devices = new Device[DevicesEach];
            for (var i = 0; i < devices.Length; i++)
            {
                devices[i] = await api.AddDeviceAsync(owner, account, $"user:{user}", $"{user}{i}");
                devices[i].WrongCode();
            }

            return devices;
        }

        async Task<TimeSpan> RefuseAsync(Device device)
        {
            var begun = Stopwatch.GetTimestamp();
            await api.VerifyAsync(service, device, device.WrongCode(), HttpStatusCode.Forbidden);
            return Stopwatch.GetElapsedTime(begun);
        }

        async Task<TimeSpan> AcceptAsync(Device device)
        {
            string? code;
            while ((code = device.NextCode()) is null) await Task.Delay(TimeSpan.FromSeconds(1));
            var begun = Stopwatch.GetTimestamp();
            await api.VerifyAsync(service, device, code, HttpStatusCode.OK);
            return Stopwatch.GetElapsedTime(begun);
        }
    }
}
