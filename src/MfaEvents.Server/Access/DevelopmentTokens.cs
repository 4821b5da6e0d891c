using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Sealing;

namespace MfaEvents.Server.Access;

/// <summary>Tokens for trying things out: their issuer and key are their own, and only Development trusts them.</summary>
public static class DevelopmentTokens
{
    public const string Issuer = "urn:mfaevents:development";

    public const string Audience = "mfaevents";

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    /// <summary>The ES256 key in the data directory, mode 0600; made when it is not there yet.</summary>
    public static ECDsaSecurityKey Key(string dataDirectory)
    {
        var file = Path.Combine(KeyFolder.In(dataDirectory).FullName, "development-tokens.pem");
        if (!File.Exists(file)) Make(file);
        var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(File.ReadAllText(file));
        return new ECDsaSecurityKey(ecdsa) { KeyId = "development" };
    }

    public static string Mint(string dataDirectory, DevelopmentTokenRequest request, DateTimeOffset now)
    {
        var claims = new Dictionary<string, object>
        {
            [ClaimNames.Subject] = request.Subject,
            [ClaimNames.Roles] = request.Roles.ToArray(),
            [ClaimNames.AuthenticationMethods] = request.AuthenticationMethods.ToArray(),
            [ClaimNames.AuthenticatedAt] = (now - request.AuthenticationAge).ToUnixTimeSeconds(),
        };
        if (request.Accounts.Count > 0) claims[ClaimNames.Account] = request.Accounts.ToArray();
        if (request.Principal is not null) claims[ClaimNames.Principal] = request.Principal;

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + Lifetime).UtcDateTime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(Key(dataDirectory), SecurityAlgorithms.EcdsaSha256),
        });
    }

    // Of processes that start together one makes the key, under a lock that ends with its process: File.Move alone does not tell of
    // a file that another put there a moment ago. It is written aside, so that nobody reads half of it.
    private static void Make(string file)
    {
        using var onlyOne = Lock(file + ".lock");
        if (File.Exists(file)) return;

        var aside = file + ".new";
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using (var writer = new StreamWriter(OwnersAlone(aside, FileMode.Create))) writer.Write(pair.ExportPkcs8PrivateKeyPem());
        File.Move(aside, file);
    }

    private static FileStream Lock(string file)
    {
        var patience = DateTimeOffset.UtcNow + LockPatience;
        while (true)
        {
            try
            {
                return OwnersAlone(file, FileMode.OpenOrCreate);
            }
            catch (IOException) when (DateTimeOffset.UtcNow < patience)
            {
                Thread.Sleep(10);
            }
        }
    }

    private static FileStream OwnersAlone(string file, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(file, options);
    }
}
