using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MfaEvents.SystemTests;

/// <summary>The key ring of processes: lost, exchanged, protected by a certificate, in the database, rotated on one of two nodes.</summary>
public sealed class KeysTests : IDisposable
{
    private static readonly Settings Quick = Settings.None.With("MfaEvents__Keys__Settling", "00:00:03");

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Without_its_keys_it_does_not_start_and_makes_no_others()
    {
        TestAccount account;
        TestDevice device;
        await using (var server = await ServerProcess.StartAsync(folder.Data))
        {
            account = await server.RegisterAsync();
            device = await account.ActivateAsync("phone");
            (await server.StopAsync()).ShouldBe(0);
        }

        var keys = Path.Combine(folder.Data, "keys");
        var file = Directory.GetFiles(keys, "key-*.xml").ShouldHaveSingleItem();
        var (id, xml) = (Path.GetFileNameWithoutExtension(file)[4..], await File.ReadAllTextAsync(file, Cancellation));

        // Emptied.
        File.Delete(file);
        await IsRefusedAsync(id);
        Directory.GetFiles(keys, "*.xml").ShouldBeEmpty();

        // Another installation's.
        await using (var other = await ServerProcess.StartAsync(folder["other"])) await other.RegisterAsync();
        var foreign = Directory.GetFiles(Path.Combine(folder["other"], "keys"), "key-*.xml").ShouldHaveSingleItem();
        File.Copy(foreign, Path.Combine(keys, Path.GetFileName(foreign)));
        await IsRefusedAsync(id);

        // Another key under the name of the lost one.
        var foreignId = Path.GetFileNameWithoutExtension(foreign)[4..];
        File.Delete(Path.Combine(keys, Path.GetFileName(foreign)));
        await File.WriteAllTextAsync(
            file, (await File.ReadAllTextAsync(foreign, Cancellation)).Replace(foreignId, id, StringComparison.Ordinal), Cancellation);
        await IsRefusedAsync(id);
        Directory.GetFiles(keys, "*.xml").ShouldBe([file]);

        // Its own again.
        await File.WriteAllTextAsync(file, xml, Cancellation);
        await using var again = await ServerProcess.StartAsync(folder.Data);
        account = account.On(again);
        (await account.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);

        async Task IsRefusedAsync(string key)
        {
            var refused = await ServerProcess.RunAsync(folder.Data);
            refused.ExitCode.ShouldBe(1);
            refused.Sentence.ShouldContain(key);
            refused.Sentence.ShouldContain("ops/runbooks/keys.md");
        }
    }

    [Fact]
    public async Task A_certificate_protects_the_folder_and_another_one_can_follow_it()
    {
        var (first, second) = (Pkcs12("first.pfx", "its password"), Pem("second.pem"));
        var protectedByFirst = Settings.None.With("MfaEvents__Keys__Certificate__File", first)
            .With("MfaEvents__Keys__Certificate__Password", "its password");
        var protectedBySecond = Quick.With("MfaEvents__Keys__Certificate__File", second);
        TestAccount account;
        TestDevice device;
        await using (var server = await ServerProcess.StartAsync(folder.Data, protectedByFirst))
        {
            account = await server.RegisterAsync();
            device = await account.ActivateAsync("phone");
        }

        var file = Directory.GetFiles(Path.Combine(folder.Data, "keys"), "key-*.xml").ShouldHaveSingleItem();
        var xml = await File.ReadAllTextAsync(file, Cancellation);
        xml.ShouldContain("EncryptedData");
        xml.ShouldNotContain("<value>");

        foreach (var wrong in (Settings[])[Settings.None, protectedBySecond])
        {
            var refused = await ServerProcess.RunAsync(folder.Data, wrong);
            refused.ExitCode.ShouldBe(1);
            refused.Sentence.ShouldContain("MfaEvents:Keys:Certificate");
        }

        var badPassword = await ServerProcess.RunAsync(
            folder.Data, protectedByFirst.With("MfaEvents__Keys__Certificate__Password", "another"));
        badPassword.ExitCode.ShouldBe(1);
        badPassword.Sentence.ShouldContain("MfaEvents:Keys:Certificate");
        (await File.ReadAllTextAsync(file, Cancellation)).ShouldBe(xml);

        var both = protectedBySecond.With("MfaEvents__Keys__FormerCertificates__0__File", first)
            .With("MfaEvents__Keys__FormerCertificates__0__Password", "its password");
        await using (var server = await ServerProcess.StartAsync(folder.Data, both))
        {
            account = account.On(server);
            (await account.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);
            await RotateAsync(server);
        }

        // After a rotation nothing needs the former one.
        await using var again = await ServerProcess.StartAsync(folder.Data, protectedBySecond);
        await account.On(again).ActivateAsync("tablet");
    }

    [Fact]
    public async Task In_the_database_the_ring_needs_a_certificate_and_no_shared_folder()
    {
        await using OtherDatabase database = new();
        await database.InitializeAsync();
        var inDatabase = database.Settings.With("MfaEvents__Keys__Storage", "Database").With("MfaEvents__Keys__Settling", "00:00:03");
        var bare = await ServerProcess.RunAsync(folder.Data, inDatabase);
        bare.ExitCode.ShouldBe(1);
        bare.Sentence.ShouldContain("MfaEvents:Keys:Certificate");

        var settings = inDatabase.With("MfaEvents__Keys__Certificate__File", Pem("certificate.pem"));
        await using (var first = await ServerProcess.StartAsync(folder.Data, settings))
        {
            // Tokens of ops/token have a key of their own, which is no part of the ring; the first token makes it.
            await first.TokenAsync("--role", "operator");
            var keys = Directory.CreateDirectory(Path.Combine(folder["second"], "keys"));
            File.Copy(Path.Combine(folder.Data, "keys", "development-tokens.pem"), Path.Combine(keys.FullName, "development-tokens.pem"));
            await using var second = await ServerProcess.StartAsync(folder["second"], settings);

            await RotationIsSeenOnBothAsync(first, second);

            foreach (var data in (string[])[folder.Data, folder["second"]])
                Directory.GetFiles(Path.Combine(data, "keys"), "*.xml").ShouldBeEmpty();
        }

        var stored = await database.QueryAsync("select string_agg(data::text, '') from sealed.mt_doc_ringelement");
        stored.ShouldContain("EncryptedData");
        stored.ShouldNotContain("<value>");
        await database.QueryAsync("delete from sealed.mt_doc_ringelement");
        (await ServerProcess.RunAsync(folder.Data, settings)).Sentence.ShouldContain("not in the key ring in the database");
        (await database.QueryAsync("select count(*)::text from sealed.mt_doc_ringelement")).ShouldBe("0");
    }

    [Fact]
    public async Task A_rotation_on_one_node_is_known_on_the_other_at_once()
    {
        await using OtherDatabase database = new();
        await database.InitializeAsync();
        var settings = database.Settings.With("MfaEvents__Keys__Settling", "00:00:03");
        await using var first = await ServerProcess.StartAsync(folder.Data, settings);
        await using var second = await ServerProcess.StartAsync(folder.Data, settings);

        await RotationIsSeenOnBothAsync(first, second);
    }

    [Fact]
    public async Task A_rotation_outlives_the_node_that_does_it()
    {
        await using OtherDatabase database = new();
        await database.InitializeAsync();
        var settings = database.Settings.With("MfaEvents__Keys__Settling", "00:00:03");
        await using var first = await ServerProcess.StartAsync(folder.Data, settings);
        await using var second = await ServerProcess.StartAsync(folder.Data, settings);
        var account = await first.RegisterAsync();
        var device = await account.ActivateAsync("phone");
        var asked = await AskAsync(first);
        await Eventually.Holds("the new key is there", TimeSpan.FromSeconds(30), () =>
            Task.FromResult(Directory.GetFiles(Path.Combine(folder.Data, "keys"), "key-*.xml").Length == 2));

        await first.KillAsync();

        var watch = Stopwatch.StartNew();
        await IsFinishedAsync(second, asked);
        TestContext.Current.TestOutputHelper!.WriteLine($"finished {watch.Elapsed} after the kill");
        account = account.On(second);
        (await account.VerifyAsync(device, await Authenticator.CodeAsync(device.SecretKey, 1))).ShouldBe(200);
        await using var again = await ServerProcess.StartAsync(folder.Data, settings);
        await account.On(again).ActivateAsync("tablet");
        Directory.GetFiles(Path.Combine(folder.Data, "keys"), "key-*.xml").ShouldHaveSingleItem();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task RotationIsSeenOnBothAsync(ServerProcess first, ServerProcess second)
    {
        var account = await first.RegisterAsync();
        var before = await account.ActivateAsync("phone");
        var asked = await AskAsync(first);
        var operations = await second.TokenAsync("--role", "operator");

        // All the time each node opens what the other sealed, whichever key it took.
        var state = "";
        for (var round = 0; state != "succeeded"; round++)
        {
            round.ShouldBeLessThan(500);
            var (here, there) = round % 2 == 0 ? (first, second) : (second, first);
            var device = await account.On(here).AssignAsync($"device{round}");
            var codes = await Authenticator.CodesAsync(device.SecretKey, -2, 2);
            (await account.On(there).SubmitAsync(device, codes[0], codes[1])).ShouldBe(200);
            (await account.On(here).Api.DeleteAsync(device.Path, account.Token)).ShouldBe(204);
            state = await StateAsync(there, asked, operations);
            await Task.Delay(100, Cancellation);
        }

        (await account.On(second).VerifyAsync(before, await Authenticator.CodeAsync(before.SecretKey, 1))).ShouldBe(200);
        var keys = (await second.Api.GetAsync("/keys", operations)).ShouldBe(200).Body!["keys"]!.AsArray();
        keys.Where(key => key!["purpose"]!.ToString() == "sealing").Select(key => key!["state"]!.ToString())
            .ShouldBe(["active", "retired"]);
    }

    private static async Task RotateAsync(ServerProcess server) => await IsFinishedAsync(server, await AskAsync(server));

    private static async Task<string> AskAsync(ServerProcess server)
    {
        var token = await server.TokenAsync("--role", "operator");
        var asked = (await server.Api.PostAsync("/keys/rotations", token, [])).ShouldBe(202);
        (await server.Api.PostAsync("/keys/rotations", token, [])).ShouldBe(409).Slug.ShouldBe("conflict");
        return asked.Location!;
    }

    private static async Task IsFinishedAsync(ServerProcess server, string rotation)
    {
        var token = await server.TokenAsync("--role", "operator");
        await Eventually.Holds("the rotation is finished", TimeSpan.FromMinutes(4), async () =>
            await StateAsync(server, rotation, token) == "succeeded");
    }

    private static async Task<string> StateAsync(ServerProcess server, string rotation, string token) =>
        (await server.Api.GetAsync(rotation, token)).ShouldBe(200)["state"]!;

    private string Pkcs12(string name, string password)
    {
        using var certificate = Certificate();
        File.WriteAllBytes(folder[name], certificate.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, password));
        return folder[name];
    }

    private string Pem(string name)
    {
        using var certificate = Certificate();
        using var rsa = certificate.GetRSAPrivateKey()!;
        File.WriteAllText(folder[name], certificate.ExportCertificatePem() + "\n" + rsa.ExportPkcs8PrivateKeyPem());
        return folder[name];
    }

    private static X509Certificate2 Certificate()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=MfaEvents keys", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
    }
}
