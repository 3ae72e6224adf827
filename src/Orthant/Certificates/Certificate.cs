using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Orthant.Certificates;

/// <summary>Evidence for one claim as plain data: the objects that it is about, the claim, and what a checker needs to believe it.</summary>
/// <remarks>In JSON the key <c>type</c> names the claim. Whoever adds a claim adds a record in a file of its own and one line here;
/// <see cref="CertificateChecker"/> finds the rest. Rationals are strings such as "7/64".</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(SpectralRadiusCertificate), "spectralRadius")]
[JsonDerivedType(typeof(ContractionCertificate), "contraction")]
[JsonDerivedType(typeof(LipschitzCertificate), "lipschitzContraction")]
[JsonDerivedType(typeof(ExactOrbitCertificate), "exactOrbit")]
[JsonDerivedType(typeof(GrowthCertificate), "growth")]
[JsonDerivedType(typeof(NoFixedPointCertificate), "noFixedPoint")]
[JsonDerivedType(typeof(AveragedCertificate), "averaged")]
[JsonDerivedType(typeof(ScalarCertificate), "scalar")]
[JsonDerivedType(typeof(AttractorCertificate), "attractor")]
[JsonDerivedType(typeof(GradientFlowCertificate), "gradientFlow")]
[JsonDerivedType(typeof(ScaledStepCertificate), "scaledSteps")]
[JsonDerivedType(typeof(SummableCertificate), "summable")]
[JsonDerivedType(typeof(TurningCertificate), "turning")]
[JsonDerivedType(typeof(PeriodicMapCertificate), "periodicMap")]
[JsonDerivedType(typeof(PartitionCertificate), "partition")]
[JsonDerivedType(typeof(PropertyCertificate), "property")]
[JsonDerivedType(typeof(RegionsCertificate), "regions")]
[JsonDerivedType(typeof(ApproximationCertificate), "approximation")]
[JsonDerivedType(typeof(DifferenceCertificate), "difference")]
public abstract record Certificate
{
    private static readonly JsonSerializerOptions Options = new(OrthantJson.Options)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowOutOfOrderMetadataProperties = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 64,
    };

    private static readonly string[] LayerKeys = ["first", "activation", "prefix", "tail"];

    /// <summary>The claim in a sentence.</summary>
    [JsonIgnore]
    public abstract string Claim { get; }

    /// <summary>Whether every step of the check is rational arithmetic; otherwise some are interval arithmetic rounded outward.</summary>
    [JsonIgnore]
    internal virtual bool IsRational => true;

    /// <summary>Reads a certificate.</summary>
    /// <param name="source">The name for errors.</param>
    /// <param name="json">Its text.</param>
    /// <exception cref="OrthantInputException">The text is no certificate of a type that is known.</exception>
    public static Certificate Parse(string source, string json)
    {
        try
        {
            return JsonSerializer.Deserialize<Certificate>(json, Options)
                ?? throw new OrthantInputException(source, "", "null", "a certificate");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or FormatException)
        {
            string place = e is JsonException { Path: { } path } ? path : "";
            throw new OrthantInputException(source, place, $"no certificate ({e.Message.Split(". ")[0]})", "what a verb with --certificate wrote", e);
        }
    }

    /// <summary>The certificate as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>The certificate as a part of a larger JSON document.</summary>
    public JsonNode ToJsonNode() => JsonSerializer.SerializeToNode(this, Options)!;

    /// <summary>Whether the certificate is about a sequence: the same layers on the same box of inputs.</summary>
    /// <param name="sequence">The sequence.</param>
    public bool IsAbout(SequenceData sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        JsonNode own = ToJsonNode();
        if (own["parts"] is JsonArray parts)
        {
            // Parts of a box: each is about the same layers on a box of its own.
            return parts.Count > 0 && parts.All(part => SameLayers(part?["sequence"], sequence));
        }
        return SameLayers(own["sequence"], sequence) && JsonNode.DeepEquals(own["sequence"]!["inputBox"], ToNode(sequence)["inputBox"]);
    }

    private static bool SameLayers(JsonNode? own, SequenceData sequence)
    {
        JsonNode other = ToNode(sequence);
        return own is not null && LayerKeys.All(key => JsonNode.DeepEquals(own[key], other[key]));
    }

    private static JsonNode ToNode(SequenceData sequence) => JsonSerializer.SerializeToNode(sequence, Options)!;

    /// <summary>Believes the claim or refuses it through <paramref name="verification"/>; nothing of the evidence is trusted.</summary>
    internal abstract void Verify(Verification verification);
}
