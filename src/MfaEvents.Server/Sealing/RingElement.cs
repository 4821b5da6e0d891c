using System.Xml.Linq;
using Marten;
using Microsoft.AspNetCore.DataProtection.Repositories;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>A key of a ring that lies in the database: its XML, in which the certificate protects the material.</summary>
public sealed record RingElement(string Id, string Xml)
{
    public static void Map(StoreOptions store) => store.Schema.For<RingElement>().DatabaseSchemaName(EventStore.SealedSchema);
}

/// <summary>Keeps the ring in the database, for nodes that share no folder. Data Protection calls it synchronously.</summary>
public sealed class RingInDatabase(IDirectoryStore directory) : IDeletableXmlRepository
{
    private const string Table = $"{EventStore.SealedSchema}.mt_doc_ringelement";

    public IReadOnlyCollection<XElement> GetAllElements() => [.. Read().Select(element => element.Element)];

    public void StoreElement(XElement element, string friendlyName)
    {
        using var connection = Connect();
        using var command = new NpgsqlCommand(
            $"insert into {Table} (id, data) values ($1, jsonb_build_object('id', $1, 'xml', $2))", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = friendlyName });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = element.ToString(SaveOptions.DisableFormatting) });
        command.ExecuteNonQuery();
    }

    public bool DeleteElements(Action<IReadOnlyCollection<IDeletableElement>> chooseElements)
    {
        var elements = Read();
        chooseElements(elements);
        using var connection = Connect();
        var chosen = elements.Where(element => element.DeletionOrder is not null);
        foreach (var element in chosen.OrderBy(element => element.DeletionOrder))
        {
            using var command = new NpgsqlCommand($"delete from {Table} where id = $1", connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = element.Id });
            command.ExecuteNonQuery();
        }

        return true;
    }

    private List<Stored> Read()
    {
        using var connection = Connect();
        using var command = new NpgsqlCommand($"select id, data->>'xml' from {Table}", connection);
        using var reader = command.ExecuteReader();
        var elements = new List<Stored>();
        while (reader.Read()) elements.Add(new Stored(reader.GetString(0), XElement.Parse(reader.GetString(1))));
        return elements;
    }

    private NpgsqlConnection Connect()
    {
        var connection = (NpgsqlConnection)directory.Storage.Database.CreateConnection();
        connection.Open();
        return connection;
    }

    private sealed class Stored(string id, XElement element) : IDeletableElement
    {
        public string Id => id;

        public XElement Element => element;

        public int? DeletionOrder { get; set; }
    }
}
