using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Server.SignIn;

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DeviceIdAttribute : RegularExpressionAttribute
{
    public DeviceIdAttribute()
        : base("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$") => ErrorMessage = "{0} must be a UUID.";
}

/// <summary>
/// Text that PostgreSQL can hold. What cannot be anybody's name is nobody's, and is not told apart from it.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PlainTextAttribute : RegularExpressionAttribute
{
    public PlainTextAttribute()
        : base(@"^[^\u0000-\u001F\u007F]{1,254}$") => ErrorMessage = "{0} must be 1 to 254 characters without control characters.";
}
