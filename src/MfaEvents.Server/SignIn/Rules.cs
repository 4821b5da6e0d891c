using System.ComponentModel.DataAnnotations;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.SignIn;

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DeviceIdAttribute : RegularExpressionAttribute
{
    public DeviceIdAttribute()
        : base($"^{Uuid.Pattern}$") => ErrorMessage = "{0} must be a UUID.";
}

/// <summary>
/// Text that PostgreSQL can hold. What cannot be anybody's name is nobody's, and is not told apart from it.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PlainTextAttribute : RegularExpressionAttribute
{
    public PlainTextAttribute()
        : base(@"^[^\u0000-\u001F\u007F]{1,254}$") =>
        ErrorMessage = "{0} must be 1 to 254 characters without control characters.";
}
