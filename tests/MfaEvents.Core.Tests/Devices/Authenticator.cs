using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MfaEvents.Core.Devices;
using MfaEvents.Core.Devices.Totp;

namespace MfaEvents.Core.Tests.Devices;

/// <summary>A device in somebody's hand: it shows real codes of a fixed key and knows what it can take part in.</summary>
/// <remarks>Offsets are steps from the server's step of the moment: a device that is five minutes slow shows -10.</remarks>
internal sealed record Authenticator
{
    public Authenticator(string name)
    {
        Name = name;
        Seed = SHA512.HashData(Encoding.ASCII.GetBytes(name))[..SecretKey.Length];
        Key = new SecretKey(Seed);
        Id = new Guid(Seed.AsSpan(0, 16));
    }

    public static Authenticator Phone { get; } = new("phone");

    public static Authenticator Tablet { get; } = new("tablet");

    public static Authenticator Laptop { get; } = new("laptop");

    /// <summary>In place of an offset: a code that no step in or near the search window shows.</summary>
    public static int? Wrong => null;

    public Guid Id { get; }

    public string Name { get; }

    public byte[] Seed { get; }

    public SecretKey Key { get; }

    // What happens to it.

    public Happening Assigned => _ => new DeviceAssigned(Id, Name, DeviceType.Virtual);

    public Happening Activated(int offset = 0) => now => new DeviceActivated(Id, now + offset, offset);

    public Happening WentOutOfSync(int offset) => _ => new DeviceOutOfSync(Id, offset);

    public Happening ResyncNoted(int offset) => now => new DeviceResyncNoted(Id, now + offset, offset);

    public Happening Resynced(int offset, int drift) => now => new DeviceResynced(Id, now + offset, drift);

    public Happening DriftMoved(int drift) => _ => new DeviceDriftMoved(Id, drift);

    public Happening Accepted(int offset, CodePurpose purpose = CodePurpose.Verification) =>
        now => new CodeAccepted(Id, now + offset, offset, purpose);

    public Happening Rejected(RejectionReason reason, int? offset = null, CodePurpose purpose = CodePurpose.Verification) =>
        now => new CodeRejected(Id, purpose, reason, now + offset, offset);

    public Happening Throttled(int deviceSeconds, int principalSeconds) =>
        _ => new AttemptsThrottled(Id, deviceSeconds, principalSeconds);

    public Happening Suspended(int failures = 100) => _ => new DeviceSuspended(Id, failures);

    public Happening Renamed(string name) => _ => new DeviceRenamed(Id, name, Name);

    public Happening Removed(RemovalReason reason) => _ => new DeviceRemoved(Id, reason);

    // What somebody does with it.

    public Submission Verifies(int? offset) => (state, now) => VerifiesWith(Code(offset, now))(state, now);

    public Submission VerifiesWith(string code) => (state, now) =>
        state.Verify(Id, device => TotpCode.Find(Key, code, device, now, Story.Policy), now, Story.Policy);

    /// <summary>Submits the code shown at this offset and, first, the one before it.</summary>
    public Submission Activates(int offset) => Activates(offset - 1, offset);

    public Submission Activates(int? first, int? second) => (state, now) =>
        ActivatesWith(Code(first, now), Code(second, now))(state, now);

    public Submission ActivatesWith(string code1, string code2) => (state, now) =>
        state.SubmitCodes(Id, Pair(code1, code2, now), null, now, Story.Policy);

    /// <summary>Submits the code shown at this offset and, first, the one before it.</summary>
    public Submission Resyncs(int offset) => Resyncs(offset - 1, offset);

    public Submission Resyncs(int? first, int? second) => (state, now) =>
        ResyncsWith(Code(first, now), Code(second, now))(state, now);

    public Submission ResyncsWith(string code1, string code2) => (state, now) =>
        state.Resync(Id, Pair(code1, code2, now), endsSuspension: false, now, Story.Policy);

    /// <summary>Resyncs as somebody who has freshly proved another factor.</summary>
    public Submission ResyncsWithAnotherFactor(int? first, int? second) => (state, now) =>
        state.Resync(Id, Pair(Code(first, now), Code(second, now), now), endsSuspension: true, now, Story.Policy);

    public Submission SignsIn(Guid session, int? offset) => (state, now) =>
    {
        var code = Code(offset, now);
        return state.SignInByCode(session, Id, device => TotpCode.Find(Key, code, device, now, Story.Policy), now, Story.Policy);
    };

    /// <summary>The code it shows at this offset.</summary>
    public string Code(int? offset, DateTimeOffset now) =>
        offset is { } steps ? TotpCode.At(Key, TimeStep.At(now) + steps) : WrongCode(now);

    private string WrongCode(DateTimeOffset now)
    {
        var shown = Enumerable.Range(-150, 301).Select(offset => Code(offset, now)).ToHashSet();
        return Enumerable.Range(0, 1_000_000)
            .Select(number => number.ToString("D6", CultureInfo.InvariantCulture))
            .First(code => !shown.Contains(code));
    }

    private Func<MfaDevice, CodeMatch> Pair(string code1, string code2, DateTimeOffset now) =>
        device => TotpCode.FindPair(Key, code1, code2, device, now, Story.Policy);
}
