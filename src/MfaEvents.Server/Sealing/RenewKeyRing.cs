using MfaEvents.Server.Setup;

namespace MfaEvents.Server.Sealing;

/// <summary>Renews this node's copy of the ring before it grows too old, so that no request waits for it.</summary>
public sealed partial class RenewKeyRing(KeyRing ring, MfaEventsSettings settings, ILogger<RenewKeyRing> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.Keys.CopyLifetime / 2);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                ring.Renew();
                if (!ring.CanSeal) Lost(ring.ActiveKeyId);
            }
            catch (Exception exception)
            {
                Failed(exception.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The key {KeyId} is gone from the key ring: nothing new is sealed")]
    private partial void Lost(Guid keyId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The key ring could not be read again: {Reason}")]
    private partial void Failed(string reason);
}
