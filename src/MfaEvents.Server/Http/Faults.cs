using System.Diagnostics;
using JasperFx;
using Marten.Exceptions;
using MfaEvents.Server.Access;
using MfaEvents.Server.Accounts;
using MfaEvents.Server.Devices;
using MfaEvents.Server.Setup;
using MfaEvents.Server.SignIn;
using Npgsql;

namespace MfaEvents.Server.Http;

/// <summary>
/// Turns what was thrown into a problem: a lost race into the contract's 409, an absent database into 503, the rest into 500.
/// </summary>
public sealed partial class Faults(RequestDelegate next, Func<HttpContext, Problem, Task> tell, ILogger<Faults> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; there is nobody to answer.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var problem = ProblemOf(exception, TraceIdOf(context));
            if (problem.Status >= 500) LogFault(exception, context.Request.Method, problem.TraceId!);
            context.Response.Clear();
            await tell(context, problem);
        }
    }

    /// <summary>Under which trace the operator finds what went wrong with a request.</summary>
    public static string TraceIdOf(HttpContext http) => Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    internal static Problem ProblemOf(Exception exception, string traceId) => exception switch
    {
        DocumentAlreadyExistsException { DocumentType: var type } when type == typeof(DeviceName) => Problems.DeviceNameTaken,
        DocumentAlreadyExistsException { DocumentType: var type } when type == typeof(IamUser) => Problems.UserExists,
        DocumentAlreadyExistsException { DocumentType: var type } when type == typeof(RootEmail) => Problems.EmailTaken,
        DocumentAlreadyExistsException or ConcurrencyException or ExistingStreamIdCollisionException => Problems.Conflict,
        _ when Find<PostgresException>(exception)?.SqlState
            is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure => Problems.Conflict,
        CrowdedException => Problems.Unavailable(traceId),
        SessionEndedException => Problems.Unauthenticated,
        BadHttpRequestException { StatusCode: 413 } => Problems.PayloadTooLarge,
        BadHttpRequestException => Problems.MalformedRequest("The request could not be read."),
        _ when DatabaseFaults.IsTransient(exception) => Problems.Unavailable(traceId),
        _ => Problems.Unexpected(traceId),
    };

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        while (exception is not null and not T) exception = exception.InnerException;
        return (T?)exception;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A {Method} request failed unexpectedly (trace {TraceId})")]
    private partial void LogFault(Exception exception, string method, string traceId);
}
