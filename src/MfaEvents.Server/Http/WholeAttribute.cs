using System.ComponentModel.DataAnnotations;

namespace MfaEvents.Server.Http;

/// <summary>A whole number between two others, both inclusive.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class WholeAttribute : RangeAttribute
{
    public WholeAttribute(int minimum, int maximum)
        : base(minimum, maximum) => ErrorMessage = "{0} must be a whole number from {1} to {2}.";
}
