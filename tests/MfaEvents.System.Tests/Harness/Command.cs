using System.Diagnostics;

namespace MfaEvents.SystemTests.Harness;

/// <summary>A program that ran to its end.</summary>
public sealed record Command(int ExitCode, string Output, string Error)
{
    public static async Task<Command> RunAsync(string file, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(file, arguments, environment);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Command(process.ExitCode, await output, await error);
    }

    public static Process Start(string file, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var program = file.Contains('/', StringComparison.Ordinal) ? Path.Combine(Repository.Root, file) : file;
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
