using System.Globalization;
using System.Reflection;
using MfaEvents.Server.Http;

namespace MfaEvents.SystemTests.Fuzzing;

/// <summary>One operation, as the API description has it.</summary>
public sealed record Operation(
    string Method, string Path, IReadOnlyList<string> Queries, IReadOnlyDictionary<string, JsonObject> Members, IReadOnlySet<int> Statuses)
{
    public override string ToString() => $"{Method} {Path}";
}

/// <summary>What there is to attack: the operations of the live API description, and the problems it may answer with.</summary>
public static class ApiSurface
{
    private static readonly string[] Verbs = ["get", "post", "put", "patch", "delete"];

    /// <summary>Status by slug, from the catalogue itself.</summary>
    public static IReadOnlyDictionary<string, int> Catalogue { get; } = typeof(Problems)
        .GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Select(member => member switch
        {
            PropertyInfo property => property.GetValue(null),
            MethodInfo { IsSpecialName: false } method => method.Invoke(null, [.. method.GetParameters().Select(Something)]),
            _ => null,
        })
        .OfType<Problem>()
        .GroupBy(problem => problem.Slug)
        .ToDictionary(problems => problems.Key, problems => problems.Select(problem => problem.Status).Distinct().Single());

    public static IReadOnlyList<Operation> Read(JsonNode description) =>
    [
        .. from path in description["paths"]!.AsObject()
           from verb in path.Value!.AsObject()
           where Verbs.Contains(verb.Key)
           let body = Resolve(description, verb.Value!["requestBody"]?["content"]?["application/json"]?["schema"])
           select new Operation(
               verb.Key.ToUpperInvariant(),
               path.Key,
               [.. Parameters(verb.Value!, "query")],
               Members(description, body),
               verb.Value!["responses"]!.AsObject().Select(answer => int.Parse(answer.Key, CultureInfo.InvariantCulture)).ToHashSet()),
    ];

    private static IEnumerable<string> Parameters(JsonNode operation, string place) =>
        from parameter in operation["parameters"]?.AsArray() ?? []
        where parameter!["in"]!.ToString() == place
        select parameter["name"]!.ToString();

    private static Dictionary<string, JsonObject> Members(JsonNode description, JsonObject? schema) =>
        (schema?["properties"] as JsonObject ?? [])
        .ToDictionary(member => member.Key, member => Resolve(description, member.Value) ?? []);

    private static JsonObject? Resolve(JsonNode description, JsonNode? schema) => schema?["$ref"] is { } reference
        ? reference.ToString().TrimStart('#', '/').Split('/').Aggregate(description, (node, name) => node[name]!).AsObject()
        : schema as JsonObject;

    private static object? Something(ParameterInfo parameter) => parameter.ParameterType switch
    {
        var type when type == typeof(string) => "something",
        var type when type.IsValueType => Activator.CreateInstance(type),
        var type when type.IsAssignableFrom(typeof(Dictionary<string, IReadOnlyList<string>>)) =>
            new Dictionary<string, IReadOnlyList<string>>(),
        _ => null,
    };
}
