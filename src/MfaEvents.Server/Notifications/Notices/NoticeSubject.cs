using System.Globalization;

namespace MfaEvents.Server.Notifications.Notices;

/// <summary>What the link of a notice is about.</summary>
/// <param name="Stream">The stream of the event that was told of.</param>
/// <param name="Version">The event's version in it.</param>
/// <param name="ContactVersion">The contact information that the notice was sent by: whoever it reached has a say, or not.</param>
public sealed record NoticeSubject(string Stream, long Version, int ContactVersion)
{
    // No stream has a slash in its key.
    private const char Separator = '/';

    public static NoticeSubject? Parse(string text) =>
        text.Split(Separator) is [var stream, var version, var contact]
        && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var v)
        && int.TryParse(contact, NumberStyles.None, CultureInfo.InvariantCulture, out var c)
            ? new NoticeSubject(stream, v, c)
            : null;

    public string Text() => string.Create(CultureInfo.InvariantCulture, $"{Stream}{Separator}{Version}{Separator}{ContactVersion}");
}
