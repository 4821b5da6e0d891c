using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.Extensions;
using CloudNative.CloudEvents.SystemTextJson;
using Marten;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit;
using MfaEvents.Server.Audit.Export;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Setup;
using Microsoft.VisualBasic.FileIO;
using CloudEvent = CloudNative.CloudEvents.CloudEvent;

namespace MfaEvents.Server.Tests.Audit.Export;

public sealed class FormatTests(TestRun run)
{
    // OCSF 1.8.0: events/base_event.json, "requirement": "required".
    private static readonly string[] RequiredOfAll =
        ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];

    private readonly MfaHost api = run.Host;

    public static TheoryData<string, int, int, int, int> Ocsf => new()
    {
        // OCSF 1.8.0, account_change.json and authentication.json; 1.9.0, user_management.json.
        { "device_activated", 3001, 10, 3007, 12 }, { "device_removed", 3001, 11, 3007, 13 }, { "mfa_removed_by_support", 3001, 11, 3007, 13 },
        { "password_changed", 3001, 3, 3007, 8 }, { "user_created", 3001, 1, 3007, 1 }, { "user_deleted", 3001, 6, 3007, 3 },
        { "signed_in", 3002, 1, 3002, 1 }, { "sign_in_refused", 3002, 1, 3002, 1 },
        { "session_ended", 3002, 2, 3002, 2 }, { "sessions_ended", 3002, 2, 3002, 2 },
        { "device_assigned", 3001, 99, 3007, 99 }, { "invented_later", 3001, 99, 3007, 99 },
    };

    [Fact]
    public async Task Every_line_is_a_CloudEvent_to_somebody_elses_reader()
    {
        var (account, device) = await ADay();
        var exported = await account.Exported("format=cloudevents");
        var audit = (await account.Root.Get($"{account.Path}/audit?limit=500"))["items"].EnumerateArray().Reverse().ToList();
        var events = exported.Lines.Select(Decoded).ToList();

        events.Count.ShouldBe(audit.Count + 1);
        foreach (var (e, item) in events.Zip(audit))
        {
            e.Id.ShouldBe(item.GetProperty("eventId").GetString());
            e.Source!.ToString().ShouldEndWith($"/accounts/{account.Id}");
            e.Type.ShouldBe("org.mfaevents.audit." + item.GetProperty("eventType").GetString());
            e.Time.ShouldBe(item.GetProperty("occurredAt").GetDateTimeOffset());
            e.Subject.ShouldBe(item.GetProperty("principal").GetString());
            e.GetSequenceString().ShouldBe(item.GetProperty("index").GetInt64().ToString("D20"));
            e["correlationid"].ShouldBe(item.GetProperty("correlationId").GetString());
            e.DataContentType.ShouldBe("application/json");
            ((JsonElement)e.Data!).GetRawText().ShouldBe(item.GetRawText());
        }

        var named = events.First(e => e.Type == "org.mfaevents.audit.device_activated");
        ((JsonElement)named.Data!).GetProperty("deviceName").GetString().ShouldBe("old-name");
        exported.Text.ShouldNotContain(device.SecretKey);
        events[^1].Type.ShouldBe("org.mfaevents.audit.checkpoint");
        events[^1].Data.ShouldBe(exported.Note);
        events.Select(e => e.Id).ShouldBeUnique();
        exported.Json.SelectMany(line => line.EnumerateObject()).ShouldAllBe(member => member.Name.All(char.IsAsciiLetterLower));
    }

    [Fact]
    public async Task Every_line_is_an_OCSF_event_with_what_is_required_of_its_class()
    {
        var (account, device) = await ADay();
        foreach (var query in (string[])["format=ocsf", "format=ocsf&ocsfUserManagement=3007"])
        {
            var exported = await account.Exported(query);
            foreach (var line in exported.Json) ShouldBeValid(line);
            var byCode = exported.Json.ToLookup(line => line.GetProperty("metadata").GetProperty("event_code").GetString()!);
            var logon = byCode["signed_in"].Last();
            logon.GetProperty("is_mfa").GetBoolean().ShouldBeTrue();
            logon.GetProperty("status_id").GetInt32().ShouldBe(1);
            logon.GetProperty("auth_factors").EnumerateArray().Select(factor => factor.GetProperty("factor_type_id").GetInt32()).ShouldBe([11, 7]);
            logon.GetProperty("session").GetProperty("uid").GetGuid().ShouldNotBe(Guid.Empty);
            logon.GetProperty("user").GetProperty("uid").GetString().ShouldBe($"arn:aws:iam::{account.Id}:root");
            byCode["sign_in_refused"].ShouldAllBe(line => line.GetProperty("status_id").GetInt32() == 2);
            byCode["user_created"].First().GetProperty("user").GetProperty("name").GetString().ShouldBe("alice");
            exported.Text.ShouldNotContain(device.SecretKey);
            var last = exported.Json[^1];
            last.GetProperty("class_uid").GetInt32().ShouldBe(0);
            last.GetProperty("raw_data").GetString().ShouldBe(exported.Note);
        }
    }

    [Theory, MemberData(nameof(Ocsf))]
    public void An_event_is_of_the_class_and_activity_that_OCSF_has_for_it(string eventType, int classUid, int activity, int replacing, int replacingActivity)
    {
        foreach (var (userManagement, wantedClass, wanted) in (List<(bool, int, int)>)[(false, classUid, activity), (true, replacing, replacingActivity)])
        {
            var line = OcsfOf(eventType, userManagement);
            ShouldBeValid(line);
            line.GetProperty("class_uid").GetInt32().ShouldBe(wantedClass);
            line.GetProperty("activity_id").GetInt32().ShouldBe(wanted);
            line.GetProperty("type_uid").GetInt64().ShouldBe(wantedClass * 100 + wanted);
            if (wanted == 99) line.GetProperty("activity_name").GetString().ShouldBe(eventType);
        }
    }

    [Fact]
    public void Every_pinned_event_has_a_place_in_OCSF()
    {
        var names = ((IReadOnlyStoreOptions)((DocumentStore)api.Store).Options).Events.AllKnownEventTypes().Select(type => type.EventTypeName).ToList();
        names.Count.ShouldBeGreaterThan(50);
        foreach (var name in names) ShouldBeValid(OcsfOf(name, userManagement: false));
    }

    [Theory]
    [InlineData("virtual", 7), InlineData("hardware", 6), InlineData("passkey", 10)]
    public void A_factor_is_of_the_type_that_OCSF_has_for_it(string deviceType, int id) => OcsfOf("device_activated", false, deviceType)
        .GetProperty("auth_factors")[0].GetProperty("factor_type_id").GetInt32().ShouldBe(id);

    [Theory]
    [InlineData("=cmd|' /C calc'!A0"), InlineData("+1"), InlineData("-1+1"), InlineData("@SUM(A1)"), InlineData("\t=1"), InlineData("\r=1"), InlineData("\uFF1D1")]
    public void No_cell_is_a_formula_to_a_spreadsheet(string name)
    {
        var cell = CsvOf(name)["deviceName"];
        cell[0].ShouldBe('\'');
        cell[1..].TrimStart().ShouldBe(name.TrimStart());
    }

    [Theory]
    [InlineData("plain"), InlineData("a \"quoted\", name"), InlineData("two\r\nlines"), InlineData("two\u2028lines"), InlineData("")]
    public void A_cell_is_what_it_was_and_a_row_is_one_line(string name) => CsvOf(name)["deviceName"].ShouldBe(name.ReplaceLineEndings(" "));

    [Fact]
    public async Task A_spreadsheet_that_nobody_here_wrote_reads_the_same_items()
    {
        var (account, _) = await ADay();
        (await account.Root.Post($"{account.RootPath}/mfa-devices", new { deviceName = "=1+1", deviceType = "virtual" })).Status.ShouldBeOneOf(201, 400);
        await account.Logged();
        var exported = await account.Exported("format=csv");
        var audit = (await account.Root.Get($"{account.Path}/audit?limit=500"))["items"].EnumerateArray().Reverse().ToList();
        var rows = Parsed(exported.Text);

        exported.Text.Replace("\r\n", "").ShouldNotContain("\r");
        rows.Count.ShouldBe(audit.Count + 1);
        foreach (var (row, item) in rows.Zip(audit))
        {
            row["eventId"].ShouldBe(item.GetProperty("eventId").GetString());
            row["eventType"].ShouldBe(item.GetProperty("eventType").GetString());
            row["index"].ShouldBe(item.GetProperty("index").GetRawText());
            row["data"].ShouldBe(item.GetProperty("data").GetRawText());
        }

        rows[^1]["eventType"].ShouldBe("checkpoint");
        JsonElement.Parse(rows[^1]["data"]).GetProperty("note").GetString().ShouldBe(exported.Note);
    }

    /// <summary>A user, a device that was renamed, a refused and a completed sign-in, and what ends it.</summary>
    private async Task<(OpenAccount Account, HeldDevice Device)> ADay()
    {
        var account = await api.RegisteredAccount();
        await account.CreatedUser("alice");
        var device = await account.AssignedDevice("old-name").Activated();
        (await account.Root.Patch(device.Path, new { deviceName = "new-name" })).Status.ShouldBe(200);
        var half = await account.HalfSignedIn();
        (await half.Code(device, device.WrongCode())).Status.ShouldBe(403);
        var signedIn = await account.SignedIn(device);
        (await signedIn.Delete($"{account.RootPath}/sessions/{signedIn.Claims().GetProperty("sid").GetString()}")).Status.ShouldBe(204);
        (await account.Root.Delete(device.Path)).Status.ShouldBe(204);
        (await account.Root.Delete($"{account.Path}/users/alice")).Status.ShouldBe(204);
        await account.Logged();
        return (account, device);
    }

    private static CloudEvent Decoded(string line)
    {
        var e = new JsonEventFormatter().DecodeStructuredModeMessage(Encoding.UTF8.GetBytes(line), null, Sequence.AllAttributes);
        e.IsValid.ShouldBeTrue(line);
        e.SpecVersion.ShouldBe(CloudEventsSpecVersion.V1_0);
        return e;
    }

    private static void ShouldBeValid(JsonElement line)
    {
        foreach (var name in RequiredOfAll) line.TryGetProperty(name, out _).ShouldBeTrue($"{name} of {line}");

        // objects/metadata.json: product and version; objects/product.json extends _entity: at least one of name and uid.
        line.GetProperty("metadata").GetProperty("version").GetString()!.ShouldMatch(@"^1\.[89]\.0$");
        line.GetProperty("metadata").GetProperty("product").GetProperty("name").GetString().ShouldNotBeNullOrEmpty();
        line.GetProperty("time").GetInt64().ShouldBeGreaterThan(1_700_000_000_000);
        var (classUid, activity) = (line.GetProperty("class_uid").GetInt32(), line.GetProperty("activity_id").GetInt32());
        line.GetProperty("type_uid").GetInt64().ShouldBe(classUid * 100L + activity);
        line.GetProperty("severity_id").GetInt32().ShouldBeInRange(1, 6);
        if (activity == 99) line.GetProperty("activity_name").GetString().ShouldNotBeNullOrEmpty();
        if (classUid == 0) return;

        // Category 3; user of all three classes, of which at least one of account, name and uid.
        line.GetProperty("category_uid").GetInt32().ShouldBe(3);
        line.GetProperty("user").EnumerateObject().ShouldContain(member => member.Name == "account" || member.Name == "name" || member.Name == "uid");
        if (classUid == 3002) line.GetProperty("service").GetProperty("name").GetString().ShouldNotBeNullOrEmpty();
        if (line.TryGetProperty("actor", out var actor)) actor.GetProperty("user").GetProperty("uid").GetString().ShouldNotBeNullOrEmpty();
        if (!line.TryGetProperty("auth_factors", out var factors)) return;
        foreach (var factor in factors.EnumerateArray())
        {
            // objects/auth_factor.json: factor_type_id; objects/device.json: type_id.
            factor.GetProperty("factor_type_id").ValueKind.ShouldBe(JsonValueKind.Number);
            if (factor.TryGetProperty("device", out var device)) device.GetProperty("type_id").ValueKind.ShouldBe(JsonValueKind.Number);
        }
    }

    private static JsonElement OcsfOf(string eventType, bool userManagement, string deviceType = "virtual") => JsonElement.Parse(Written(
        new OcsfFormat("123456789012", new EventData(NoEvents()), new MfaEventsSettings(), userManagement), Row("phone", eventType, deviceType)));

    private static Dictionary<string, string> CsvOf(string deviceName)
    {
        var line = Written(new CsvFormat(new EventData(NoEvents())), Row(deviceName), begin: true);
        line.Count(c => c == '\n').ShouldBe(2);
        return Parsed(line)[0];
    }

    // A store that knows no type shows data as they are stored.
    private static DocumentStore NoEvents() => DocumentStore.For(options => options.Connection("Host=nowhere"));

    private static AuditRow Row(string deviceName, string eventType = "device_assigned", string deviceType = "virtual") => new(
        new AuditEntry(
            7,
            new StoredEvent(9, "123456789012", Guid.NewGuid(), "root", 3, eventType, DateTimeOffset.UtcNow, "{}"u8.ToArray()) { Actor = "somebody" },
            "root",
            new DeviceLabel(Guid.NewGuid(), deviceName, deviceType)),
        DateTimeOffset.UtcNow);

    private static string Written(IExportFormat format, AuditRow row, bool begin = false)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        if (begin) format.Begin(output);
        format.Write(output, row);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static List<Dictionary<string, string>> Parsed(string text)
    {
        using var parser = new TextFieldParser(new StringReader(text)) { Delimiters = [","], HasFieldsEnclosedInQuotes = true, TrimWhiteSpace = false };
        var columns = parser.ReadFields()!;
        var rows = new List<Dictionary<string, string>>();
        while (!parser.EndOfData) rows.Add(columns.Zip(parser.ReadFields()!).ToDictionary(cell => cell.First, cell => cell.Second));
        return rows;
    }
}
