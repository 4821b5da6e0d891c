using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MfaEvents.Server.Setup;

/// <summary>Where the key ring is.</summary>
public enum KeyStorage
{
    /// <summary>In <c>{DataDirectory}/keys</c>.</summary>
    Folder,

    /// <summary>In the database, under a certificate.</summary>
    Database,
}

/// <summary>The key ring: where it is, what protects it, and how long a rotation waits for the other nodes.</summary>
public sealed class KeySettings : IValidatableObject
{
    /// <summary>Where the key ring is.</summary>
    public KeyStorage Storage { get; init; }

    /// <summary>The certificate that protects the keys where they lie.</summary>
    public CertificateFile? Certificate { get; init; }

    /// <summary>The certificates that protected keys before, and may still open them.</summary>
    public IReadOnlyList<CertificateFile> FormerCertificates { get; init; } = [];

    /// <summary>How long a rotation waits for all nodes to learn of its keys, and for requests under way to end.</summary>
    [Range(typeof(TimeSpan), "00:00:03", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How old a node's copy of the ring may be when it seals.</summary>
    internal TimeSpan CopyLifetime => Settling / 3;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Storage == KeyStorage.Database && Certificate is null)
            yield return new ValidationResult("Keys that lie in the database need a certificate.", [nameof(Certificate)]);
    }
}

/// <summary>A certificate with its private key, as PEM or PKCS #12.</summary>
public sealed class CertificateFile
{
    /// <summary>The file with the certificate; a PEM file holds the private key too, unless <see cref="KeyFile"/> does.</summary>
    [Required]
    public string File { get; init; } = "";

    /// <summary>A PEM file with the private key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>What opens the private key.</summary>
    public string? Password { get; init; }

    /// <summary>Reads the certificate.</summary>
    /// <exception cref="SettingsException">It cannot be used to protect keys; the message says why.</exception>
    public X509Certificate2 Load(string setting)
    {
        try
        {
            var certificate = Read();
            if (!certificate.HasPrivateKey) throw new CryptographicException("it has no private key.");

            // XML Encryption wraps keys with RSA (xmlenc 5.4).
            using var rsa = certificate.GetRSAPrivateKey() ?? throw new CryptographicException("its key is not RSA.");
            return certificate;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(
                $"The configuration is wrong: {setting}: {File} cannot be used: {exception.Message}", exception);
        }
    }

    private X509Certificate2 Read()
    {
        if (!System.IO.File.ReadAllText(File).Contains("-----BEGIN", StringComparison.Ordinal))
            return X509CertificateLoader.LoadPkcs12FromFile(File, Password);
        return Password is null
            ? X509Certificate2.CreateFromPemFile(File, KeyFile)
            : X509Certificate2.CreateFromEncryptedPemFile(File, Password, KeyFile);
    }
}
