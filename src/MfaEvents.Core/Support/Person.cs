namespace MfaEvents.Core.Support;

/// <summary>
/// Somebody at the desk: issuer and subject, whatever role they act in. Event metadata says it, never a payload.
/// </summary>
public sealed record Person(string Issuer, string Subject)
{
    /// <summary>The product itself, when a message came due or a call was answered.</summary>
    public static Person Product { get; } = new("", "mfaevents");
}
