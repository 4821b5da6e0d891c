using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace MfaEvents.Server.Console;

/// <summary>The style sheet, the scripts and the mark of the console, which are part of this program.</summary>
public static class ConsoleAssets
{
    private const string Root = "/console/assets/";

    private static readonly FrozenDictionary<string, Asset> Assets = Read().ToFrozenDictionary(asset => asset.Name);

    /// <summary>Where a page finds one; the address changes with what is in it.</summary>
    public static string AddressOf(string name) => $"{Root}{Assets[name].Version}/{name}";

    public static void MapConsoleAssets(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet(Root + "{version}/{name}", (string version, string name, HttpContext http) =>
        {
            if (Assets.GetValueOrDefault(name) is not { } asset || asset.Version != version) return Results.NotFound();
            http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            return Results.Bytes(asset.Content, asset.Type);
        }).AllowAnonymous().ExcludeFromDescription();

    private static IEnumerable<Asset> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith("console/", StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var content = new MemoryStream();
            stream.CopyTo(content);
            var bytes = content.ToArray();
            yield return new Asset(
                resource["console/".Length..],
                Convert.ToHexStringLower(SHA256.HashData(bytes))[..16],
                Path.GetExtension(resource) switch
                {
                    ".css" => "text/css; charset=utf-8",
                    ".svg" => "image/svg+xml",
                    _ => "text/javascript; charset=utf-8",
                },
                bytes);
        }
    }

    private sealed record Asset(string Name, string Version, string Type, byte[] Content);
}
