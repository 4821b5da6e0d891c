namespace MfaEvents.Server.EmbeddedPostgres;

/// <summary>Why the embedded database cannot run: one sentence for the person who starts the server.</summary>
public sealed class EmbeddedPostgresException(string message, Exception? inner = null) : Exception(message, inner);
