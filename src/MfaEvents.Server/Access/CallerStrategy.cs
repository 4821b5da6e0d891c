using System.Reflection;
using JasperFx;
using JasperFx.CodeGeneration.Frames;
using JasperFx.CodeGeneration.Model;
using Wolverine.Http;
using Wolverine.Http.CodeGen;

namespace MfaEvents.Server.Access;

/// <summary>Hands an endpoint that has a <see cref="Caller"/> parameter the caller whom the gate let in.</summary>
public sealed class CallerStrategy : IParameterStrategy
{
    public static Caller CallerOf(HttpContext http) => http.Features.Get<Caller>()!;

    public bool TryMatch(HttpChain chain, IServiceContainer container, ParameterInfo parameter, out Variable? variable)
    {
        variable = parameter.ParameterType == typeof(Caller)
            ? new MethodCall(typeof(CallerStrategy), nameof(CallerOf)).ReturnVariable
            : null;
        return variable is not null;
    }
}
