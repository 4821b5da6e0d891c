using MfaEvents.Core.Devices;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Devices;

/// <summary>How the outside is told that a code was not accepted: in one sentence, whatever the reason.</summary>
public static class CodeRefusals
{
    public static Problem For(CodeDecision decision) => decision.Outcome switch
    {
        CodeOutcome.Refused => Problems.InvalidAuthenticationCode,
        CodeOutcome.ResyncRequired => Problems.ResyncRequired,
        CodeOutcome.DevicePending => Problems.DevicePending,
        CodeOutcome.DeviceAlreadyActive => Problems.DeviceAlreadyActive,
        CodeOutcome.Wait => Problems.TooManyAttempts(decision.WaitSeconds),
        _ => throw new ArgumentOutOfRangeException(nameof(decision), decision.Outcome, "This outcome is no refusal."),
    };
}
