using System.Globalization;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Http;

/// <summary>Reads query parameters and collects all that is wrong with them.</summary>
public sealed partial class QueryReader(HttpRequest request)
{
    private static readonly string[] InstantForms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private readonly Dictionary<string, IReadOnlyList<string>> errors = [];

    /// <summary>The problem with the parameters read so far, or null.</summary>
    public Problem? Refusal => errors.Count == 0 ? null : Problems.Validation(errors);

    public string? Text(string name)
    {
        if (!request.Query.TryGetValue(name, out var values)) return null;
        if (values.Count == 1 && values[0] is { Length: > 0 } value && !value.Any(char.IsControl)) return value;
        errors[name] = [$"{name} must be given once and not be empty."];
        return null;
    }

    /// <summary>An RFC 3339 instant; a date, or a time without its offset, is none.</summary>
    public DateTimeOffset? Instant(string name)
    {
        // A plus sign that was not escaped has arrived as a blank.
        if (Text(name)?.Replace(' ', '+').ToUpperInvariant() is not { } text) return null;
        var ticks = Shortened().Replace(text, "$1");
        if (InstantForm().IsMatch(text)
            && DateTimeOffset.TryParseExact(
                ticks, InstantForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
            return instant.ToUniversalTime();
        errors[name] = [$"{name} must be an instant as RFC 3339, such as 2026-11-24T13:00:00Z."];
        return null;
    }

    public long? Whole(string name, long least, long most)
    {
        if (Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most)
            return number;
        errors[name] = [$"{name} must be a whole number from {least} to {most}."];
        return null;
    }

    public Guid? Id(string name)
    {
        if (Text(name) is not { } text) return null;
        if (Uuid.Parse(text) is { } id) return id;
        errors[name] = [$"{name} must be a UUID."];
        return null;
    }

    /// <summary>Records that a parameter is wrong for a reason only the endpoint knows.</summary>
    public void Refuse(string name, string sentence) => errors[name] = [sentence];

    // RFC 3339 5.6: a fraction has as many digits as its writer likes; seven are all that counts here.
    [GeneratedRegex(@"(\.[0-9]{7})[0-9]+")]
    private static partial Regex Shortened();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex InstantForm();
}
