using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Tests.Devices.Totp;

public sealed class TimeStepTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:29.999Z", 0)]
    [InlineData("1970-01-01T00:00:30Z", 1)]
    [InlineData("1970-01-01T01:00:30+01:00", 1)]
    public void A_step_begins_every_thirty_seconds_of_universal_time(string instant, long step) =>
        TimeStep.At(DateTimeOffset.Parse(instant, null)).ShouldBe(step);
}
