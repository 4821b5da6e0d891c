// A run must be repeatable, and hides nothing.
#pragma warning disable CA5394
using System.Globalization;
using System.Text;

namespace MfaEvents.SystemTests.Fuzzing;

/// <summary>Makes a request that is right, and then spoils it in some ways, or in none.</summary>
public sealed class Attacker(IReadOnlyList<Operation> operations, Ground ground, Random random)
{
    private static readonly string[] OddSegments =
    [
        "", ".", "..", "%2e%2e", "%2F", "%5c", "%00", "%0a", "%0d%0aX:%201", "%20", "%7f", "%ff", "%c0%80", "%ed%a0%80", "%ef%bb%bf", "%e2%80%ae",
        "%f0%9f%98%80", "%", "%zz", "%25", "root%00", "ROOT", "user:", "user:..", "user%3Aalice", "user:ALICE", "user:%61lice", "user:a%2fb", "root;a=b",
        "0", "-1", "000000000000", "999999999999", "99999999999999999999999999", "1e9", "null", "undefined", "true", "{accountId}", "*", "$where",
        "'%20or%20'1'='1", "00000000-0000-0000-0000-000000000000", "%7b00000000-0000-0000-0000-000000000000%7d", "ffffffffffffffffffffffffffffffff",
        "٠١٢٣٤٥٦٧٨٩٠١", "a b", "a?b", "a#b", "<script>", "\u00e9",
    ];

    private static readonly string[] OddTexts =
    [
        "", " ", "\u0000", "a\u0000b", "\ufeff", "\u202ereversed", "\u0301", "e\u0301", "😀", "\t\r\n", "null", "0", "-1", "123456", "000000", "１２３４５６", "٠١٢٣٤٥",
        "12345", "1234567", "123456 ", " 123456", "123456\n", "virtual", "VIRTUAL", "hardware", "root", "phone", "alice", "Alice", "owner@example.com",
        "+14155550100", "a@b", "@", "a@[127.0.0.1]", "a@b.c\r\nBcc: d@e.f", "'; drop table mfa.mt_events; --", "{{7*7}}", "${jndi:ldap://a/b}",
        "../../../etc/passwd", "%s%n%x", "<script>alert(1)</script>", "arn:aws:iam::123456789012:mfa/phone", "ÿ", "İ", "ß", "ǅ",
    ];

    private static readonly string[] OddJson =
    [
        "null", "true", "false", "0", "-0", "1", "123456", "1e400", "-1e-400", "1.7976931348623157e309", "9223372036854775808", "[]", "{}", "[[]]",
        "[\"123456\"]", "{\"a\":\"b\"}", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"\\ufeff\"", "\"\\uffff\"", "\"\\ud83d\\ude00\"",
    ];

    private static readonly string[] OddBodies =
    [
        "", " ", "null", "true", "0", "\"text\"", "[]", "[{}]", "{", "}", "{}", "{}{}", "{}x", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{'a':1}", "{a:1}",
        "// comment\n{}", "{/**/}", "{\"\":\"\"}", "{\"\\ud800\":1}", "{\"__proto__\":{}}", "{\"$type\":\"System.Object\"}", "{\"a\":01}", "{\"a\":NaN}",
        "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "<?xml version=\"1.0\"?><a/>", "a=b&c=d", "\u001f\u008b\b\0", "\u00ff\u00fe{\0}\0", "{}\0",
    ];

    private static readonly string[] OddContentTypes =
    [
        "", "application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json; charset=\"utf-8\"", "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1", "application/json; charset=", "application/json;;;", "application/json; charset=utf-7", "text/json", "text/plain",
        "application/problem+json", "application/merge-patch+json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
        "application/xml", "application/octet-stream", "*/*", "json", "application/", "/", "application/json, text/plain", "\u00e9/\u00e9", "application/json\u0001",
    ];

    private static readonly (string Name, string Value)[] OddHeaders =
    [
        ("Idempotency-Key", ""), ("Idempotency-Key", "a"), ("Idempotency-Key", "a b"), ("Idempotency-Key", "\u00e9"), ("Idempotency-Key", new string('k', 255)),
        ("Idempotency-Key", new string('k', 256)), ("Idempotency-Key", "'"), ("Accept", "text/html"), ("Accept", "application/xml;q=1"), ("Accept", "\u00e9"),
        ("Accept", "*/*;q=0"), ("Accept-Encoding", "gzip, br"), ("Accept-Language", "xx-\u00e9"), ("Accept-Charset", "utf-7"), ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity"), ("Content-Language", "\u0001"), ("Expect", "100-continue"), ("Range", "bytes=0-0,-1"), ("If-Match", "*"), ("If-None-Match", "*"),
        ("If-Modified-Since", "never"), ("traceparent", "00-zz-zz-zz"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", new string('=', 600)), ("baggage", "a=\u00e9,b"), ("Cookie", "a=b; a=b; =; \u00e9"), ("User-Agent", ""), ("User-Agent", "\u00ff\u00fe"),
        ("User-Agent", new string('u', 2000)), ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "garbage, , \u00e9"), ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Host", "evil.example"), ("X-Http-Method-Override", "DELETE"), ("X-Original-URL", "/accounts"), ("Origin", "null"), ("Origin", "https://evil.example"),
        ("Host", "evil.example"), ("Host", "[::1]:99"), ("Host", ""), ("Host", "a:b"), ("Content-MD5", "x"), ("Sign-In-Key", "a"), ("Recovery-Key", "\u00e9"),
        ("Transfer-Encoding", "identity"), ("TE", "trailers"), ("Connection", "close"), ("Connection", "Authorization"), ("Keep-Alive", "x"), ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "x"), ("Access-Control-Request-Method", "POST"), ("Prefer", "return=minimal"), ("tenant-id", "*DEFAULT*"),
    ];

    private static readonly string[] OddTokens =
    [
        "Bearer", "Bearer ", "Bearer a", "Bearer a.b", "Bearer a.b.c", "Bearer ..", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJ1cm46bWZhZXZlbnRzOmRldmVsb3BtZW50In0.", "Bearer e30.bnVsbA.", "Bearer e30.W10.", "Bearer \u00e9.\u00e9.\u00e9",
        "Bearer a.b.c.d.e", "Basic cm9vdDpyb290", "Digest x", "", " ", "bearer", "\u00ff",
    ];

    private static readonly string[] Methods =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "FOO", "get", "GETGETGETGETGETGETGETGET"];

    public Input Next()
    {
        var input = Right(operations[random.Next(operations.Count)]);
        for (var spoiled = random.Next(4); spoiled > 0; spoiled--) Spoil(input);
        return input;
    }

    private Input Right(Operation operation)
    {
        var path = string.Join('/', operation.Path.Split('/').Select(segment => segment.StartsWith('{') ? Right(segment.Trim('{', '}')) : segment));
        var input = new Input(operation, operation.Method, path);
        input.Set("Authorization", "Bearer " + ground.Token(random.Next(6) > 0 ? "owner" : One(ground.TokenNames)));
        if (operation.Members.Count == 0) return input;

        input.Set("Content-Type", "application/json");
        input.Body = Json(operation.Members.ToDictionary(member => member.Key, member => Quoted(Right(member.Key, member.Value))));
        return input;
    }

    private string Right(string parameter) => parameter switch
    {
        "accountId" => random.Next(30) > 0 ? ground.Account.Id : ground.OtherAccount,
        "principal" => random.Next(8) > 0 ? "root" : "user:alice",
        "userName" => "alice",
        "deviceId" => One(ground.Devices),
        _ => Guid.CreateVersion7().ToString(),
    };

    private string Right(string member, JsonObject schema) => member switch
    {
        "deviceType" => "virtual",
        "deviceName" => One(["active", "phone" + random.Next(20)]),
        "userName" => "user" + random.Next(50),
        "email" => $"fuzz{random.Next()}@example.com",
        "phone" => "+14155550" + random.Next(100, 999).ToString(CultureInfo.InvariantCulture),
        "accountId" => ground.Account.Id,
        "deviceId" => One(ground.Devices),
        _ when member.StartsWith("code", StringComparison.Ordinal) || member == "digits" =>
            random.Next(1_000_000).ToString("D6", CultureInfo.InvariantCulture),
        _ when member.EndsWith("assword", StringComparison.Ordinal) => Scenario.Password,
        _ => new string('x', Math.Max(1, Math.Min(64, (int?)schema["minLength"] ?? 12))),
    };

    private void Spoil(Input input)
    {
        switch (random.Next(9))
        {
            case 0: SpoilPath(input); break;
            case 1: SpoilQuery(input); break;
            case 2: SpoilToken(input); break;
            case 3: input.Set("Content-Type", One(OddContentTypes)); break;
            case 4: SpoilBody(input); break;
            case 5 or 6: SpoilMember(input); break;
            case 7:
                var (name, value) = One(OddHeaders);
                if (random.Next(8) > 0) input.Remove(name);
                input.Headers.Add((name, value));
                break;
            default:
                if (random.Next(2) == 0) input.IsChunked = true;
                else (input.Method, input.IsAimed) = (One(Methods), false);
                break;
        }
    }

    private void SpoilPath(Input input)
    {
        input.IsAimed = false;
        var parts = input.Target.Split('?', 2);
        var segments = parts[0].Split('/').ToList();
        var at = random.Next(1, segments.Count);
        switch (random.Next(5))
        {
            case 0: segments.Insert(at, One(OddSegments)); break;
            case 1: segments.RemoveAt(at); break;
            case 2: segments[at] = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => $"%{random.Next(256):x2}")); break;
            case 3: segments[at] = new string('a', random.Next(1, 3000)); break;
            default: segments[at] = One(OddSegments); break;
        }

        var path = string.Join('/', segments);
        parts[0] = Wire(path.StartsWith('/') ? path : "/" + path);
        input.Target = string.Join('?', parts);
    }

    private void SpoilQuery(Input input)
    {
        string[] names = [.. input.Operation.Queries, "at", "limit", "cursor", "from", "to", "fromVersion", "", "%00", "a[]"];
        string[] values =
        [
            "", "1", "0", "-1", "500", "501", "99999999999999999999", "1e3", "%00", "%ff", "2026-11-24T13:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999%2B14:00",
            "0000-00-00T00:00:00Z", "2026-11-24", "now", "root", "user:alice", ground.Devices[0], "00000000-0000-0000-0000-000000000000", "device_assigned", "127.0.0.1", "::ffff:1.2.3.4",
            "MA", "AAAA", "e30", "////", "'", "%27%3B--", Uri.EscapeDataString(One(OddTexts)), new string('9', 300), "%ed%a0%80", "10.0.0.0/8", "%", "%zz",
        ];
        var query = string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{One(names)}={One(values)}"));
        input.Target += (input.Target.Contains('?') ? "&" : "?") + Wire(query);
    }

    private void SpoilToken(Input input)
    {
        var right = input.Headers.Find(header => header.Name == "Authorization").Value ?? "";
        switch (random.Next(6))
        {
            case 0: input.Remove("Authorization"); break;
            case 1: input.Set("Authorization", One(OddTokens)); break;
            case 2: input.Headers.Add(("Authorization", "Bearer " + ground.Token(One(ground.TokenNames)))); break;
            case 3 when right.Length > 20:
                var at = random.Next(7, right.Length);
                input.Set("Authorization", right[..at] + (char)random.Next('!', '~') + right[(at + 1)..]);
                break;
            default: input.Set("Authorization", "Bearer " + ground.Token(One(ground.TokenNames))); break;
        }
    }

    private void SpoilBody(Input input)
    {
        var body = input.Body ?? "{}"u8.ToArray();
        switch (random.Next(9))
        {
            case 0: input.Body = null; return;
            case 1: body = Encoding.Latin1.GetBytes(One(OddBodies)); break;
            case 2: body = [.. Encoding.UTF8.GetPreamble(), .. body]; break;
            case 3: body = Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body)); break;
            case 4: body = body[..random.Next(body.Length + 1)]; break;
            case 5:
                if (body.Length > 0) body[random.Next(body.Length)] = (byte)random.Next(256);
                break;
            case 6:
                var depth = One([8, 63, 64, 65, 5000]);
                body = Encoding.ASCII.GetBytes("{\"a\":" + new string('[', depth) + new string(']', depth) + "}");
                break;
            case 7: body = Encoding.ASCII.GetBytes("{\"a\":\"" + new string('x', One([60_000, 65_527, 65_528, 65_529, 80_000])) + "\"}"); break;
            default: random.NextBytes(body = new byte[random.Next(200)]); break;
        }

        input.Body = body;
        if (!input.Has("Content-Type")) input.Set("Content-Type", "application/json");
    }

    private void SpoilMember(Input input)
    {
        if (input.Operation.Members.Count == 0) return;
        var members = input.Operation.Members.ToDictionary(member => member.Key, member => Quoted(Right(member.Key, member.Value)));
        var name = One(members.Keys);
        switch (random.Next(7))
        {
            case 0: members.Remove(name); break;
            case 1: members[name] = One(OddJson); break;
            case 2: members[name] = Quoted(new string(One(['a', 'ä', '1', ' ']), One([1, 63, 64, 65, 128, 129, 255, 256, 10_000]))); break;
            case 3: members[One([name.ToUpperInvariant(), name + " ", "_" + name, "extra", "tenantId", "id", "version"])] = members[name]; break;
            case 4:
                input.Body = Encoding.UTF8.GetBytes($"{{{Quoted(name)}: \"first\", {Encoding.UTF8.GetString(Json(members))[1..]}");
                return;
            default: members[name] = Quoted(One(OddTexts)); break;
        }

        input.Body = Json(members);
    }

    private static byte[] Json(Dictionary<string, string> members) =>
        Encoding.UTF8.GetBytes("{" + string.Join(",", members.Select(member => $"{Quoted(member.Key)}:{member.Value}")) + "}");

    private static string Quoted(string text) => JsonValue.Create(text)!.ToJsonString();

    // What is no ASCII goes out as the bytes of its UTF-8, unescaped; a blank would end the target.
    private static string Wire(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)).Replace(" ", "%20", StringComparison.Ordinal);

    private T One<T>(IReadOnlyCollection<T> things) => things.ElementAt(random.Next(things.Count));
}
