using CsCheck;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.Tests.Devices;

namespace MfaEvents.Core.Tests.Audit;

public sealed class ExplanationTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Phone = new("0199f3e6-0000-7000-8000-000000000001");
    private static readonly DevicePolicy Policy = new();

    private static long Step(DateTimeOffset at) => TimeStep.At(at);

    [Fact]
    public void An_active_device_is_explained_by_its_window_and_what_is_spent() => Of(
        Noon.AddMinutes(10),
        new PrincipalCreated(), new DeviceAssigned(Phone, "phone", DeviceType.Virtual), new DeviceActivated(Phone, Step(Noon), 0)).ShouldBe(
    [
        "\"phone\" was active, since 1 March 2026, 12:00:00 UTC. [3]",
        "Its codes up to 12:00:30 UTC by its own clock were spent. [3]",
        $"A code that it showed from 12:09:30 UTC to 12:11:00 UTC by its own clock signed in (steps {Step(Noon) + 19} to {Step(Noon) + 21}).",
    ]);

    [Fact]
    public void A_wait_is_told_before_any_window() => Of(
        Noon.AddSeconds(2),
        new PrincipalCreated(), new DeviceAssigned(Phone, "phone", DeviceType.Virtual), new DeviceActivated(Phone, 5, 0), new AttemptsThrottled(Phone, 5, 0)).ShouldBe(
    [
        "\"phone\" was active, since 1 March 2026, 12:00:00 UTC. [3]",
        "A wait went on until 12:00:05 UTC, after refused codes in a row: whatever was submitted was refused without being looked at. [4]",
    ]);

    [Fact]
    public void Pending_out_of_sync_suspended_and_removed_devices_are_told_apart()
    {
        object[] assigned = [new PrincipalCreated(), new DeviceAssigned(Phone, "phone", DeviceType.Virtual)];
        object[] active = [.. assigned, new DeviceActivated(Phone, 5, 0)];
        Of(Noon, assigned)[0].ShouldBe("\"phone\" was assigned on 1 March 2026, 12:00:00 UTC and waited for its activation: no code of it signed in. [2]");
        Of(Noon, [.. active, new DeviceOutOfSync(Phone, 30)])[0].ShouldBe("\"phone\" was out of sync: it accepted no single code, only two fresh consecutive ones for a resync. [4]");
        Of(Noon, [.. active, new DeviceSuspended(Phone, 100)])[0].ShouldEndWith("no code of it signed in. [4]");
        Of(Noon, [.. active, new DeviceRemoved(Phone, RemovalReason.Requested)])[0].ShouldBe("\"phone\" was removed on 1 March 2026, 12:00:00 UTC: no code of it signed in. [4]");
        Of(Noon, [new PrincipalCreated()])[0].ShouldBe("The device was not assigned yet.");
        Of(Noon)[0].ShouldBe("The principal did not exist yet.");
        Of(Noon, [new PrincipalCreated(), new PrincipalDeleted()])[0].ShouldStartWith("The principal was deleted on 1 March 2026");
    }

    [Fact]
    public void A_drift_and_a_spent_window_are_told()
    {
        object[] drifted = [new PrincipalCreated(), new DeviceAssigned(Phone, "phone", DeviceType.Virtual), new DeviceActivated(Phone, 5, 0), new DeviceResynced(Phone, Step(Noon) - 3, -4)];
        Of(Noon, drifted).ShouldContain("Its clock was known to be 4 steps of 30 s slow. [4]");
        Of(Noon, drifted)[^1].ShouldBe("Every code of the sign-in window was spent: the next one was to come.");
    }

    // What it says is what the decision does: a code is accepted exactly when the explanation names its step.
    [Fact]
    public void It_says_of_every_step_what_a_verification_decides() => Histories.Random.Sample(
        acts =>
        {
            var key = SecretKey.FromBase32(new string('A', 64));
            var explanation = new Explanation(Principal.Root);
            PrincipalMfa? state = null;
            var version = 0;
            foreach (var (e, at) in Histories.Play(acts).Events().Prepend((new PrincipalCreated(), Story.Noon)))
            {
                explanation.Add(++version, e, at);
                state = PrincipalMfa.Evolve(state, Principal.Root, e, at);
                foreach (var device in state?.Devices ?? [])
                    foreach (var now in (DateTimeOffset[])[at, at.AddSeconds(4), at.AddSeconds(40)])
                        for (var step = TimeStep.At(now) + device.DriftSteps - 2; step <= TimeStep.At(now) + device.DriftSteps + 2; step++)
                        {
                            var match = TotpCode.Find(key, TotpCode.At(key, step), device, now, Histories.Policy);
                            var accepted = state!.Verify(device.DeviceId, _ => match, now, Histories.Policy).Outcome == CodeOutcome.Accepted;
                            var told = explanation.AcceptedSteps(device.DeviceId, now, Histories.Policy) is { } steps && step >= steps.First && step <= steps.Last;
                            told.ShouldBe(accepted, $"step {step} of {device} at {now:O}");
                        }
            }
        },
        iter: 20);

    private static IReadOnlyList<string> Of(DateTimeOffset at, params object[] events)
    {
        var explanation = new Explanation(Principal.Root);
        for (var i = 0; i < events.Length; i++) explanation.Add(i + 1, events[i], Noon);
        return [.. explanation.Of(Phone, at, Policy).Select(fact => fact.Sentence)];
    }
}
