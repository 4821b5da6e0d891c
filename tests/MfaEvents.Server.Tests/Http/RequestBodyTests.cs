using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace MfaEvents.Server.Tests.Http;

/// <summary>Bodies that are no JSON, no object, too large or of another kind; a bad request changes nothing.</summary>
public sealed class RequestBodyTests(TestRun run, RequestBodyTests.Fixture fixture) : IClassFixture<RequestBodyTests.Fixture>
{
    private const string Good = """{"deviceName":"NAME","deviceType":"virtual"}""";

    private readonly MfaHost api = run.Host;

    public static TheoryData<string, string> Malformed => new()
    {
        { "text", "hello" }, { "an array", "[]" }, { "an array of one", $"[{Good}]" }, { "a string", "\"x\"" }, { "a number", "1" },
        { "null", "null" }, { "true", "true" }, { "a blank", " " }, { "an open object", "{\"deviceName\":\"a\"" }, { "two objects", Good + Good },
        { "text after it", Good + "x" }, { "a comment", "/* */" + Good }, { "a comment inside", "{\"deviceName\":\"a\",//\n\"deviceType\":\"virtual\"}" },
        { "a trailing comma", "{\"deviceName\":\"a\",\"deviceType\":\"virtual\",}" }, { "single quotes", "{'deviceName':'a'}" }, { "a bare name", "{deviceName:\"a\"}" },
        { "a duplicate member", "{\"deviceName\":\"a\",\"deviceName\":\"b\",\"deviceType\":\"virtual\"}" },
        { "an escaped duplicate", "{\"deviceName\":\"a\",\"\\u0064eviceName\":\"b\",\"deviceType\":\"virtual\"}" },
        { "a duplicate further in", "{\"deviceName\":\"a\",\"deviceType\":\"virtual\",\"x\":{\"y\":1,\"y\":2}}" },
        { "not a number", "{\"deviceName\":\"a\",\"deviceType\":\"virtual\",\"x\":NaN}" }, { "a raw line end", "{\"deviceName\":\"a\n\",\"deviceType\":\"virtual\"}" },
        { "a raw NUL", "{\"deviceName\":\"a\0\",\"deviceType\":\"virtual\"}" }, { "a NUL before it", "\0" + Good }, { "a byte order mark", "\ufeff" + Good },
        { "too deep", "{\"x\":" + new string('[', 200) + new string(']', 200) + "}" },
        { "far too deep", "{\"x\":" + new string('[', 30_000) + new string(']', 30_000) + "}" },
    };

    public static TheoryData<string, string, string> Invalid => new()
    {
        { "a lone high surrogate", "{\"deviceName\":\"\\ud800\",\"deviceType\":\"virtual\"}", "deviceName" },
        { "a lone low surrogate", "{\"deviceName\":\"a\\udc00b\",\"deviceType\":\"virtual\"}", "deviceName" },
        { "an escaped NUL", "{\"deviceName\":\"a\\u0000\",\"deviceType\":\"virtual\"}", "deviceName" },
        { "a number", "{\"deviceName\":1,\"deviceType\":\"virtual\"}", "deviceName" }, { "null", "{\"deviceName\":null,\"deviceType\":\"virtual\"}", "deviceName" },
        { "an object", "{\"deviceName\":{},\"deviceType\":\"virtual\"}", "deviceName" }, { "an array", "{\"deviceName\":[\"a\"],\"deviceType\":\"virtual\"}", "deviceName" },
        { "a truth", "{\"deviceName\":true,\"deviceType\":\"virtual\"}", "deviceName" }, { "nothing", "{}", "deviceName deviceType" },
        { "another case", "{\"DeviceName\":\"a\",\"devicetype\":\"virtual\"}", "deviceName deviceType" },
    };

    /// <summary>Unknown members are ignored, whatever they are.</summary>
    public static TheoryData<string, string> Ignored => new()
    {
        { "an unknown member", "\"x\":1" }, { "an unknown object", "\"x\":{\"deviceName\":\"a b\"}" }, { "null", "\"x\":null" }, { "an empty name", "\"\":1" },
        { "another case", "\"DEVICENAME\":\"a b\"" }, { "another case that is null", "\"DeviceName\":null" }, { "another case that is a number", "\"DEVICETYPE\":5" },
        { "a lone surrogate", "\"x\":\"\\ud800\"" }, { "a type name", "\"$type\":\"System.Object\"" }, { "a reference", "\"$ref\":\"1\"" }, { "a large number", "\"x\":1e999" },
        { "a prototype", "\"__proto__\":{}" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public async Task What_is_not_one_JSON_object_is_malformed(string what, string body) =>
        (await Refused(what, Bytes(body))).ShouldRefuse(400, "malformed-request");

    [Theory, MemberData(nameof(Invalid))]
    public async Task What_is_no_text_of_the_right_kind_is_named(string what, string body, string members) =>
        (await Refused(what, Bytes(body))).ShouldFindFault(members.Split(' '));

    [Theory, MemberData(nameof(Ignored))]
    public async Task Unknown_members_are_ignored(string what, string member)
    {
        what.ShouldNotBeEmpty();
        foreach (var before in (bool[])[true, false])
        {
            var name = Scenarios.NewName("phone");
            var known = $"\"deviceName\":\"{name}\",\"deviceType\":\"virtual\"";
            var user = await fixture.UserPath();
            var reply = await fixture.Account.Root.Send(HttpMethod.Post, user + "/mfa-devices", Bytes(before ? $"{{{member},{known}}}" : $"{{{known},{member}}}"));
            reply.ShouldBe(HttpStatusCode.Created).TextOf("serialNumber").ShouldEndWith(":mfa/" + name);
        }
    }

    [Theory]
    [InlineData("7B226465766963654E616D65223A2261FF222C2264657669636554797065223A227669727475616C227D")]
    [InlineData("7B226465766963654E616D65223A22C0AF222C2264657669636554797065223A227669727475616C227D")]
    [InlineData("7B226465766963654E616D65223A22EDA080222C2264657669636554797065223A227669727475616C227D")]
    public async Task Bytes_that_are_no_UTF8_are_no_text(string hex) =>
        (await Refused("bytes", Bytes(Convert.FromHexString(hex)))).Status.ShouldBe(400);

    [Theory]
    [InlineData("{\"\\ud800\":1}"), InlineData("{\"\\ud800\":1,\"\\udc00\":2,\"deviceName\":\"a\"}")]
    public async Task Half_a_character_in_a_name_is_a_bad_request(string body) => (await Refused("a name", Bytes(body))).Status.ShouldBe(400);

    [Theory]
    [InlineData("7B22FF223A317D"), InlineData("7B22FF223A312C22FF223A327D"), InlineData("7B22C3223A317D")]
    public async Task Bytes_that_are_no_UTF8_in_a_name_are_a_bad_request(string hex) =>
        (await Refused("bytes", Bytes(Convert.FromHexString(hex)))).Status.ShouldBe(400);

    [Fact]
    public async Task A_missing_body_is_malformed()
    {
        (await Refused("no body", null)).ShouldRefuse(400, "malformed-request");
        (await Refused("an empty body", Bytes(""))).ShouldRefuse(400, "malformed-request");
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_body_of_64_KiB_is_read_and_one_byte_more_is_too_large(bool withLength)
    {
        var known = $"{{\"deviceName\":\"{Scenarios.NewName("phone")}\",\"deviceType\":\"virtual\"}}";
        (await Refused("64 KiB + 1", Bytes(known.PadRight(64 * 1024 + 1), withLength))).ShouldRefuse(413, "payload-too-large");
        (await Refused("1 MiB", Bytes(known.PadRight(1024 * 1024), withLength))).ShouldRefuse(413, "payload-too-large");
        (await fixture.Account.Root.Send(HttpMethod.Post, await fixture.UserPath() + "/mfa-devices", Bytes(known.PadRight(64 * 1024), withLength)))
            .ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData(null), InlineData("text/plain"), InlineData("text/json"), InlineData("application/x-www-form-urlencoded"), InlineData("multipart/form-data; boundary=x"),
     InlineData("application/problem+json"), InlineData("application/jsonx"), InlineData("application/json; charset=utf-16"),
     InlineData("application/json; charset=iso-8859-1"), InlineData("json"), InlineData("")]
    public async Task Another_type_is_not_supported(string? type)
    {
        var content = Bytes(Good);
        content.Headers.ContentType = null;
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        (await Refused(type ?? "no type", content)).ShouldRefuse(415, "unsupported-media-type");
    }

    [Theory]
    [InlineData("application/json"), InlineData("application/json; charset=utf-8"), InlineData("application/json;charset=UTF-8"),
     InlineData("application/json; charset=\"utf-8\""), InlineData("APPLICATION/JSON"), InlineData("application/json; profile=x")]
    public async Task JSON_in_UTF8_is_supported_however_it_is_written(string type)
    {
        var content = Bytes(Good.Replace("NAME", Scenarios.NewName("phone"), StringComparison.Ordinal));
        content.Headers.ContentType = null;
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        (await fixture.Account.Root.Send(HttpMethod.Post, await fixture.UserPath() + "/mfa-devices", content)).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task UTF16_and_gzip_are_not_supported()
    {
        var utf16 = new ByteArrayContent(Encoding.Unicode.GetBytes(Good));
        utf16.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-16");
        (await Refused("UTF-16", utf16)).ShouldRefuse(415, "unsupported-media-type");

        using var buffer = new MemoryStream();
        await using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(Good));
        var compressed = Bytes(buffer.ToArray());
        compressed.Headers.ContentEncoding.Add("gzip");
        (await Refused("gzip", compressed)).ShouldRefuse(415, "unsupported-media-type");
    }

    [Fact]
    public async Task A_verb_without_a_body_takes_no_large_one()
    {
        var user = await fixture.UserPath();
        (await fixture.Account.Root.Send(HttpMethod.Delete, $"{user}/mfa-devices/{Guid.NewGuid()}", Bytes(new string('a', 65 * 1024)))).Status.ShouldBeOneOf(404, 413);
    }

    [Theory]
    [InlineData("/"), InlineData("/nothing"), InlineData("/accounts/"), InlineData("/accounts//contact"), InlineData("/accounts/123456789012/nothing"), InlineData("/openapi/v2.json")]
    public async Task An_unknown_address_is_not_found(string path)
    {
        (await fixture.Account.Root.Get(path)).Status.ShouldBeOneOf(404, 405);
        if (path is "/nothing" or "/accounts/123456789012/nothing") (await api.Nobody().Get(path)).ShouldRefuse(404, "not-found");
    }

    [Fact]
    public async Task A_wrong_verb_is_not_allowed()
    {
        var account = fixture.Account;
        (await account.Root.Delete(account.Path)).ShouldRefuse(405, "method-not-allowed");
        (await account.Root.Put(account.RootPath + "/mfa-devices", new { })).ShouldRefuse(405, "method-not-allowed");
        (await account.Root.Post(account.Path + "/contact", new { })).ShouldRefuse(405, "method-not-allowed");
        (await account.Root.Post(account.Path + "/audit", new { })).ShouldRefuse(405, "method-not-allowed");
    }

    private async Task<Reply> Refused(string what, HttpContent? content)
    {
        what.ShouldNotBeNull();
        var account = fixture.Account;
        var before = await account.VersionOf("root");
        var reply = await account.Root.Send(HttpMethod.Post, account.RootPath + "/mfa-devices", content);
        (await account.VersionOf("root")).ShouldBe(before);
        return reply;
    }

    private static ByteArrayContent Bytes(string body, bool withLength = true) => Bytes(Encoding.UTF8.GetBytes(body), withLength);

    private static ByteArrayContent Bytes(byte[] body, bool withLength = true)
    {
        var content = withLength ? new ByteArrayContent(body) : new Unmeasured(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>Sent in chunks: nobody knows beforehand how long it is.</summary>
    private sealed class Unmeasured(byte[] body) : ByteArrayContent(body)
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>One account for the whole class: its root user never gets a device.</summary>
    public sealed class Fixture(TestRun run) : IAsyncLifetime
    {
        public OpenAccount Account { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Account = await run.Host.RegisteredAccount();

        /// <summary>A new user, who can be assigned a device.</summary>
        public async Task<string> UserPath() => Account.PrincipalPath((await Account.CreatedUser()).Principal!);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
