namespace MfaEvents.Server.Audit.Export;

/// <summary>What OCSF calls an event.</summary>
/// <param name="Class">The class.</param>
/// <param name="Id">The activity within its class.</param>
/// <param name="Name">The activity's caption; null for one that OCSF has no name for.</param>
/// <param name="Replaced">The same in the class that replaces it from OCSF 1.9 on; null where none does.</param>
public sealed record OcsfActivity(OcsfClass Class, int Id, string? Name, OcsfActivity? Replaced = null)
{
    /// <summary>Whether what was attempted succeeded.</summary>
    public bool Succeeded { get; init; } = true;

    public OcsfSeverity Severity { get; init; } = OcsfSeverity.Informational;
}

/// <summary>A class of events (category 3, Identity and Access Management), by its number.</summary>
public enum OcsfClass
{
    AccountChange = 3001,
    Authentication = 3002,
    UserManagement = 3007,
}

/// <summary>severity_id of OCSF's dictionary.</summary>
public enum OcsfSeverity
{
    Informational = 1,
    Low = 2,
    Medium = 3,
    High = 4,
}

/// <summary>
/// Which stored name is which activity: OCSF 1.8, events/iam/account_change.json and authentication.json; OCSF 1.9,
/// user_management.json. An event that is not here, a new one too, is another change of an account (99) under its own name.
/// </summary>
public static class OcsfTable
{
    /// <summary>"The event activity is not mapped."</summary>
    public const int Other = 99;

    private static readonly OcsfActivity Unmapped = new(
        OcsfClass.AccountChange, Other, null, new OcsfActivity(OcsfClass.UserManagement, Other, null));

    private static readonly OcsfActivity Logon = new(OcsfClass.Authentication, 1, "Logon");
    private static readonly OcsfActivity Logoff = new(OcsfClass.Authentication, 2, "Logoff");

    private static readonly Dictionary<string, OcsfActivity> Activities = new()
    {
        ["user_created"] = Change(1, "Create", 1, "Create"),
        ["user_deleted"] = Change(6, "Delete", 3, "Delete"),
        ["password_changed"] = Change(3, "Password Change", 8, "Password Change"),
        ["device_activated"] = Change(10, "MFA Factor Enable", 12, "Enable MFA Factors"),
        ["device_removed"] = Change(11, "MFA Factor Disable", 13, "Disable MFA Factors"),
        ["mfa_removed_by_support"] = Change(11, "MFA Factor Disable", 13, "Disable MFA Factors") with { Severity = OcsfSeverity.Medium },

        ["personal_data_erased"] = Unmapped with { Severity = OcsfSeverity.Medium },

        ["signed_in"] = Logon,
        ["sign_in_refused"] = Logon with { Succeeded = false, Severity = OcsfSeverity.Low },
        ["session_ended"] = Logoff,
        ["sessions_ended"] = Logoff,

        ["code_rejected"] = Unmapped with { Succeeded = false, Severity = OcsfSeverity.Low },
        ["enrolment_code_rejected"] = Unmapped with { Succeeded = false, Severity = OcsfSeverity.Low },
        ["recovery_proof_rejected"] = Unmapped with { Succeeded = false, Severity = OcsfSeverity.Low },
        ["contact_digits_rejected"] = Unmapped with { Succeeded = false, Severity = OcsfSeverity.Low },
        ["call_back_rejected"] = Unmapped with { Succeeded = false, Severity = OcsfSeverity.Low },
        ["second_person_missing"] = Unmapped with { Succeeded = false, Severity = OcsfSeverity.Medium },
        ["attempts_throttled"] = Unmapped with { Severity = OcsfSeverity.Medium },
        ["password_attempts_throttled"] = Unmapped with { Severity = OcsfSeverity.Medium },
        ["enrolment_attempts_throttled"] = Unmapped with { Severity = OcsfSeverity.Medium },
        ["device_suspended"] = Unmapped with { Severity = OcsfSeverity.High },
        ["recovery_verified"] = Unmapped with { Severity = OcsfSeverity.Medium },
        ["notice_repudiated"] = Unmapped with { Severity = OcsfSeverity.High },
        ["recovery_repudiated"] = Unmapped with { Severity = OcsfSeverity.High },
        ["removal_vetoed"] = Unmapped with { Severity = OcsfSeverity.High },
    };

    /// <summary>The activity of an event.</summary>
    /// <param name="eventType">Its stored name.</param>
    /// <param name="userManagement">Whether changes of users are of class 3007.</param>
    public static OcsfActivity Of(string eventType, bool userManagement)
    {
        var activity = Activities.GetValueOrDefault(eventType, Unmapped);
        return userManagement && activity.Replaced is { } replaced
            ? replaced with { Succeeded = activity.Succeeded, Severity = activity.Severity }
            : activity;
    }

    private static OcsfActivity Change(int id, string name, int replacedId, string replacedName) =>
        new(OcsfClass.AccountChange, id, name, new OcsfActivity(OcsfClass.UserManagement, replacedId, replacedName));
}
