namespace MfaEvents.Server.Sealing;

/// <summary>The sealed secret key of one device: a row of its own, apart from events, deleted with the device.</summary>
/// <param name="Id">The device.</param>
/// <param name="Principal">Whose device it is.</param>
/// <param name="Sealed">The key under the key ring; opens for this account, principal and device alone.</param>
public sealed record SealedSeed(Guid Id, string Principal, string Sealed);
