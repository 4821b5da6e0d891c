using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Edge;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.SignIn;

public sealed record StartSignIn(
    [PlainText] string? Email, [PlainText] string? AccountId, [PlainText] string? UserName, string Password)
{
    public override string ToString() => "***";
}

/// <summary>A sign-in whose password was right.</summary>
/// <param name="SignInId">The sign-in, for the address of the next requests.</param>
/// <param name="SignInKey">Its secret, for the header <c>Sign-In-Key</c> of the next requests.</param>
/// <param name="Devices">The devices of which one is asked for a code.</param>
/// <param name="ExpiresAt">When it is void.</param>
/// <param name="EnrolmentCodeRequired">Set when the code is asked for that support handed out.</param>
public sealed record StartedSignIn(
    Guid SignInId,
    string SignInKey,
    IReadOnlyList<SignInDevice> Devices,
    DateTimeOffset ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? EnrolmentCodeRequired)
{
    public override string ToString() => $"sign-in {SignInId}";
}

public sealed record SignInDevice(Guid DeviceId, string DeviceName, DeviceType DeviceType);

/// <summary>
/// Takes a name and a password. A token comes back when no second factor is due, else a sign-in that awaits the code of one named
/// device. An unknown name is answered as a wrong password is.
/// </summary>
public static class StartSignInEndpoint
{
    [WolverinePost(Routes.SignIns), NotTenanted, AllowAnonymous, PerAddress]
    [Answers(201, typeof(StartedSignIn)), Answers(200, typeof(AccessToken))]
    [Refuses(403, "invalid-credentials"), Refuses(429, "too-many-attempts")]
    public static async Task<Answer> Post(
        StartSignIn command,
        HttpContext http,
        PasswordAttempts attempts,
        AttemptNames names,
        Credentials credentials,
        PasswordProven proven,
        Turnstile turnstile,
        IMessageBus messages,
        Seals seals,
        DateTimeOffset now)
    {
        var name = new SignInName(command.Email, command.AccountId, command.UserName);
        if (Incomplete(name) is { } refusal) return refusal;

        var cancellation = http.RequestAborted;

        // Hashing is slow by intention, and one client has one password in hand: whoever guesses waits behind itself.
        var client = Convert.ToHexString(ClientAddress.Network(http.Connection.RemoteIpAddress));
        using var turn = await turnstile.EnterAsync($"password from {client}", cancellation);
        var attempt = await names.OfPasswordAsync(name, http.Connection.RemoteIpAddress, cancellation);
        var (failures, wait) = await attempts.CountAsync(attempt, cancellation);
        if (wait is { } seconds) return Problems.TooManyAttempts(seconds);

        var (who, right) = await credentials.CheckAsync(name, command.Password, cancellation);
        if (!right || who is null)
        {
            var refused = RecordSignInRefused.Of(who, failures, Origin.Of(http), now, seals);
            await messages.PublishAsync(refused, new DeliveryOptions { TenantId = refused.AccountId });
            return Problems.InvalidCredentials;
        }

        await attempts.ForgetAsync(attempt, cancellation);
        return await proven.GoOnAsync(who, failures.Count - 1, http);
    }

    private static Problem? Incomplete(SignInName name) => name switch
    {
        { Email: not null, AccountId: null, UserName: null } or { Email: null, AccountId: not null, UserName: not null } => null,
        { Email: not null } => Problems.Validation("email", "email stands alone, or accountId and userName in its place."),
        { AccountId: not null } => Problems.Validation("userName", "userName is required with accountId."),
        { UserName: not null } => Problems.Validation("accountId", "accountId is required with userName."),
        _ => Problems.Validation("email", "email is required, or accountId and userName."),
    };
}
