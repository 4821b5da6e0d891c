using MfaEvents.Server.Audit.WhatIf;
using MfaEvents.Server.Console.Inside;
using MfaEvents.Server.Jobs;
using MfaEvents.Server.Recovery;
using MfaEvents.Server.Support;

namespace MfaEvents.Server.Console;

/// <summary>What pages ask for while they wait: a word that is another one once something has happened.</summary>
public static class LiveStates
{
    public const string Recovery = "/console/recovery/state";

    public static string Of(RecoveryView view) => $"{view.Step} {view.AvailableAt:O}".TrimEnd();

    public static string Of(RebuildView view) => $"{view.State} {view.EventsDone} {view.Parity.RowsCompared}";

    public static string Of(WhatIfView view) => $"{view.State} {view.EventsDone}";

    public static void MapLiveStates(this IEndpointRouteBuilder endpoints)
    {
        Map(Recovery, async (Api api, ConsoleSession session) => session.Recovery is { } recovery
            ? Answer(await api.GetAsync($"/recoveries/{recovery.RecoveryId}", (RecoveryKey.Header, recovery.RecoveryKey)), (RecoveryView view) => Of(view))
            : Results.NotFound());
        Map("/console/accounts/{accountId}/cases/{caseId:guid}/state", async (string accountId, Guid caseId, Api api) =>
            Answer(await api.GetAsync($"/accounts/{Uri.EscapeDataString(accountId)}/cases/{caseId}"), (CaseView view) => $"{view.Story.Count}"));
        Map("/console/operations/rebuilds/{rebuildId:guid}/state", async (Guid rebuildId, Api api) =>
            Answer(await api.GetAsync($"/rebuilds/{rebuildId}"), (RebuildView view) => Of(view)));
        Map("/console/what-if/{jobId:guid}/state", async (Guid jobId, Api api) =>
            Answer(await api.GetAsync($"/jobs/{jobId}"), (WhatIfView view) => Of(view)));

        void Map(string address, Delegate handler) => endpoints.MapGet(address, handler).AllowAnonymous().ExcludeFromDescription();
    }

    private static IResult Answer<T>(ApiReply reply, Func<T, string> state) =>
        reply.IsOk ? Results.Text(state(reply.Read<T>())) : Results.StatusCode(reply.Status);
}
