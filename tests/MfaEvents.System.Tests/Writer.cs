namespace MfaEvents.SystemTests;

/// <summary>One device of a writer, as far as the server has acknowledged it.</summary>
public sealed record WrittenDevice(TestDevice Device, string Name)
{
    public bool IsActive { get; init; }

    public bool IsRemoved { get; init; }

    /// <summary>The code of the last step that it has spent.</summary>
    public string? LastCode { get; init; }
}

/// <summary>
/// Writes to one principal, request after request, and remembers what was acknowledged. Nobody else writes there, so that the
/// principal's history has to be exactly what is remembered, and at most the one request more that was under way at the end.
/// </summary>
public sealed class Writer(TestAccount account, string principal)
{
    private readonly List<(string EventType, string DeviceId)> acknowledged = [];
    private readonly List<WrittenDevice> devices = [];

    public string Principal => principal;

    /// <summary>The events that every acknowledged request promised, in their order.</summary>
    public IReadOnlyList<(string EventType, string DeviceId)> Acknowledged => acknowledged;

    public IReadOnlyList<WrittenDevice> Devices => devices;

    /// <summary>The name in the request that was under way when the server ended, if it was one with a name.</summary>
    public string? NameUnderWay { get; private set; }

    /// <summary>The device of the request that was under way.</summary>
    public string? DeviceUnderWay { get; private set; }

    /// <summary>Writes until the server is gone. An answer that no request should get is thrown.</summary>
    public async Task UntilTheServerEndsAsync()
    {
        try
        {
            for (var i = 0; ; i++) await LifeOfADeviceAsync(i);
        }
        catch (HttpRequestException)
        {
            // Without an answer nobody knows whether the last request was done.
        }
    }

    private async Task LifeOfADeviceAsync(int number)
    {
        var name = NameUnderWay = $"{principal.Replace(':', '-')}-{number}";
        DeviceUnderWay = null;
        var device = await account.AssignAsync(name, principal);
        var at = devices.Count;
        devices.Add(new WrittenDevice(device, name));
        Acknowledge(device, "device_assigned");

        NameUnderWay = null;
        DeviceUnderWay = device.Id;
        var codes = await Authenticator.CodesAsync(device.SecretKey, -2, 3);
        var activated = (await account.SubmitAsync(device, codes[0], codes[1])).ShouldBe(200);
        Acknowledge(device, "device_activated");
        if (activated["status"] != "active")
        {
            // The time step ended in between, and the pair was too old by then.
            Acknowledge(device, "device_out_of_sync");
            return;
        }

        devices[at] = devices[at] with { IsActive = true, LastCode = codes[1] };
        await VerifyAsync(codes[2]);
        if (number % 2 == 0) await VerifyAsync(codes[2]);

        var newName = NameUnderWay = name + "-renamed";
        (await account.Api.PatchAsync(device.Path, account.Token, new JsonObject { ["deviceName"] = newName })).ShouldBe(200);
        NameUnderWay = null;
        devices[at] = devices[at] with { Name = newName };
        Acknowledge(device, "device_renamed");

        // The slots of a principal are few.
        if (number < 5) return;
        (await account.Api.DeleteAsync(device.Path, account.Token)).ShouldBe(204);
        devices[at] = devices[at] with { IsRemoved = true };
        Acknowledge(device, "device_removed");

        async Task VerifyAsync(string code)
        {
            var reply = await account.VerifyAsync(device, code);
            reply.Status.ShouldBeOneOf(200, 403);
            if (reply.Status == 200) devices[at] = devices[at] with { LastCode = code };
            Acknowledge(device, reply.Status == 200 ? "code_accepted" : "code_rejected");
        }
    }

    private void Acknowledge(TestDevice device, string eventType) => acknowledged.Add((eventType, device.Id));
}
