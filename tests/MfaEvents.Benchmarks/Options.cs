namespace MfaEvents.Benchmarks;

/// <summary>What <c>ops/bench</c> was asked for.</summary>
/// <param name="Server">The server that is measured.</param>
/// <param name="Settings">Environment variables for it alone, for trying out one setting.</param>
/// <param name="Against">Another build of the server, measured in the same rounds.</param>
/// <param name="Rounds">How many rounds there are.</param>
/// <param name="Memory">Instead of rounds: after how many verifications the server's memory is looked at.</param>
/// <param name="Length">Instead of rounds: how many events the long one of two streams has.</param>
/// <param name="Audit">Instead of rounds: how many events the history has that is audited.</param>
/// <param name="Lag">Instead of rounds: for how many seconds the audit trail's lag is watched under load.</param>
/// <param name="SignIns">Instead of rounds: how many wrong passwords, and as many unknown names, are timed.</param>
public sealed record Options(
    string Server, IReadOnlyDictionary<string, string> Settings, string? Against, int Rounds, int? Memory = null, int? Length = null,
    int? SignIns = null, int? Audit = null, int? Lag = null)
{
    public const string Usage = "usage: ops/bench [--rounds N | --memory N | --length N | --sign-ins N | --audit N | --lag SECONDS] [--server DLL] [--set NAME=VALUE ...] [--against DLL]";

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">It is not well-formed; the message is for the person at the terminal.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var options = new Options(Path.Combine("src", "MfaEvents.Server", "bin", "Release", "net10.0", "MfaEvents.Server.dll"),
            new Dictionary<string, string>(), null, 5);
        for (var i = 0; i + 1 < arguments.Count; i += 2)
        {
            var value = arguments[i + 1];
            options = arguments[i] switch
            {
                "--rounds" when int.TryParse(value, out var rounds) && rounds is >= 5 and <= 50 => options with { Rounds = rounds },
                "--memory" when int.TryParse(value, out var count) && count is >= 1000 and <= 10_000_000 => options with { Memory = count },
                "--length" when int.TryParse(value, out var events) && events is >= 1000 and <= 1_000_000 => options with { Length = events },
                "--sign-ins" when int.TryParse(value, out var tries) && tries is >= 100 and <= 100_000 => options with { SignIns = tries },
                "--audit" when int.TryParse(value, out var audited) && audited is >= 1000 and <= 20_000_000 => options with { Audit = audited },
                "--lag" when int.TryParse(value, out var seconds) && seconds is >= 10 and <= 600 => options with { Lag = seconds },
                "--server" when File.Exists(value) => options with { Server = value },
                "--against" when File.Exists(value) => options with { Against = value },
                "--set" when value.Split('=', 2) is [var name, var text] => options with
                {
                    Settings = new Dictionary<string, string>(options.Settings) { [name] = text },
                },
                _ => throw new ArgumentException(Usage),
            };
        }

        return arguments.Count % 2 == 0 ? options : throw new ArgumentException(Usage);
    }
}
