using System.Text.Json;
using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.UncertaintyCases;

namespace Orthant.Tests.Uncertainty;

public class VarianceTests
{
    private static ActivationLaw Law(JsonElement row) => row.GetProperty("kind").GetString() switch
    {
        "dropout" => ActivationLaw.Dropout(1 - row.Number("keep")),
        "droprelu" => ActivationLaw.DropRelu(row.Number("keep")),
        _ => ActivationLaw.RandomizedLeaky(row.Number("l"), row.Number("u")),
    };

    [Fact]
    public void Sums_and_normal_units_have_the_moments_of_the_case()
    {
        JsonElement data = Read("01_single_layer_variance.json");
        double[] h = data.GetProperty("h").Numbers(), w = data.GetProperty("w").Numbers();
        foreach (JsonElement row in data.GetProperty("conditional").EnumerateArray())
        {
            (double mean, double variance) = VarianceFormulas.Sum(Law(row), h, w);
            // Dropout that is not scaled up is the scaled one times its keep probability.
            double scale = row.TryGetProperty("inverted", out JsonElement inverted) && !inverted.GetBoolean() ? row.Number("keep") : 1;
            Assert.Equal(row.Number("mean_formula"), mean * scale, 1e-12);
            Assert.Equal(row.Number("var_formula"), variance * scale * scale, 1e-12);
        }
        foreach (JsonElement row in data.GetProperty("population").EnumerateArray())
        {
            UnitVariance unit = VarianceFormulas.NormalUnit(Law(row), row.Number("mu"), row.Number("sigma"));
            Assert.Equal(row.Number("mean_formula"), unit.Mean, 1e-12);
            Assert.Equal(row.Number("total_var_formula"), unit.Total, 1e-12);
            Assert.Equal(row.Number("activation_var_formula"), unit.Injected, 1e-12);
        }
    }

    [Fact]
    public void Outputs_of_a_hidden_layer_have_the_covariance_of_the_case()
    {
        JsonElement data = Read("02_one_hidden_layer_covariance.json");
        double[] h = data.GetProperty("preactivation").Numbers();
        double[,] weights = data.GetProperty("W2").Matrix();
        ActivationLaw[] laws = [ActivationLaw.Dropout(0.2), ActivationLaw.DropRelu(0.9), ActivationLaw.RandomizedLeaky(0.125, 1.0 / 3), ActivationLaw.RandomizedLeaky(-0.2, 0.2)];
        int at = 0;
        foreach (JsonElement row in data.GetProperty("cases").EnumerateArray())
        {
            (double[] mean, double[,] covariance) = VarianceFormulas.Layer(laws[at], h, weights);
            Assert.All(row.GetProperty("mean").Numbers().Zip(mean), p => Assert.Equal(p.First, p.Second, 1e-12));
            Assert.All(row.GetProperty("cov").Numbers().Zip(covariance.Cast<double>()), p => Assert.Equal(p.First, p.Second, 1e-12));
            // The first-order variance is exact here: the identity gives the layer its pre-activations.
            ReluNetwork network = new([AffineLayer.Dense(Identity(h.Length), activation: ActivationFunction.Relu), AffineLayer.Dense(weights)]);
            DiversityBudget budget = DiversityBudget.Of(UncertainNetwork.Of(network, laws[at++]), InputRows.OfSingles(Array.ConvertAll(h, v => (float)v), h.Length));
            for (int k = 0; k < mean.Length; k++) Assert.Equal(covariance[k, k], budget.OutputVariance.Span[k], 1e-6 * covariance[k, k]);
        }
    }

    [Fact]
    public void The_ratio_of_squares_follows_the_mean()
    {
        double Ratio(double z) => VarianceFormulas.NormalUnit(ActivationLaw.Relu, z, 1).InactiveRatio;
        Assert.Equal(1, Ratio(0), 1e-12);
        Assert.Equal(4.96, Ratio(-0.5), 0.01);
        Assert.Equal(0.2015, Ratio(0.5), 1e-4);
    }

    /// <summary>The mean and variance that a law says of itself, beside what its 65,536 fields really give.</summary>
    [Theory]
    [InlineData("dropout:0.2")]
    [InlineData("droprelu:0.9")]
    [InlineData("rrelu:0.125,0.3333333333333333")]
    [InlineData("rrelu:-0.2,0.2")]
    [InlineData("rrelu-xu:3,8")]
    [InlineData("symdroprelu:0.1")]
    public void Slopes_over_all_fields_have_the_moments_of_the_law(string text)
    {
        Assert.True(ActivationLaw.TryParse(text, out ActivationLaw? law));
        Assert.Equal(text, law.ToString());
        SlopeDraw draw = new(law);
        (double Left, double Right)[] all = [.. Enumerable.Range(0, 65536).Select(f => draw.Slopes(f)).Select(s => ((double)s.Left, (double)s.Right))];
        static double Variance(IEnumerable<double> values) => values.Average(v => v * v) - (values.Average() * values.Average());
        Assert.Equal(law.MeanSlope, all.Average(s => s.Left), 2e-5);
        Assert.Equal(law.SlopeVariance, Variance(all.Select(s => s.Left)), 2e-5);
        Assert.Equal(1, all.Average(s => s.Right), 2e-5);
        Assert.Equal(law.RightVariance, Variance(all.Select(s => s.Right)), 2e-5);
    }

    [Fact]
    public void A_law_of_another_family_that_matches_brings_the_same_variance()
    {
        ReluNetwork network = RandomNetwork.Create([6, 24, 24, 3], WeightInitializer.He, 0.5, 4);
        InputRows rows = InputRows.OfSingles(UncertaintyExamples.Numbers(50 * 6, 3), 6);
        DiversityBudget dropout = DiversityBudget.Of(UncertainNetwork.Of(network, ActivationLaw.Dropout(0.05)), rows);
        foreach (ActivationLawKind family in (ActivationLawKind[])[ActivationLawKind.SymmetricDrop, ActivationLawKind.RandomizedLeaky, ActivationLawKind.Dropout])
        {
            ActivationLaw law = Assert.IsType<ActivationLaw>(dropout.Match(family));
            double variance = DiversityBudget.Of(UncertainNetwork.Of(network, law), rows).MeanOutputVariance;
            Assert.Equal(dropout.MeanOutputVariance, variance, 1e-9 * variance);
        }
        Assert.Equal(0.05, dropout.Match(ActivationLawKind.Dropout)!.RightVariance / (1 + dropout.Match(ActivationLawKind.Dropout)!.RightVariance), 1e-12);
    }

    [Theory]
    [InlineData("rrelu:-0.1,0.1", RandomGranularity.Element)]
    [InlineData("rrelu:-0.1,0.1", RandomGranularity.Layer)]
    [InlineData("rrelu:-0.1,0.1", RandomGranularity.Channel)]
    [InlineData("rrelu:0.125,0.3333", RandomGranularity.Element)]
    [InlineData("symdroprelu:0.01", RandomGranularity.Channel)]
    public void First_order_variance_is_near_that_of_a_thousand_passes(string text, RandomGranularity granularity)
    {
        Assert.True(ActivationLaw.TryParse(text, out ActivationLaw? law));
        ReluNetwork network = UncertaintyExamples.Convolutional(2);
        InputRows rows = InputRows.OfSingles(UncertaintyExamples.Numbers(20 * network.Inputs, 5), network.Inputs);
        UncertainNetwork random = UncertainNetwork.Of(network, law, granularity);
        double expected = DiversityBudget.Of(random, rows).MeanOutputVariance;
        ValueDistribution passes = random.PredictValues(rows, new PassOptions { Passes = 1000 });
        double actual = passes.Variance.ToArray().Sum() / rows.Count;
        Assert.InRange(actual / expected, 0.85, 1.15);
    }

    [Theory]
    [InlineData("dropout:0.2")]
    [InlineData("droprelu:0.7")]
    [InlineData("rrelu-xu:3,8")]
    public void Of_one_hidden_layer_the_first_order_is_the_whole(string text)
    {
        Assert.True(ActivationLaw.TryParse(text, out ActivationLaw? law));
        UncertainNetwork random = UncertainNetwork.Of(RandomNetwork.Create([6, 40, 3], WeightInitializer.He, 0.5, 4), law);
        InputRows rows = InputRows.OfSingles(UncertaintyExamples.Numbers(20 * 6, 5), 6);
        double actual = random.PredictValues(rows, new PassOptions { Passes = 2000 }).Variance.ToArray().Sum() / rows.Count;
        Assert.InRange(actual / DiversityBudget.Of(random, rows).MeanOutputVariance, 0.97, 1.03);
    }

    private static double[,] Identity(int n)
    {
        double[,] matrix = new double[n, n];
        for (int i = 0; i < n; i++) matrix[i, i] = 1;
        return matrix;
    }
}
