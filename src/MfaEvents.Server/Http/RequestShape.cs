using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MfaEvents.Server.Http;

/// <summary>
/// The members of a request record and their rules, read off its constructor: every member is text, a list of texts or a whole number,
/// nullable means optional, and its validation attributes say the rest. All that is wrong is found, not the first thing only.
/// </summary>
public sealed class RequestShape
{
    private static readonly ConcurrentDictionary<Type, RequestShape> Shapes = new();

    private static readonly Dictionary<Type, Kind> Kinds = new()
    {
        [typeof(string)] = Kind.Text, [typeof(string[])] = Kind.Texts, [typeof(int)] = Kind.Whole, [typeof(int?)] = Kind.Whole,
    };

    private readonly Member[] members;

    private RequestShape(Type type)
    {
        var nullability = new NullabilityInfoContext();
        members =
        [
            .. type.GetConstructors().Single().GetParameters().Select(parameter => new Member(
                JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!),
                Kinds.TryGetValue(parameter.ParameterType, out var kind)
                    ? kind
                    : throw new NotSupportedException($"{type.Name}.{parameter.Name} is of no kind that a request member can be."),
                [.. parameter.GetCustomAttributes<ValidationAttribute>()],
                nullability.Create(parameter).WriteState == NullabilityState.Nullable)),
        ];
    }

    public static RequestShape Of(Type type) => Shapes.GetOrAdd(type, static key => new RequestShape(key));

    /// <summary>Whether a request without a body says all that it has to.</summary>
    public bool NeedsNothing => members.All(member => member.Optional);

    /// <summary>Sentences by member; empty when nothing is wrong.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Check(JsonElement body)
    {
        var errors = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var member in members)
            if (member.Check(body) is { Count: > 0 } sentences)
                errors[member.Name] = sentences;
        return errors;
    }

    private enum Kind
    {
        Text,
        Texts,
        Whole,
    }

    private sealed record Member(string Name, Kind Kind, ValidationAttribute[] Rules, bool Optional)
    {
        public IReadOnlyList<string> Check(JsonElement body)
        {
            if (!body.TryGetProperty(Name, out var value) || value.ValueKind == JsonValueKind.Null)
                return Optional ? [] : [$"{Name} is required."];
            return Kind switch
            {
                Kind.Text => CheckText(value),
                Kind.Texts => CheckList(value),
                _ => CheckWhole(value),
            };
        }

        private IReadOnlyList<string> CheckText(JsonElement value) =>
            Text(value) is not { } text
                ? [$"{Name} must be text."]
                : [.. Rules.Where(rule => !Fits(rule, text)).Select(rule => rule.FormatErrorMessage(Name))];

        private IReadOnlyList<string> CheckList(JsonElement value)
        {
            var texts = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(Text).ToArray() : [null];
            if (texts.Contains(null)) return [$"{Name} must be a list of texts."];
            return [.. Rules.Where(rule => !rule.IsValid(texts)).Select(rule => rule.FormatErrorMessage(Name))];
        }

        private IReadOnlyList<string> CheckWhole(JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
                ? [.. Rules.Where(rule => !rule.IsValid(number)).Select(rule => rule.FormatErrorMessage(Name))]
                : [.. Rules.Select(rule => rule.FormatErrorMessage(Name)).DefaultIfEmpty($"{Name} must be a whole number.")];

        // A RegularExpressionAttribute takes the empty text for a missing one, and passes it.
        private static bool Fits(ValidationAttribute rule, string text) =>
            rule.IsValid(text)
            && (text.Length > 0
                || rule is not RegularExpressionAttribute { Pattern: var pattern }
                || Regex.IsMatch(text, pattern));

        private static string? Text(JsonElement value)
        {
            try
            {
                return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair.
                return null;
            }
        }
    }
}
