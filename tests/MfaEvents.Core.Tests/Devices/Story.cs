using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;
using MfaEvents.Core.SignIn;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>An event, told by how many steps it lies from the server's step at the moment it happens.</summary>
internal delegate object Happening(long step);

/// <summary>Codes that somebody submits now, and what is decided about them.</summary>
internal delegate CodeDecision Submission(PrincipalMfa state, DateTimeOffset now);

/// <summary>Given these events, when somebody does something, then these events follow; and so on.</summary>
internal sealed record Story(PrincipalMfa State, DateTimeOffset Now)
{
    public static DateTimeOffset Noon { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static DevicePolicy Policy { get; } = new();

    public static Story Given(params Happening[] events) =>
        new Story(PrincipalMfa.Evolve(null, Principal.Root, new PrincipalCreated(), Noon)!, Noon).And(events);

    /// <summary>Devices that were activated, in sync, at noon the day before.</summary>
    public static Story GivenInUse(params Authenticator[] devices) =>
        Given([.. devices.SelectMany(device => new[] { device.Assigned, device.Activated() })]).After(Hours(24));

    public static TimeSpan Seconds(int count) => TimeSpan.FromSeconds(count);

    public static TimeSpan Minutes(int count) => TimeSpan.FromMinutes(count);

    public static TimeSpan Hours(int count) => TimeSpan.FromHours(count);

    public static Happening SessionsEnd(SessionsEndReason reason, Guid? kept = null) => _ => new SessionsEnded(reason, kept);

    public Story And(params Happening[] events) =>
        this with { State = Told(events).Aggregate(State, (state, e) => PrincipalMfa.Evolve(state, Principal.Root, e, Now)!) };

    public Story After(TimeSpan time) => this with { Now = Now + time };

    public Decided When(Submission submission)
    {
        var decision = submission(State, Now);
        return new Decided(this, decision.Outcome, decision.Events, decision.DriftSteps, decision.WaitSeconds);
    }

    public Decided When(Func<PrincipalMfa, IReadOnlyList<object>> decide) => new(this, null, decide(State), 0, 0);

    /// <summary>What the events have made of a device by now.</summary>
    public MfaDevice Of(Authenticator device) => State.Device(device.Id).ShouldNotBeNull();

    public object[] Told(params Happening[] events) => [.. events.Select(happening => happening(TimeStep.At(Now)))];
}

/// <summary>What was decided in a story.</summary>
internal sealed record Decided(
    Story Story, CodeOutcome? Outcome, IReadOnlyList<object> Events, int DriftSteps, int WaitSeconds)
{
    public Story Then(CodeOutcome outcome, params Happening[] events)
    {
        Outcome.ShouldBe(outcome);
        DriftSteps.ShouldBe(Events.OfType<DeviceResynced>().SingleOrDefault()?.DriftSteps ?? 0);
        return Then(events);
    }

    public Story Then(params Happening[] events)
    {
        Events.ShouldBe(Story.Told(events));
        return Story.And(events);
    }

    /// <summary>Whatever was decided, the story goes on after it.</summary>
    public Story Follow() => Story.And([.. Events.Select(e => new Happening(_ => e))]);

    public Story ThenNothing(CodeOutcome outcome) => Then(outcome);

    public Story ThenNothing() => Then([]);

    public Story ThenWait(int seconds)
    {
        WaitSeconds.ShouldBe(seconds);
        return Then(CodeOutcome.Wait);
    }
}
