using System.Globalization;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.Recovery;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Audit;

/// <summary>
/// Tells in plain sentences why a device could or could not sign in at an instant, out of the events until then. Each sentence names the events
/// that it rests on, by their version in the principal's stream.
/// </summary>
public sealed class Explanation(string principal)
{
    private readonly Dictionary<(Guid Device, Type Event), long> versions = [];
    private readonly Dictionary<Guid, string> names = [];
    private readonly Dictionary<Guid, (DateTimeOffset At, long Version)> removals = [];
    private readonly Dictionary<Type, long> own = [];
    private PrincipalMfa? state;
    private DateTimeOffset? deletedAt;

    /// <summary>Every device that was ever assigned, until the last event that was added.</summary>
    public IReadOnlyCollection<Guid> Devices => names.Keys;

    /// <summary>Adds the next event of the stream.</summary>
    public void Add(long version, object @event, DateTimeOffset at)
    {
        state = PrincipalMfa.Evolve(state, principal, @event, at);
        own[@event.GetType()] = version;
        if (@event is PrincipalDeleted) deletedAt = at;
        if (@event is not IDeviceEvent e) return;
        versions[(e.DeviceId, @event.GetType())] = version;
        switch (@event)
        {
            case DeviceAssigned assigned: names[e.DeviceId] = assigned.DeviceName; break;
            case DeviceRenamed renamed: names[e.DeviceId] = renamed.DeviceName; break;
            case DeviceRemoved: removals[e.DeviceId] = (at, version); break;
        }
    }

    /// <summary>The steps whose codes a device accepted at an instant, when it had seen what was added; null when it accepted none.</summary>
    public (long First, long Last)? AcceptedSteps(Guid deviceId, DateTimeOffset at, DevicePolicy policy)
    {
        if (state?.Device(deviceId) is not { Status: DeviceStatus.Active } device) return null;
        if (WaitOf(device, at) is not null) return null;
        var middle = TimeStep.At(at) + device.DriftSteps;
        var first = Math.Max(middle - policy.SignInWindow, (device.LastUsedStep ?? long.MinValue / 2) + 1);
        var last = middle + policy.SignInWindow;
        return first <= last ? (first, last) : null;
    }

    /// <summary>The sentences.</summary>
    /// <param name="deviceId">One device; null for all that there were.</param>
    /// <param name="at">The instant.</param>
    /// <param name="policy">The policies.</param>
    public IReadOnlyList<ExplainedFact> Of(Guid? deviceId, DateTimeOffset at, DevicePolicy policy)
    {
        if (state is null)
            return deletedAt is { } gone
                ? [Fact($"The principal was deleted on {Day(gone)}: nobody signed in.", own[typeof(PrincipalDeleted)])]
                : [Fact("The principal did not exist yet.")];

        var facts = new List<ExplainedFact>();
        if (deviceId is { } wanted)
        {
            if (state.Device(wanted) is { } device) facts.AddRange(OfDevice(device, at, policy));
            else facts.Add(Absent(wanted));
        }
        else
        {
            foreach (var device in state.Devices) facts.AddRange(OfDevice(device, at, policy));
            if (state.Devices.IsEmpty) facts.Add(Fact("There was no device."));
        }

        facts.AddRange(OfPassword());
        return facts;
    }

    private IEnumerable<ExplainedFact> OfDevice(MfaDevice device, DateTimeOffset at, DevicePolicy policy)
    {
        var name = $"\"{device.Name}\"";
        switch (device.Status)
        {
            case DeviceStatus.Pending:
                yield return Fact(
                    $"{name} was assigned on {Day(device.AssignedAt)} and waited for its activation: no code of it signed in.",
                    Of<DeviceAssigned>(device));
                yield break;
            case DeviceStatus.OutOfSync:
                yield return Fact(
                    $"{name} was out of sync: it accepted no single code, only two fresh consecutive ones for a resync.",
                    Of<DeviceOutOfSync>(device));
                break;
            case DeviceStatus.Suspended:
                yield return Fact(
                    $"{name} was suspended after {device.ConsecutiveFailures} refused codes in a row: no code of it signed in.",
                    Of<DeviceSuspended>(device));
                break;
            default:
                yield return Fact(
                    $"{name} was active, since {Day(device.ActivatedAt ?? device.AssignedAt)}.",
                    Of<DeviceActivated>(device), Of<DeviceResynced>(device));
                break;
        }

        if (WaitOf(device, at) is { } wait)
        {
            yield return Fact(
                $"A wait went on until {Time(wait.Until)}, after refused codes in a row: whatever was submitted was refused without being looked at.",
                Of<AttemptsThrottled>(device), OwnVersion<AttemptsThrottled>(), OwnVersion<EnrolmentAttemptsThrottled>());
            yield break;
        }

        if (device.Status != DeviceStatus.Active) yield break;
        if (device.DriftSteps != 0)
            yield return Fact(
                $"Its clock was known to be {Math.Abs(device.DriftSteps)} steps of 30 s {(device.DriftSteps > 0 ? "fast" : "slow")}.",
                Of<DeviceDriftMoved>(device), Of<DeviceResynced>(device));
        if (device.LastUsedStep is { } used)
            yield return Fact(
                $"Its codes up to {Time(EndOf(used))} by its own clock were spent.",
                Of<CodeAccepted>(device), Of<DeviceResynced>(device), Of<DeviceResyncNoted>(device), Of<DeviceActivated>(device));
        yield return Fact(AcceptedSteps(device.DeviceId, at, policy) is { } steps
            ? $"A code that it showed from {Time(StartOf(steps.First))} to {Time(EndOf(steps.Last))} by its own clock signed in (steps {steps.First} to {steps.Last})."
            : "Every code of the sign-in window was spent: the next one was to come.");
    }

    private ExplainedFact Absent(Guid deviceId) => removals.TryGetValue(deviceId, out var removed)
        ? Fact($"\"{names[deviceId]}\" was removed on {Day(removed.At)}: no code of it signed in.", removed.Version)
        : Fact("The device was not assigned yet.");

    private IEnumerable<ExplainedFact> OfPassword()
    {
        if (state!.EnrolmentCodeRequired)
            yield return Fact(
                "Support had removed every device: the password served only together with the enrolment code.", OwnVersion<MfaRemovedBySupport>());
        else if (state.RefusesPasswordAlone && !state.HasSecondFactor)
            yield return Fact(
                "The password alone signed nobody in: a way in without a device had been taken back.", OwnVersion<RecoveryUndone>());
        else if (state.PasswordAloneServes)
            yield return Fact("No device had ever been activated that was still there: the password alone signed in.");
    }

    private Wait? WaitOf(MfaDevice device, DateTimeOffset at)
    {
        Wait?[] waits = [state!.Wait, device.Wait];
        return waits.Where(wait => wait?.SecondsLeft(at) is not null).MaxBy(wait => wait!.Until);
    }

    private long? Of<TEvent>(MfaDevice device) => versions.TryGetValue((device.DeviceId, typeof(TEvent)), out var version) ? version : null;

    private long? OwnVersion<TEvent>() => own.TryGetValue(typeof(TEvent), out var version) ? version : null;

    private static ExplainedFact Fact(string sentence, params long?[] rests)
    {
        long[] known = [.. rests.OfType<long>().Distinct().Order()];
        return new ExplainedFact(known.Length == 0 ? sentence : $"{sentence} [{string.Join(", ", known)}]", known);
    }

    private static DateTimeOffset StartOf(long step) => DateTimeOffset.FromUnixTimeSeconds(step * TimeStep.Seconds);

    private static DateTimeOffset EndOf(long step) => StartOf(step + 1);

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("d MMMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";
}

/// <summary>A sentence, and the versions of the events that it rests on.</summary>
public sealed record ExplainedFact(string Sentence, IReadOnlyList<long> Versions);
