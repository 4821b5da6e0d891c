using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfaEvents.Core.Accounts;
using MfaEvents.Core.Audit;
using MfaEvents.Server.Audit.Trail;
using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Audit.Export;

/// <summary>
/// Events of the Open Cybersecurity Schema Framework, one a line: changes of accounts and users, and authentication. What OCSF
/// has no attribute for stands under <c>unmapped</c>.
/// </summary>
public sealed class OcsfFormat(string accountId, EventData data, MfaEventsSettings settings, bool userManagement) : IExportFormat
{
    private const string Product = "MfaEvents";

    /// <summary>What does not belong to any class: "base_event" of category 0.</summary>
    private const int BaseEvent = 0;

    /// <summary>category_uid of Identity and Access Management.</summary>
    private const int Iam = 3;

    private static readonly JsonSerializerOptions Snake = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // 3007 is of the release after that of 3001 and 3002.
    private readonly string version = userManagement ? "1.9.0" : "1.8.0";

    public string Name => "ocsf";

    public string Extension => Ndjson.Extension;

    public string ContentType => Ndjson.ContentType;

    public bool NeedsStoredEvents => false;

    public void Begin(IBufferWriter<byte> output)
    {
    }

    public void Write(IBufferWriter<byte> output, AuditRow row)
    {
        var (entry, stored) = (row.Entry, row.Entry.Event);
        var shown = data.Shown(stored);
        var activity = OcsfTable.Of(stored.EventType, userManagement);
        var logon = activity.Class == OcsfClass.Authentication;
        var factor = logon ? Text(shown, "factor") : null;
        var session = Text(shown, "sessionId") ?? stored.SessionId;
        Ndjson.WriteLine(
            output,
            new
            {
                ClassUid = (int)activity.Class,
                CategoryUid = Iam,
                ActivityId = activity.Id,
                ActivityName = activity.Name ?? stored.EventType,
                TypeUid = TypeOf((int)activity.Class, activity.Id),
                SeverityId = (int)activity.Severity,
                StatusId = activity.Succeeded ? 1 : 2,
                Status = activity.Succeeded ? "Success" : "Failure",
                StatusDetail = Text(shown, "reason"),
                Time = stored.OccurredAt.ToUnixTimeMilliseconds(),
                Message = MessageOf(stored.EventType, entry.Principal),
                Metadata = MetadataOf(stored.EventId.ToString(), stored.EventType, entry.Index, stored.CorrelationId),
                User = UserOf(entry, shown),
                Actor = ActorOf(stored),
                SrcEndpoint = stored.ClientAddress is { } ip ? new { Ip = ip } : null,
                HttpRequest = stored.UserAgent is { } agent ? new { UserAgent = agent } : null,
                IsMfa = factor is null ? (bool?)null : factor == "otp",
                AuthFactors = FactorsOf(entry, factor),
                Session = logon && session is not null ? new { Uid = session } : null,

                // "At least one of service and dst_endpoint": whom somebody authenticates to.
                Service = logon ? new { Name = Product, Uid = settings.PublicUrl.AbsoluteUri } : null,
                Unmapped = new
                {
                    stored.Stream, stored.Version, Device = entry.Device is { } device ? new { Uid = device.Id, device.Name } : null, Data = shown,
                },
            },
            Snake);
    }

    public void Finish(IBufferWriter<byte> output, ExportCheckpoint checkpoint) => Ndjson.WriteLine(
        output,
        new
        {
            ClassUid = BaseEvent,
            CategoryUid = 0,
            ActivityId = OcsfTable.Other,
            ActivityName = "checkpoint",
            TypeUid = TypeOf(BaseEvent, OcsfTable.Other),
            SeverityId = (int)OcsfSeverity.Informational,
            Time = checkpoint.At.ToUnixTimeMilliseconds(),
            Message = $"The signed checkpoint over the first {checkpoint.Size} entries of the log",
            Metadata = MetadataOf($"checkpoint-{checkpoint.Size}", "checkpoint", null, null),
            RawData = checkpoint.Note,
        },
        Snake);

    // dictionary.json, type_uid: class_uid * 100 + activity_id.
    private static long TypeOf(int classUid, int activityId) => classUid * 100L + activityId;

    private static string MessageOf(string eventType, string? principal) =>
        $"{char.ToUpperInvariant(eventType[0])}{eventType[1..].Replace('_', ' ')}{(principal is null ? "" : $": {principal}")}";

    private object MetadataOf(string uid, string eventCode, long? sequence, string? correlation) => new
    {
        Version = version,
        Product = new { Name = Product, VendorName = Product },
        Uid = uid,
        EventCode = eventCode,
        Sequence = sequence,
        CorrelationUid = correlation,
        TenantUid = accountId,
        LogName = "audit",
    };

    // "At least one of account, name and uid": an event of the account itself names the user it made or deleted, if it did.
    private object UserOf(AuditEntry entry, JsonElement shown)
    {
        var account = new { Uid = accountId, TypeId = 99, Type = $"{Product} account" };
        var principal = entry.Principal ?? (Text(shown, "userName") is { } userName ? Principal.User(userName) : null);
        return principal is null
            ? new { Account = account }
            : new
            {
                Name = Principal.UserName(principal) ?? principal,
                Uid = Arn.OfPrincipal(accountId, principal),
                TypeId = principal == Principal.Root ? 2 : 1,
                Account = account,
            };
    }

    private static object? ActorOf(StoredEvent stored) => stored.Actor is null ? null : new
    {
        User = new { Uid = stored.Actor },
        Session = stored.SessionId is null && stored.ActorIssuer is null
            ? null
            : new { Uid = stored.SessionId, Issuer = stored.ActorIssuer },
    };

    private static IReadOnlyList<object>? FactorsOf(AuditEntry entry, string? factor) => factor switch
    {
        null => entry.Device is { } held ? [Held(held)] : null,
        "password" => [Password()],
        "otp" => [Password(), Held(entry.Device)],
        "recovery" => [Password(), Factor(8, "Email"), Factor(3, "Phone Call")],
        _ => [Password(), Factor(99, factor)],
    };

    private static object Password() => Factor(11, "Password");

    private static object Factor(int id, string name) => new { FactorTypeId = id, FactorType = name };

    private static object Held(DeviceLabel? device)
    {
        var (id, name) = device?.Type switch
        {
            "hardware" => (6, "Hardware Token"),
            "passkey" => (10, "WebAuthn"),
            _ => (7, "OTP"),
        };
        return new
        {
            FactorTypeId = id,
            FactorType = name,
            Device = device is null ? null : new { Uid = device.Id, device.Name, TypeId = 99, Type = device.Type ?? "authenticator" },
        };
    }

    private static string? Text(JsonElement shown, string member) =>
        shown.ValueKind == JsonValueKind.Object && shown.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
