using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;

namespace MfaEvents.Server.Http;

/// <summary>An RFC 9457 problem. <c>type</c> is <c>urn:mfaevents:problem:{slug}</c>.</summary>
public sealed record Problem
{
    public const string ContentType = "application/problem+json";

    public const string TypePrefix = "urn:mfaevents:problem:";

    public Problem(int status, string slug, string detail)
    {
        Status = status;
        Slug = slug;
        Detail = detail;
    }

    public string Type => TypePrefix + Slug;

    public string Title => ReasonPhrases.GetReasonPhrase(Status);

    public int Status { get; }

    public string Detail { get; }

    [JsonIgnore]
    public string Slug { get; }

    /// <summary>What is wrong with each member of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors { get; init; }

    /// <summary>Set when no code of the device will be accepted before a resync.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? ResyncRequired { get; init; }

    /// <summary>From when on the same request would be granted, where that is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? AvailableAt { get; init; }

    /// <summary>Under which trace the operator finds the cause.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    /// <summary>The value of WWW-Authenticate, where the answer carries one.</summary>
    [JsonIgnore]
    public string? Challenge { get; init; }

    /// <summary>Whole seconds after which to try again, where the answer says so.</summary>
    [JsonIgnore]
    public int? RetryAfter { get; init; }
}
