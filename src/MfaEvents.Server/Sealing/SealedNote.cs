namespace MfaEvents.Server.Sealing;

/// <summary>
/// What somebody at the desk wrote down in their own words. It may name anybody, so it lies sealed apart from events, where it can
/// be erased while history stays.
/// </summary>
/// <param name="Id">The note, which an event of the case names.</param>
/// <param name="Sealed">The text under the key ring; opens for this account and note alone.</param>
public sealed record SealedNote(Guid Id, string Sealed);
