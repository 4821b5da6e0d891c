using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using MfaEvents.Server.Access;
using Wolverine.Http;

namespace MfaEvents.Server.Http;

/// <summary>
/// The API description at <c>/openapi/v1.json</c>, written from what the endpoints say of themselves: whom they serve, what
/// they answer and refuse, and their docstrings.
/// </summary>
public static class ApiDescription
{
    private const string Bearer = "bearer";

    private static readonly string[] Rooms =
        ["Accounts", "Devices", "SignIn", "Recovery", "Support", "Notifications", "Phone", "Audit", "Sealing", "Operations"];

    private static readonly Lazy<Dictionary<string, string>> Docstrings = new(ReadDocstrings);

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "MfaEvents",
                Version = "v1",
                Description = "Multi-factor authentication of account root users and IAM users. "
                    + "Problems are RFC 9457, instants RFC 3339 in UTC.",
            };
            // It is written once for everybody, whatever host they asked.
            document.Servers = [];
            document.Tags = Rooms.Select(room => new OpenApiTag { Name = room }).ToHashSet();
            document.AddComponent(Bearer, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
            });
            foreach (var leftover in (string[])[nameof(Answer), "FuncOfObject"]) document.Components?.Schemas?.Remove(leftover);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            ApplyRules(schema, context);
            return Task.CompletedTask;
        });
    }

    private static async Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        if (context.Description.ActionDescriptor is not WolverineActionDescriptor { Chain: { } chain }) return;
        var metadata = chain.Method.Method.GetCustomAttributes(inherit: false);

        var endpoint = chain.Method.HandlerType;
        operation.OperationId = endpoint.Name.Replace("Endpoint", "", StringComparison.Ordinal);
        operation.Summary = Words(operation.OperationId);
        operation.Description = Docstrings.Value.GetValueOrDefault(endpoint.FullName!);
        operation.Tags = new HashSet<OpenApiTagReference> { new(endpoint.Namespace!.Split('.')[^1], context.Document) };

        operation.Responses = [];
        foreach (var answer in metadata.OfType<AnswersAttribute>())
            operation.Responses[Code(answer.Status)] = await AnswerAsync(answer, context, cancellation);
        foreach (var problems in RefusalsOf(chain, metadata).GroupBy(problem => problem.Status).OrderBy(group => group.Key))
        {
            string[] slugs = [.. problems.Select(problem => problem.Slug).Distinct()];
            operation.Responses[Code(problems.Key)] = await RefusalAsync(problems.Key, slugs, context, cancellation);
        }

        operation.Parameters ??= [];
        foreach (var query in metadata.OfType<QueriesAttribute>())
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = query.Name,
                In = ParameterLocation.Query,
                Description = query.Description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        foreach (var header in metadata.OfType<TakesHeaderAttribute>())
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = header.Name,
                In = ParameterLocation.Header,
                Required = true,
                Description = header.Description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        if (IsAnonymous(metadata)) return;

        operation.Security =
            [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
        if (chain.HttpMethods.Contains("POST") && !metadata.OfType<NeverRememberedAttribute>().Any())
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = IdempotencyKey.Header,
                In = ParameterLocation.Header,
                Description = "The same key and body gives the first answer again, for 24 hours unless configured otherwise.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
            });
    }

    private static async Task<OpenApiResponse> AnswerAsync(
        AnswersAttribute answer, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var response = new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(answer.Status) };
        if (answer.Status == 201)
            response.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Location"] = new OpenApiHeader { Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
            };
        if (answer.Body is not null)
            response.Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType { Schema = await SchemaAsync(answer.Body, context, cancellation) },
            };
        foreach (var contentType in answer.ContentTypes)
            (response.Content ??= new Dictionary<string, OpenApiMediaType>())[contentType] =
                new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        return response;
    }

    private static async Task<OpenApiResponse> RefusalAsync(
        int status, string[] slugs, OpenApiOperationTransformerContext context, CancellationToken cancellation) => new()
        {
            Description = string.Join(", ", slugs.Select(slug => $"`{slug}`")),
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [Problem.ContentType] = new OpenApiMediaType
                {
                    Schema = await SchemaAsync(typeof(Problem), context, cancellation),
                    Examples = slugs.ToDictionary(slug => slug, slug => (IOpenApiExample)new OpenApiExample
                    {
                        Value = new JsonObject { ["type"] = Problem.TypePrefix + slug, ["status"] = status },
                    }),
                },
            },
        };

    private static async Task<IOpenApiSchema> SchemaAsync(
        Type type, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(type.Name) != true)
            document.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, cancellationToken: cancellation));
        return new OpenApiSchemaReference(type.Name, document);
    }

    private static IEnumerable<(int Status, string Slug)> RefusalsOf(HttpChain chain, object[] metadata)
    {
        var takesBody = chain.HasRequestType && !chain.HttpMethods.Contains("GET");
        var isPost = chain.HttpMethods.Contains("POST");
        if (takesBody) yield return (400, "malformed-request");
        if (takesBody || isPost || metadata.OfType<QueriesAttribute>().Any()) yield return (400, "validation");
        if (!IsAnonymous(metadata))
        {
            yield return (401, "unauthenticated");
            if (metadata.OfType<FreshSignInAttribute>().Any()) yield return (401, "insufficient-user-authentication");
            yield return (403, "forbidden");
        }

        foreach (var refusal in metadata.OfType<RefusesAttribute>())
            foreach (var slug in refusal.Slugs) yield return (refusal.Status, slug);
        if (chain.RoutePattern!.Parameters.Count > 0) yield return (404, "not-found");
        if (!chain.HttpMethods.Contains("GET")) yield return (409, "conflict");
        if (takesBody) yield return (413, "payload-too-large");
        if (takesBody) yield return (415, "unsupported-media-type");
        if (isPost && !IsAnonymous(metadata)) yield return (422, "idempotency-key-reused");
        yield return (500, "unexpected");
        yield return (503, "unavailable");
    }

    private static bool IsAnonymous(object[] metadata) => metadata.OfType<IAllowAnonymous>().Any();

    private static string Words(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{c}"));

    private static string Code(int status) => status.ToString(CultureInfo.InvariantCulture);

    // The rules stand on the constructor parameters of the request records, where the framework does not look for them.
    private static void ApplyRules(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        var parameter = context.JsonPropertyInfo?.AssociatedParameter?.AttributeProvider;
        var rules = parameter?.GetCustomAttributes(typeof(ValidationAttribute), false) ?? [];
        foreach (var rule in rules)
        {
            if (rule is RegularExpressionAttribute { Pattern: var pattern } text)
                (schema.Pattern, schema.Description) = (pattern, text.FormatErrorMessage(context.JsonPropertyInfo!.Name));
            if (rule is StringLengthAttribute length)
                (schema.MinLength, schema.MaxLength) = (length.MinimumLength, length.MaximumLength);
        }
    }

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static Dictionary<string, string> ReadDocstrings()
    {
        var file = Path.ChangeExtension(typeof(ApiDescription).Assembly.Location, ".xml");
        if (!File.Exists(file)) return [];
        return XDocument.Load(file).Descendants("member")
            .Select(member => (Name: member.Attribute("name")!.Value, Summary: member.Element("summary")?.Value))
            .Where(member => member.Name.StartsWith("T:", StringComparison.Ordinal) && member.Summary is not null)
            .ToDictionary(member => member.Name[2..], member => OneLine(member.Summary!));
    }
}
