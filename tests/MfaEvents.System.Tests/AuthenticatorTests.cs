using System.Text.RegularExpressions;

namespace MfaEvents.SystemTests;

/// <summary>Devices set up with programs that nobody here wrote: zbarimg reads the QR code, oathtool computes the codes.</summary>
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

    // An SVG renderer is a heavy thing to install for rectangles: they are drawn here, as a PGM picture.
    private static byte[] Drawn(string svg)
    {
        var size = ViewBox().Match(svg);
        const int scale = 4;
        var (width, height) = (scale * (int)Number(size, 1), scale * (int)Number(size, 2));
        var pixels = new byte[width * height];
        Array.Fill(pixels, byte.MaxValue);
        foreach (Match rectangle in Rectangle().Matches(svg))
        {
            var shade = rectangle.Value.Contains("#FFFFFF", StringComparison.OrdinalIgnoreCase) ? byte.MaxValue : (byte)0;
            int At(string name) => (int)Math.Round(scale * Number(Attribute(rectangle.Value, name), 1));
            for (var y = At("y"); y < At("y") + At("height"); y++)
                pixels.AsSpan((y * width) + At("x"), At("width")).Fill(shade);
        }

        return [.. System.Text.Encoding.ASCII.GetBytes($"P5 {width} {height} 255\n"), .. pixels];
    }

    private static Match Attribute(string element, string name) => Regex.Match(element, $"\\s{name}=\"([0-9.]+)\"");

    private static double Number(Match match, int group) =>
        match.Success ? double.Parse(match.Groups[group].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("viewBox=\"0 0 ([0-9.]+) ([0-9.]+)\"")]
    private static partial Regex ViewBox();

    [GeneratedRegex("<rect[^>]*>")]
    private static partial Regex Rectangle();
}
