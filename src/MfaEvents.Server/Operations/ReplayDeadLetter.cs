using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;
using Wolverine.Persistence.Durability;
using Wolverine.Persistence.Durability.DeadLetterManagement;

namespace MfaEvents.Server.Operations;

/// <summary>
/// Has a message that was given up tried again, within a few seconds. Every handler bears a message that comes twice.
/// </summary>
public static class ReplayDeadLetterEndpoint
{
    [WolverinePost("/dead-letters/{id}/replay"), NotTenanted, Allow(Role.Operator, AllAccounts = true)]
    [Answers(202)]
    public static async Task<Answer> Post(string id, IMessageStore messages, CancellationToken cancellation)
    {
        if (Uuid.Parse(id) is not { } message || await messages.DeadLetters.DeadLetterEnvelopeByIdAsync(message) is null)
            return Problems.NotFound;
        await messages.DeadLetters.ReplayAsync(new DeadLetterEnvelopeQuery([message]), cancellation);
        return Answer.Accepted();
    }
}
