namespace MfaEvents.Server.Http;

/// <summary>The catalogue of problems: each slug once, with its status and its sentence.</summary>
public static class Problems
{
    public static Problem MalformedRequest(string detail) => new(400, "malformed-request", detail);

    public static Problem Validation(IReadOnlyDictionary<string, IReadOnlyList<string>> errors) =>
        new(400, "validation", "The request is not valid; see errors.") { Errors = errors };

    public static Problem Validation(string member, string sentence) =>
        Validation(new Dictionary<string, IReadOnlyList<string>> { [member] = [sentence] });

    public static Problem Unauthenticated { get; } =
        new(401, "unauthenticated", "A valid bearer token is needed.") { Challenge = "Bearer" };

    // RFC 9470 3: the challenge names the age that the caller's sign-in may have.
    public static Problem InsufficientUserAuthentication(TimeSpan maxAge) =>
        new(401, "insufficient-user-authentication", "Sign in again, with a second factor if you have one, and then repeat this.")
        {
            Challenge = "Bearer error=\"insufficient_user_authentication\", "
                + $"error_description=\"A fresh sign-in is needed\", max_age=\"{(int)maxAge.TotalSeconds}\"",
        };

    public static Problem Forbidden { get; } = new(403, "forbidden", "Your role may not do this.");

    public static Problem ConsoleNeedsTls { get; } = new(403, "forbidden", "The console is served over https alone. A proxy in front "
        + "of it has to be named in MfaEvents:KnownProxies, and to say X-Forwarded-Proto: https.");

    // AWS's sentence, and the same for a name that does not exist.
    public static Problem InvalidCredentials { get; } =
        new(403, "invalid-credentials", "Your authentication information is incorrect. Please try again.");

    public static Problem InvalidAuthenticationCode { get; } =
        new(403, "invalid-authentication-code", "Authentication code for device is not valid.");

    public static Problem ResyncRequired { get; } =
        InvalidAuthenticationCode with { ResyncRequired = true };

    public static Problem InvalidProof { get; } =
        new(403, "invalid-proof", "This proof is false, was used before, or came too late.");

    public static Problem NotFound { get; } = new(404, "not-found", "There is nothing here that you may see.");

    public static Problem MethodNotAllowed { get; } = new(405, "method-not-allowed", "This address does not answer that method.");

    public static Problem Conflict { get; } = new(409, "conflict", "Somebody else was faster: read and try again.");

    public static Problem RotationRunning { get; } = new(409, "conflict", "A rotation of the keys is running: wait for its end.");

    public static Problem RebuildRunning { get; } =
        new(409, "rebuild-running", "A rebuild of this projection is running: wait for its end, or cancel it.");

    public static Problem RebuildFinished { get; } = new(409, "rebuild-finished", "The rebuild has ended already.");

    public static Problem NoView { get; } =
        new(409, "conflict", "This projection has no view that could be rebuilt: it deletes or sends, and keeps nothing of its own.");

    public static Problem WhatIfRuns { get; } = new(409, "conflict", "A what-if of this account is running: wait for its end.");

    public static Problem ErasureRuns { get; } =
        new(409, "conflict", "Personal data are being erased: a view that is built meanwhile could bring them back. Try again when it has ended.");

    public static Problem ProjectionRuns { get; } = new(409, "conflict", "The projection runs already.");

    public static Problem EmailTaken { get; } =
        new(409, "email-taken", "Another account is registered with this e-mail address.");

    public static Problem ContactLocked { get; } =
        new(409, "contact-locked", "For 72 hours after a recovery or a removal of MFA, contact information cannot be changed.");

    public static Problem ContactNotPending { get; } =
        new(409, "conflict", "No other phone number waits for confirmation.");

    public static Problem UserExists { get; } =
        new(409, "user-exists", "A user with this name exists, or existed, in this account.");

    public static Problem DeleteConflict { get; } =
        new(409, "delete-conflict", "Cannot delete entity, must delete MFA device first.");

    public static Problem DeviceNameTaken { get; } = new(409, "device-name-taken", "MFA device already exists.");

    public static Problem DeviceLimitReached(int limit) =>
        new(409, "device-limit-reached", $"Cannot exceed quota for MFADevicesPerUser: {limit}");

    public static Problem DeviceAlreadyActive { get; } = new(409, "device-already-active", "MFA Device is already in use.");

    public static Problem DevicePending { get; } = new(409, "device-pending", "The device is not activated yet.");

    public static Problem RecoveryNotAvailable { get; } = new(
        409,
        "recovery-not-available",
        "An IAM user has no recovery of its own: the account's root user or an administrator can remove the lost device.");

    public static Problem RecoveryState(DateTimeOffset? availableAt) => new(
        409,
        "recovery-state",
        availableAt is null
            ? "The recovery is not at this step."
            : "The contact information was changed lately: the recovery can be completed later.") { AvailableAt = availableAt };

    public static Problem CaseState { get; } =
        new(409, "case-state", "The case, or another one about this principal, is not in a state for that.");

    public static Problem EvidenceMissing { get; } = new(
        409,
        "evidence-missing",
        "Two kinds of evidence are needed, and one of them is a call back or that the owner came in person.");

    public static Problem NumberChanged { get; } = new(
        409, "evidence-missing", "The number on file was changed lately, so that a call to it is no evidence: use another kind.");

    public static Problem NumberErased { get; } = new(
        409, "evidence-missing", "The number on file was erased, so that nobody can be called: use another kind.");

    public static Problem SecondPersonRequired { get; } = new(
        403,
        "second-person-required",
        "Somebody else has to do this: you opened the case, recorded evidence or asked for the removal.");

    public static Problem PayloadTooLarge { get; } = new(413, "payload-too-large", "A request body has at most 64 KiB.");

    public static Problem UnsupportedMediaType { get; } =
        new(415, "unsupported-media-type", "The request body must be application/json in UTF-8.");

    public static Problem IdempotencyKeyReused { get; } =
        new(422, "idempotency-key-reused", "This Idempotency-Key was used with another request body.");

    public static Problem TooManyAttempts(int seconds) =>
        new(429, "too-many-attempts", "Too many attempts: wait before the next one.") { RetryAfter = seconds };

    public static Problem Unexpected(string traceId) =>
        new(500, "unexpected", "Something went wrong on our side.") { TraceId = traceId };

    public static Problem Unavailable(string traceId) =>
        new(503, "unavailable", "The service cannot answer right now.") { TraceId = traceId, RetryAfter = 5 };
}
