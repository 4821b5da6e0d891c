using System.Net;
using MfaEvents.Core.Support;
using MfaEvents.Server.Support;
using Person = MfaEvents.Server.Tests.Harness.Person;

namespace MfaEvents.Server.Tests.Support;

/// <summary>The people of the desk, whose tokens name no account, at the time of the account that they look after.</summary>
public static class Desk
{
    public const string Note = "They called from the front desk.";

    public static Person Agent(this OpenAccount account, string name = "ann") =>
        account.Host.A("support-agent") with { Time = account.Time, Name = name };

    public static Person Approver(this OpenAccount account, string name = "bob") =>
        account.Host.A("support-approver") with { Time = account.Time, Name = name };

    public static Person Auditor(this OpenAccount account) =>
        account.Host.A("auditor") with { Time = account.Time, Name = "kim" };

    public static Task<Reply> OpenCase(this OpenAccount account, Person by, string principal = "root") =>
        by.Post($"{account.PrincipalPath(principal)}/cases", new { reason = Note, reference = "T-4711" });

    /// <summary>An agent called Ann has opened a case.</summary>
    public static async Task<DeskCase> OpenedCase(this OpenAccount account, string principal = "root", string by = "ann")
    {
        var reply = (await account.OpenCase(account.Agent(by), principal)).ShouldBe(HttpStatusCode.Created);
        return new DeskCase(account, reply["caseId"].GetGuid(), principal);
    }

    /// <summary>And recorded enough evidence.</summary>
    public static async Task<DeskCase> WithEvidence(this Task<DeskCase> opened)
    {
        var found = await opened;
        (await found.Evidence("inPerson")).ShouldBe(HttpStatusCode.Created);
        (await found.Evidence("identityDocument")).ShouldBe(HttpStatusCode.Created);
        return found;
    }

    /// <summary>And asked for the removal.</summary>
    public static async Task<DeskCase> Requested(this Task<DeskCase> opened)
    {
        var found = await opened.WithEvidence();
        (await found.Request()).ShouldBe(HttpStatusCode.OK);
        return found;
    }

    /// <summary>And Bob has approved it, and the owner was told.</summary>
    public static async Task<DeskCase> Approved(this Task<DeskCase> opened)
    {
        var found = await opened.Requested();
        (await found.Approve()).ShouldBe(HttpStatusCode.OK);
        await found.IsTold();
        return found;
    }

    /// <summary>And the cooling-off is over.</summary>
    public static async Task<DeskCase> Executed(this Task<DeskCase> opened)
    {
        var found = await opened.Approved();
        await found.ComesDue();
        (await found.State()).ShouldBe("executed");
        return found;
    }
}

/// <summary>A case, and what people do about it.</summary>
public sealed record DeskCase(OpenAccount Account, Guid Id, string Principal)
{
    public string Path => $"{Account.Path}/cases/{Id}";

    public string Stream => $"case:{Id}";

    public Task<Reply> Evidence(string kind, Person? by = null) =>
        (by ?? Account.Agent()).Post(Path + "/evidence", new { kind, note = Desk.Note });

    public Task<Reply> Request(Person? by = null) =>
        (by ?? Account.Agent()).Post(Path + "/removal-request", new { justification = Desk.Note });

    public Task<Reply> Approve(Person? by = null) => (by ?? Account.Approver()).Post(Path + "/approval", new { note = Desk.Note });

    public Task<Reply> Refuse(Person? by = null) => (by ?? Account.Approver()).Post(Path + "/refusal", new { note = Desk.Note });

    public Task<Reply> Close(Person? by = null) => (by ?? Account.Agent()).Post(Path + "/closure", new { note = Desk.Note });

    public Task<Reply> Code(Person? by = null) => (by ?? Account.Approver()).Post(Path + "/enrolment-code");

    public Task<Reply> Read(Person? by = null) => (by ?? Account.Auditor()).Get(Path);

    public async Task<string> State() => (await Read()).ShouldBe(HttpStatusCode.OK).TextOf("state");

    /// <summary>The notice with the link that vetoes has been delivered, which is recorded.</summary>
    public Task IsTold() => Scenarios.Eventually(
        async () => (await Account.Host.EventsAsync(Account.Id, Stream)).Any(e => e.Data is RemovalNoticeDelivered), "the owner is told");

    public Task<long> Version() => Account.VersionOf(Stream);

    /// <summary>The message of the removal is handled, after so long: the whole cooling-off, unless the test says otherwise.</summary>
    public async Task ComesDue(TimeSpan? after = null)
    {
        Account.Time.Pass(after ?? TimeSpan.FromHours(24));
        Account.Host.Clock.Set(Account.Time.Next());
        await Account.Host.HandleAsync(Account.Id, new ExecuteRemoval(Account.Id, Id, Principal));
    }

    public async Task Expires(TimeSpan after)
    {
        Account.Time.Pass(after);
        Account.Host.Clock.Set(Account.Time.Next());
        await Account.Host.HandleAsync(Account.Id, new ExpireCase(Stream));
    }
}
