using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Notifications;

/// <summary>Where the links in mails lead.</summary>
public static class LinkPages
{
    private static readonly Dictionary<LinkPurpose, string> Names = new()
    {
        [LinkPurpose.RecoveryEmail] = "recovery-email",
        [LinkPurpose.ContactEmail] = "contact-email",
        [LinkPurpose.Repudiation] = "repudiation",
        [LinkPurpose.Veto] = "veto",
    };

    public static Uri AddressOf(MfaEventsSettings settings, LinkPurpose purpose, LinkToken token) =>
        new($"{settings.PublicUrl.AbsoluteUri.TrimEnd('/')}{Routes.Links}/{Names[purpose]}?token={token.Text()}");

    /// <summary>What a page is for; null when there is none of that name.</summary>
    public static LinkPurpose? PurposeOf(string name) =>
        Names.FirstOrDefault(pair => pair.Value == name) is { Value: not null } found ? found.Key : null;
}
