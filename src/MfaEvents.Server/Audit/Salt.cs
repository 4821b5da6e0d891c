using System.Security.Cryptography;
using MfaEvents.Core.Audit;

namespace MfaEvents.Server.Audit;

/// <summary>The salts of commitments.</summary>
public static class Salt
{
    /// <summary>Draws one, in base64.</summary>
    public static string Draw() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(Commitment.SaltLength));
}
