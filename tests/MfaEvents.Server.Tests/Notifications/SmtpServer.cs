using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

using MfaEvents.Server.Notifications.Mail;

namespace MfaEvents.Server.Tests.Notifications;

/// <summary>A mail server that nobody here wrote, on loopback: Debian's python3-aiosmtpd.</summary>
public sealed class SmtpServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mfa-smtp-").FullName;
    private Process? process;

    public SmtpServer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Where it will listen.</summary>
    public int Port { get; }

    /// <summary>The file with the authority of its certificate.</summary>
    public string Authority => Path.Combine(folder, "authority.pem");

    /// <summary>How a client is configured for it.</summary>
    public MailSettings Settings(MailSecurity security) => new() { Host = "localhost", Port = Port, Security = security, CertificateAuthority = Authority };

    public async Task<SmtpServer> StartAsync(string mode, params string[] credentials)
    {
        WriteCertificates();
        process = Process.Start(new ProcessStartInfo(
            "/usr/bin/python3",
            [Path.Combine(AppContext.BaseDirectory, "Notifications", "smtp-server.py"), Port.ToString(CultureInfo.InvariantCulture), folder, mode, .. Certificates(mode, credentials), .. credentials])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        (await process.StandardOutput.ReadLineAsync()).ShouldBe("ready");
        return this;
    }

    /// <summary>What was received so far.</summary>
    public IReadOnlyList<Received> Mails() => [.. Directory.GetFiles(folder, "*.eml").Select(file => Received.Of(MimeKit.MimeMessage.Load(file)))];

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private IEnumerable<string> Certificates(string mode, string[] credentials) =>
        mode == "plain" && credentials.Length == 0 ? [] : [Path.Combine(folder, "server.pem"), Path.Combine(folder, "server.key")];

    private void WriteCertificates()
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = RSA.Create(2048);
        var authorityRequest = new CertificateRequest("CN=mail authority", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(from, until);

        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(8));

        File.WriteAllText(Authority, authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
