#if PREGENERATED_CODE
using JasperFx;
using JasperFx.CodeGeneration;
#endif

namespace MfaEvents.Server.Setup;

public static class GeneratedCode
{
    /// <summary>
    /// The code that Wolverine writes around endpoints and handlers: compiled at start, with a compiler in the process, or by
    /// <c>ops/pregenerate</c> into the assembly and without one. How it was built decides, and not the environment it runs in.
    /// </summary>
    public static void AddGeneratedCode(this WebApplicationBuilder builder)
    {
#if PREGENERATED_CODE
        builder.Services.CritterStackDefaults(jasper =>
        {
            foreach (var profile in new[] { jasper.Development, jasper.Production })
            {
                profile.GeneratedCodeMode = TypeLoadMode.Static;
                // A type that is missing stops the start instead of failing the first request that needs it.
                profile.AssertAllPreGeneratedTypesExist = true;
            }
        });
#endif
    }
}
