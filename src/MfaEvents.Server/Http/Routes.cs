namespace MfaEvents.Server.Http;

/// <summary>The addresses of the contract. The account in them is the tenant; the principal is the stream.</summary>
public static class Routes
{
    public const string Accounts = "/accounts";
    public const string Account = Accounts + "/{accountId}";
    public const string Contact = Account + "/contact";
    public const string Users = Account + "/users";
    public const string User = Users + "/{userName}";
    public const string Principal = Account + "/principals/{principal}";
    public const string Password = Principal + "/password";
    public const string Devices = Principal + "/mfa-devices";
    public const string Device = Devices + "/{deviceId}";
    public const string History = Principal + "/history";
    public const string Explanation = Principal + "/explanation";
    public const string Sessions = Principal + "/sessions";
    public const string Session = Sessions + "/{sessionId}";
    public const string Cases = "/cases";
    public const string PrincipalCases = Principal + "/cases";
    public const string Case = Account + "/cases/{caseId}";
    public const string SignIns = "/sign-ins";
    public const string SignIn = SignIns + "/{signInId}";
    public const string Tokens = "/tokens";
    public const string CheckpointKey = "/.well-known/checkpoint-key";
    public const string CheckpointKeys = "/.well-known/checkpoint-keys";
    public const string Links = "/links";
    public const string Recoveries = "/recoveries";
    public const string Recovery = Recoveries + "/{recoveryId}";
    public const string Repudiations = "/repudiations";
    public const string Calls = "/telephony/calls";
    public const string Call = Calls + "/{callId}";
    public const string Audit = Account + "/audit";
    public const string AuditCheckpoint = Audit + "/checkpoint";
    public const string AuditProofs = Audit + "/proofs";
    public const string AuditExport = Audit + "/export";
    public const string AuditVerification = Audit + "/verification";
    public const string Erasures = Account + "/erasures";
    public const string Erasure = Erasures + "/{erasureId}";
    public const string MfaCoverage = Account + "/mfa-coverage";
    public const string WhatIf = Account + "/what-if";
    public const string Job = "/jobs/{jobId}";
    public const string Rebuilds = "/projections/{name}/rebuilds";
    public const string Rebuild = "/rebuilds/{rebuildId}";
    public const string Keys = "/keys";
    public const string KeyRotations = Keys + "/rotations";
    public const string KeyRotation = KeyRotations + "/{rotationId}";

    public static string OfCase(string accountId, Guid caseId) => $"{Accounts}/{accountId}/cases/{caseId}";
}
