using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MfaEvents.SystemTests;

/// <summary>Devices as programs see them that nobody here wrote: zbarimg reads the QR code, oathtool computes the codes.</summary>
public sealed partial class AuthenticatorTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Zbarimg_reads_the_PNG_as_the_key_URI()
    {
        var account = await server.Process.RegisterAsync();
        var device = await account.AssignAsync("phone");
        var png = server.Folder["qr.png"];
        await File.WriteAllBytesAsync(png, Convert.FromBase64String(device.Shown["qrCodePng"]!.ToString()), Stop);

        (await ReadAsync(png)).ShouldBe(device.Shown["keyUri"]!.ToString());
        device.Shown["keyUri"]!.ToString().ShouldContain($"secret={device.SecretKey}");
    }

    [Fact]
    public async Task Zbarimg_reads_the_SVG_as_the_key_URI()
    {
        var account = await server.Process.RegisterAsync();
        var device = await account.AssignAsync("phone");
        var picture = server.Folder["qr.pgm"];
        await File.WriteAllBytesAsync(picture, Drawn(device.Shown["qrCodeSvg"]!.ToString()), Stop);

        (await ReadAsync(picture)).ShouldBe(device.Shown["keyUri"]!.ToString());
    }

    [Fact]
    public async Task Codes_of_oathtool_are_accepted_over_several_steps()
    {
        var account = await server.Process.RegisterAsync();
        var device = await account.AssignAsync("phone");
        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(5));
        var codes = await Authenticator.CodesAsync(device.SecretKey, -2, 4);

        (await account.SubmitAsync(device, codes[0], codes[1])).ShouldBe(200)["status"].ShouldBe("active");
        (await account.VerifyAsync(device, codes[2])).ShouldBe(200)["deviceId"].ShouldBe(device.Id);
        (await account.VerifyAsync(device, codes[3])).ShouldBe(200);
        (await account.VerifyAsync(device, codes[3])).ShouldBe(403).Slug.ShouldBe("invalid-authentication-code");
    }

    [Fact]
    public async Task Codes_of_twenty_minutes_ago_associate_a_device_out_of_sync_and_fresh_ones_resync_it()
    {
        var account = await server.Process.RegisterAsync();
        var device = await account.AssignAsync("phone");
        var old = await Authenticator.CodesAsync(device.SecretKey, -40, 2);
        (await account.SubmitAsync(device, old[0], old[1])).ShouldBe(200)["status"].ShouldBe("outOfSync");

        await Authenticator.HasTimeAsync(TimeSpan.FromSeconds(5));
        var codes = await Authenticator.CodesAsync(device.SecretKey, -2, 4);
        (await account.VerifyAsync(device, codes[3])).ShouldBe(403)["resyncRequired"].ShouldBe("true");
        var resync = new JsonObject { ["code1"] = codes[0], ["code2"] = codes[1] };
        (await account.Api.PostAsync(device.Path + "/resync", account.Token, resync)).ShouldBe(200)["status"].ShouldBe("active");
        (await account.VerifyAsync(device, codes[2])).ShouldBe(200);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<string> ReadAsync(string picture) =>
        (await Command.RunAsync("zbarimg", "-q", "--raw", picture)).Succeeded().TrimEnd('\n');

    // An SVG renderer is a heavy thing to install for runs of black modules on white: they are drawn here, as a PGM picture.
    private static byte[] Drawn(string svg)
    {
        const int scale = 4;
        var size = ViewBox().Match(svg);
        var (width, height) = (scale * Number(size, 1), scale * Number(size, 2));
        var pixels = new byte[width * height];
        Array.Fill(pixels, byte.MaxValue);

        var path = Path().Match(svg).Groups[1].Value;
        Run().Replace(path, "").ShouldBeEmpty("The path holds something that is not drawn here.");
        foreach (Match run in Run().Matches(path))
        {
            var (x, y, length) = (scale * Number(run, 1), scale * Number(run, 2), scale * Number(run, 3));
            for (var line = y; line < y + scale; line++) pixels.AsSpan((line * width) + x, length).Clear();
        }

        return [.. Encoding.ASCII.GetBytes($"P5 {width} {height} 255\n"), .. pixels];
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("viewBox=\"0 0 ([0-9]+) ([0-9]+)\"")]
    private static partial Regex ViewBox();

    [GeneratedRegex("<path fill=\"#000\" d=\"([^\"]+)\"/>")]
    private static partial Regex Path();

    [GeneratedRegex("M([0-9]+) ([0-9]+)h([0-9]+)v1h-\\3z")]
    private static partial Regex Run();
}
