using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace MfaEvents.Server.Tests.Harness;

/// <summary>What the server answered.</summary>
public sealed record Reply(int Status, HttpResponseHeaders Headers, MediaTypeHeaderValue? ContentType, string Text)
{
    /// <summary>The body as JSON; undefined when there is none.</summary>
    public JsonElement Body { get; } = Text.Length > 0 && ContentType?.MediaType is ("application/json" or "application/problem+json")
        ? JsonElement.Parse(Text)
        : default;

    public string? Location => Headers.Location?.OriginalString;

    public string Slug => Body.GetProperty("type").GetString()!.Split(':')[^1];

    public JsonElement this[string member] => Body.GetProperty(member);

    public string TextOf(string member) => Body.GetProperty(member).GetString()!;

    public static async Task<Reply> Of(HttpResponseMessage response) =>
        new((int)response.StatusCode, response.Headers, response.Content.Headers.ContentType, await response.Content.ReadAsStringAsync());

    public override string ToString() => $"{Status} {Text}";
}

public static class ReplyAssertions
{
    /// <summary>It was answered with a text as it is.</summary>
    public static Reply ShouldBeText(this Reply reply)
    {
        reply.Status.ShouldBe(200, reply.ToString());
        reply.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        return reply;
    }

    /// <summary>The answer has this status; gives it back for what its body must say.</summary>
    public static Reply ShouldBe(this Reply reply, HttpStatusCode status)
    {
        reply.Status.ShouldBe((int)status, reply.ToString());
        if ((int)status < 400 && reply.Text.Length > 0) reply.ContentType!.MediaType.ShouldBe("application/json");
        return reply;
    }

    /// <summary>The answer is this problem, in the form of RFC 9457.</summary>
    public static Reply ShouldRefuse(this Reply reply, int status, string slug)
    {
        reply.Status.ShouldBe(status, reply.ToString());
        reply.ContentType!.MediaType.ShouldBe("application/problem+json");
        reply.TextOf("type").ShouldBe("urn:mfaevents:problem:" + slug, reply.ToString());
        reply["status"].GetInt32().ShouldBe(status);
        reply.TextOf("title").ShouldNotBeNullOrEmpty();
        reply.TextOf("detail").ShouldNotBeNullOrEmpty();
        return reply;
    }

    /// <summary>The answer is 400 <c>validation</c> and names exactly these members.</summary>
    public static Reply ShouldFindFault(this Reply reply, params string[] members)
    {
        reply.ShouldRefuse(400, "validation");
        reply["errors"].EnumerateObject().Select(error => error.Name).ShouldBe(members, ignoreOrder: true);
        reply["errors"].EnumerateObject().ShouldAllBe(error => error.Value.GetArrayLength() > 0);
        return reply;
    }

    /// <summary>The body has these members and no other.</summary>
    public static Reply ShouldHave(this Reply reply, params string[] members)
    {
        reply.Body.EnumerateObject().Select(member => member.Name).ShouldBe(members, ignoreOrder: true);
        return reply;
    }
}
