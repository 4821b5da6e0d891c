using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MfaEvents.Server.Access;

/// <summary>
/// Validates bearer tokens, and remembers valid ones for a moment: a service sends one token with thousands of requests, and
/// its signature costs more than all that is decided about a code. One instance serves one issuer.
/// </summary>
/// <remarks>
/// What is remembered is found by the whole token, signature included, and its lifetime is checked at every request by the rule
/// that validated it. A key that its issuer withdrew may serve <see cref="Memory"/> longer.
/// </remarks>
public sealed class RememberingTokenHandler : JsonWebTokenHandler
{
    /// <summary>How long a validation is remembered at most.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    /// <summary>How many tokens are remembered at most; the next one begins anew.</summary>
    public const int Capacity = 4096;

    /// <summary>The longest token that is remembered, in characters.</summary>
    public const int LongestToken = 4096;

    private readonly TimeProvider clock;
    private volatile Remembered remembered;

    public RememberingTokenHandler(TimeProvider clock)
    {
        this.clock = clock;
        MapInboundClaims = false;
        remembered = Nothing();
    }

    public override async Task<TokenValidationResult> ValidateTokenAsync(
        string token, TokenValidationParameters validationParameters)
    {
        var known = remembered;
        if (clock.GetElapsedTime(known.Since) >= Memory) remembered = known = Nothing();
        if (known.Valid.TryGetValue(token, out var earlier) && IsInTime(earlier, validationParameters)) return earlier;

        var result = await base.ValidateTokenAsync(token, validationParameters);
        if (result.IsValid && token.Length <= LongestToken)
        {
            if (known.Valid.Count >= Capacity) remembered = known = Nothing();
            known.Valid.TryAdd(token, result);
        }

        return result;
    }

    private Remembered Nothing() => new(clock.GetTimestamp(), new ConcurrentDictionary<string, TokenValidationResult>());

    private static bool IsInTime(TokenValidationResult result, TokenValidationParameters parameters)
    {
        var token = (JsonWebToken)result.SecurityToken;
        try
        {
            Validators.ValidateLifetime(Given(token.ValidFrom), Given(token.ValidTo), token, parameters);
            return true;
        }
        catch (SecurityTokenException)
        {
            return false;
        }
    }

    // A claim that is not in the token reads as the smallest instant.
    private static DateTime? Given(DateTime instant) => instant == DateTime.MinValue ? null : instant;

    private sealed record Remembered(long Since, ConcurrentDictionary<string, TokenValidationResult> Valid);
}
