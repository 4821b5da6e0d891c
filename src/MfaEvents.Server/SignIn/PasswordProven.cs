using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.SignIn;

/// <summary>What follows a right password.</summary>
public sealed class PasswordProven(
    IDocumentStore store, Turnstile turnstile, AccessTokens tokens, MfaEventsSettings settings, TimeProvider clock)
{
    /// <summary>Under the principal's lock: signs in, or asks for the code of a device.</summary>
    /// <param name="who">Whose password it was.</param>
    /// <param name="wrongPasswords">How many were wrong before it, from the same network.</param>
    /// <param name="http">The request.</param>
    public async Task<Answer> GoOnAsync(NamedPrincipal who, int wrongPasswords, HttpContext http)
    {
        var cancellation = http.RequestAborted;
        var now = clock.GetUtcNow();
        using var turn = await turnstile.EnterAsync(who.AccountId, who.Principal, cancellation);
        await using var session = store.LightweightSession(who.AccountId);
        var stream = await session.Events.FetchForExclusiveWriting<PrincipalMfa>(who.Principal, cancellation);

        // Gone since it was looked at; or with another password, or the same one sealed anew.
        if (stream.Aggregate is not { } state) return Problems.InvalidCredentials;
        if ((await session.LoadAsync<SealedPassword>(who.Principal, cancellation))?.Sealed != who.SealedPassword)
            return Problems.Conflict;

        Origin.Of(http, who.AccountId, who.Principal, AccessTokens.IssuerOf(settings)).Stamp(session);
        if (state.SignInByPassword(Guid.CreateVersion7(now), now, wrongPasswords) is { } signedIn)
        {
            stream.AppendOne(signedIn);
            await session.SaveChangesAsync(cancellation);
            var begun = new Session(signedIn.SessionId, who.Principal, signedIn.Factor, now);
            return Answer.Ok(await tokens.IssueAsync(who.AccountId, begun, cancellation));
        }

        var (signInId, key) = (Guid.CreateVersion7(now), SignInKey.Draw(who.AccountId));
        var expiresAt = now + settings.SignIn.ChallengeLifetime;
        session.Insert(new SignInChallenge(key.ChallengeId(signInId), who.Principal, expiresAt, wrongPasswords));
        await session.SaveChangesAsync(cancellation);
        var devices = state.SecondFactors.Select(device => new SignInDevice(device.DeviceId, device.Name, device.Type));
        return Answer.Created(
            $"{Routes.SignIns}/{signInId}",
            new StartedSignIn(signInId, key.Text(), [.. devices], expiresAt, state.EnrolmentCodeRequired ? true : null));
    }
}
