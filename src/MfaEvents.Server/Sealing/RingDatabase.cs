using Marten;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// Reads which keys count. Data Protection asks for its ring synchronously, and in the middle of commands that hold connections:
/// so it is read without a thread and without a connection that those commands might hold.
/// </summary>
public sealed class RingDatabase(string connectionString) : IDisposable
{
    private const string Sql = $"select data from {EventStore.SealedSchema}.mt_doc_sealingkey";

    private readonly NpgsqlDataSource connections =
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 2, MinPoolSize = 0 });

    public IReadOnlyList<SealingKey> Read(ISerializer serializer)
    {
        using var connection = connections.OpenConnection();
        using var command = new NpgsqlCommand(Sql, connection);
        using var reader = command.ExecuteReader();
        var keys = new List<SealingKey>();
        while (reader.Read()) keys.Add(serializer.FromJson<SealingKey>(reader, 0));
        return keys;
    }

    public void Dispose() => connections.Dispose();
}
