using MfaEvents.Core.Accounts;

namespace MfaEvents.Core.Tests.Accounts;

public sealed class PrincipalTests
{
    [Fact]
    public void A_user_is_written_with_its_name()
    {
        Principal.User("alice").ShouldBe("user:alice");
        Principal.UserName("user:alice").ShouldBe("alice");
    }

    [Theory]
    [InlineData("root")]
    [InlineData("User:alice")]
    [InlineData("alice")]
    public void Whatever_is_not_written_so_has_no_user_name(string principal) => Principal.UserName(principal).ShouldBeNull();

    // AWS IAM user guide, "IAM ARNs".
    [Fact]
    public void Names_are_those_of_AWS()
    {
        Arn.OfPrincipal("123456789012", Principal.Root).ShouldBe("arn:aws:iam::123456789012:root");
        Arn.OfPrincipal("123456789012", "user:alice").ShouldBe("arn:aws:iam::123456789012:user/alice");
        Arn.OfVirtualDevice("123456789012", "phone").ShouldBe("arn:aws:iam::123456789012:mfa/phone");
    }
}
