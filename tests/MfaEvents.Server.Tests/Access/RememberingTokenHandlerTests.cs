using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Tests.Access;

public sealed class RememberingTokenHandlerTests
{
    private static readonly DateTime Expiry = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly ECDsaSecurityKey key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "k" };
    private readonly HandClock clock = new();
    private readonly RememberingTokenHandler handler;
    private DateTime now = Expiry.AddMinutes(-10);
    private bool withdrawn;
    private int signatures;

    public RememberingTokenHandlerTests() => handler = new RememberingTokenHandler(clock);

    [Fact]
    public async Task A_signature_is_checked_once()
    {
        var token = Token("one");
        (await IsValid(token)).ShouldBeTrue();
        (await IsValid(token)).ShouldBeTrue();
        signatures.ShouldBe(1);
    }

    [Fact]
    public async Task Another_token_is_another_caller()
    {
        (await handler.ValidateTokenAsync(Token("one"), Parameters())).ClaimsIdentity.FindFirst("sub")!.Value.ShouldBe("one");
        (await handler.ValidateTokenAsync(Token("two"), Parameters())).ClaimsIdentity.FindFirst("sub")!.Value.ShouldBe("two");
        (await handler.ValidateTokenAsync(Token("one"), Parameters())).ClaimsIdentity.FindFirst("sub")!.Value.ShouldBe("one");
    }

    [Fact]
    public async Task A_remembered_token_ends_with_its_lifetime()
    {
        var token = Token("one");
        now = Expiry.AddTicks(-1);
        (await IsValid(token)).ShouldBeTrue();
        now = Expiry;
        (await IsValid(token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_remembered_token_ends_with_its_lifetime_by_the_rule_of_the_library_too()
    {
        var token = Token("one", new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var parameters = Parameters();
        (parameters.LifetimeValidator, parameters.ClockSkew) = (null, TimeSpan.FromDays(36_500));
        (await handler.ValidateTokenAsync(token, parameters)).IsValid.ShouldBeTrue();
        parameters.ClockSkew = TimeSpan.Zero;
        (await handler.ValidateTokenAsync(token, parameters)).IsValid.ShouldBeFalse();
    }

    [Fact]
    public async Task A_remembered_token_with_another_signature_is_another_token()
    {
        var token = Token("one");
        (await IsValid(token)).ShouldBeTrue();
        var last = token[^2] == 'A' ? 'B' : 'A';
        (await IsValid(token[..^2] + last + token[^1])).ShouldBeFalse();
        (await IsValid(token[..(token.LastIndexOf('.') + 1)])).ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_invalid_is_not_remembered()
    {
        withdrawn = true;
        var token = Token("one");
        (await IsValid(token)).ShouldBeFalse();
        withdrawn = false;
        (await IsValid(token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_withdrawn_key_serves_for_the_length_of_the_memory_and_no_longer()
    {
        var token = Token("one");
        (await IsValid(token)).ShouldBeTrue();
        clock.Now += TimeSpan.FromSeconds(20);
        (await IsValid(token)).ShouldBeTrue();
        withdrawn = true;
        clock.Now += TimeSpan.FromSeconds(10);
        (await IsValid(token)).ShouldBeFalse();
    }

    [Fact]
    public async Task The_memory_is_bounded()
    {
        var first = Token("0");
        await IsValid(first);
        for (var i = 1; i < RememberingTokenHandler.Capacity; i++) await IsValid(Token($"{i}"));
        signatures.ShouldBe(RememberingTokenHandler.Capacity);
        await IsValid(first);
        signatures.ShouldBe(RememberingTokenHandler.Capacity);

        await IsValid(Token("one too many"));
        await IsValid(first);
        signatures.ShouldBe(RememberingTokenHandler.Capacity + 2);
    }

    [Fact]
    public async Task A_token_that_is_too_long_is_valid_and_not_remembered()
    {
        var token = Token(new string('x', RememberingTokenHandler.LongestToken));
        (await IsValid(token)).ShouldBeTrue();
        (await IsValid(token)).ShouldBeTrue();
        signatures.ShouldBe(2);
    }

    private async Task<bool> IsValid(string token) => (await handler.ValidateTokenAsync(token, Parameters())).IsValid;

    private TokenValidationParameters Parameters() => new()
    {
        ValidIssuer = "us",
        ValidAudience = "them",
        IssuerSigningKeyResolver = (_, _, _, _) =>
        {
            signatures++;
            return withdrawn ? [] : [key];
        },
        LifetimeValidator = (_, expires, _, _) => now < expires,
    };

    private string Token(string subject, DateTime? expires = null) => new JsonWebTokenHandler
    {
        SetDefaultTimesOnTokenCreation = false,
    }.CreateToken(new SecurityTokenDescriptor
    {
        Issuer = "us",
        Audience = "them",
        Expires = expires ?? Expiry,
        Claims = new Dictionary<string, object> { ["sub"] = subject },
        SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256),
    });

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
