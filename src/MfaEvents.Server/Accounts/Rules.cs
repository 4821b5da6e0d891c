using System.ComponentModel.DataAnnotations;
using PhoneNumbers;

namespace MfaEvents.Server.Accounts;

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AccountNameAttribute : RegularExpressionAttribute
{
    public AccountNameAttribute()
        : base(@"^(?=.*\S)[^\u0000-\u001F\u007F-\u009F]{1,128}$") =>
        ErrorMessage = "{0} must be 1 to 128 characters, not all blank and without control characters.";
}

/// <summary>Not <c>.</c> or <c>..</c>: in an address they point elsewhere (RFC 3986 5.2.4).</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class UserNameAttribute : RegularExpressionAttribute
{
    public const string Form = @"(?!\.{1,2}$)[A-Za-z0-9_+=,.@-]{1,64}";

    public UserNameAttribute()
        : base($"^{Form}$") =>
        ErrorMessage = "{0} must be 1 to 64 of A-Z a-z 0-9 _ + = , . @ - and more than dots.";
}

/// <summary>
/// The WHATWG HTML standard's valid e-mail address, which leaves out quoted local parts and comments of RFC 5322.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EmailAttribute : RegularExpressionAttribute
{
    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    public EmailAttribute()
        : base(@"^(?=.{3,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" + Label + @"(?:\." + Label + ")*$") =>
        ErrorMessage = "{0} must be an e-mail address.";
}

/// <summary>An E.164 number that the numbering plan of its country makes possible.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PhoneAttribute : RegularExpressionAttribute
{
    public PhoneAttribute()
        : base(@"^\+[1-9][0-9]{4,14}$") => ErrorMessage = "{0} must be a phone number in E.164 form, such as +14155550100.";

    public override bool IsValid(object? value)
    {
        if (!base.IsValid(value)) return false;
        var numbers = PhoneNumberUtil.GetInstance();
        try
        {
            return numbers.IsPossibleNumber(numbers.Parse((string)value!, null));
        }
        catch (NumberParseException)
        {
            return false;
        }
    }
}

/// <summary>12 to 128 characters, of any kind (NIST SP 800-63B-4 3.1.1.2: each Unicode code point counts once).</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PasswordAttribute : StringLengthAttribute
{
    public PasswordAttribute()
        : base(128)
    {
        MinimumLength = 12;
        ErrorMessage = "{0} must be 12 to 128 characters.";
    }

    public override bool IsValid(object? value) =>
        value is string text && text.EnumerateRunes().Count() is var length && length >= MinimumLength && length <= MaximumLength;
}
