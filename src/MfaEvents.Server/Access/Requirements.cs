namespace MfaEvents.Server.Access;

/// <summary>
/// Which roles an endpoint serves. Every endpoint says so, or says that it is anonymous; a test holds it to that.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllowAttribute(params Role[] roles) : Attribute
{
    public IReadOnlyList<Role> Roles { get; } = roles;

    /// <summary>Among owners, the root user alone.</summary>
    public bool RootOnly { get; init; }

    /// <summary>It is about all accounts at once: a token that is limited to some may not.</summary>
    public bool AllAccounts { get; init; }
}

/// <summary>The endpoint needs a fresh sign-in, with a second factor once the caller has one (ASVS 7.5.1, RFC 9470).</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FreshSignInAttribute(FreshFor change) : Attribute
{
    public FreshFor Change { get; } = change;
}

/// <summary>
/// The endpoint serves a token that came by recovery or by support's code too, for the caller's own principal. No other does: they
/// are there to get a working device and a new password, and for nothing else.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServesRecoveryAttribute : Attribute;

/// <summary>What a fresh sign-in is needed for: a recovery serves for devices and the own password, never for contact.</summary>
public enum FreshFor
{
    Devices,
    Password,
    Contact,
}
