using MfaEvents.Server.Http;
using MfaEvents.Server.Notifications;

namespace MfaEvents.Server.Support;

/// <summary>The veto by the button on the page of a notice's link.</summary>
public sealed class VetoLink(Vetoes vetoes) : ILinkAction
{
    public LinkPurpose Purpose => LinkPurpose.Veto;

    public LinkPageText Text { get; } = new(
        "Stop the removal",
        "Support does not remove your MFA devices: the case ends, whoever asked for it.",
        "Stop the removal",
        "Done. Every device stays. If somebody asked in your name, change the password.");

    public async Task<Problem?> ActAsync(
        LinkToken token, IReadOnlyDictionary<string, string> fields, HttpContext http, DateTimeOffset now) =>
        (await vetoes.ByTokenAsync(http, token, now)).Refusal;
}
