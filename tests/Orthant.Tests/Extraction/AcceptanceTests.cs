using System.Text.Json;
using Orthant.Extraction;
using Orthant.Formats;
using Orthant.Networks;
using static Orthant.Tests.Extraction.TestNetworks;

namespace Orthant.Tests.Extraction;

/// <summary>Two hidden layers recovered within the rows and to the precision asked for, widths not given: the median of three seeds.</summary>
public sealed class AcceptanceTests
{
    public static TheoryData<string, double, double> Bars { get; } = new()
    {
        { "10-10-10-1", 14.0, -43 }, { "10-15-15-1", 14.75, -44 }, { "10-20-20-1", 15.3, -41 }, { "20-10-10-1", 14.25, -43 }, { "40-20-10-1", 15, -43 },
    };

    [Theory]
    [MemberData(nameof(Bars))]
    public void TwoHiddenLayers(string widths, double mostQueries, double mostError) => Check(widths, [1, 2, 3], mostQueries, mostError);

    [Fact]
    public void TenOutputs() => Check("20-15-15-10", [1], 15, -45);

    [Fact]
    [Trait("Category", "Long")]
    public void EightyInputs() => Check("80-40-20-1", [1, 2, 3], 16.25, -43);

    private static void Check(string text, ulong[] seeds, double mostQueries, double mostError)
    {
        int[] widths = [.. text.Split('-').Select(int.Parse)];
        List<double> queries = [], errors = [];
        foreach (ulong seed in seeds)
        {
            ReluNetwork truth = Build(widths, seed);
            RecoveredNetwork found = Extract(truth);
            queries.Add(Math.Log2(found.Queries));
            errors.Add(Error(truth, found));
            Assert.True(found.IsComplete);
            Assert.Equal(0, found.UnexplainedKinks);
        }
        Assert.InRange(queries.Order().ElementAt(seeds.Length / 2), 0, mostQueries);
        Assert.InRange(errors.Order().ElementAt(seeds.Length / 2), -60, mostError);
    }

    [Fact]
    public void ThreeHiddenLayers()
    {
        // Seed 1 has a unit that is never active, seed 3 two weights that hardly any input shows; seed 4 needs a second attempt, and more queries.
        int met = 0;
        foreach (ulong seed in (ulong[])[1, 2, 3, 4, 5])
        {
            ReluNetwork truth = VisibleNetwork.Of(Build([40, 20, 10, 10, 1], seed)).Network;
            RecoveredNetwork found = Extract(truth);
            Assert.True(found.IsComplete);
            Assert.Equal(seed == 1 ? [20, 10, 9] : [20, 10, 10], found.HiddenWidths);
            if (Math.Log2(found.Queries) <= 16.5 && Error(truth, found) <= -42) met++;
        }
        Assert.InRange(met, 4, 5);
    }

    /// <summary>The median of three layers of ten over seeds 1 to 9: the same function on seven, the same parameters on six.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public void ThreeHiddenLayersOfTen()
    {
        int functions = 0, parameters = 0;
        for (ulong seed = 1; seed <= 9; seed++)
        {
            ReluNetwork truth = Build([10, 10, 10, 10, 1], seed);
            RecoveredNetwork found = Extract(truth);
            if (!found.IsComplete) continue;
            double error = SampledError.Measure(new NetworkOracle(truth), found.Network!, 20_000, 1).Maximum;
            Assert.InRange(error, 0, 1e-9);
            if (error <= 1e-12) functions++;
            if (NetworkAlignment.Of(VisibleNetwork.Of(truth).Network, found.Network!) is { } aligned && aligned.MaxParameterError <= Math.ScaleB(1, -35)) parameters++;
        }
        Assert.InRange(functions, 7, 9);
        Assert.InRange(parameters, 6, 9);
    }

    [Fact]
    [Trait("Category", "Long")]
    public void AWideSingleLayer()
    {
        ReluNetwork truth = Build([784, 32, 1], 1);
        RecoveredNetwork found = Extract(truth);
        Assert.InRange(Error(truth, found), -60, -37);
        Assert.InRange(Math.Log2(found.Queries), 0, 17);
    }

    [Fact]
    public void TheGeneratorIsThatOfTheCases()
    {
        string folder = Repository.Need(Repository.Cases("extraction"), "the acceptance cases");
        ReluNetwork listed = ModelFile.Load(Path.Combine(folder, "networks", "carlini-10-10-10-1-s1.json")).Network;
        ReluNetwork built = Build([10, 10, 10, 1], 1);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "test_networks.json")));
        JsonElement first = cases.RootElement.GetProperty("networks")[0];
        Assert.Equal(first.GetProperty("first_weights_layer0_neuron0")[0].GetDouble(), ((AffineLayer)built.Layers[0]).Linear.Row(0).Values[0], 1e-15);
        Assert.InRange(NetworkAlignment.Of(listed, built)!.MaxParameterError, 0, 1e-14);
    }
}
