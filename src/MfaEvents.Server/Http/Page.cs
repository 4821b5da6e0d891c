using System.Text;

namespace MfaEvents.Server.Http;

/// <summary>A page for a browser. It brings no script and loads nothing.</summary>
public sealed record Page(int Status, string Html) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var bytes = Encoding.UTF8.GetBytes(Html);
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
    }

    // What it shows may be a secret.
    public override string ToString() => $"{Status}";
}
