using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>What holds in every history. A failure prints its seed: pass it to <c>Sample</c> to see it again.</summary>
public sealed class HistoryProperties
{
    [Fact]
    public void A_snapshot_kept_as_JSON_after_every_event_is_what_folding_all_events_gives() => InEveryHistory(history =>
    {
        var snapshot = Created();
        var state = Created();
        foreach (var (e, at) in history.Events())
        {
            snapshot = ThroughJson(PrincipalMfa.Evolve(snapshot, Principal.Root, ThroughJson(e), at)!);
            state = PrincipalMfa.Evolve(state, Principal.Root, e, at)!;
        }

        Text(snapshot).ShouldBe(Text(state));
        if (history is [.., { After: var last }]) Text(snapshot).ShouldBe(Text(last));
    });

    [Fact]
    public void The_state_survives_JSON_unchanged() => InEveryHistory(history =>
    {
        foreach (var played in history)
        {
            var again = ThroughJson(played.After);
            Text(again).ShouldBe(Text(played.After));
            again.Devices.Select(device => device with { StraySteps = [] })
                .ShouldBe(played.After.Devices.Select(device => device with { StraySteps = [] }));
            again.Devices.SelectMany(device => device.StraySteps)
                .ShouldBe(played.After.Devices.SelectMany(device => device.StraySteps));
        }
    });

    [Fact]
    public void No_sequence_of_commands_makes_a_ninth_device() => InEveryHistory(history =>
        history.ShouldAllBe(played => played.After.Devices.Length <= 8));

    // RFC 6238 5.2: the verifier MUST NOT accept the second attempt of the OTP, for whatever it is submitted.
    [Fact]
    public void No_step_of_a_device_is_ever_accepted_twice() => InEveryHistory(history =>
    {
        foreach (var steps in history.AcceptedSteps()) steps.ShouldBeUnique();
    });

    [Fact]
    public void The_accepted_steps_of_a_device_strictly_increase() => InEveryHistory(history =>
    {
        foreach (var steps in history.AcceptedSteps()) steps.Zip(steps.Skip(1)).ShouldAllBe(pair => pair.First < pair.Second);
    });

    [Fact]
    public void A_code_that_is_accepted_lies_within_one_step_of_the_drift() => InEveryHistory(history =>
    {
        var drift = new Dictionary<Guid, int>();
        foreach (var played in history)
        {
            foreach (var accepted in played.Events.OfType<CodeAccepted>())
                Math.Abs(accepted.DriftSteps - drift[accepted.DeviceId]).ShouldBeLessThanOrEqualTo(1);
            foreach (var device in played.After.Devices) drift[device.DeviceId] = device.DriftSteps;
        }
    });

    [Fact]
    public void Drift_moves_one_step_a_day_at_most_and_beyond_ten_by_resync_alone() => InEveryHistory(history =>
    {
        var drifts = new Dictionary<Guid, (int Drift, int Limit, DateTimeOffset Moved)>();
        foreach (var (e, at) in history.Events())
        {
            switch (e)
            {
                case DeviceAssigned { DeviceId: var id }:
                    drifts[id] = (0, 10, DateTimeOffset.MinValue);
                    break;
                case DeviceResynced { DeviceId: var id, DriftSteps: var set }:
                    drifts[id] = (set, Math.Max(10, Math.Abs(set)), drifts[id].Moved);
                    break;
                case DeviceDriftMoved { DeviceId: var id, DriftSteps: var drift }:
                    var before = drifts[id];
                    Math.Abs(drift - before.Drift).ShouldBe(1);
                    Math.Abs(drift).ShouldBeLessThanOrEqualTo(before.Limit);
                    at.ShouldBeGreaterThanOrEqualTo(before.Moved + TimeSpan.FromHours(24));
                    drifts[id] = (drift, Math.Max(10, Math.Abs(drift)), at);
                    break;
            }
        }

        if (history is not [.., { After: var last }]) return;
        foreach (var device in last.Devices) device.DriftSteps.ShouldBe(drifts[device.DeviceId].Drift);
    });

    [Fact]
    public void Every_refused_code_leaves_exactly_one_rejection_and_nothing_else_leaves_one() => InEveryHistory(history =>
        history.ShouldAllBe(played => played.Events.OfType<CodeRejected>().Count() == (WasRefused(played.Outcome) ? 1 : 0)));

    [Fact]
    public void What_was_not_evaluated_leaves_no_event() => InEveryHistory(history =>
        history.Where(played => played.Outcome is CodeOutcome.DevicePending or CodeOutcome.DeviceAlreadyActive or CodeOutcome.Wait)
            .ShouldAllBe(played => played.Events.Count == 0));

    [Fact]
    public void Failures_are_the_rejections_since_the_last_accepted_code() => InEveryHistory(history =>
    {
        var count = 0;
        foreach (var played in history)
        {
            if (WasRefused(played.Outcome)) count++;
            if (played.Outcome is CodeOutcome.Accepted or CodeOutcome.OutOfSync) count = 0;
            played.After.ConsecutiveFailures.ShouldBe(count);
        }
    });

    [Fact]
    public void A_suspended_device_never_verifies() => InEveryHistory(history =>
    {
        var suspended = new HashSet<Guid>();
        foreach (var (e, _) in history.Events())
        {
            if (e is DeviceSuspended { DeviceId: var id }) suspended.Add(id);
            if (e is DeviceResynced { DeviceId: var back }) suspended.Remove(back);
            if (e is CodeAccepted accepted) suspended.ShouldNotContain(accepted.DeviceId);
        }
    });

    // Whatever the clock does: a wait that began is over when its time has come, and no earlier.
    [Fact]
    public void During_a_wait_nothing_is_decided_about_its_device() => InEveryHistory(history =>
    {
        var waits = new Dictionary<Guid, DateTimeOffset>();
        foreach (var played in history)
        {
            if (played.Device is { Id: var id } && played.Outcome is not null and not CodeOutcome.Wait
                and not CodeOutcome.DevicePending and not CodeOutcome.DeviceAlreadyActive)
                waits.GetValueOrDefault(id).ShouldBeLessThanOrEqualTo(played.At);
            foreach (var e in played.Events)
            {
                if (e is AttemptsThrottled { DeviceWaitSeconds: > 0 } wait) waits[wait.DeviceId] = played.At.AddSeconds(wait.DeviceWaitSeconds);
                if (e is CodeAccepted or DeviceActivated or DeviceResynced) waits.Remove(((IDeviceEvent)e).DeviceId);
            }
        }
    });

    [Fact]
    public void No_more_failures_in_a_row_than_are_allowed_leave_a_factor_in_use() => InEveryHistory(history =>
        history.SelectMany(played => played.After.Devices)
            .Where(device => device.ConsecutiveFailures >= 7 && device.WasActivated)
            .ShouldAllBe(device => device.Status == DeviceStatus.Suspended));

    [Fact]
    public void No_event_holds_a_code_or_a_key() => InEveryHistory(history =>
    {
        foreach (var played in history.Where(played => played.Device is not null))
        {
            var text = string.Concat(played.Events.Select(Text)) + Text(played.After);
            text.ShouldNotContain(played.Device!.Key.ToBase32(), Case.Insensitive);
            text.ShouldNotContain(Convert.ToBase64String(played.Device.Seed));
            text.ShouldNotContain(Convert.ToHexString(played.Device.Seed), Case.Insensitive);

            // As a word: a step or an id may hold the same six digits by chance.
            foreach (var code in played.Codes) Regex.IsMatch(text, $@"\b{code}\b").ShouldBeFalse(text);
        }
    });

    // Else the properties above might hold of nothing.
    [Fact]
    public void The_histories_reach_every_outcome_every_event_and_the_limit()
    {
        var seen = new ConcurrentDictionary<string, int>();
        InEveryHistory(history =>
        {
            foreach (var played in history)
            {
                if (played is { Act.Verb: Verb.Assign, Events: [] }) Saw("a ninth device refused");
                if (played.Outcome is { } outcome) Saw(outcome);
                foreach (var e in played.Events) Saw(e is CodeRejected r ? $"{r.Purpose} {r.Reason}" : e.GetType().Name);
            }
        }, count: 120);

        string[] expected =
        [
            "a ninth device refused",
            .. Enum.GetNames<CodeOutcome>(),
            nameof(DeviceAssigned), nameof(DeviceActivated), nameof(DeviceOutOfSync), nameof(DeviceResyncNoted),
            nameof(DeviceResynced), nameof(DeviceDriftMoved), nameof(CodeAccepted), nameof(DeviceRenamed), nameof(DeviceRemoved),
            nameof(AttemptsThrottled), nameof(DeviceSuspended), "Verification Suspended", "Resync Suspended",
            "Verification Wrong", "Verification Replayed", "Verification OutsideWindow", "Verification OutOfSync",
            "Activation Wrong", "Resync Wrong", "Resync Replayed",
        ];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen.OrderBy(x => x.Value)));
        expected.Except(seen.Keys).ShouldBeEmpty();

        void Saw(object what) => seen.AddOrUpdate($"{what}", 1, (_, n) => n + 1);
    }

    private static void InEveryHistory(Action<IReadOnlyList<Played>> holds, int count = 40) =>
        Histories.Random.Sample(acts => holds(Histories.Play(acts)), iter: count, print: Print);

    private static string Print(Act[] acts) => string.Join(Environment.NewLine, Histories.Play(acts)
        .Select(played => $"{played.At:O} {played.Act} -> {played.Outcome} {string.Join(", ", played.Events)}"));

    private static bool WasRefused(CodeOutcome? outcome) => outcome is CodeOutcome.Refused or CodeOutcome.ResyncRequired;

    private static PrincipalMfa Created() => PrincipalMfa.Evolve(null, Principal.Root, new PrincipalCreated(), Story.Noon)!;

    private static string Text(object value) => JsonSerializer.Serialize(value, value.GetType(), Histories.Json);

    private static T ThroughJson<T>(T value) where T : notnull =>
        (T)JsonSerializer.Deserialize(Text(value), value.GetType(), Histories.Json)!;
}
