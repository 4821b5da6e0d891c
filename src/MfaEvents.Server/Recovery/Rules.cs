using System.ComponentModel.DataAnnotations;
using MfaEvents.Server.Http;

namespace MfaEvents.Server.Recovery;

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class SignInIdAttribute : RegularExpressionAttribute
{
    public SignInIdAttribute()
        : base($"^{Uuid.Pattern}$") => ErrorMessage = "{0} must be a UUID.";
}
