using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;

namespace MfaEvents.SystemTests.Harness;

/// <summary>What a command answered.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The single line of standard error with which a command that cannot do its work says why.</summary>
    public string Sentence
    {
        get
        {
            ExitCode.ShouldNotBe(0, ToString());
            Output.ShouldBeEmpty();
            var line = Error.TrimEnd('\n');
            line.ShouldNotBeEmpty();
            line.ShouldNotContain("\n");
            line.ShouldNotContain("Exception");
            return line;
        }
    }

    public string Succeeded()
    {
        ExitCode.ShouldBe(0, ToString());
        return Output;
    }

    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}

/// <summary>Runs other programs, without a terminal and without this process's own settings.</summary>
public static class Command
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static Task<CommandResult> RunAsync(string file, params IEnumerable<string> arguments) =>
        RunAsync(Start(file, arguments, Settings.None));

    public static Task<CommandResult> RunAsync(Settings settings, string file, params IEnumerable<string> arguments) =>
        RunAsync(Start(file, arguments, settings));

    /// <summary>Runs a command with a text on its standard input.</summary>
    public static Task<CommandResult> RunAsync(Settings settings, string file, IEnumerable<string> arguments, string input) =>
        RunAsync(Start(file, arguments, settings), input);

    public static ProcessStartInfo Start(string file, IEnumerable<string> arguments, Settings settings)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        settings.ApplyTo(start.Environment);
        return start;
    }

    private static async Task<CommandResult> RunAsync(ProcessStartInfo start, string input = "")
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.StandardInput.WriteAsync(new StringBuilder(input), patience.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(patience.Token);
            return new(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}

/// <summary>Environment variables of a command. Those of this process that would configure the server do not reach it.</summary>
public sealed class Settings
{
    private static readonly string[] Ours =
        ["ASPNETCORE_", "DOTNET_ENVIRONMENT", "ConnectionStrings__", "MfaEvents__", "MFA_EVENTS"];

    private readonly ImmutableDictionary<string, string> variables;

    private Settings(ImmutableDictionary<string, string> variables) => this.variables = variables;

    public static Settings None { get; } = new(ImmutableDictionary<string, string>.Empty);

    /// <summary>As for other people's machines; the log says where it listens, which no banner does then.</summary>
    public Settings InProduction => With("ASPNETCORE_ENVIRONMENT", "Production").With("Logging__LogLevel__Microsoft.Hosting.Lifetime", "Information");

    public Settings With(string name, string value) => new(variables.SetItem(name, value));

    public Settings WithDefault(string name, string value) => variables.ContainsKey(name) ? this : With(name, value);

    public void ApplyTo(IDictionary<string, string?> environment)
    {
        var inherited = environment.Keys.Where(name => Array.Exists(Ours, name.StartsWith)).ToArray();
        foreach (var name in inherited) environment.Remove(name);
        foreach (var (name, value) in variables) environment[name] = value;
    }
}
