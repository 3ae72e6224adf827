using System.Numerics.Tensors;
using System.Text.Json;
using Orthant.Extraction;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Extraction;

/// <summary>All networks of the acceptance cases, each with its own trap: recovered, or said not to be; and what is said to be certain is so.</summary>
public sealed class TrapTests
{
    private static JsonElement.ArrayEnumerator Cases()
    {
        string folder = Repository.Need(Repository.Cases("extraction"), "the acceptance cases");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "test_networks.json")));
        return document.RootElement.GetProperty("networks").Clone().EnumerateArray();
    }

    private static JsonElement Case(string name) => Cases().Single(c => c.GetProperty("name").GetString() == name);

    private static ReluNetwork Truth(JsonElement one)
    {
        int[] widths = [.. one.GetProperty("widths").EnumerateArray().Select(w => w.GetInt32())];
        ReluNetwork truth = SeededNetworks.Build(widths, one.GetProperty("seed").GetUInt64(), one.GetProperty("scheme").GetString()!, one.GetProperty("bias_std").GetDouble(), (weights, biases, draws) =>
        {
            if (one.GetProperty("quirk") is { ValueKind: JsonValueKind.Object } quirk) Apply(quirk, weights, biases, draws);
        });
        // The generator is another program: its first answers tell that this is the same network.
        SeededNetworks.Draws probe = new(0xC0FFEE);
        foreach (JsonElement expected in one.GetProperty("probe_outputs").EnumerateArray())
        {
            double[] y = truth.Evaluate([.. Enumerable.Range(0, widths[0]).Select(_ => probe.Normal())]);
            for (int o = 0; o < y.Length; o++) Assert.Equal(expected[o].GetDouble(), y[o], 1e-9 * Math.Max(1, Math.Abs(y[o])));
        }
        return truth;
    }

    private static void Apply(JsonElement quirk, double[][,] weights, double[][] biases, SeededNetworks.Draws draws)
    {
        IEnumerable<double[]> Rows(string name) => quirk.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetDouble()).ToArray()) : [];
        foreach (double[] r in Rows("dead")) biases[(int)r[0]][(int)r[1]] = -1e3;
        foreach (double[] r in Rows("always_on")) biases[(int)r[0]][(int)r[1]] = 1e3;
        foreach (double[] r in Rows("parallel"))
        {
            double[,] w = weights[(int)r[0]];
            double[] change = [.. Enumerable.Range(0, w.GetLength(1)).Select(_ => draws.Normal() / Math.Sqrt(w.GetLength(1)))];
            for (int j = 0; j < change.Length; j++) w[(int)r[2], j] = w[(int)r[1], j] + (r[3] * change[j]);
            biases[(int)r[0]][(int)r[2]] = biases[(int)r[0]][(int)r[1]] + (r[3] * draws.Normal());
        }
        foreach ((string name, int sign) in ((string, int)[])[("duplicate", 1), ("antiparallel", -1)])
        {
            foreach (double[] r in Rows(name))
            {
                double[,] w = weights[(int)r[0]];
                for (int j = 0; j < w.GetLength(1); j++) w[(int)r[2], j] = sign * w[(int)r[1], j];
                biases[(int)r[0]][(int)r[2]] = sign * biases[(int)r[0]][(int)r[1]];
            }
        }
        if (quirk.TryGetProperty("prune", out JsonElement share))
        {
            foreach (double[,] w in weights)
            {
                for (int i = 0; i < w.GetLength(0); i++)
                {
                    for (int j = 0; j < w.GetLength(1); j++) w[i, j] = draws.Uniform() < share.GetDouble() ? 0 : w[i, j];
                }
            }
        }
        foreach (double[] r in Rows("zero_outgoing"))
        {
            double[,] w = weights[(int)r[0] + 1];
            for (int i = 0; i < w.GetLength(0); i++) w[i, (int)r[1]] = 0;
        }
    }

    /// <summary>The oracle as the case describes it.</summary>
    private static IOracle Oracle(JsonElement one, ReluNetwork truth)
    {
        JsonElement how = one.GetProperty("oracle");
        if (how.TryGetProperty("round_decimals", out JsonElement decimals)) return new Defence(DefenceKind.Round, decimals.GetInt32()).Guard(new NetworkOracle(truth), 0);
        if (how.TryGetProperty("gaussian_noise", out JsonElement noise)) return new Defence(DefenceKind.Noise, noise.GetDouble()).Guard(new NetworkOracle(truth), 99);
        if (how.TryGetProperty("postprocess", out _))
        {
            return new DelegateOracle(truth.Inputs, truth.Outputs, x =>
            {
                double[] y = [.. truth.Evaluate(x)];
                double most = y.Max(), sum = y.Sum(v => Math.Exp(v - most));
                return [.. y.Select(v => Math.Exp(v - most) / sum)];
            });
        }
        return new NetworkOracle(how.TryGetProperty("dtype", out JsonElement type) && type.GetString() == "float32" ? Single(truth) : truth);
    }

    private static ReluNetwork Single(ReluNetwork truth) => new(truth.Layers, ElementType.Float32);

    private static RecoveredNetwork Recover(JsonElement one, ReluNetwork truth, long budget = 400_000)
    {
        bool isBox = one.GetProperty("oracle").TryGetProperty("domain", out JsonElement domain);
        ExtractionOptions options = new()
        {
            Threads = 2,
            Budget = budget,
            Lower = [.. isBox ? Enumerable.Repeat(domain[0].GetDouble(), truth.Inputs) : []],
            Upper = [.. isBox ? Enumerable.Repeat(domain[1].GetDouble(), truth.Inputs) : []],
        };
        RecoveredNetwork found = NetworkExtraction.Run(Oracle(one, truth), options, TestContext.Current.CancellationToken);
        Assert.InRange(found.Queries, 1, budget);
        // A partial network is not refined: its units are known as far as the rows that found them say, which tells units apart by far (1e-2 and more).
        bool isExact = one.GetProperty("oracle").ToString().Contains("float64", StringComparison.Ordinal);
        AssertCertainUnitsAreReal(truth, found, !isExact ? 1e-4 : found.IsComplete ? 1e-8 : 1e-6);
        return found;
    }

    /// <summary>Every unit that is said to be certain is proportional, as a function of the inputs, to a unit of the same layer of the true network.</summary>
    private static void AssertCertainUnitsAreReal(ReluNetwork truth, RecoveredNetwork found, double tolerance)
    {
        if (!found.Units.Any(u => u.IsCertain)) return;
        HiddenLayer[] real = NetworkAlignment.Dense(truth)!, copy = NetworkAlignment.Dense(found.Network!)!;
        RandomStream random = new(7, 0);
        const int points = 400;
        double[][] x = [.. Enumerable.Range(0, points).Select(i => Enumerable.Range(0, truth.Inputs).Select(_ => random.NextNormal() * (i % 3 == 0 ? 0.3 : 1.5)).ToArray())];
        for (int l = 0; l < copy.Length - 1; l++)
        {
            int[] certain = [.. found.Units.Where(u => u.IsCertain && u.Layer == l + 1).Select(u => u.Index)];
            if (certain.Length == 0) continue;
            Assert.True(l < real.Length - 1, $"layer {l + 1} is said to be certain, which there is not");
            double[][] mine = PreActivations(copy, l, x), theirs = PreActivations(real, l, x);
            foreach (int unit in certain)
            {
                double best = theirs.Max(t => Math.Abs(TensorPrimitives.CosineSimilarity<double>(t, mine[unit])));
                Assert.True(1 - best < tolerance, $"unit {unit} of layer {l + 1} is no unit: {1 - best:G2}");
            }
        }
    }

    /// <summary>One row a unit, one column a point.</summary>
    private static double[][] PreActivations(HiddenLayer[] layers, int layer, double[][] x)
    {
        KnownLayers known = new(layers[0].Inputs, layers[..(layer + 1)], topIsSigned: true);
        double[][] z = [.. x.Select(p =>
        {
            double[] all = new double[known.Boundaries], h = new double[known.Boundaries];
            known.Forward(p, all, h);
            return all[^layers[layer].Units..];
        })];
        return [.. Enumerable.Range(0, layers[layer].Units).Select(u => z.Select(row => row[u]).ToArray())];
    }

    private static double OutputError(ReluNetwork truth, RecoveredNetwork found, double low = 0, double high = 0)
    {
        double[] lower = low < high ? [.. Enumerable.Repeat(low, truth.Inputs)] : [], upper = low < high ? [.. Enumerable.Repeat(high, truth.Inputs)] : [];
        return SampledError.Measure(new NetworkOracle(truth), found.Network!, 3000, 1, lower, upper).Maximum;
    }

    /// <summary>Recovered to the last unit that can be seen, parameter by parameter.</summary>
    [Theory]
    [InlineData("carlini-10-10-10-1-s1", -43)]
    [InlineData("carlini-10-10-10-1-s2", -43)]
    [InlineData("carlini-10-10-10-1-s3", -43)]
    [InlineData("carlini-10-20-20-1-s1", -41)]
    [InlineData("carlini-10-20-20-1-s2", -41)]
    [InlineData("carlini-10-20-20-1-s3", -41)]
    [InlineData("carlini-40-20-10-10-1-s1", -42)]
    [InlineData("carlini-40-20-10-10-1-s2", -42)]
    [InlineData("carlini-40-20-10-10-1-s3", -42)]
    [InlineData("multi-out-20-15-15-10", -45)]
    [InlineData("expansive-5-20-1", -43)]
    [InlineData("expansive-5-20-20-3", -38)]
    [InlineData("zero-bias-10-10-10-1", -43)]
    [InlineData("dead-10-10-10-1", -43)]
    [InlineData("blind-neuron-10-10-10-1", -43)]
    [InlineData("parallel1e-3-10-10-1", -28)]
    [InlineData("duplicate-10-10-1", -43)]
    [InlineData("pruned50-20-20-20-2", -43)]
    public void AllThatIsVisibleIsRecovered(string name, double mostError)
    {
        JsonElement one = Case(name);
        ReluNetwork truth = Truth(one), visible = VisibleNetwork.Of(truth).Network;
        RecoveredNetwork found = Recover(one, truth);
        Assert.True(found.IsComplete);
        Assert.Equal(visible.HiddenWidths, found.HiddenWidths);
        Assert.InRange(Math.Log2(NetworkAlignment.Of(visible, found.Network!)!.MaxParameterError), -60, mostError);
        Assert.InRange(OutputError(truth, found), 0, 1e-11);
        Assert.All(found.Units, u => Assert.True(u.IsCertain));
    }

    /// <summary>The same function, said not to be the only network with it.</summary>
    [Theory]
    [InlineData("always-on-10-10-10-1", "always on", 1e-10)]
    [InlineData("antiparallel-10-10-1", "antiparallel", 1e-11)]
    [InlineData("one-d-1-8-8-1", "one input", 1e-12)]
    [InlineData("parallel1e-6-10-10-1", "merged", 1e-5)]
    public void WhatIsNotIdentifiableIsSaidToBe(string name, string note, double mostError)
    {
        JsonElement one = Case(name);
        ReluNetwork truth = Truth(one);
        RecoveredNetwork found = Recover(one, truth);
        Assert.True(found.IsComplete);
        Assert.False(found.IsIdentifiable);
        Assert.Contains(found.Notes, n => n.Contains(note, StringComparison.Ordinal));
        Assert.InRange(OutputError(truth, found), 0, mostError);
    }

    [Theory]
    [InlineData("float32-10-10-10-1", 1e-4)]
    [InlineData("rounded6-10-10-10-1", 1e-4)]
    [InlineData("noise1e-6-10-10-10-1", 1e-3)]
    public void CoarseAnswersAreTakenForWhatTheyAre(string name, double mostError)
    {
        JsonElement one = Case(name);
        ReluNetwork truth = Truth(one);
        RecoveredNetwork found = Recover(one, truth);
        Assert.Contains(found.Notes, n => n.Contains("precision is limited", StringComparison.Ordinal));
        if (found.IsComplete) Assert.InRange(OutputError(truth, found), 0, mostError);
        else Assert.DoesNotContain(found.Units, u => u.IsCertain && u.Layer > 1);
    }

    [Fact]
    public void ProbabilitiesAreRecoveredUpToAShift()
    {
        JsonElement one = Case("softmax-10-10-10-3");
        ReluNetwork truth = Truth(one);
        RecoveredNetwork found = Recover(one, truth);
        Assert.True(found.IsComplete);
        Assert.InRange(Math.Log2(NetworkAlignment.Of(truth, found.Network!, upToShift: true)!.MaxParameterError), -60, -40);
    }

    [Fact]
    public void OnlyTheBoxIsAsked()
    {
        JsonElement one = Case("box01-784-16-10");
        ReluNetwork truth = Truth(one);
        DelegateOracle guarded = new(784, 10, x =>
        {
            Assert.All(x, v => Assert.InRange(v, 0, 1));
            return truth.Evaluate(x);
        });
        double[] zeros = new double[784], ones = [.. Enumerable.Repeat(1.0, 784)];
        RecoveredNetwork found = NetworkExtraction.Run(guarded, new ExtractionOptions { Threads = 2, Lower = [.. zeros], Upper = [.. ones] }, TestContext.Current.CancellationToken);
        Assert.True(found.IsComplete);
        Assert.Equal(VisibleNetwork.Of(truth, zeros, ones).Network.HiddenWidths, found.HiddenWidths);
        Assert.InRange(OutputError(truth, found, 0, 1), 0, 1e-8);
        AssertCertainUnitsAreReal(truth, found, 1e-8);
    }

    /// <summary>Budget and failures of the rate-limited case: what is refused is asked again, and 20,000 rows suffice.</summary>
    [Fact]
    public void AnOracleThatFailsNowAndThenIsAskedAgain()
    {
        JsonElement one = Case("rate-limited-10-10-10-1"), how = one.GetProperty("oracle");
        ReluNetwork truth = Truth(one);
        int requests = 0;
        using Store.Endpoint server = new((request, response) =>
        {
            if (++requests % how.GetProperty("fail_every").GetInt32() == 0)
            {
                response.StatusCode = 503;
                response.Headers["Retry-After"] = "0";
                return "busy";
            }
            using JsonDocument document = JsonDocument.Parse(request.InputStream);
            return "{\"outputs\": [" + string.Join(',', document.RootElement.GetProperty("inputs").EnumerateArray()
                .Select(r => $"[{truth.Evaluate([.. r.EnumerateArray().Select(e => e.GetDouble())])[0].ToString("R", System.Globalization.CultureInfo.InvariantCulture)}]")) + "]}";
        });
        using Orthant.Store.HttpOracle oracle = new(server.Address, 10);
        RecoveredNetwork found = NetworkExtraction.Run(oracle, new ExtractionOptions { Threads = 2, Budget = how.GetProperty("budget").GetInt64() }, TestContext.Current.CancellationToken);
        Assert.True(requests > how.GetProperty("fail_every").GetInt32());
        Assert.True(found.IsComplete);
        Assert.InRange(TestNetworks.Error(truth, found), -60, -43);
    }

    /// <summary>Large and deep networks: recovered, or marked as recovered in part, with nothing certain that is not so.</summary>
    [Theory]
    [Trait("Category", "Long")]
    [InlineData("carlini-80-40-20-1-s1", 400_000)]
    [InlineData("carlini-80-40-20-1-s2", 400_000)]
    [InlineData("carlini-80-40-20-1-s3", 400_000)]
    [InlineData("wide-784-32-1", 400_000)]
    [InlineData("wide-784-128-1", 1_000_000)]
    [InlineData("deti-100-200x3-10", 300_000)]
    [InlineData("deep-784-16x8-1", 800_000)]
    [InlineData("deep-64-32x6-10", 800_000)]
    [InlineData("deep-784-128x2-1", 800_000)]
    public void LargeNetworksAreRecoveredOrMarked(string name, int budget)
    {
        JsonElement one = Case(name);
        ReluNetwork truth = Truth(one);
        RecoveredNetwork found = Recover(one, truth, budget);
        if (name.StartsWith("carlini", StringComparison.Ordinal) || name.StartsWith("wide", StringComparison.Ordinal)) Assert.True(found.IsComplete);
        if (!found.IsComplete) Assert.False(found.IsIdentifiable);
        else Assert.InRange(OutputError(truth, found), 0, 1e-6);
    }

    [Fact]
    public void EveryCaseHasATest()
    {
        string[] named = [.. typeof(TrapTests).GetMethods().SelectMany(m => m.GetCustomAttributesData()).SelectMany(a => a.ConstructorArguments)
            .SelectMany(a => a.Value is IReadOnlyCollection<System.Reflection.CustomAttributeTypedArgument> all ? all : [a]).Select(a => a.Value as string).OfType<string>(),
            "softmax-10-10-10-3", "box01-784-16-10", "rate-limited-10-10-10-1"];
        Assert.Empty(Cases().Select(c => c.GetProperty("name").GetString()!).Except(named));
    }
}
