using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Server.Devices;

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DeviceNameAttribute : RegularExpressionAttribute
{
    public DeviceNameAttribute()
        : base("^[A-Za-z0-9_+=,.@-]{1,128}$") => ErrorMessage = "{0} must be 1 to 128 of A-Z a-z 0-9 _ + = , . @ -";
}

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DeviceTypeAttribute : RegularExpressionAttribute
{
    public DeviceTypeAttribute()
        : base("^virtual$") => ErrorMessage = "{0} must be virtual.";
}

/// <summary>Six ASCII digits: Unicode has others, and they are no code.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class CodeAttribute : RegularExpressionAttribute
{
    public CodeAttribute()
        : base("^[0-9]{6}$") => ErrorMessage = "{0} must be exactly six digits.";
}
