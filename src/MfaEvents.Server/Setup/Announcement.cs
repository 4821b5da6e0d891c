using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using MfaEvents.Server.Notifications;

namespace MfaEvents.Server.Setup;

public static class Announcement
{
    /// <summary>Tells a developer where things are.</summary>
    public static void AnnounceWhenStarted(this WebApplication app, MfaEventsSettings settings, Database database)
    {
        if (!app.Environment.IsDevelopment()) return;
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            // A test's server has no address, and nobody to tell it.
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
            if (addresses?.FirstOrDefault() is not { } address)
                return;
            var mail = settings.Mail.Host ?? Outbox.In(settings.DataDirectory);
            var where = database.IsEmbedded ? "embedded PostgreSQL, in the data directory" : "ConnectionStrings:Mfa";
            System.Console.WriteLine(
                $"""

                 MfaEvents is up.
                   address         {address}
                   API page        {address}/api
                   data directory  {Path.GetFullPath(settings.DataDirectory)}
                   database        {where}
                   mail goes to    {mail}
                   a token         ops/token --role provisioner

                 """);
        });
    }
}
