using Marten;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using MfaEvents.Server.Setup;
using Wolverine.Http;

namespace MfaEvents.Server.Devices;

/// <summary>The devices of a principal, as they are or as they were at an instant.</summary>
public static class ReadDevicesEndpoint
{
    [WolverineGet(Routes.Devices), Allow(Role.Owner, Role.Service, Role.SupportAgent, Role.SupportApprover, Role.Auditor)]
    [ServesRecovery]
    [Answers(200, typeof(DevicesView)), Queries("at", "The instant, inclusive, as RFC 3339; now when it is left out.")]
    public static async Task<Answer> Get(
        string accountId,
        string principal,
        HttpRequest request,
        IQuerySession session,
        MfaEventsSettings settings,
        CancellationToken cancellation)
    {
        var query = new QueryReader(request);
        var at = query.Instant("at");
        if (await session.LoadAsync<PrincipalMfa>(principal, cancellation) is not { } state) return Problems.NotFound;
        if (query.Refusal is { } refusal) return refusal;
        if (at is { } instant)
            state = await session.Events.AggregateStreamAsync<PrincipalMfa>(principal, timestamp: instant, token: cancellation);
        return Answer.Ok(new DevicesView(DeviceView.Of(accountId, state, settings.Devices)));
    }
}

/// <summary>One device of a principal.</summary>
public static class ReadDeviceEndpoint
{
    [WolverineGet(Routes.Device), Allow(Role.Owner, Role.Service, Role.SupportAgent, Role.SupportApprover, Role.Auditor)]
    [ServesRecovery]
    [Answers(200, typeof(DeviceView))]
    public static async Task<Answer> Get(
        string accountId,
        string principal,
        Guid deviceId,
        IQuerySession session,
        MfaEventsSettings settings,
        CancellationToken cancellation)
    {
        var state = await session.LoadAsync<PrincipalMfa>(principal, cancellation);
        return state?.Device(deviceId) is { } device
            ? Answer.Ok(DeviceView.Of(accountId, device, settings.Devices))
            : Problems.NotFound;
    }
}
