namespace MfaEvents.Server.Access;

/// <summary>What a caller may be. A token carries one or more, written in kebab-case.</summary>
public enum Role
{
    /// <summary>A signed-in principal: its own devices; the root user also its account and its users.</summary>
    Owner,

    /// <summary>A back end that verifies codes for the accounts in its token.</summary>
    Service,

    SupportAgent,

    SupportApprover,

    Auditor,

    Operator,

    /// <summary>A system that registers accounts.</summary>
    Provisioner,
}

/// <summary>How roles are written in tokens.</summary>
public static class RoleNames
{
    public const string Owner = "owner";

    private static readonly Dictionary<string, Role> ByName = new(StringComparer.Ordinal)
    {
        [Owner] = Role.Owner,
        ["service"] = Role.Service,
        ["support-agent"] = Role.SupportAgent,
        ["support-approver"] = Role.SupportApprover,
        ["auditor"] = Role.Auditor,
        ["operator"] = Role.Operator,
        ["provisioner"] = Role.Provisioner,
    };

    public static IEnumerable<string> All => ByName.Keys;

    public static Role? Parse(string name) => ByName.TryGetValue(name, out var role) ? role : null;
}
