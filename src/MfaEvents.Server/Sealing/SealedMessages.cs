using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>Messages with something sealed in them that wait, or failed and wait for an operator.</summary>
/// <param name="Table">Where they wait.</param>
/// <param name="Message">Their type.</param>
/// <param name="Renewed">Seals what one of them carries for an account anew.</param>
/// <remarks>
/// Sealed anew a value is as long as before, and is written over the old one: the rest of the message stays as it was, however
/// its bytes are laid out.
/// </remarks>
public sealed partial record SealedMessages(string Table, Type Message, Func<string, string, Seals, string> Renewed)
    : SealedPlace(Table)
{
    public override async Task<long> CountAsync(NpgsqlConnection connection, Guid active, CancellationToken cancellation) =>
        (await ReadAsync(connection, "", cancellation)).Count(message => KeyOf(message.Sealed) != active);

    public override async Task<SealedPage> AnewAsync(
        NpgsqlConnection connection, Seals seals, Guid active, PageRequest request, CancellationToken cancellation)
    {
        var (anew, unreadable) = (0, 0);
        foreach (var message in await ReadAsync(connection, request.Wait ? "for update" : "for update skip locked", cancellation))
        {
            if (KeyOf(message.Sealed) == active) continue;
            try
            {
                var renewed = Renewed(message.AccountId, message.Sealed, seals);
                if (renewed.Length != message.Sealed.Length) throw new CryptographicException("The length has changed.");
                await using var update = new NpgsqlCommand(
                    $"update {Table} set body = $1 where id = $2 and body = $3", connection);
                update.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message.With(renewed) });
                update.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = message.Id });
                update.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message.Body });
                anew += await update.ExecuteNonQueryAsync(cancellation);
            }
            catch (CryptographicException)
            {
                unreadable++;
            }
        }

        return new SealedPage(anew, unreadable, null);
    }

    protected override async Task<IReadOnlyCollection<Guid>> KeysAsync(
        NpgsqlConnection connection, CancellationToken cancellation) =>
        [.. (await ReadAsync(connection, "", cancellation)).Select(message => KeyOf(message.Sealed)).OfType<Guid>().Distinct()];

    private async Task<IReadOnlyList<Waiting>> ReadAsync(
        NpgsqlConnection connection, string locking, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"select id, body from {Table} where message_type = $1 order by id {locking}", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Message.FullName! });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var messages = new List<Waiting>();
        while (await reader.ReadAsync(cancellation))
        {
            var body = reader.GetFieldValue<byte[]>(1);
            if (Form().Match(Encoding.Latin1.GetString(body)) is { Success: true } match)
                messages.Add(new Waiting(reader.GetGuid(0), body, match.Groups[1].Value, match.Groups[2]));
        }

        return messages;
    }

    // The JSON of the message, inside of what surrounds it.
    [GeneratedRegex("\"accountId\":\"([0-9]{12})\",\"sealed\":\"([A-Za-z0-9_-]+)\"", RegexOptions.IgnoreCase)]
    private static partial Regex Form();

    private sealed record Waiting(Guid Id, byte[] Body, string AccountId, Group Found)
    {
        public string Sealed => Found.Value;

        public byte[] With(string anew)
        {
            var body = (byte[])Body.Clone();
            Encoding.Latin1.GetBytes(anew, body.AsSpan(Found.Index));
            return body;
        }
    }
}
