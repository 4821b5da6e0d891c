using System.Security.Cryptography;
using System.Text;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using MfaEvents.Core.Devices;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Server.Support;

/// <summary>What signs the proven owner in after a removal, until a device is active.</summary>
/// <param name="Id">The principal.</param>
/// <param name="Hash">SHA-256 over account, principal and code, which is not kept.</param>
/// <param name="IssuedAt">When it was shown.</param>
/// <param name="ExpiresAt">From when on it is void.</param>
public sealed record EnrolmentCode(string Id, string Hash, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int Letters = 24;
    private const int GroupLength = 4;

    /// <summary>
    /// 120 random bits in base32: above the 112 from which NIST SP 800-63B-4 takes a plain hash for enough. Groups of four can be
    /// read out.
    /// </summary>
    public static string Draw()
    {
        var letters = RandomNumberGenerator.GetItems<char>(Alphabet, Letters);
        return string.Join('-', letters.Chunk(GroupLength).Select(group => new string(group)));
    }

    public static EnrolmentCode Of(
        string accountId, string principal, string code, DateTimeOffset now, DateTimeOffset expiresAt) =>
        new(principal, HashOf(accountId, principal, code), now, expiresAt);

    public bool IsRight(string accountId, string code, DateTimeOffset now) =>
        now < ExpiresAt
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Hash), Encoding.ASCII.GetBytes(HashOf(accountId, Id, code)));

    // However it was written down: with blanks, without hyphens, in small letters.
    private static string HashOf(string accountId, string principal, string code) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(
            $"enrolment:{accountId}:{principal}:{new string([.. code.Where(char.IsAsciiLetterOrDigit)]).ToUpperInvariant()}")));
}

/// <summary>
/// Deletes the code once a device is active, with the next removal, or when the owner says that something was not theirs, in the
/// transaction of those events.
/// </summary>
public sealed partial class EnrolmentCodes : EventProjection
{
    public EnrolmentCodes()
    {
        Name = "enrolment-codes";

        // Nothing builds a code again.
        Options.TeardownDataOnRebuild = false;
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        if (e.Data is DeviceActivated or MfaRemovedBySupport or PrincipalDeleted
            or SessionsEnded { Reason: SessionsEndReason.Repudiated })
        {
            // An event that is played again must not take a later code.
            var (principal, at) = (e.StreamKey!, e.Timestamp);
            operations.DeleteWhere<EnrolmentCode>(code => code.Id == principal && code.IssuedAt <= at);
        }

        return ValueTask.CompletedTask;
    }
}
