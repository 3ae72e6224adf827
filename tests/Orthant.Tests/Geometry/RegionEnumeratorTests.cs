using System.Text.Json;
using Orthant.Certificates;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Geometry;

public sealed class RegionEnumeratorTests
{
    public static TheoryData<string, string, string, long, int?, int?> ExactCases()
    {
        TheoryData<string, string, string, long, int?, int?> data = [];
        if (Repository.Cases("regions") is not string folder) return data;
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "exact_cases.json")));
        foreach (JsonElement c in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string net = c.GetProperty("net").GetString()!;
            if (net.StartsWith("acas", StringComparison.Ordinal)) continue;
            string[] box = c.GetProperty("box").EnumerateArray().Select(b => b.ValueKind == JsonValueKind.String ? b.GetString()! : b.GetRawText()).ToArray();
            int? Count(string key) => c.TryGetProperty(key, out JsonElement v) && v.ValueKind == JsonValueKind.Number ? v.GetInt32() : null;
            data.Add(net, box[0], box[1], c.GetProperty("regions").GetInt64(), Count("linear"), Count("distinct_maps"));
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(ExactCases))]
    public void CountsAreTheExactOnes(string net, string lower, string upper, long regions, int? linear, int? maps)
    {
        ReluNetwork network = Load(net);
        InputDomain box = Cube(network.Inputs, lower, upper);
        RegionSummary found = RegionEnumerator.Enumerate(network, box);
        Assert.Equal(regions, found.ActivationRegions);
        if (regions > 30_000) return;
        RegionComplex complex = RegionComplex.Build(network, box);
        Assert.Equal(0, complex.UnmatchedFacets);
        Assert.Equal(regions, complex.Regions.Length);
        Assert.Equal(regions, complex.Regions.Select(r => r.Pattern).Distinct().Count());
        if (linear is not null) Assert.Equal(linear, complex.LinearRegions);
        if (maps is not null) Assert.Equal(maps, complex.DistinctMaps);
        if (found.Vertices is long vertices) Assert.Equal(vertices, complex.Vertices);
    }

    [Theory]
    [InlineData("base_d3", "-1", "1")]
    [InlineData("n2_16x2", "-1", "1")]
    [InlineData("braid3", "-1", "1")]
    [InlineData("tent10", "0", "7/10")]
    [InlineData("tent2d_3", "0", "1")]
    [InlineData("pass_d3", "-1", "1")]
    [InlineData("dupopp_d3", "-1", "1")]
    [InlineData("int_d2_16x2", "-1", "1")]
    [InlineData("circ4_b0", "-1", "1")]
    public void ACountIsCertifiedAndAChangedOneIsNot(string net, string lower, string upper)
    {
        ReluNetwork network = Load(net);
        RegionSummary found = RegionEnumerator.Enumerate(network, Cube(network.Inputs, lower, upper), new RegionOptions { KeepProof = true });
        RegionsCertificate proof = Assert.IsType<RegionsCertificate>(Certificate.Parse("proof", found.Certificate!.ToJson()));
        Assert.Equal(found.ActivationRegions, proof.Regions);
        CheckResult check = CertificateChecker.Check(proof, network);
        Assert.True(check.Valid, check.Reason);
        Assert.Equal("rational", check.CheckedIn);
        Assert.False(Valid(proof with { Regions = proof.Regions + 1 }));
        Assert.False(Valid(proof with { Splits = [.. proof.Splits, -1], Regions = proof.Regions + 1 }));
        // A leaf split once more by a unit that keeps its sign there: one of its parts has no interior.
        int leaf = Array.IndexOf(proof.Splits, -1), unit = proof.Splits[leaf - 1];
        Assert.False(Valid(proof with { Splits = [.. proof.Splits[..leaf], unit, -1, .. proof.Splits[leaf..]], Regions = proof.Regions + 1 }));
        RangeData range = proof.Outputs[0];
        double more = (Math.Abs(range.Maximum) + 1) * 1e-6;
        Assert.False(Valid(proof with { Outputs = [range with { Maximum = range.Maximum - more }, .. proof.Outputs[1..]] }));
        Assert.False(Valid(proof with { Outputs = [range with { Minimum = range.Minimum - more }, .. proof.Outputs[1..]] }));
        bool Valid(RegionsCertificate changed) => CertificateChecker.Check(changed).Valid;
    }

    /// <summary>Lattices moved by 2⁻²⁸ to 2⁻⁴⁹: what meets in one point before almost does so after, and only more than doubles can tell.</summary>
    [Fact]
    public void NearlyDegenerateNetworksCountAsInIntegers()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            // The last sixty have units that are parallel but for 2⁻¹⁰ to 2⁻²⁹: slender cells, whose vertices are ill-conditioned.
            RandomStream random = new((ulong)seed);
            int d = 2 + (seed % 2), bits = seed < 90 ? 28 + (seed % 22) : 10 + (seed % 20);
            double Number(int most) => random.NextInt32((2 * most) + 1) - most + ((random.NextInt32(5) - 2) * Math.ScaleB(1, -bits));
            double[] Numbers(int count, int most) => [.. Enumerable.Range(0, count).Select(_ => Number(most))];
            int[] widths = [d, seed < 90 ? 5 : 8, 5, 4, 1];
            List<Layer> layers = [];
            for (int l = 1; l < widths.Length; l++)
            {
                DenseOperator linear = new(widths[l], widths[l - 1], Numbers(widths[l - 1] * widths[l], 1));
                layers.Add(new AffineLayer(linear, Numbers(widths[l], 1), l < widths.Length - 1 ? ActivationFunction.Relu : null));
            }
            ReluNetwork network = new(layers);
            InputDomain box = Cube(d, "-1", "1");
            RegionSummary certified = RegionEnumerator.Enumerate(network, box), exact = RegionEnumerator.Enumerate(network, box, new RegionOptions { Policy = SignPolicy.Exact });
            Assert.Equal((seed, exact.ActivationRegions, exact.Vertices), (seed, certified.ActivationRegions, certified.Vertices));
            Assert.Equal(exact.Outputs[0].Minimum, certified.Outputs[0].Minimum, 1e-12);
            Assert.Equal(exact.Outputs[0].Maximum, certified.Outputs[0].Maximum, 1e-12);
        }
    }

    /// <summary>One of its cells is smaller than the errors of its vertices: nothing about it is known in doubles.</summary>
    [Fact]
    public void ACellSmallerThanItsErrorsIsDecided()
    {
        ReluNetwork network = RandomNetwork.Create([3, 64, 64, 64, 1], WeightInitializer.He, 0.5, 1);
        RegionSummary certified = RegionEnumerator.Enumerate(network, Cube(3, "-1", "1")), fast = RegionEnumerator.Enumerate(network, Cube(3, "-1", "1"), new RegionOptions { Policy = SignPolicy.Fast });
        Assert.Equal(628_794, fast.ActivationRegions);
        Assert.Equal((fast.ActivationRegions, fast.Vertices), (certified.ActivationRegions, certified.Vertices));
    }

    private static InputDomain Cube(int inputs, string lower, string upper) =>
        InputDomain.ExactBox(Enumerable.Repeat(Rational.Parse(lower), inputs), Enumerable.Repeat(Rational.Parse(upper), inputs));

    private static ReluNetwork Load(string name)
    {
        string folder = Repository.Need(Repository.Cases("regions"), "the region cases");
        string json = Path.Combine(folder, "degenerate", name + ".json"), onnx = Path.Combine(folder, "nets", name + ".onnx");
        if (File.Exists(json)) return ModelFile.Load(json).Network;
        if (File.Exists(onnx)) return ModelFile.Load(onnx).Network;
        string data = Repository.Need(Repository.Data("vnncomp"), "the vnncomp data");
        return ModelFile.Load(Path.Combine(data, "small", $"tll.tllBench_n=2_N=M=16_m=1_instance_{name[4..]}.onnx.gz")).Network;
    }
}
