using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Marten;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Devices;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Http;
using MfaEvents.Server.Sealing;
using MfaEvents.Server.Setup;
using Wolverine;
using Wolverine.Http;

namespace MfaEvents.Server.Audit.Erasure;

/// <summary>What is to be erased: <c>accountName</c>, <c>email</c>, <c>phone</c>, <c>clientAddress</c>, <c>userAgent</c>.</summary>
public sealed record StartErasure([PersonalFields] string[] Fields);

/// <summary>How far an erasure is.</summary>
/// <param name="ErasureId">The erasure.</param>
/// <param name="State"><c>running</c> or <c>succeeded</c>.</param>
/// <param name="Fields">What it erases.</param>
/// <param name="EventsErased">Events whose client address or user agent is gone.</param>
/// <param name="StartedAt">When it was asked for: what came later stays.</param>
/// <param name="FinishedAt">When nothing was left to do.</param>
public sealed record ErasureView(
    Guid ErasureId,
    ErasureState State,
    IReadOnlyList<PersonalField> Fields,
    long EventsErased,
    DateTimeOffset StartedAt,
    DateTimeOffset? FinishedAt)
{
    public static ErasureView Of(DataErasure erasure) => new(
        erasure.Id,
        erasure.IsDone ? ErasureState.Succeeded : ErasureState.Running,
        erasure.Fields,
        erasure.EventsErased,
        erasure.StartedAt,
        erasure.FinishedAt);
}

public enum ErasureState
{
    Running,
    Succeeded,
}

/// <summary>
/// Erases an account's personal data on request: all that lies there until now. The commitments to them stay, so history, log and proofs
/// are what they were. Addresses that are erased are told of it, and lie sealed until they are.
/// </summary>
public static class StartErasureEndpoint
{
    [WolverinePost(Routes.Erasures), Allow(Role.Operator)]
    [Answers(202, typeof(ErasureView))]
    public static async Task<Answer> Post(
        StartErasure command,
        string accountId,
        HttpContext http,
        IDocumentSession session,
        IMessageContext messages,
        Seals seals,
        RememberedAnswers answers,
        MfaEventsSettings settings,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<Account>(Account.StreamKey, cancellation) is null) return Problems.NotFound;

        // Root first, as everywhere: nobody changes the contact meanwhile.
        await session.Events.FetchForExclusiveWriting<PrincipalMfa>(Principal.Root, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<Account>(Account.StreamKey, cancellation);
        var account = stream.Aggregate!;
        ImmutableArray<PersonalField> fields = [.. command.Fields.Select(PersonalFieldsAttribute.Field).Distinct().Order()];
        var erasure = new DataErasure { Id = Guid.CreateVersion7(now), Fields = fields, StartedAt = now };

        if (fields.Contains(PersonalField.Email))
        {
            var told = await AddressesAsync();
            if (told.Length > 0) session.Insert(seals.SealNote(accountId, erasure.Id, JsonSerializer.Serialize(told)));
            erasure = erasure with { IsTelling = told.Length > 0 };
        }

        stream.AppendOne(new PersonalDataErased(erasure.Id, fields));
        await EraseContactAsync();
        session.Insert(erasure);
        await messages.PublishAsync(new ContinueErasure(erasure.Id, erasure.Step), InTenant());
        if (erasure.IsTelling)
        {
            await messages.PublishAsync(new TellErased(accountId, erasure.Id), InTenant());
            await messages.PublishAsync(new ForgetErased(erasure.Id), InTenant(ForgetErased.After));
        }

        var settle = new SettleRootEmails(accountId);
        if (fields.Contains(PersonalField.Email)) await messages.PublishAsync(settle, InTenant(SettleRootEmails.Grace));
        var answer = Answer.Accepted($"{Routes.Accounts}/{accountId}/erasures/{erasure.Id}", ErasureView.Of(erasure));
        answers.Remember(answer, http, session);
        await session.SaveChangesAsync(cancellation);
        if (fields.Contains(PersonalField.Email)) await messages.InvokeForTenantAsync(accountId, settle, cancellation);
        return answer;

        DeliveryOptions InTenant(TimeSpan? delay = null) => new() { TenantId = accountId, ScheduleDelay = delay };

        async Task<string[]> AddressesAsync()
        {
            var versions = account.ContactsToTell(now, settings.Contact).Select(Seals.ContactId).ToArray();
            var contacts = await session.LoadManyAsync<SealedContact>(cancellation, versions);
            return [.. contacts.Select(contact => Opened(contact).Email).OfType<string>().Distinct()];
        }

        async Task EraseContactAsync()
        {
            var gone = fields.Intersect(ContactVersions.Fields).ToArray();
            if (gone.Length == 0) return;
            foreach (var version in await session.Query<SealedContact>().ToListAsync(cancellation))
            {
                var left = gone.Aggregate(Opened(version), (contact, field) => contact.Without(field));
                session.Store(version with { Sealed = seals.SealContact(accountId, version.Id, left) });
            }
        }

        // What does not open is lost to this product, and maybe not to whoever finds the key again: nothing of it is left.
        ContactInformation Opened(SealedContact version)
        {
            try
            {
                return seals.Open(accountId, version);
            }
            catch (CryptographicException)
            {
                return new ContactInformation(null, null, null);
            }
        }
    }
}

/// <summary>Tells how far an erasure is.</summary>
public static class ReadErasureEndpoint
{
    [WolverineGet(Routes.Erasure), Allow(Role.Operator)]
    [Answers(200, typeof(ErasureView))]
    public static async Task<Answer> Get(string erasureId, IQuerySession session, CancellationToken cancellation) =>
        Uuid.Parse(erasureId) is { } id && await session.LoadAsync<DataErasure>(id, cancellation) is { } erasure
            ? Answer.Ok(ErasureView.Of(erasure))
            : Problems.NotFound;
}

/// <summary>One of the fields that can be erased.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PersonalFieldsAttribute : System.ComponentModel.DataAnnotations.ValidationAttribute
{
    private static readonly Dictionary<string, PersonalField> Names =
        Enum.GetValues<PersonalField>().ToDictionary(field => JsonNamingPolicy.CamelCase.ConvertName($"{field}"));

    public PersonalFieldsAttribute()
        : base("{0} must be some of " + string.Join(", ", Names.Keys) + ".")
    {
    }

    /// <summary>The field of a name that has been validated.</summary>
    public static PersonalField Field(string name) => Names[name];

    public override bool IsValid(object? value) => value is string[] { Length: > 0 } names && names.All(Names.ContainsKey);
}
