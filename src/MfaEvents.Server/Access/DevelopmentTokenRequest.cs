using System.Globalization;

namespace MfaEvents.Server.Access;

/// <summary>What <c>ops/token</c> was asked for.</summary>
public sealed record DevelopmentTokenRequest
{
    public const string Usage =
        "usage: ops/token --role ROLE [--role ROLE ...] [--account ACCOUNT ...] [--principal root|user:NAME]"
        + " [--amr pwd,otp] [--auth-age SECONDS] [--name NAME]";

    private static readonly string[] Options = ["--role", "--account", "--principal", "--amr", "--auth-age", "--name"];

    public required IReadOnlyList<string> Roles { get; init; }

    public required IReadOnlyList<string> Accounts { get; init; }

    public required string Subject { get; init; }

    public string? Principal { get; init; }

    public required IReadOnlyList<string> AuthenticationMethods { get; init; }

    public TimeSpan AuthenticationAge { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">It is not well-formed; the message is for the person at the terminal.</exception>
    public static DevelopmentTokenRequest Parse(IReadOnlyList<string> arguments)
    {
        var options = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!Options.Contains(arguments[i]) || i + 1 == arguments.Count) throw new ArgumentException(Usage);
            if (!options.TryGetValue(arguments[i], out var values)) options[arguments[i]] = values = [];
            values.Add(arguments[i + 1]);
        }

        var roles = Listed(options, "--role");
        if (roles.Count == 0 || roles.FirstOrDefault(role => RoleNames.Parse(role) is null) is not null)
            throw new ArgumentException($"--role is one of: {string.Join(", ", RoleNames.All)}");
        var accounts = Listed(options, "--account");
        if (accounts.Exists(account => account.Length != 12 || !account.All(char.IsAsciiDigit)))
            throw new ArgumentException("--account is an account's twelve digits.");
        var owner = roles.Contains(RoleNames.Owner);
        if (owner && accounts.Count != 1) throw new ArgumentException("An owner has exactly one --account.");
        var principal = options.GetValueOrDefault("--principal")?[^1] ?? (owner ? Core.Accounts.Principal.Root : null);
        if (principal is not (null or Core.Accounts.Principal.Root) && Core.Accounts.Principal.UserName(principal) is null or "")
            throw new ArgumentException("--principal is root or user:NAME.");
        var seconds = options.GetValueOrDefault("--auth-age")?[^1] ?? "0";
        if (!int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var age))
            throw new ArgumentException("--auth-age is a whole number of seconds.");

        return new DevelopmentTokenRequest
        {
            Roles = roles,
            Accounts = accounts,
            Principal = principal,
            Subject = options.GetValueOrDefault("--name")?[^1]
                ?? (owner ? Core.Accounts.Arn.OfPrincipal(accounts[0], principal!) : roles[0]),
            AuthenticationMethods = options.ContainsKey("--amr") ? Listed(options, "--amr") : ["pwd"],
            AuthenticationAge = TimeSpan.FromSeconds(age),
        };
    }

    private static List<string> Listed(Dictionary<string, List<string>> options, string name) =>
    [
        .. options.GetValueOrDefault(name, []).SelectMany(value =>
            value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    ];
}
