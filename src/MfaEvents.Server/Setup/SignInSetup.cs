using MfaEvents.Server.SignIn;

namespace MfaEvents.Server.Setup;

public static class SignInSetup
{
    /// <summary>Passwords, sessions and access tokens.</summary>
    public static void AddSignIn(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PasswordAttempts>();
        builder.Services.AddSingleton<AttemptNames>();
        builder.Services.AddSingleton<Credentials>();
        builder.Services.AddSingleton<PasswordProven>();
        builder.Services.AddSingleton<OpenSignIns>();
        builder.Services.AddSingleton<Sessions>();
        builder.Services.AddSingleton<AccessTokens>();
    }
}
