using System.Globalization;

namespace MfaEvents.SystemTests;

/// <summary>Tools that nobody here wrote agree with the server.</summary>
public sealed class ForeignToolsTests : IDisposable
{
    private readonly DataDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Zbarimg_reads_the_QR_code_and_oathtool_computes_codes_that_are_accepted()
    {
        await using var server = await ServerProcess.StartAsync(data.Path);
        var account = await server.RegisteredAccountAsync();
        using var owner = Api.Owner(server, account);
        var device = await owner.AssignedDeviceAsync(account, "phone");
        var path = $"{Scenarios.Devices(account)}/{device["deviceId"]}";

        var png = Path.Combine(data.Path, "qr.png");
        await File.WriteAllBytesAsync(png, Convert.FromBase64String(device["qrCodePng"]!.GetValue<string>()), TestContext.Current.CancellationToken);
        var read = await Command.RunAsync("zbarimg", ["-q", "--raw", png]);
        read.Output.Trim().ShouldBe(device["keyUri"]!.GetValue<string>());

        var secret = device["secretKey"]!.GetValue<string>();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var codes = await Task.WhenAll(new[] { -30, 0, 30 }.Select(offset => OathtoolAsync(secret, now + offset)));
        (await owner.PostAsync($"{path}/codes", new { code1 = codes[0], code2 = codes[1] })).Body!["status"]!.GetValue<string>().ShouldBe("active");
        (await owner.PostAsync($"{path}/verifications", new { code = codes[2] })).Status.ShouldBe(200);
        (await owner.PostAsync($"{path}/verifications", new { code = codes[2] })).Status.ShouldBe(403);
    }

    private static async Task<string> OathtoolAsync(string secret, long seconds)
    {
        var run = await Command.RunAsync(
            "oathtool", ["--totp", "-b", "-N", $"@{seconds.ToString(CultureInfo.InvariantCulture)}", secret]);
        run.ExitCode.ShouldBe(0, run.Error);
        return run.Output.Trim();
    }
}
