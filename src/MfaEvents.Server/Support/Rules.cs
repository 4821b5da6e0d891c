using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using MfaEvents.Core.Support;

namespace MfaEvents.Server.Support;

/// <summary>What somebody at the desk writes down: 1 to 2000 characters, of which line breaks alone control anything.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class NoteAttribute : RegularExpressionAttribute
{
    public NoteAttribute()
        : base(@"^(?=[\s\S]*\S)[^\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F]{1,2000}$") =>
        ErrorMessage = "{0} must be 1 to 2000 characters, not all blank and without control characters but line breaks.";
}

/// <summary>
/// What the desk's own system calls a case. It is shown in the queue, beside those of others: nothing in it controls anything, not even
/// the direction of what follows (Unicode's bidirectional and invisible characters).
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ReferenceAttribute : RegularExpressionAttribute
{
    public ReferenceAttribute()
        : base(
            @"^(?=.*\S)[^\u0000-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]{1,128}$") =>
        ErrorMessage = "{0} must be 1 to 128 characters, not all blank and without control or invisible characters.";
}

/// <summary>A kind of evidence as the contract writes it.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EvidenceKindAttribute : RegularExpressionAttribute
{
    public EvidenceKindAttribute()
        : base("^(callBack|identityDocument|inPerson|knowledge|other)$") =>
        ErrorMessage = "{0} must be callBack, identityDocument, inPerson, knowledge or other.";

    public static EvidenceKind Parse(string kind) =>
        Enum.GetValues<EvidenceKind>().Single(value => JsonNamingPolicy.CamelCase.ConvertName(value.ToString()) == kind);
}
