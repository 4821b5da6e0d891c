namespace MfaEvents.Server.Sealing;

/// <summary>Where a key is in its life.</summary>
public enum KeyState
{
    /// <summary>The key for everything new.</summary>
    Active,

    /// <summary>Another takes its place; what it sealed still opens, what it signed still verifies.</summary>
    Retiring,

    /// <summary>It opens and verifies nothing any more, and its secret part is gone.</summary>
    Retired,
}
