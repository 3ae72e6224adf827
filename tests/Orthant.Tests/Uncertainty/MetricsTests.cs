using System.Text.Json;
using CsCheck;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.UncertaintyCases;

namespace Orthant.Tests.Uncertainty;

public class MetricsTests
{
    private const double Tolerance = 1e-10;

    [Fact]
    public void Classification_metrics_are_those_of_the_case()
    {
        JsonElement data = Read("03_classification_metrics.json");
        int[] labels = Array.ConvertAll(data.GetProperty("labels").Numbers(), l => (int)l);
        Compare(data.GetProperty("deterministic"), ClassProbabilities.FromLogits(data.GetProperty("logits").Numbers(), 4), labels);
        Compare(data.GetProperty("mc_mean"), PredictiveDistribution.FromLogits(data.GetProperty("mc_logits").Numbers(), 6, 4).Mean, labels);
    }

    private static void Compare(JsonElement expected, ClassProbabilities p, int[] labels)
    {
        ClassificationMetrics metrics = ClassificationMetrics.Of(p, labels);
        (double[] confidences, bool[] correct) = ClassificationMetrics.Outcomes(p, labels);
        Assert.Equal(expected.Number("accuracy"), metrics.Accuracy, Tolerance);
        Assert.Equal(expected.Number("nll"), metrics.NegativeLogLikelihood, Tolerance);
        Assert.Equal(expected.Number("brier_multiclass_sum"), metrics.Brier, Tolerance);
        Assert.Equal(expected.Number("ece_15"), metrics.Ece, Tolerance);
        Assert.Equal(expected.Number("ace_equal_mass_10"), metrics.AdaptiveEce, Tolerance);
        Assert.Equal(expected.Number("aurc"), metrics.Aurc, Tolerance);
        Assert.Equal(expected.Number("classwise_ece_10"), Calibration.Classwise(p, labels, 10), Tolerance);
        RiskCoverage risk = RiskCoverage.Of(confidences, correct);
        Assert.Equal(expected.Number("aurc_oracle"), risk.OracleArea, Tolerance);
        Assert.Equal(expected.Number("eaurc"), risk.ExcessArea, Tolerance);
        Assert.Equal(expected.Number("auroc_misclassification"), DetectionMetrics.MisclassificationAuroc(confidences, correct), Tolerance);
        foreach (int bins in (int[])[5, 10, 15])
        {
            Calibration calibration = Calibration.EqualWidth(confidences, correct, bins);
            Assert.Equal(expected.Number($"ece_{bins}"), calibration.ExpectedError, Tolerance);
            Assert.Equal(expected.Number($"mce_{bins}"), calibration.LargestError, Tolerance);
            JsonElement diagram = expected.GetProperty($"reliability_{bins}");
            Assert.Equal(diagram.GetProperty("count").Numbers(), calibration.Bins.Select(b => (double)b.Count));
            Assert.All(diagram.GetProperty("conf").Numbers().Zip(calibration.Bins), pair => Assert.Equal(pair.First, pair.Second.Confidence, Tolerance));
            Assert.All(diagram.GetProperty("acc").Numbers().Zip(calibration.Bins), pair => Assert.Equal(pair.First, pair.Second.Accuracy, Tolerance));
        }
    }

    [Fact]
    public void Predictive_statistics_are_those_of_the_case()
    {
        JsonElement expected = Read("04_uncertainty_decomposition.json");
        PredictiveDistribution p = PredictiveDistribution.FromLogits(Read("03_classification_metrics.json").GetProperty("mc_logits").Numbers(), 6, 4);
        void Each(string key, Func<int, double> actual) =>
            Assert.All(expected.GetProperty(key).Numbers().Select((value, i) => (value, i)), pair => Assert.Equal(pair.value, actual(pair.i), Tolerance));
        Each("predictive_entropy", i => p.Entropy.Span[i]);
        Each("expected_entropy", i => p.ExpectedEntropy.Span[i]);
        Each("mutual_information", i => p.MutualInformation.Span[i]);
        Each("prob_variance_population_sum", i => p.Variance.Span[i]);
        Each("max_prob_std", p.ConfidenceDeviation);
        Each("variation_ratio", p.VariationRatio);
        Assert.Equal(expected.Number("pairwise_disagreement"), p.PairwiseDisagreement(), Tolerance);
        Assert.Equal(expected.Number("avg_pairwise_kl"), p.MeanPairwiseDivergence(), Tolerance);
    }

    [Fact]
    public void Detection_metrics_are_those_of_the_case()
    {
        JsonElement expected = Read("05_ood_metrics.json");
        DetectionMetrics d = DetectionMetrics.Of(expected.GetProperty("in_scores").Numbers(), expected.GetProperty("out_scores").Numbers());
        Assert.Equal(expected.Number("auroc"), d.Auroc, 1e-12);
        Assert.Equal(expected.Number("aupr_out"), d.AuprOut, 1e-12);
        Assert.Equal(expected.Number("aupr_in"), d.AuprIn, 1e-12);
        Assert.Equal(expected.Number("fpr_at_95tpr_ood_positive"), d.Fpr95, 1e-12);
        Assert.Equal(expected.Number("fpr_at_95tpr_id_positive"), d.Fpr95InPositive, 1e-12);
        Assert.Equal(expected.Number("detection_error"), d.DetectionError, 1e-12);
    }

    [Fact]
    public void Auroc_is_the_part_of_pairs_in_order_with_ties_counted_half()
    {
        Gen.Select(Gen.Int[0, 6].Array[1, 12], Gen.Int[0, 6].Array[1, 12]).Sample((inside, outside) =>
        {
            double pairs = inside.SelectMany(a => outside, (a, b) => b > a ? 1 : b == a ? 0.5 : 0).Average();
            DetectionMetrics d = DetectionMetrics.Of(Array.ConvertAll(inside, v => (double)v), Array.ConvertAll(outside, v => (double)v));
            Assert.Equal(pairs, d.Auroc, 1e-12);
            DetectionMetrics back = DetectionMetrics.Of(Array.ConvertAll(outside, v => -(double)v), Array.ConvertAll(inside, v => -(double)v));
            Assert.Equal(d.AuprIn, back.AuprOut, 1e-12);
            Assert.Equal(d.Fpr95InPositive, back.Fpr95, 1e-12);
        });
    }

    /// <summary>A confidence on an edge belongs to the bin on its left, whatever its product with the number of bins is rounded to.</summary>
    [Fact]
    public void Edges_belong_to_the_bin_on_their_left()
    {
        foreach (int bins in (int[])[3, 7, 10, 15, 49])
        {
            for (int b = 0; b <= bins; b++)
            {
                double edge = (double)b / bins;
                CalibrationBin at = Assert.Single(Calibration.EqualWidth([edge], [true], bins).Bins);
                Assert.Equal((double)Math.Max(b, 1) / bins, at.Upper);
                if (b == bins) continue;
                CalibrationBin above = Assert.Single(Calibration.EqualWidth([Math.BitIncrement(edge)], [true], bins).Bins);
                Assert.Equal((b + 1.0) / bins, above.Upper);
            }
        }
    }

    [Fact]
    public void Logits_far_apart_keep_their_likelihood()
    {
        ClassProbabilities p = ClassProbabilities.FromLogits([2000, 0, 0, 3000], 2);
        Assert.Equal(2000, ClassificationMetrics.Of(p, [1, 1]).NegativeLogLikelihood * 2, 1e-9);
        PredictiveDistribution one = PredictiveDistribution.FromLogits([2000.0, 0], 1, 2);
        Assert.Equal(-2000, one.Mean.LogOf(0, 1), 1e-9);
    }

    [Theory]
    [InlineData(new[] { 0.4, 0.5 }, "sum")]
    [InlineData(new[] { -0.5, 1.5 }, "numbers from 0 to 1")]
    [InlineData(new[] { 0.5 }, "whole rows")]
    [InlineData(new[] { double.NaN, 1 }, "finite")]
    public void Rows_that_are_no_probabilities_are_refused(double[] rows, string part)
    {
        Assert.Contains(part, Assert.Throws<OrthantInputException>(() => ClassProbabilities.FromProbabilities(rows, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_out_of_range_are_refused_by_sample()
    {
        ClassProbabilities p = ClassProbabilities.FromLogits([0, 1, 1, 0], 2);
        Assert.Contains("sample 1", Assert.Throws<OrthantInputException>(() => ClassificationMetrics.Of(p, [0, 2])).Message, StringComparison.Ordinal);
        Assert.Throws<OrthantInputException>(() => ClassificationMetrics.Of(p, [0]));
    }

    [Fact]
    public void Risks_follow_the_order_of_confidence()
    {
        RiskCoverage risk = RiskCoverage.Of([0.9, 0.9, 0.2], [true, false, true]);
        Assert.Equal([0, 0.5, 1.0 / 3], risk.Risks.ToArray());
        Assert.Equal(1.0 / 3, risk.CoverageAt(0.1), 1e-12);
        Assert.Equal(1, risk.CoverageAt(0.4), 1e-12);
    }
}
