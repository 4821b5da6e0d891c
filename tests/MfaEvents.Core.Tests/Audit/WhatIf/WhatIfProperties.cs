using System.Collections.Concurrent;
using CsCheck;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit.WhatIf;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.Tests.Devices;
using Act = MfaEvents.Core.Audit.WhatIf.Act;

namespace MfaEvents.Core.Tests.Audit.WhatIf;

/// <summary>What holds of every history that the domain itself made, whatever policies it is played with once more.</summary>
public sealed class WhatIfProperties
{
    private static DevicePolicy Live => Histories.Policy;

    private static Gen<DevicePolicy> Policies { get; } =
        from window in Gen.Int[0, 1]
        from search in Gen.Frequency((2, Gen.Const(Histories.Policy.SearchWindow)), (1, Gen.Int[2, 40]))
        from firstWaitAt in Gen.Frequency((2, Gen.Const(5)), (1, Gen.Int[1, 12]))
        from firstWait in Gen.Int[1, 300]
        from suspendAt in Gen.Frequency((2, Gen.Const(7)), (1, Gen.Int[2, 30]))
        select Histories.Policy with
        {
            SignInWindow = window,
            SearchWindow = search,
            Throttle = new() { FirstWaitAt = firstWaitAt, FirstWait = TimeSpan.FromSeconds(firstWait), SuspendAt = suspendAt },
        };

    [Fact]
    public void The_same_settings_change_nothing_ever() => Histories.Random.Sample(
        acts =>
        {
            var (told, after) = Replayed(Told(Histories.Play(acts)), Live);
            told.ShouldBeEmpty();
            after.ShorterWaits.ShouldBe(0);
        },
        iter: 150);

    // The event's time is a little later than the decision's: beyond the end of a step, of a wait, of a pause, of a confirmation.
    [Fact]
    public void The_same_settings_change_nothing_however_late_an_event_is_written() => Gen.Select(Histories.Random, Gen.Int[1, 900]).Sample(
        (acts, late) =>
        {
            var written = Told(Histories.Play(acts)).Select(e => e with { At = e.At.AddMilliseconds(late) });
            Replayed(written, Live).Told.ShouldBeEmpty();
        },
        iter: 150);

    // The truth: the domain decides about the same codes at the same times, with the keys that history does not have.
    [Fact]
    public void Whatever_is_told_is_what_the_domain_decides_about_the_same_codes()
    {
        var seen = new ConcurrentDictionary<string, int>();
        Gen.Select(Histories.Random.Select(acts => acts.Select(act => act with { Wait = Math.Max(act.Wait, 0) }).ToArray()), Policies).Sample(
            (acts, tried) =>
            {
                var history = Histories.Play(acts);
                var (differences, after) = Replayed(Told(history), tried);
                var told = differences.ToDictionary(difference => difference.Version);
                var truth = Truth(history, tried).ToArray();
                after.Attempts.ShouldBe(truth.Length);
                var doubted = false;
                foreach (var (version, was, end) in truth)
                {
                    var difference = told.GetValueOrDefault(version);
                    if (difference is not null) difference.Was.ShouldBe(was);
                    var certain = difference?.IsCertain ?? !doubted;
                    doubted |= !certain;
                    seen.AddOrUpdate(certain ? $"{was} {end}" : "in doubt", 1, (_, n) => n + 1);
                    if (certain) (difference?.WouldBe ?? was).ShouldBe(end, $"{version} under {tried}");
                }

                told.Keys.Except(truth.Select(attempt => attempt.Version)).ShouldBeEmpty();
            },
            iter: 2000);

        foreach (var end in (string[])["Refused Accepted", "Accepted Refused", "Accepted Throttled", "Refused Throttled", "Accepted ResyncRequired", "Accepted DevicePending"])
            seen.Keys.ShouldContain(end);
        seen["in doubt"].ShouldBeLessThan(seen.Values.Sum() / 2, "doubt is not the rule");
    }

    // As long as nothing else has changed: the first difference is none for the worse.
    [Fact]
    public void A_wider_window_refuses_nothing_that_a_narrower_one_accepted() => Gen.Select(Histories.Random, Gen.Int[0, 20]).Sample(
        (acts, more) =>
        {
            var narrow = Live with { SignInWindow = 0 };
            var wide = Live with { SignInWindow = 1, SearchWindow = Live.SearchWindow + more };
            var replay = new WhatIfReplay { Principal = Principal.Root };
            foreach (var act in Act.Of(Told(Histories.Play(acts))))
            {
                var (inNarrow, inWide) = (replay.Next(act, narrow, Live).Difference, replay.Next(act, wide, Live).Difference);
                replay = replay.Next(act, Live, Live).After;
                if (EndOf(act, inNarrow) == AttemptEnd.Accepted) EndOf(act, inWide).ShouldBe(AttemptEnd.Accepted);
            }
        },
        iter: 100);

    [Fact]
    public void It_does_not_matter_where_a_history_is_cut_into_pages() => Gen.Select(Histories.Random, Policies, Gen.Int[1, 40]).Sample(
        (acts, tried, size) =>
        {
            var events = Told(Histories.Play(acts)).ToArray();
            var whole = Replayed(events, tried);
            var (replay, differences, next) = (new WhatIfReplay { Principal = Principal.Root }, new List<WhatIfDifference>(), 0);
            while (next < events.Length)
            {
                // Nine events may follow one.
                var page = Act.Of(events.Skip(next).Take(size + 10));
                var isLast = next + size + 10 >= events.Length;
                foreach (var act in isLast ? page : page.SkipLast(1))
                {
                    (replay, var difference) = replay.Next(act, tried, Live);
                    if (difference is not null) differences.Add(difference);
                    next = (int)act.LastVersion;
                }
            }

            differences.ShouldBe(whole.Told);
            replay.Attempts.ShouldBe(whole.After.Attempts);
        },
        iter: 50);

    private static AttemptEnd? EndOf(Act act, WhatIfDifference? difference) =>
        difference?.WouldBe ?? (act.Head.Event is CodeAccepted ? AttemptEnd.Accepted : null);

    private static IEnumerable<Happened> Told(IEnumerable<Played> history) => history.Events()
        .Prepend((Event: new PrincipalCreated(), At: Story.Noon))
        .Select((e, i) => new Happened(i + 1, e.Event, e.At));

    private static (IReadOnlyList<WhatIfDifference> Told, WhatIfReplay After) Replayed(IEnumerable<Happened> events, DevicePolicy tried)
    {
        var replay = new WhatIfReplay { Principal = Principal.Root };
        var told = new List<WhatIfDifference>();
        foreach (var act in Act.Of(events))
        {
            (replay, var difference) = replay.Next(act, tried, Live);
            if (difference is not null) told.Add(difference);
        }

        return (told, replay);
    }

    private static IEnumerable<(long Version, AttemptEnd Was, AttemptEnd End)> Truth(IEnumerable<Played> history, DevicePolicy tried)
    {
        var state = PrincipalMfa.Evolve(null, Principal.Root, new PrincipalCreated(), Story.Noon)!;
        var version = 2L;
        foreach (var played in history.Where(played => played.Events.Count > 0))
        {
            var head = (played.Events[0] as IDeviceEvent)!;
            IReadOnlyList<object> events = played.Events;
            if (played.Outcome is { } outcome)
            {
                var decision = state.Device(head.DeviceId) is null ? null : Decide(head.DeviceId, played);
                yield return (version, EndOf(outcome), decision is null ? AttemptEnd.DeviceGone : EndOf(decision.Outcome));
                events = decision?.Events ?? [];
            }
            else if (head is DeviceRemoved { Reason: RemovalReason.Expired })
            {
                events = state.Expire(head.DeviceId);
            }

            state = events.Aggregate(state, (before, e) => PrincipalMfa.Evolve(before, Principal.Root, e, played.At)!);
            version += played.Events.Count;
        }

        CodeDecision Decide(Guid id, Played played) => played switch
        {
            { Act.Verb: Verb.Verify } or { Act: { Verb: Verb.Mistype, Offset: < 0 } } => state.Verify(
                id, device => TotpCode.Find(played.Device!.Key, played.Codes[0], device, played.At, tried), played.At, tried),
            { Act.Verb: Verb.Resync } or { Act: { Verb: Verb.Mistype, Offset: > 0 } } =>
                state.Resync(id, Pair(played), played.Act.Offset % 2 == 0, played.At, tried),
            _ => state.SubmitCodes(id, Pair(played), null, played.At, tried),
        };

        Func<MfaDevice, CodeMatch> Pair(Played played) =>
            device => TotpCode.FindPair(played.Device!.Key, played.Codes[0], played.Codes[1], device, played.At, tried);
    }

    private static AttemptEnd EndOf(CodeOutcome outcome) =>
        outcome == CodeOutcome.Wait ? AttemptEnd.Throttled : Enum.Parse<AttemptEnd>(outcome.ToString());
}
