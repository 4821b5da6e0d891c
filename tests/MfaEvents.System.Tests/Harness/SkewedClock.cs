namespace MfaEvents.SystemTests.Harness;

/// <summary>A wall clock that goes wrong by so many seconds, for one process: what it asks the system's library, answers this one.</summary>
public static class SkewedClock
{
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <time.h>

        static int (*real)(clockid_t, struct timespec *);
        static long skew;

        __attribute__((constructor)) static void begin(void) {
            real = dlsym(RTLD_NEXT, "clock_gettime");
            skew = atol(getenv("SKEWED_CLOCK_SECONDS"));
        }

        int clock_gettime(clockid_t clock, struct timespec *now) {
            int result = real(clock, now);
            if (clock == CLOCK_REALTIME) now->tv_sec += skew;
            return result;
        }
        """;

    /// <summary>The settings of such a process; null where nothing can be compiled.</summary>
    public static async Task<Settings?> TryAsync(Settings settings, TestFolder folder, int seconds)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/cc")) return null;
        var (source, library) = (folder["skew.c"], folder["skew.so"]);
        await File.WriteAllTextAsync(source, Source, TestContext.Current.CancellationToken);
        (await Command.RunAsync("/usr/bin/cc", "-shared", "-fPIC", "-o", library, source, "-ldl")).Succeeded();
        return settings.With("LD_PRELOAD", library).With("SKEWED_CLOCK_SECONDS", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
