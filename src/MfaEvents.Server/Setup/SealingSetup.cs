using MfaEvents.Server.Sealing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.KeyManagement.Internal;
using Microsoft.Extensions.Options;

namespace MfaEvents.Server.Setup;

public static class SealingSetup
{
    /// <summary>The key ring: a folder beside the database, or in it under a certificate.</summary>
    public static void AddSealing(this WebApplicationBuilder builder, MfaEventsSettings settings, string connectionString)
    {
        const string section = $"{MfaEventsSettings.Section}:{nameof(MfaEventsSettings.Keys)}";
        builder.Services.AddSingleton<Seals>();
        builder.Services.AddSingleton<TokenKeys>();
        builder.Services.AddSingleton<CheckpointKeys>();
        builder.Services.AddSingleton(_ => new RingDatabase(connectionString));
        builder.Services.AddSingleton<KeyRing>();
        builder.Services.AddSingleton<KeyRotator>();
        builder.Services.AddSingleton<IKeyRingProvider>(services => services.GetRequiredService<KeyRing>());
        builder.Services.AddHostedService<RenewKeyRing>();

        var protection = builder.Services.AddDataProtection().SetApplicationName("MfaEvents").DisableAutomaticKeyGeneration();
        if (settings.Keys.Storage == KeyStorage.Folder)
        {
            protection.PersistKeysToFileSystem(KeyFolder.In(settings.DataDirectory));
        }
        else
        {
            builder.Services.AddSingleton<RingInDatabase>();
            builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(services =>
                new ConfigureOptions<KeyManagementOptions>(
                    options => options.XmlRepository = services.GetRequiredService<RingInDatabase>()));
        }

        if (settings.Keys.Certificate is { } certificate)
            protection.ProtectKeysWithCertificate(certificate.Load($"{section}:{nameof(KeySettings.Certificate)}"));
        protection.UnprotectKeysWithAnyCertificate([.. settings.Keys.FormerCertificates.Select(
            (former, i) => former.Load($"{section}:{nameof(KeySettings.FormerCertificates)}:{i}"))]);
    }
}
