using System.Text.Json;
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
