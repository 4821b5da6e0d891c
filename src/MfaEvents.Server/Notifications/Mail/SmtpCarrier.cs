using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MfaEvents.Server.Notifications.Mail;

/// <summary>Hands mail to an SMTP server (RFC 5321), one connection for each.</summary>
public sealed class SmtpCarrier(MailSettings settings) : IMailCarrier
{
    private readonly X509Certificate2? authority =
        settings.CertificateAuthority is { } file ? X509Certificate2.CreateFromPem(File.ReadAllText(file)) : null;

    public async Task CarryAsync(MimeMessage mail, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(settings.TimeLimit);
        using var client = new SmtpClient { Timeout = (int)settings.TimeLimit.TotalMilliseconds };
        if (authority is not null)
        {
            // A private authority seldom says where its revocations are.
            client.CheckCertificateRevocation = false;
            client.ServerCertificateValidationCallback = IsVouchedFor;
        }

        try
        {
            await client.ConnectAsync(settings.Host!, settings.PortOrDefault, SocketOptions(), limit.Token);
            if (settings is { User: { } user, Password: { } password })
                await client.AuthenticateAsync(user, password, limit.Token);
            await client.SendAsync(mail, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new MailDelayedException("The mail server took too long.");
        }
        catch (SmtpCommandException refused) when (IsForEver(refused))
        {
            throw new MailRefusedException($"The mail server refused: {(int)refused.StatusCode} {refused.ErrorCode}.");
        }
        catch (SmtpCommandException refused)
        {
            throw new MailDelayedException($"The mail server wants to be asked again: {(int)refused.StatusCode} {refused.ErrorCode}.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new MailDelayedException($"The mail server cannot be used: {exception.GetType().Name}.");
        }

        try
        {
            await client.DisconnectAsync(quit: true, limit.Token);
        }
        catch (Exception exception) when (exception is IOException or ProtocolException or OperationCanceledException)
        {
            // The mail is theirs; how the conversation ends says nothing about it.
        }
    }

    // RFC 5321 4.2.1: 5yz is permanent. That this product may not send at all is the operator's to mend, and the mail waits.
    private static bool IsForEver(SmtpCommandException refused) =>
        (int)refused.StatusCode >= 500
        && refused.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted;

    private SecureSocketOptions SocketOptions() => settings.Security switch
    {
        MailSecurity.StartTls => SecureSocketOptions.StartTls,
        MailSecurity.ImplicitTls => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.None,
    };

    private bool IsVouchedFor(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.Add(authority!);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (chain is not null)
            foreach (var element in chain.ChainElements) own.ChainPolicy.ExtraStore.Add(element.Certificate);
        return own.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }
}
