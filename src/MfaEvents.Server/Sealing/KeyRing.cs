using System.Security.Cryptography;
using System.Xml;
using Marten;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.KeyManagement.Internal;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Setup;
using Npgsql;

namespace MfaEvents.Server.Sealing;

/// <summary>
/// The keys that seal, in the place of ASP.NET Core Data Protection's own ring: where the keys lie (a folder or the database) is
/// its business still, which of them seal and open is said by the <see cref="SealingKey"/>s of the database.
/// </summary>
/// <remarks>
/// Data Protection's ring is renewed once in 24 hours, so that a key of another node stays unknown for a day, and makes a key
/// when it finds none. Here a node's copy is renewed every few seconds and at once for a key it has never heard of, and a key is
/// made in two cases alone: for a database with nothing sealed in it, and by a rotation.
/// </remarks>
public sealed class KeyRing(
    IKeyManager storage, IDirectoryStore directory, RingDatabase database, MfaEventsSettings settings, TimeProvider clock)
    : IKeyRingProvider, IDisposable
{
    /// <summary>Anybody can name keys that do not exist: they cost a query this often at most.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a request waits for others that renew the copy.</summary>
    private static readonly TimeSpan RenewalLimit = TimeSpan.FromSeconds(10);

    // A key ends by a rotation and never by its date, which Data Protection wants all the same.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(36_500);

    private readonly SemaphoreSlim renewing = new(1, 1);
    private volatile Copy? copy;

    /// <summary>The key for everything new.</summary>
    public Guid ActiveKeyId => Current().DefaultKeyId;

    public IKeyRing GetCurrentKeyRing() => Current();

    /// <summary>
    /// Opens the ring at start, and makes its first key when nothing was ever sealed in this database. Of the nodes that start
    /// together one does so, and the others find its key.
    /// </summary>
    /// <exception cref="SettingsException">Something is sealed here with a key that this ring does not hold.</exception>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        await using var connection = (NpgsqlConnection)directory.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var wait = new NpgsqlCommand(
            $"set local lock_timeout = 0; select pg_advisory_xact_lock({AdvisoryLock.KeyRing})", connection))
            await wait.ExecuteNonQueryAsync(cancellation);

        await directory.Storage.Database.EnsureStorageExistsAsync(typeof(SealingKey), cancellation);
        if (settings.Keys.Storage == KeyStorage.Database)
            await directory.Storage.Database.EnsureStorageExistsAsync(typeof(RingElement), cancellation);

        await using var session = directory.LightweightSession();
        var known = await session.Query<SealingKey>().ToListAsync(cancellation);
        var held = Held();
        if (known.Count == 0)
        {
            await AdoptAsync(session, connection, held, cancellation);
        }
        else
        {
            foreach (var key in known.Where(key => key.State != KeyState.Retired))
            {
                if (!held.TryGetValue(key.Id, out var found)) throw IsMissing(key.Id);
                if (!key.IsOpenedBy(Open(found))) throw IsAnother(key.Id);
            }

            // Whatever brought it back, a backup of the folder for one: a retired key opens nothing.
            Discard([.. known.Where(key => key.State == KeyState.Retired && held.ContainsKey(key.Id)).Select(key => key.Id)]);
        }

        await transaction.CommitAsync(cancellation);
        Renew();
    }

    /// <summary>
    /// Makes the key of a rotation, which seals nothing before it is known to the database; once, however often called.
    /// </summary>
    internal SealingKey Make(Guid id)
    {
        var now = clock.GetUtcNow();
        if (!Held().TryGetValue(id, out var key))
            key = ((IInternalXmlKeyManager)storage).CreateNewKey(id, now, now, now + Lifetime);
        return SealingKey.Of(id, Open(key), KeyState.Active, now);
    }

    /// <summary>Takes keys out of the ring, for good.</summary>
    internal void Discard(IReadOnlyCollection<Guid> ids)
    {
        if (ids.Count > 0) ((XmlKeyManager)storage).DeleteKeys(key => ids.Contains(key.KeyId));
    }

    /// <summary>Reads the database and the ring again.</summary>
    internal void Renew() => Renew(clock.GetTimestamp(), TimeSpan.Zero);

    /// <summary>Whether the key for everything new lies where the ring lies: what cannot be kept is not sealed with.</summary>
    internal bool CanSeal => Current().CanSeal;

    public void Dispose() => renewing.Dispose();

    private Copy Current()
    {
        var taken = copy;
        return taken is not null && clock.GetElapsedTime(taken.At) < settings.Keys.CopyLifetime
            ? taken
            : Renew(clock.GetTimestamp(), TimeSpan.Zero);
    }

    private Lazy<IAuthenticatedEncryptor>? RenewFor(Guid keyId) =>
        Renew(clock.GetTimestamp(), Patience).Encryptors.GetValueOrDefault(keyId);

    // A database without a list of its keys has just been made, or is older than the list.
    private async Task AdoptAsync(
        IDocumentSession session, NpgsqlConnection connection, Dictionary<Guid, IKey> held, CancellationToken cancellation)
    {
        var used = await SealedPlace.KeysInUseAsync(connection, cancellation);
        if (used.FirstOrDefault(id => !held.ContainsKey(id)) is var missing && missing != Guid.Empty) throw IsMissing(missing);

        var newest = held.Values.Where(key => !key.IsRevoked).MaxBy(key => key.ActivationDate)?.KeyId;
        var active = newest is { } id
            ? SealingKey.Of(id, Open(held[id]), KeyState.Active, held[id].CreationDate)
            : Make(Guid.NewGuid());
        session.Insert(active);
        foreach (var older in used.Where(key => key != active.Id))
            session.Insert(SealingKey.Of(older, Open(held[older]), KeyState.Retiring, held[older].CreationDate));
        await session.SaveChangesAsync(cancellation);
    }

    private Dictionary<Guid, IKey> Held()
    {
        try
        {
            return storage.GetAllKeys().ToDictionary(key => key.KeyId);
        }
        catch (Exception exception) when (exception is XmlException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The key ring in {Where} cannot be read: {exception.Message}", exception);
        }
    }

    private IAuthenticatedEncryptor Open(IKey key)
    {
        try
        {
            return key.CreateEncryptor() ?? throw IsShut(key.KeyId);
        }
        catch (Exception exception) when (exception is CryptographicException or XmlException or InvalidOperationException)
        {
            throw IsShut(key.KeyId, exception);
        }
    }

    // A copy that was read since then will do. It blocks, because Data Protection asks for keys synchronously.
    private Copy Renew(long since, TimeSpan pause)
    {
        if (!renewing.Wait(RenewalLimit)) throw new TimeoutException("The key ring is being read, and does not come.");
        try
        {
            var before = copy;
            if (before is not null && before.At >= since) return before;
            if (before is not null && pause - clock.GetElapsedTime(before.At) is { Ticks: > 0 } rest) Thread.Sleep(rest);

            var at = clock.GetTimestamp();
            var known = database.Read(directory.Options.Serializer()).Where(key => key.State != KeyState.Retired).ToArray();
            var held = HeldNow();
            var active = known.Single(key => key.State == KeyState.Active).Id;
            var encryptors = new Dictionary<Guid, Lazy<IAuthenticatedEncryptor>>();
            foreach (var key in known)
            {
                // What was opened goes on opening, also when its folder is out of reach for a while.
                if (before?.Encryptors.GetValueOrDefault(key.Id) is { IsValueCreated: true } opened) encryptors[key.Id] = opened;
                else if (held.TryGetValue(key.Id, out var found)) encryptors[key.Id] = new(() => Open(found));
            }

            return copy = new Copy(this, active, encryptors, held.ContainsKey(active), at);
        }
        finally
        {
            renewing.Release();
        }
    }

    private Dictionary<Guid, IKey> HeldNow()
    {
        try
        {
            return Held();
        }
        catch (SettingsException)
        {
            return [];
        }
    }

    private string Where => settings.Keys.Storage == KeyStorage.Database
        ? "the database" : KeyFolder.PathIn(settings.DataDirectory);

    private SettingsException IsMissing(Guid id) => new(
        $"The database holds secrets that are sealed with the key {id}, which is not in the key ring in {Where}: restore the"
        + " key ring that belongs to this database (ops/runbooks/keys.md).");

    private SettingsException IsAnother(Guid id) => new(
        $"The database holds secrets that are sealed with the key {id}, and the key of that name in the key ring in {Where} is"
        + " another: restore the key ring that belongs to this database (ops/runbooks/keys.md).");

    private SettingsException IsShut(Guid id, Exception? inner = null) => new(
        $"The database holds secrets that are sealed with the key {id}, which cannot be opened in the key ring in {Where}: set"
        + " MfaEvents:Keys:Certificate or FormerCertificates to the certificate that protects it (ops/runbooks/keys.md).", inner);

    /// <summary>The ring as it was at a timestamp of the clock.</summary>
    private sealed class Copy(
        KeyRing ring, Guid active, Dictionary<Guid, Lazy<IAuthenticatedEncryptor>> encryptors, bool canSeal, long at) : IKeyRing
    {
        public bool CanSeal => canSeal;

        public long At => at;

        public Dictionary<Guid, Lazy<IAuthenticatedEncryptor>> Encryptors => encryptors;

        public Guid DefaultKeyId => active;

        // A key that is in no folder any more would take with it what is sealed from now on.
        public IAuthenticatedEncryptor DefaultAuthenticatedEncryptor => canSeal
            ? encryptors[active].Value
            : throw new CryptographicException($"The key {active} is not in the key ring in {ring.Where} any more.");

        public IAuthenticatedEncryptor? GetAuthenticatedEncryptorByKeyId(Guid keyId, out bool isRevoked)
        {
            isRevoked = false;
            if (encryptors.TryGetValue(keyId, out var encryptor)) return encryptor.Value;

            // Another node may have made it a moment ago.
            return ring.RenewFor(keyId)?.Value;
        }
    }
}
