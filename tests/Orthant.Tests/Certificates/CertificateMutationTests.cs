using System.Text.Json.Nodes;
using Orthant.Certificates;
using Orthant.Convergence;
using Orthant.Numerics;
using static Orthant.Tests.Convergence.Sequences;

namespace Orthant.Tests.Certificates;

/// <summary>A certificate that was changed is refused: claims made stronger, evidence taken away.</summary>
public sealed class CertificateMutationTests
{
    private static JsonNode Node(Certificate? c) => JsonNode.Parse(c!.ToJson())!;

    private static bool Valid(JsonNode node) => CertificateChecker.Check(Certificate.Parse("test", node.ToJsonString())).Valid;

    [Fact]
    public void ALowerRadiusIsRefused()
    {
        JsonNode node = Node(JointSpectralRadius.Bound([Matrix("0.6,0;0.2,0.6"), Matrix("0.6,-0.6;0,-0.2")]).Certificate);
        Assert.True(Valid(node));
        Rational upper = Rational.Parse(node["upper"]!.GetValue<string>());
        node["upper"] = (upper * (1 - new Rational(1, 1_000_000))).ToString();
        Assert.False(Valid(node));
        node["upper"] = upper.ToString();
        Rational lower = Rational.Parse(node["lower"]!.GetValue<string>());
        node["lower"] = (lower * (1 + new Rational(1, 1_000_000))).ToString();
        Assert.False(Valid(node));
        node["lower"] = lower.ToString();
        Assert.True(Valid(node));
        node["evidence"]!["vertices"]!.AsArray().RemoveAt(0);
        Assert.False(Valid(node));
    }

    [Theory]
    [InlineData("0.6,-0.6;0.6,0.6")]
    [InlineData("0.9,-0.9;0.9,0")]
    [InlineData("0,-1.5;0.5,0")]
    [InlineData("0.5,-0.8,0.3;0.6,0.4,-0.5;-0.2,0.7,0.6")]
    public void ALowerRadiusOfMasksIsRefused(string w)
    {
        JsonNode node = Node(JointSpectralRadius.BoundMasks(Matrix(w)).Certificate);
        Assert.True(Valid(node));
        node["upper"] = (Rational.Parse(node["upper"]!.GetValue<string>()) * (1 - new Rational(1, 1_000_000))).ToString();
        Assert.False(Valid(node));
    }

    [Fact]
    public void ATreeOfProductsIsGrownAnew()
    {
        JointRadius found = JointSpectralRadius.Bound([Matrix("1,1;0,1"), Matrix("0.5,-1;1,0.5")], new JointRadiusOptions { Seconds = 0.5 });
        Assert.True(CertificateChecker.Check(found.Certificate).Valid, found.Method);
        QuadraticTree tree = new([[1, 0], [0, 1]], 30, 100_000);
        Rational[][][] set = [Matrix("0.6,-0.6;0.6,0.6"), Matrix("0.1,0.8;0,0.1")];
        Assert.True(CertificateChecker.Check(new SpectralRadiusCertificate(set, false, 0, [0], new Rational(9, 10), tree)).Valid);
        Assert.False(CertificateChecker.Check(new SpectralRadiusCertificate(set, false, 0, [0], new Rational(84, 100), tree)).Valid);
        Assert.False(CertificateChecker.Check(new SpectralRadiusCertificate(set, false, 0, [0], new Rational(9, 10), tree with { Nodes = 1 })).Valid);
    }

    [Fact]
    public void TheCheckerStaysSmall()
    {
        int lines = Directory.GetFiles(Path.Combine(Repository.Root, "src/Orthant/Certificates"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadAllLines).Count(l => l.Trim() is { Length: > 0 } t && !t.StartsWith("//", StringComparison.Ordinal));
        Assert.True(lines < 1500, $"{lines} lines of code");
    }

    [Fact]
    public void ABlockThatIsNotInvariantIsRefused()
    {
        JointRadius found = JointSpectralRadius.Bound([Matrix("1,1;0,1"), Matrix("1,0;0,1")]);
        BlockSplit split = Assert.IsType<BlockSplit>(found.Certificate.Evidence);
        Assert.True(CertificateChecker.Check(found.Certificate).Valid);
        Assert.False(CertificateChecker.Check(found.Certificate with { Evidence = split with { Basis = Matrix("0,1;1,0") } }).Valid);
    }

    public static TheoryData<string, string, string> Mutations { get; } = new()
    {
        { "contraction", "gamma", "1/2" },
        { "contraction", "fixedPoint.0", "41/100" },
        { "contraction", "norm.weights.0", "1/1000" },
        { "contraction", "sequence.tail.layer.weights.0.1", "-3" },
        { "exactOrbit", "period", "1" },
        { "exactOrbit", "state.0", "1/7" },
        { "exactOrbit", "depth", "1" },
        { "growth", "combination.0", "-1" },
        { "growth", "rate", "10" },
        { "averaged", "theta", "1/10" },
        { "averaged", "limit.0", "1" },
        { "averaged", "fixedPoint.0", "1" },
        { "gradientFlow", "equilibrium.0", "1/3" },
        { "gradientFlow", "weights.0", "-1" },
        { "scalar", "verdict", "convergesUniformly" },
        { "scalar", "exception", "1/4" },
        { "attractor", "radiusSquared", "1000" },
        { "attractor", "shrink", "3/2" },
        { "attractor", "cycle.0.0", "1/3" },
        { "lipschitz", "centre.0", "1/2" },
        { "noFixedPoint", "leaves.0.multipliers.0", "1" },
        { "summable", "bounds.0.bound", "0.001" },
        { "summable", "sequence.tail.exponent", "1" },
        { "frozen", "state.0", "1/3" },
    };

    [Theory]
    [MemberData(nameof(Mutations))]
    public void AChangedClaimIsRefused(string kind, string path, string value)
    {
        JsonNode node = Node(Make(kind));
        Assert.True(Valid(node), kind);
        string[] keys = path.Split('.');
        JsonNode at = node;
        foreach (string key in keys[..^1]) at = int.TryParse(key, out int index) ? at[index]! : at[key]!;
        JsonNode? old = int.TryParse(keys[^1], out int last) ? at[last] : at[keys[^1]];
        JsonNode replaced = old is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.Number ? JsonNode.Parse(value)! : JsonValue.Create(value);
        if (int.TryParse(keys[^1], out int i)) at[i] = replaced;
        else at[keys[^1]] = replaced;
        Assert.False(Valid(node), $"{kind} {path}");
    }

    private static Certificate? Make(string kind) => kind switch
    {
        "contraction" => DepthLimit.Decide(Tied("0,-1.5;0.5,0", "1,0.2", Unit(2))).Certificate,
        "exactOrbit" => DepthLimit.Decide(new LayerSequence(Box(("1/10", "1/10")), SequenceActivation.Relu, new TiedTail(Map("2,-2;4,-4", "0,-2")), Map("1;0", "0,0"))).Certificate,
        "growth" => DepthLimit.Decide(Tied("0.5,1;1,0.5", "1,1", Unit(2))).Certificate,
        "averaged" => DepthLimit.Decide(Tied("0.75,0.25;0.25,0.75", "0.1,-0.1", Point("1", "0.5"))).Certificate,
        "gradientFlow" => DepthLimit.Decide(Steps("-2,-1;-1,-2", "1,-1", StepSizes.Power(1, 2), Unit(2))).Certificate,
        "scalar" => DepthLimit.Decide(Tied("-2", "1", Unit(1))).Certificate,
        "attractor" => DepthLimit.Decide(Tied("0,2;2,0", "-1,-1", ("0.1", "0.2"), ("0.1", "0.2"))).Certificate,
        "lipschitz" => DepthLimit.Decide(new LayerSequence(Box(("0", "1")), SequenceActivation.TryParse("sigmoid")!, new StepTail(Map("1", "0"), StepSizes.Geometric(Rational.Half)))).Certificate,
        "noFixedPoint" => new NoFixedPointCertificate(Tied("0.5,1;1,0.5", "1,1", Unit(2)).ToData(), [new InfeasibleLeaf([], [], Vector("-1,-1"))]),
        "summable" => DepthLimit.Decide(Steps("0,1;1,0", "0,0", StepSizes.Power(2, 1), Point("1", "1/4"))).Certificate,
        _ => DepthLimit.Decide(Steps("0,-1;1,0", "0,0", StepSizes.Power(1, 1), Point("1", "0"))).Certificate,
    };

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"type\": \"unheardOf\"}")]
    [InlineData("{\"type\": \"scaledSteps\"}")]
    [InlineData("{\"type\": \"growth\", \"sequence\": null}")]
    [InlineData("[1]")]
    [InlineData("{\"type\": \"partition\", \"parts\": [], \"more\": 1}")]
    public void WhatIsNoCertificateIsRefusedByName(string text) =>
        Assert.Contains("test", Assert.Throws<OrthantInputException>(() => Certificate.Parse("test", text)).Message, StringComparison.Ordinal);
}
