using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using CsCheck;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Tests.Devices;

internal enum Verb
{
    Assign,
    Activate,
    Verify,
    Resync,
    Mistype,
    Rename,
    Remove,
    Expire,
}

/// <summary>What somebody does next in a random history.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Pick">Which of the principal's devices is meant; 0 is the first one that suits the verb.</param>
/// <param name="Offset">How many steps the (second) code lies from where the server expects the device.</param>
/// <param name="Wait">Seconds since the last act.</param>
internal sealed record Act(Verb Verb, int Pick, int Offset, int Wait);

/// <summary>An act of a history that was played.</summary>
internal sealed record Played(
    Act Act,
    DateTimeOffset At,
    Authenticator? Device,
    IReadOnlyList<string> Codes,
    CodeOutcome? Outcome,
    IReadOnlyList<object> Events,
    PrincipalMfa After);

/// <summary>Random histories of one principal with several devices, played with real codes.</summary>
internal static class Histories
{
    /// <summary>What Marten will do with a snapshot and with events: camelCase, enumerations as text.</summary>
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>
    /// The defaults, but for a search of ten minutes, which makes a history six times as quick, and an early suspension, so that
    /// histories get there.
    /// </summary>
    public static readonly DevicePolicy Policy = new() { SearchWindow = 20, Throttle = new() { SuspendAt = 7 } };

    private static Gen<int> Offset { get; } = Gen.Frequency(
        (8, Gen.Int[-1, 1]),
        (3, Gen.Const(1)),
        (3, Gen.Const(-1)),
        (3, Gen.Int[-12, 12]),
        (3, Gen.Int[-16, -14]),
        (1, Gen.Int[-25, 25]));

    private static Gen<int> Wait { get; } = Gen.Frequency(
        (2, Gen.Const(0)),
        (8, Gen.Int[20, 100]),
        (2, Gen.Int[100, 900]),
        (2, Gen.Int[20 * 3600, 30 * 3600]),
        (1, Gen.Int[-7200, -1])); // the clock was set back

    private static Gen<Verb> Verbs { get; } = Gen.Frequency(
        (8, Verb.Assign),
        (12, Verb.Activate),
        (30, Verb.Verify),
        (9, Verb.Resync),
        (6, Verb.Mistype),
        (1, Verb.Rename),
        (1, Verb.Remove),
        (1, Verb.Expire));

    private static Gen<int> Pick { get; } = Gen.Frequency((5, Gen.Const(0)), (1, Gen.Int[1, 7]));

    private static Gen<Act> Anything { get; } =
        Gen.Select(Verbs, Pick, Offset, Wait, (verb, pick, offset, wait) => new Act(verb, pick, offset, wait));

    /// <summary>Some begin with as many devices as there may be, so that a ninth is asked for.</summary>
    private static Gen<Act[]> Beginning { get; } = Gen.Frequency((3, 0), (1, 8))
        .Select(count => Enumerable.Repeat(new Act(Verb.Assign, 0, 0, 0), count).ToArray());

    public static Gen<Act[]> Random { get; } =
        Gen.Select(Beginning, Anything.Array[1, 70], (beginning, acts) => (Act[])[.. beginning, .. acts]);

    public static ImmutableArray<Played> Play(Act[] acts)
    {
        var now = Story.Noon;
        var state = PrincipalMfa.Evolve(null, Principal.Root, new PrincipalCreated(), now)!;
        var played = ImmutableArray.CreateBuilder<Played>(acts.Length);
        foreach (var act in acts)
        {
            now += TimeSpan.FromSeconds(act.Wait);
            var next = Next(act, played.Count, state, now);
            played.Add(next);
            state = next.After;
        }

        return played.MoveToImmutable();
    }

    private static Played Next(Act act, int number, PrincipalMfa state, DateTimeOffset now)
    {
        if (act.Verb == Verb.Assign)
        {
            var fresh = new Authenticator($"device-{number}");
            return Happens(fresh, [], null, state.Assign(fresh.Id, fresh.Name, DeviceType.Virtual, Policy) is { } e ? [e] : []);
        }

        if (state.Devices.IsEmpty) return Happens(null, [], null, []);
        var device = act.Pick == 0
            ? state.Devices.FirstOrDefault(device => device.WasActivated == NeedsActivated(act), state.Devices[0])
            : state.Devices[act.Pick % state.Devices.Length];

        // A renamed device is "device-3/5": the name before the slash is the one its key was made from.
        var holder = new Authenticator(device.Name.Split('/')[0]);
        var (first, second) = (holder.Code(act.Offset - 1, now), holder.Code(act.Offset, now));
        var drifted = holder.Code(device.DriftSteps + act.Offset, now);
        return act.Verb switch
        {
            Verb.Activate => Activates(first, second),
            Verb.Resync => Resyncs(first, second),
            Verb.Verify => Verifies(drifted),
            Verb.Mistype when act.Offset < 0 => Verifies(Mistyped(drifted)),
            Verb.Mistype when act.Offset > 0 => Resyncs(Mistyped(first), second),
            Verb.Mistype => Activates(first, Mistyped(second)),
            Verb.Rename => Happens(holder, [], null, PrincipalMfa.Rename(device, $"{holder.Name}/{act.Offset}")),
            Verb.Remove => Happens(holder, [], null, PrincipalMfa.Remove(device, null)),
            _ => Happens(holder, [], null, state.Expire(device.DeviceId)),
        };

        Played Activates(string code1, string code2) =>
            Decides(state.SubmitCodes(device.DeviceId, Pair(code1, code2), null, now, Policy), code1, code2);

        Played Resyncs(string code1, string code2) =>
            Decides(state.Resync(device.DeviceId, Pair(code1, code2), act.Offset % 2 == 0, now, Policy), code1, code2);

        Played Verifies(string code) =>
            Decides(state.Verify(device.DeviceId, d => TotpCode.Find(holder.Key, code, d, now, Policy), now, Policy), code);

        Func<MfaDevice, CodeMatch> Pair(string code1, string code2) =>
            d => TotpCode.FindPair(holder.Key, code1, code2, d, now, Policy);

        Played Decides(CodeDecision decision, params string[] codes) => Happens(holder, codes, decision.Outcome, decision.Events);

        Played Happens(Authenticator? who, string[] codes, CodeOutcome? outcome, IReadOnlyList<object> events) =>
            new(act, now, who, codes, outcome, events,
                events.Aggregate(state, (before, e) => PrincipalMfa.Evolve(before, Principal.Root, e, now)!));
    }

    // Activation and expiry are for pending devices, all else for activated ones.
    private static bool NeedsActivated(Act act) =>
        act is not ({ Verb: Verb.Activate or Verb.Expire } or { Verb: Verb.Mistype, Offset: 0 });

    private static string Mistyped(string code) => code[..^1] + (code[^1] == '9' ? '0' : (char)(code[^1] + 1));

    /// <summary>Every event of a history, with its time.</summary>
    public static IEnumerable<(object Event, DateTimeOffset At)> Events(this IEnumerable<Played> history) =>
        history.SelectMany(played => played.Events, (played, e) => (e, played.At));

    /// <summary>The steps that were accepted, by device and in order; a pair spends two.</summary>
    public static ILookup<Guid, long> AcceptedSteps(this IEnumerable<Played> history) =>
        history.Events().SelectMany(happened => Accepted(happened.Event)).ToLookup(x => x.Device, x => x.Step);

    private static IEnumerable<(Guid Device, long Step)> Accepted(object @event) => @event switch
    {
        CodeAccepted e => [(e.DeviceId, e.Step)],
        DeviceActivated e => [(e.DeviceId, e.Step - 1), (e.DeviceId, e.Step)],
        DeviceResynced e => [(e.DeviceId, e.Step - 1), (e.DeviceId, e.Step)],
        DeviceResyncNoted e => [(e.DeviceId, e.Step - 1), (e.DeviceId, e.Step)],
        _ => [],
    };
}
