namespace MfaEvents.Core.SignIn;

/// <summary>
/// Refused attempts since the last accepted one, and the wait that the last of them began: what a device, a principal, and a
/// pair of name and client address each have.
/// </summary>
public sealed record FailuresInARow(int Count, Wait? Wait)
{
    public static FailuresInARow None { get; } = new(0, null);

    /// <summary>One more. Attempts are counted before they are looked at, so that those which race are all counted.</summary>
    public FailuresInARow OneMore(DateTimeOffset now, ThrottlePolicy policy)
    {
        var count = Count + 1;
        return new FailuresInARow(count, Wait.Begun(policy.SecondsAfter(count), now));
    }
}
