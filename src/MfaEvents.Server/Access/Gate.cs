using Marten;
using Microsoft.AspNetCore.Authorization;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Wolverine.Http;

namespace MfaEvents.Server.Access;

/// <summary>
/// What every request passes before its endpoint, in the contract's order of answers: 401, 403 for the wrong role, 404 for what
/// the caller may not see, 401 for a stale sign-in, then 413, 415 and 400 for the body. It holds no lock and no transaction.
/// </summary>
/// <remarks>A request with nothing wrong, a second factor in its token and no session of ours costs no query here: its endpoint
/// finds a missing target itself.</remarks>
public sealed class Gate(
    RequestDelegate next, IDocumentStore store, Sessions sessions, TimeProvider clock, MfaEventsSettings settings)
{
    /// <summary>How far in the future a sign-in may seem to lie, by the clock of its issuer.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>An endpoint that says nothing about who may call it does not start.</summary>
    public static void AssertGuarded(HttpChain chain)
    {
        var endpoint = chain.Method.Method;
        if (!endpoint.IsDefined(typeof(AllowAttribute), false) && !endpoint.IsDefined(typeof(AllowAnonymousAttribute), false))
            throw new InvalidOperationException(
                $"{chain.Method.HandlerType.Name} must say whom it serves, by [Allow] or [AllowAnonymous].");
    }

    public async Task InvokeAsync(HttpContext context)
    {
        var refusal = await RefusalAsync(context);
        if (refusal is null) await next(context);
        else await Answer.Refuse(refusal).ExecuteAsync(context);
    }

    private async Task<Problem?> RefusalAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint is null) return null;
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null) return await BodyAsync(endpoint, context);
        if (endpoint.Metadata.GetMetadata<AllowAttribute>() is not { } allow) return null;

        if (Caller.From(context.User) is not { } caller) return Problems.Unauthenticated;
        if (!await sessions.IsLiveAsync(caller, context.RequestAborted)) return Problems.Unauthenticated;
        var roles = allow.Roles.Where(caller.Is).ToArray();
        if (roles.Length == 0 || (allow.AllAccounts && caller.Accounts.Count > 0)) return Problems.Forbidden;

        var target = Target.Of(context.Request.RouteValues);
        if (!roles.Any(role => target.IsVisibleTo(caller, role))) return Problems.NotFound;
        if (allow.RootOnly && !caller.IsRoot && roles.All(role => role == Role.Owner)) return Problems.Forbidden;
        context.Features.Set(caller);

        var refusal = BeyondItsPurpose(endpoint, caller, target)
            ?? await StaleSignInAsync(endpoint, caller, target, context.RequestAborted)
            ?? IdempotencyKey.Check(context.Request)
            ?? await BodyAsync(endpoint, context);

        // What does not exist is 404 before anything else is said about the request.
        return refusal is not null && await IsMissingAsync(target, context.RequestAborted) ? Problems.NotFound : refusal;
    }

    // It signs out of its own session as well: that gives nobody anything.
    private Problem? BeyondItsPurpose(Endpoint endpoint, Caller caller, Target target) =>
        !caller.CameWithoutDevice
        || (target.Principal == caller.Principal
            && endpoint.Metadata.GetMetadata<ServesRecoveryAttribute>() is not null
            && (target.SessionId is not { } session || session == caller.SessionId))
            ? null
            : Problems.InsufficientUserAuthentication(settings.FreshSignIn);

    private async Task<Problem?> StaleSignInAsync(Endpoint endpoint, Caller caller, Target target, CancellationToken cancellation)
    {
        if (endpoint.Metadata.GetMetadata<FreshSignInAttribute>() is not { } fresh) return null;
        var stale = Problems.InsufficientUserAuthentication(settings.FreshSignIn);
        var age = clock.GetUtcNow() - caller.AuthenticatedAt;
        if (age is null || age > settings.FreshSignIn || age < -ClockSkew) return stale;

        var recoveryServes = fresh.Change switch
        {
            FreshFor.Devices => true,
            FreshFor.Password => caller.Principal == target.Principal,
            _ => false,
        };
        if (caller.UsedSecondFactor(recoveryServes) || caller.Principal is null) return null;

        // The token's own principal counts, never the target's: a root user with a device cannot act with a password alone.
        await using var session = store.QuerySession(caller.Accounts.Single());
        var own = await session.LoadAsync<PrincipalMfa>(caller.Principal, cancellation);

        // After a removal by support the password alone may be a thief's: the enrolment code serves where a recovery does.
        var enrols = own is { HasSecondFactor: false, EnrolmentCodeRequired: true } && recoveryServes && caller.UsedEnrolmentCode;
        return own is { PasswordAloneServes: false } && !enrols ? stale : null;
    }

    private static async Task<Problem?> BodyAsync(Endpoint endpoint, HttpContext context) =>
        endpoint.Metadata.GetMetadata<RequestBodyMetadata>() is { Type: var type }
            ? await RequestBody.CheckAsync(context, type)
            : context.Request.ContentLength > RequestBody.Limit ? Problems.PayloadTooLarge : null;

    private async Task<bool> IsMissingAsync(Target target, CancellationToken cancellation)
    {
        if (target.AccountId is null) return false;
        await using var session = store.QuerySession(target.AccountId);
        return await target.IsMissingAsync(session, cancellation);
    }
}
