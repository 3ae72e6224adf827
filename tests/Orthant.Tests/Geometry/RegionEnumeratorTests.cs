using System.Text.Json;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Geometry;

public sealed class RegionEnumeratorTests
{
    public static TheoryData<string, string, string, long> ExactCases()
    {
        TheoryData<string, string, string, long> data = [];
        if (Repository.Cases("regions") is not string folder) return data;
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "exact_cases.json")));
        foreach (JsonElement c in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string net = c.GetProperty("net").GetString()!;
            if (net.StartsWith("acas", StringComparison.Ordinal)) continue;
            string[] box = c.GetProperty("box").EnumerateArray().Select(b => b.ValueKind == JsonValueKind.String ? b.GetString()! : b.GetRawText()).ToArray();
            data.Add(net, box[0], box[1], c.GetProperty("regions").GetInt64());
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(ExactCases))]
    public void CountsAreTheExactOnes(string net, string lower, string upper, long regions)
    {
        ReluNetwork network = Load(net);
        InputDomain box = InputDomain.ExactBox(Enumerable.Repeat(Rational.Parse(lower), network.Inputs), Enumerable.Repeat(Rational.Parse(upper), network.Inputs));
        Assert.Equal(regions, RegionEnumerator.Enumerate(network, box).ActivationRegions);
    }

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
