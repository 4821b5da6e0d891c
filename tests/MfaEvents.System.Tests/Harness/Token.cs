namespace MfaEvents.SystemTests.Harness;

/// <summary>Tokens from <c>ops/token</c>.</summary>
public static class Token
{
    public static Task<CommandResult> RunAsync(string dataDirectory, params IEnumerable<string> options) =>
        Command.RunAsync(Settings.None.With("MfaEvents__DataDirectory", dataDirectory), Repository.Ops("token"), options);

    public static async Task<string> MintAsync(string dataDirectory, params IEnumerable<string> options) =>
        (await RunAsync(dataDirectory, options)).Succeeded().TrimEnd('\n');
}
