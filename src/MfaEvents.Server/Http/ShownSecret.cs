using System.Text.Json;
using Marten;
using MfaEvents.Server.Access;

namespace MfaEvents.Server.Http;

/// <summary>A secret that an answer showed. A repeated request gets it from where it lies sealed, never from memory.</summary>
/// <param name="Kind">Whose it is.</param>
/// <param name="Id">The device or the call.</param>
public sealed record ShownSecret(SecretKind Kind, Guid Id);

public enum SecretKind
{
    /// <summary>The secret key of a device.</summary>
    Device,

    /// <summary>The digits of a call.</summary>
    Call,
}

/// <summary>Shows a secret again, as long as it is still to be shown.</summary>
public interface IShowAgain
{
    SecretKind Kind { get; }

    /// <summary>The first answer's body once more; null when the secret is not shown any more.</summary>
    /// <param name="id">Whose secret it is.</param>
    /// <param name="remembered">The body without it.</param>
    /// <param name="target">What the request was addressed to.</param>
    /// <param name="session">The request's session.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<object?> AgainAsync(
        Guid id, JsonElement remembered, Target target, IDocumentSession session, CancellationToken cancellation);
}
