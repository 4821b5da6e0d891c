using MfaEvents.Core.Devices;

namespace MfaEvents.Core.Tests;

public sealed class CoreAssemblyTests
{
    [Fact]
    public void Core_stands_on_the_framework_and_Otp_NET_alone()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        typeof(PrincipalMfa).Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name)
            .Where(name => !File.Exists(Path.Combine(framework, $"{name}.dll")))
            .ShouldBe(["Otp.NET"]);
    }
}
