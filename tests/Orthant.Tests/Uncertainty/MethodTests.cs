using Orthant.Networks;
using Orthant.Training;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.RecalibrationTests;

namespace Orthant.Tests.Uncertainty;

/// <summary>Methods by name, and the predictions that they make.</summary>
public class MethodTests
{
    private static readonly ReluNetwork Network = RandomNetwork.Create([4, 9, 7, 3], WeightInitializer.He, 0.5, 3);

    private static InputRows Rows(int count, ulong seed) => InputRows.OfSingles(UncertaintyExamples.Numbers(4 * count, seed), 4);

    private static LabelledData Data(int count, ulong seed) => LabelledData.Classification(Rows(count, seed), Enumerable.Range(0, count).Select(i => i % 3).ToArray(), 3);

    [Theory]
    [InlineData("deterministic")]
    [InlineData("temperature")]
    [InlineData("histogram")]
    [InlineData("mc-dropout:0.1")]
    [InlineData("mc-dropout")]
    [InlineData("mc-rrelu:-0.2,0.2+vector")]
    [InlineData("mc-rrelu-xu:3,8")]
    [InlineData("mc-symdroprelu:0.02+matrix")]
    [InlineData("ensemble")]
    [InlineData("ensemble:5+isotonic")]
    [InlineData("laplace:full")]
    [InlineData("laplace:kronecker+temperature")]
    public void What_is_written_is_read_back(string text)
    {
        PredictiveMethod method = PredictiveMethod.Parse(text);
        Assert.Equal(text, method.ToString());
        Assert.Equal(method, PredictiveMethod.Parse(method.ToString()));
    }

    [Fact]
    public void A_plus_sign_may_belong_to_a_number()
    {
        Assert.Equal(ActivationLaw.RandomizedLeaky(-1, 10), PredictiveMethod.Parse("mc-rrelu:-1,1e+1").Law);
        Assert.Equal(RecalibrationMap.Vector, PredictiveMethod.Parse("mc-rrelu:-1,1e+1+vector").Map);
        Assert.Contains("perhaps ensemble", Refusal(() => PredictiveMethod.Parse("ensembel")), StringComparison.Ordinal);
        Assert.Contains("Q in [0, 1]", Refusal(() => PredictiveMethod.Parse("mc-symdroprelu:2")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_layer_on_the_features_is_the_network()
    {
        LastLayer last = LastLayer.Of(Network);
        double[] features = last.FeaturesOf(Rows(5, 1));
        float[] expected = UncertainNetwork.Of(Network).Pass(Rows(5, 1), 0);
        Assert.Equal(7, last.Features);
        for (int i = 0; i < 5; i++)
        {
            for (int k = 0; k < 3; k++)
            {
                double z = last.Bias.Span[k];
                for (int j = 0; j < 7; j++) z += last.Weights.Span[(k * 7) + j] * features[(i * 7) + j];
                Assert.Equal(expected[(i * 3) + k], z, 1e-5);
            }
        }
        // Of a single layer the features are the inputs.
        LastLayer only = LastLayer.Of(new ReluNetwork([Network.Layers[^1]]));
        float[] x = UncertaintyExamples.Numbers(14, 2);
        Assert.Equal(Array.ConvertAll(x, v => (double)v), only.FeaturesOf(InputRows.OfSingles(x, 7)));
        Assert.Contains("without an activation", Refusal(() => LastLayer.Of(new ReluNetwork([Network.Layers[0]]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Predictors_are_what_stands_behind_them()
    {
        InputRows rows = Rows(30, 5);
        Predictions plain = Predictor.Of(new PredictiveMethod(), [Network]).Predict(rows);
        float[] logits = UncertainNetwork.Of(Network).Pass(rows, 0);
        Assert.Equal(Array.ConvertAll(logits, z => (double)z), plain.Logits!.Value.ToArray());
        Assert.Equal(1, plain.Passes.Passes);
        Predictions random = Predictor.Of(PredictiveMethod.Parse("mc-droprelu:0.8"), [Network]).Predict(rows, new PassOptions { Passes = 7, Seed = 2 });
        Assert.Equal(UncertainNetwork.Of(Network, ActivationLaw.DropRelu(0.8)).Predict(rows, new PassOptions { Passes = 7, Seed = 2 }).Mean.Values.ToArray(), random.Mean.Values.ToArray());
        Assert.Null(random.Logits);
        Predictor still = Predictor.Of(PredictiveMethod.Parse("mc-rrelu:0,0"), [Network]);
        Assert.Equal(PredictorKind.Deterministic, still.Method.Predictor);
        Assert.Equal(plain.Mean.Values.ToArray(), still.Predict(rows).Mean.Values.ToArray());
        LabelledData data = Data(60, 6);
        Predictor laplace = Predictor.Of(PredictiveMethod.Parse("laplace:diagonal"), [Network], data);
        LastLayer last = LastLayer.Of(Network);
        LastLayerLaplace posterior = LastLayerLaplace.Fit(last.FeaturesOf(data.Inputs), data.Classes.Span, last.Weights.Span, last.Bias.Span, null, LaplaceStructure.Diagonal);
        Assert.Equal(posterior.LogMarginalLikelihood, laplace.Laplace!.LogMarginalLikelihood);
        Assert.Equal((4 * Network.Parameters) + (8 * 3 * 8), laplace.ModelBytes);
        Assert.Equal(4 * Network.Parameters * 2, Predictor.Of(PredictiveMethod.Parse("ensemble"), [Network, Network]).ModelBytes);
        Assert.Contains("--training", Refusal(() => Predictor.Of(PredictiveMethod.Parse("laplace"), [Network])), StringComparison.Ordinal);
        ReluNetwork other = RandomNetwork.Create([4, 5, 2], WeightInitializer.He, 0.5, 3);
        Assert.Contains("same inputs and outputs", Refusal(() => Predictor.Of(PredictiveMethod.Parse("ensemble"), [Network, other])), StringComparison.Ordinal);
    }

    /// <summary>A network that names its law is taken at its mean slopes, whatever its passes draw.</summary>
    [Fact]
    public void Deterministic_is_at_the_mean_slopes()
    {
        ActivationLaw law = ActivationLaw.RandomizedLeaky(0.125, 1.0 / 3);
        ReluNetwork trained = RandomNetwork.Create([4, 9, 3], WeightInitializer.He, 0.5, 6, hidden: law.Surrogate).With(metadata: [new("activation-law", law.ToString())]);
        float[] x = UncertaintyExamples.Numbers(40, 2), y = new float[30];
        trained.Evaluate<float>(10, x, y);
        float[] found = UncertainNetwork.AtMeanSlopes(trained).Pass(InputRows.OfSingles(x, 4), 0);
        Assert.All(y.Zip(found), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void Scores_are_there_where_predictions_allow_them()
    {
        InputRows rows = Rows(10, 1);
        Predictions one = Predictor.Of(new PredictiveMethod(), [Network]).Predict(rows), many = Predictor.Of(PredictiveMethod.Parse("mc-dropout:0.2"), [Network]).Predict(rows);
        OutlierScore[] Of(Predictions p) => [.. Enum.GetValues<OutlierScore>().Where(s => OutlierScores.Of(s, p.Mean, p) is not null)];
        Assert.Equal([OutlierScore.MaxProbability, OutlierScore.Entropy, OutlierScore.Energy, OutlierScore.MaxLogit], Of(one));
        Assert.Equal([OutlierScore.MaxProbability, OutlierScore.Entropy, OutlierScore.MutualInformation, OutlierScore.Variance], Of(many));
    }

    [Fact]
    public void Feature_scores_are_those_of_the_last_layer()
    {
        LabelledData data = Data(80, 9);
        LastLayer last = LastLayer.Of(Network);
        double[] features = last.FeaturesOf(data.Inputs), probe = last.FeaturesOf(Rows(6, 10));
        (double[] mahalanobis, double[] neighbours) = FeatureScores.Fit(last, data).Of(Rows(6, 10));
        Assert.Equal(MahalanobisScore.Fit(features, data.Classes.Span).Of(probe), mahalanobis);
        // The order in which the training samples stand does not matter to their neighbours.
        Assert.Equal(NeighbourScore.Fit(features, 80).Of(probe), neighbours);
    }

    [Theory]
    [InlineData(RecalibrationMap.Temperature)]
    [InlineData(RecalibrationMap.Vector)]
    [InlineData(RecalibrationMap.Matrix)]
    [InlineData(RecalibrationMap.Isotonic)]
    [InlineData(RecalibrationMap.Histogram)]
    public void A_recalibration_is_the_map_of_its_kind(RecalibrationMap map)
    {
        (double[] logits, int[] labels) = Drawn(200, 3, 4);
        ClassProbabilities p = ClassProbabilities.FromLogits(logits, 3);
        ClassProbabilities expected = map switch
        {
            RecalibrationMap.Temperature => LogitScaling.FitTemperature(logits, labels, 3).Apply(logits),
            RecalibrationMap.Vector => LogitScaling.FitVector(logits, labels, 3).Apply(logits),
            RecalibrationMap.Matrix => p,
            RecalibrationMap.Isotonic => ClasswiseCalibration.FitIsotonic(p, labels).Apply(p),
            _ => ClasswiseCalibration.FitHistogram(p, labels).Apply(p),
        };
        Recalibration found = Recalibration.Fit(map, p, labels);
        ClassProbabilities mapped = found.Apply(p);
        Assert.Equal(map == RecalibrationMap.Temperature, found.Temperature is not null);
        // A temperature does not see what logarithms of probabilities and logits differ by. Per-class offsets and factors do, but little here; a matrix is compared by its loss alone.
        if (map is RecalibrationMap.Matrix or RecalibrationMap.Vector)
        {
            Assert.True(ClassificationMetrics.Of(mapped, labels).NegativeLogLikelihood <= ClassificationMetrics.Of(p, labels).NegativeLogLikelihood);
            return;
        }
        Assert.All(expected.Values.ToArray().Zip(mapped.Values.ToArray()), x => Assert.Equal(x.First, x.Second, 1e-9));
    }

    [Fact]
    public void Probabilities_of_members_are_joined_as_their_logits_are()
    {
        (double[] a, _) = Drawn(40, 3, 1);
        (double[] b, _) = Drawn(40, 3, 2);
        PredictiveDistribution expected = PredictiveDistribution.FromLogits([.. a, .. b], 2, 3);
        PredictiveDistribution found = PredictiveDistribution.FromProbabilities([ClassProbabilities.FromLogits(a, 3), ClassProbabilities.FromLogits(b, 3)]);
        Assert.All(expected.Mean.Values.ToArray().Zip(found.Mean.Values.ToArray()), x => Assert.Equal(x.First, x.Second, 1e-14));
        Assert.All(expected.MutualInformation.ToArray().Zip(found.MutualInformation.ToArray()), x => Assert.Equal(x.First, x.Second, 1e-13));
        Assert.Equal(expected.PairwiseDisagreement(), found.PairwiseDisagreement());
        Assert.Equal(expected.MeanPairwiseDivergence(), found.MeanPairwiseDivergence(), 1e-12);
        // Certain members: no entropy of their own, and an infinite divergence where they contradict.
        PredictiveDistribution certain = PredictiveDistribution.FromProbabilities([ClassProbabilities.FromProbabilities([1, 0], 2), ClassProbabilities.FromProbabilities([0, 1], 2)]);
        Assert.Equal(Math.Log(2), certain.MutualInformation.Span[0], 1e-15);
        Assert.Equal(double.PositiveInfinity, certain.MeanPairwiseDivergence());
        Assert.Contains("one shape", Refusal(() => PredictiveDistribution.FromProbabilities([ClassProbabilities.FromLogits(a, 3), ClassProbabilities.FromLogits([1, 2, 3], 3)])), StringComparison.Ordinal);
    }
}
