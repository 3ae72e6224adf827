using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Tests.Networks;

namespace Orthant.Tests.Geometry;

public sealed partial class AcceptanceTests
{
    public static TheoryData<string> Enumerations() => Cases("enum-");

    public static TheoryData<string> OneLayer() => Cases("one-layer-");

    [Theory]
    [MemberData(nameof(Enumerations))]
    public void CountsExtremaSlopesAndLengthsAreThoseOfTheCases(string id)
    {
        (JsonElement c, ReluNetwork network, InputDomain box) = Read(id);
        RegionSummary found = RegionEnumerator.Enumerate(network, box, new RegionOptions { Threads = 2 });
        OutputSummary output = found.Outputs[c.GetProperty("output").GetInt32()];
        Assert.Equal(c.GetProperty("activation_regions").GetInt64(), found.ActivationRegions);
        if (c.TryGetProperty("vertices_of_complex", out JsonElement vertices)) Assert.Equal(vertices.GetInt64(), found.Vertices);
        Assert.Equal(c.GetProperty("max").GetDouble(), output.Maximum, 1e-9);
        Assert.Equal(c.GetProperty("min").GetDouble(), output.Minimum, 1e-9);
        bool sliced = c.TryGetProperty("slice", out _);
        double relative = sliced ? 1e-6 : 1e-9;
        Near(c, "lipschitz_l2", output.Lipschitz.L2, relative);
        // The case names the norm of the gradient, the summary that of the input.
        Near(c, "max_gradient_l1", output.Lipschitz.LInf, relative);
        Near(c, "max_gradient_linf", output.Lipschitz.L1, relative);
        if (output.ZeroLength is double length) Near(c, "decision_boundary_length_f_eq_0", length, relative);
        Assert.Equal(output.Maximum, network.Evaluate(output.ArgMaximum.AsSpan())[c.GetProperty("output").GetInt32()], 1e-9);
        if (found.Volume is double area) Assert.Equal(1, area / Area(box), 1e-9);
    }

    [Theory]
    [MemberData(nameof(OneLayer))]
    public void OneLayerCountsAreThoseOfArrangements(string id)
    {
        (JsonElement c, ReluNetwork network, InputDomain box) = Read(id);
        Assert.Equal(c.GetProperty("regions_in_box_pm1").GetInt64(), RegionEnumerator.Enumerate(network, box).ActivationRegions);
        // On a box that holds all crossings, n planes in general position in d dimensions make Σ C(n, i) regions, i up to d.
        int n = network.HiddenWidths[0], d = network.Inputs;
        InputDomain huge = InputDomain.Box(Enumerable.Repeat(-1e5, d).ToArray(), Enumerable.Repeat(1e5, d).ToArray());
        Assert.Equal(Enumerable.Range(0, d + 1).Sum(i => Binomial(n, i)), RegionEnumerator.Enumerate(network, huge).ActivationRegions);
    }

    [Theory]
    [InlineData("3_3", 3, 7935)]
    [InlineData("1_6", 3, 1281)]
    [InlineData("1_1", 4, 19143)]
    public void AcasPropertiesHaveTheirExactCounts(string net, int property, long regions)
    {
        string folder = Repository.Need(Repository.Data("vnncomp"), "the vnncomp data");
        ReluNetwork network = ModelFile.Load(Path.Combine(folder, "acasxu", $"ACASXU_run2a_{net}_batch_2000.onnx")).Network;
        RegionSummary found = RegionEnumerator.Enumerate(network, InputBox(Path.Combine(folder, "acasxu", $"prop_{property}.vnnlib"), 5), new RegionOptions { Threads = 2 });
        Assert.Equal(regions, found.ActivationRegions);
    }

    [Fact]
    public void PoliciesAndThreadsAgreeOnRandomNetworksOfEveryLayerKind() =>
        RandomNetworks.Any(RandomNetworks.Coarse, layers: 2).Where(n => n.Inputs <= 3 && n.NormalForm.StageStarts[^1] <= 40).Sample(network =>
        {
            InputDomain box = InputDomain.Box(Enumerable.Repeat(-1.0, network.Inputs).ToArray(), Enumerable.Repeat(1.5, network.Inputs).ToArray());
            RegionSummary certified = RegionEnumerator.Enumerate(network, box), exact = RegionEnumerator.Enumerate(network, box, new RegionOptions { Policy = SignPolicy.Exact });
            RegionSummary threads = RegionEnumerator.Enumerate(network, box, new RegionOptions { Threads = 3 });
            Assert.Equal(exact.ActivationRegions, certified.ActivationRegions);
            Assert.Equal(certified.ActivationRegions, threads.ActivationRegions);
            Assert.Equal(certified.Outputs.Select(o => (o.Maximum, o.Minimum, o.ZeroLength)), threads.Outputs.Select(o => (o.Maximum, o.Minimum, o.ZeroLength)));
            RegionComplex complex = RegionComplex.Build(network, box);
            Assert.Equal(0, complex.UnmatchedFacets);
            foreach (ComplexRegion region in complex.Regions)
            {
                // The mean of a region's vertices lies inside: there, the map of its pattern is the network.
                double[] centre = [.. region.Centre], direct = network.Evaluate(centre), piece = network.PieceOf(region.Pattern).Evaluate(centre);
                for (int o = 0; o < direct.Length; o++) Assert.Equal(direct[o], piece[o], 1e-9 * (1 + Math.Abs(direct[o])));
            }
        }, iter: 150);

    [Fact]
    public void LinearRegionsDoNotDependOnLowering()
    {
        ReluNetwork plain = RandomNetwork.Create([2, 6, 5, 1], WeightInitializer.He, 0.5, 3, ElementType.Float64);
        InputDomain box = InputDomain.Box([-1, -1], [1, 1]);
        int linear = RegionComplex.Build(plain, box).LinearRegions;
        Assert.Equal(linear, RegionComplex.Build(NetworkAlgebra.PadDepth(plain, 2), box).LinearRegions);
        Assert.Equal(linear, RegionComplex.Build(NetworkAlgebra.Scale(plain, -3), box).LinearRegions);
        ReluNetwork zero = NetworkAlgebra.Add(plain, NetworkAlgebra.Scale(plain, -1));
        Assert.Equal((1, 1), (RegionComplex.Build(zero, box).LinearRegions, RegionComplex.Build(zero, box).DistinctMaps));
    }

    [Fact]
    public void HalfSpacesCutTheDomainAndFixedInputsAreLeftOut()
    {
        ReluNetwork network = RandomNetwork.Create([2, 8, 8, 1], WeightInitializer.He, 0.5, 5);
        InputDomain box = InputDomain.Box([-1, -1], [1, 1]);
        HalfSpace right = new([1, 0], new Rational(-1, 3)), left = new([-1, 0], new Rational(1, 3));
        RegionSummary whole = RegionEnumerator.Enumerate(network, box), a = RegionEnumerator.Enumerate(network, box.CutBy(right)), b = RegionEnumerator.Enumerate(network, box.CutBy(left));
        Assert.Equal(8.0 / 3, b.Volume!.Value, 1e-12);
        Assert.Equal(4, a.Volume!.Value + b.Volume.Value, 1e-12);
        Assert.True(a.ActivationRegions + b.ActivationRegions > whole.ActivationRegions);
        Assert.Equal(whole.Outputs[0].Maximum, Math.Max(a.Outputs[0].Maximum, b.Outputs[0].Maximum), 1e-12);
        RegionSummary line = RegionEnumerator.Enumerate(network, InputDomain.Box([-1, 0.25], [1, 0.25]));
        Assert.Equal(2, line.Volume!.Value, 1e-12);
        Assert.True(line.ActivationRegions < whole.ActivationRegions);
        RegionSummary point = RegionEnumerator.Enumerate(network, InputDomain.Box([0.5, 0.25], [0.5, 0.25]));
        Assert.Equal(1, point.ActivationRegions);
        Assert.Equal(network.Evaluate([0.5, 0.25])[0], point.Outputs[0].Maximum, 1e-12);
    }

    [Fact]
    public void ABentBoundaryBendsOnTheNeuronsBeforeIt()
    {
        // Second layer: |x| - 1/2 + y = ReLU(x) + ReLU(-x) - 1/2 + y, whose zero set bends where x = 0.
        ReluNetwork network = new([
            AffineLayer.Dense(new double[,] { { 1, 0 }, { -1, 0 }, { 0, 1 } }, [0, 0, 2], ActivationFunction.Relu),
            AffineLayer.Dense(new double[,] { { 1, 1, 1 } }, [-2.5], ActivationFunction.Relu),
            AffineLayer.Dense(new double[,] { { 1 } }),
        ]);
        RegionComplex complex = RegionComplex.Build(network, InputDomain.Box([-1, -1], [1, 1]));
        NeuronBoundary bent = Assert.Single(complex.Neurons, n => n.Stage == 1);
        Assert.Equal((2, 1), (bent.Pieces, bent.Bends));
        Assert.All(bent.BendsOn, o => Assert.Equal(0, o.Stage));
        Assert.Equal(4, complex.Regions.Length);
    }

    [Fact]
    public void ALimitStopsTheWalkAndSaysSo()
    {
        ReluNetwork network = RandomNetwork.Create([2, 16, 16, 1], WeightInitializer.He, 0.5, 1);
        RegionSummary found = RegionEnumerator.Enumerate(network, InputDomain.Box([-1, -1], [1, 1]), new RegionOptions { Most = 10 });
        Assert.Equal((false, 10L), (found.IsComplete, found.ActivationRegions));
    }

    private static TheoryData<string> Cases(string prefix)
    {
        TheoryData<string> data = [];
        if (Repository.Cases("regions") is not string folder) return data;
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "acceptance.json")));
        foreach (JsonElement c in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string id = c.GetProperty("id").GetString()!, net = c.TryGetProperty("network", out JsonElement n) ? n.GetString()! : "";
            if (id.StartsWith(prefix, StringComparison.Ordinal) && File.Exists(Path.Combine(folder, net))) data.Add(id);
        }
        return data;
    }

    private static (JsonElement Case, ReluNetwork Network, InputDomain Box) Read(string id)
    {
        string folder = Repository.Need(Repository.Cases("regions"), "the region cases");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "acceptance.json")));
        JsonElement c = cases.RootElement.GetProperty("cases").EnumerateArray().Single(e => e.GetProperty("id").GetString() == id).Clone();
        ReluNetwork network = ModelFile.Load(Path.Combine(folder, c.GetProperty("network").GetString()!)).Network;
        if (c.TryGetProperty("slice", out JsonElement slice)) network = SliceFile.Load(Path.Combine(folder, slice.GetString()!)).Slice.Restrict(network);
        double[] box = c.TryGetProperty("box", out JsonElement b) ? b.EnumerateArray().Select(v => v.GetDouble()).ToArray() : [-1, 1];
        return (c, network, InputDomain.Box(Enumerable.Repeat(box[0], network.Inputs).ToArray(), Enumerable.Repeat(box[1], network.Inputs).ToArray()));
    }

    private static void Near(JsonElement c, string key, double actual, double relative)
    {
        if (!c.TryGetProperty(key, out JsonElement wanted) || wanted.ValueKind != JsonValueKind.Number) return;
        Assert.Equal(wanted.GetDouble(), actual, relative * Math.Max(1e-300, Math.Abs(wanted.GetDouble())));
    }

    private static double Area(InputDomain box) => box.Lower.Zip(box.Upper, (l, u) => (u - l).ToDouble()).Aggregate(1.0, (a, s) => a * s);

    private static long Binomial(int n, int k) => k == 0 ? 1 : k > n ? 0 : Binomial(n - 1, k - 1) * n / k;

    private static InputDomain InputBox(string path, int inputs)
    {
        Rational[] lower = new Rational[inputs], upper = new Rational[inputs];
        foreach (Match m in Bound().Matches(File.ReadAllText(path)))
        {
            int j = int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture);
            (m.Groups[1].Value == "<=" ? upper : lower)[j] = Rational.Parse(m.Groups[3].Value);
        }
        return InputDomain.ExactBox(lower, upper);
    }

    [GeneratedRegex(@"\(assert\s+\((<=|>=)\s+X_(\d+)\s+(-?[\d.eE+-]+)\)\)")]
    private static partial Regex Bound();
}
