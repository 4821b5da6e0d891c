using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Server.Access;
using MfaEvents.Server.Http;
using Wolverine.Http;

namespace MfaEvents.Server.Accounts;

public sealed record UserView(string UserName, DateTimeOffset CreatedAt);

public sealed record UsersView(IReadOnlyList<UserView> Users);

/// <summary>Lists the IAM users of an account.</summary>
public static class ReadUsersEndpoint
{
    [WolverineGet(Routes.Users), Allow(Role.Owner, RootOnly = true)]
    [Answers(200, typeof(UsersView))]
    public static async Task<Answer> Get(IQuerySession session, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return Problems.NotFound;
        var users = await session.Query<IamUser>()
            .Where(user => user.DeletedAt == null)
            .OrderBy(user => user.Id)
            .ToListAsync(cancellation);
        return Answer.Ok(new UsersView([.. users.Select(user => new UserView(user.UserName, user.CreatedAt))]));
    }
}

/// <summary>Tells about one IAM user.</summary>
public static class ReadUserEndpoint
{
    [WolverineGet(Routes.User), Allow(Role.Owner)]
    [Answers(200, typeof(UserView))]
    public static async Task<Answer> Get(string userName, IQuerySession session, CancellationToken cancellation)
    {
        var found = await session.LoadAsync<IamUser>(IamUser.IdOf(userName), cancellation);
        return found is { DeletedAt: null } user && user.UserName == userName
            ? Answer.Ok(new UserView(user.UserName, user.CreatedAt))
            : Problems.NotFound;
    }
}
