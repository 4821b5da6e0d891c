using Microsoft.AspNetCore.Http.Metadata;
using Wolverine.Http;

namespace MfaEvents.Server.Http;

/// <summary>Says which record an endpoint takes as its body.</summary>
/// <remarks>
/// It stands in for <see cref="IAcceptsMetadata"/>, which would let routing answer 415 before anybody asked who the caller is.
/// </remarks>
public sealed record RequestBodyMetadata(Type Type)
{
    public static void Apply(HttpChain chain)
    {
        chain.Metadata.Finally(endpoint =>
        {
            var accepts = endpoint.Metadata.OfType<IAcceptsMetadata>().ToArray();
            foreach (var metadata in accepts) endpoint.Metadata.Remove(metadata);
            var types = accepts.Select(metadata => metadata.RequestType);
            if (types.FirstOrDefault(type => type is not null && type != typeof(void)) is { } type)
                endpoint.Metadata.Add(new RequestBodyMetadata(type));
        });
    }
}
