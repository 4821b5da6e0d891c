using System.Collections.Immutable;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Marten.Patching;
using MfaEvents.Core.Accounts;

namespace MfaEvents.Server.Accounts;

/// <summary>A user of an account. Its row stays when it is deleted: its name is never given again.</summary>
/// <param name="Id">The name in lower case: names are unique without case.</param>
/// <param name="UserName">The name as it was given.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="DeletedAt">When it was deleted.</param>
public sealed record IamUser(string Id, string UserName, DateTimeOffset CreatedAt, DateTimeOffset? DeletedAt)
{
    public static string IdOf(string userName)
    {
        return userName.ToLowerInvariant();
    }
}

/// <summary>
/// Keeps the users of each account, in the transaction of their events; a second insert of one name fails there.
/// </summary>
public sealed partial class IamUsers : EventProjection
{
    public IamUsers()
    {
        Name = "users";
        Options.DeleteViewTypeOnTeardown<IamUser>();
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case UserCreated created:
                operations.Insert(new IamUser(IamUser.IdOf(created.UserName), created.UserName, e.Timestamp, null));
                break;
            case UserDeleted deleted:
                operations.Patch<IamUser>(IamUser.IdOf(deleted.UserName)).Set(user => user.DeletedAt, e.Timestamp);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The same for a rebuild: the users after an event, by the ids of their rows.</summary>
    public static ImmutableDictionary<string, IamUser> Evolve(ImmutableDictionary<string, IamUser>? users, IEvent e)
    {
        users ??= ImmutableDictionary<string, IamUser>.Empty;
        return e.Data switch
        {
            UserCreated created => users.SetItem(
                IamUser.IdOf(created.UserName), new IamUser(IamUser.IdOf(created.UserName), created.UserName, e.Timestamp, null)),
            UserDeleted deleted when users.TryGetValue(IamUser.IdOf(deleted.UserName), out var user) =>
                users.SetItem(user.Id, user with { DeletedAt = e.Timestamp }),
            _ => users,
        };
    }
}
