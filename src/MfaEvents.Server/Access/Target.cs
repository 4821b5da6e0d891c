using System.Text.RegularExpressions;
using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Support;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Access;

/// <summary>What the address of a request points at.</summary>
public sealed partial record Target
{
    public string? AccountId { get; private init; }

    public string? Principal { get; private init; }

    public Guid? DeviceId { get; private init; }

    public Guid? SessionId { get; private init; }

    public Guid? CaseId { get; private init; }

    /// <summary>Whether the address can exist at all: twelve digits, a well-formed principal, a UUID.</summary>
    private bool IsWellFormed { get; init; }

    public static Target Of(RouteValueDictionary route)
    {
        var account = route["accountId"] as string;
        var principal = route["principal"] as string
            ?? (route["userName"] is string userName ? Core.Accounts.Principal.User(userName) : null);
        var device = route["deviceId"] as string;
        return new Target
        {
            AccountId = account,
            Principal = principal,
            DeviceId = Uuid.Parse(device),
            SessionId = Uuid.Parse(route["sessionId"] as string),
            CaseId = Uuid.Parse(route["caseId"] as string),
            IsWellFormed = (account is null || AccountIdForm().IsMatch(account))
                && (principal is null || PrincipalForm().IsMatch(principal))
                && (device is null || Uuid.Parse(device) is not null)
                && (route["caseId"] is not string supportCase || Uuid.Parse(supportCase) is not null)
                && (route["sessionId"] is not string session || Uuid.Parse(session) is not null),
        };
    }

    /// <summary>Whether a principal can be written so.</summary>
    public static bool IsPrincipal(string text) => PrincipalForm().IsMatch(text);

    public bool IsVisibleTo(Caller caller, Role role)
    {
        return IsWellFormed
            && (AccountId is null
                || (Principal is null ? caller.Sees(AccountId, role) : caller.Sees(AccountId, Principal, role)));
    }

    public Target WithoutDevice() => this with { DeviceId = null };

    /// <summary>Whether the account, the principal, the device or the case is not there.</summary>
    public async Task<bool> IsMissingAsync(IQuerySession session, CancellationToken cancellation)
    {
        if (AccountId is null) return false;
        if (CaseId is { } caseId)
            return await session.LoadAsync<SupportCase>(SupportCase.StreamKey(caseId), cancellation) is null;
        var principal = await session.LoadAsync<PrincipalMfa>(Principal ?? Core.Accounts.Principal.Root, cancellation);
        return principal is null || (DeviceId is { } device && principal.Device(device) is null);
    }

    [GeneratedRegex(@"\A[0-9]{12}\z")]
    private static partial Regex AccountIdForm();

    [GeneratedRegex(@"\A(root|user:" + UserNameAttribute.Form + @")\z")]
    private static partial Regex PrincipalForm();
}
