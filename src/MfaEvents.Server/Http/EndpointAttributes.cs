namespace MfaEvents.Server.Http;

/// <summary>Names the answer of an endpoint for the API description.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class AnswersAttribute(int status, Type? body = null) : Attribute
{
    public int Status { get; } = status;

    public Type? Body { get; } = body;

    /// <summary>The media types of an answer that is a stream of its own form rather than a body of JSON.</summary>
    public string[] ContentTypes { get; init; } = [];
}

/// <summary>Names the problems of an endpoint that not every endpoint may answer with.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class RefusesAttribute(int status, params string[] slugs) : Attribute
{
    public int Status { get; } = status;

    public IReadOnlyList<string> Slugs { get; } = slugs;
}

/// <summary>Names a query parameter for the API description.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class QueriesAttribute(string name, string description) : Attribute
{
    public string Name { get; } = name;

    public string Description { get; } = description;
}

/// <summary>Names a request header that the endpoint needs, for the API description.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class TakesHeaderAttribute(string name, string description) : Attribute
{
    public string Name { get; } = name;

    public string Description { get; } = description;
}
