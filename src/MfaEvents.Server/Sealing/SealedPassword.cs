namespace MfaEvents.Server.Sealing;

/// <summary>A principal's password, hashed (ASP.NET Core Identity) and sealed, apart from events.</summary>
/// <param name="Id">The principal.</param>
/// <param name="Sealed">The hash under the key ring; opens for this account and principal alone.</param>
public sealed record SealedPassword(string Id, string Sealed);
