using MimeKit;

namespace MfaEvents.Server.Notifications.Mail;

/// <summary>Takes mail out of this product: an outside seam.</summary>
public interface IMailCarrier
{
    /// <summary>Hands one mail on.</summary>
    /// <exception cref="MailDelayedException">It may go another time.</exception>
    /// <exception cref="MailRefusedException">It will never go.</exception>
    Task CarryAsync(MimeMessage mail, CancellationToken cancellation);
}

/// <summary>The mail server cannot be had, or wants to be asked again.</summary>
/// <remarks>What the server said may quote the address: it is not in here, and neither is an inner exception.</remarks>
public sealed class MailDelayedException(string what) : Exception(what);

/// <summary>The mail server will not take this mail.</summary>
public sealed class MailRefusedException(string what) : Exception(what);
