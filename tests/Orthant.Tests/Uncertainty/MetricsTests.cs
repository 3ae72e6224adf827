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

    /// <summary>A sum over classes, not a mean: a sample that is wholly wrong costs 2 whatever the number of classes.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void A_Brier_score_is_a_sum_over_classes(int classes)
    {
        double[] row = new double[classes];
        row[0] = 1;
        ClassProbabilities p = ClassProbabilities.FromProbabilities(row, classes);
        Assert.Equal(2, ClassificationMetrics.Of(p, [1]).Brier);
        Assert.Equal(0, ClassificationMetrics.Of(p, [0]).Brier);
    }

    /// <summary>Probabilities are averaged, not logits: of a sure pass and one that is as sure of the other class nothing is left, at any size of the logits.</summary>
    [Fact]
    public void Passes_are_averaged_as_probabilities()
    {
        PredictiveDistribution p = PredictiveDistribution.FromLogits([40.0, 0, 0, 10], 2, 2);
        Assert.Equal(0.5, p.Mean.Row(0)[0], 1e-4);
        // The mean of the logits would have chosen the first class with 1 − 3e-7.
        Assert.True(p.Mean.Row(0)[0] < 0.51);
    }

    /// <summary>With ties the order of the samples decides; a curve of equal confidences is that of the data's own order.</summary>
    [Fact]
    public void Ties_everywhere_have_a_value()
    {
        double[] same = [.. Enumerable.Repeat(0.25, 8)];
        bool[] right = [true, false, true, true, false, true, true, true];
        RiskCoverage risk = RiskCoverage.Of(same, right);
        Assert.Equal(0.5, risk.Risks.Span[1]);
        Assert.Equal(0.25, risk.Risks.Span[^1]);
        Assert.Equal(0.5, DetectionMetrics.MisclassificationAuroc(same, right));
        DetectionMetrics d = DetectionMetrics.Of(same, same);
        Assert.Equal((0.5, 0.5, 1, 1, 0.5), (d.Auroc, d.AuprOut, d.Fpr95, d.Fpr95InPositive, d.DetectionError));
        ClassProbabilities flat = ClassProbabilities.FromLogits(new double[12], 4);
        ClassificationMetrics m = ClassificationMetrics.Of(flat, [0, 1, 2]);
        Assert.Equal(1.0 / 3, m.Accuracy, 1e-12);
        Assert.Equal(Math.Log(4), m.NegativeLogLikelihood, 1e-12);
        Assert.Equal(0.25, ClassificationMetrics.Of(flat, [0, 0, 0]).Brier - 0.5, 1e-12);
    }

    /// <summary>The two readings of FPR95 differ, and which class is positive is said by the name.</summary>
    [Fact]
    public void The_positive_class_of_a_rate_is_the_one_that_is_named()
    {
        double[] inside = [.. Enumerable.Range(0, 100).Select(i => (double)i)], outside = [.. Enumerable.Range(0, 100).Select(i => i < 50 ? i + 60.0 : 200)];
        DetectionMetrics d = DetectionMetrics.Of(inside, outside);
        // 95 of 100 outside samples are flagged from 65 on: 35 inside ones are too. 95 of 100 inside samples pass up to 94: 35 outside ones do too.
        Assert.Equal((0.35, 0.35), (d.Fpr95, d.Fpr95InPositive));
        DetectionMetrics other = DetectionMetrics.Of(inside, [.. outside.Select(v => v == 200 ? 70.5 : v)]);
        Assert.True(other.Fpr95 < other.Fpr95InPositive);
    }

    [Fact]
    public void The_parts_of_a_Brier_score_add_up_and_calibrated_forecasts_have_no_reliability_term()
    {
        // Two forecasts, 0.25 and 0.75, each right as often as it says.
        double[] rows = [.. Enumerable.Range(0, 8).SelectMany(i => i < 4 ? new[] { 0.25, 0.75 } : [0.75, 0.25])];
        int[] labels = [0, 1, 1, 1, 0, 0, 0, 1];
        ClassProbabilities p = ClassProbabilities.FromProbabilities(rows, 2);
        BrierDecomposition parts = BrierDecomposition.Of(p, labels);
        Assert.Equal(0, parts.Reliability, 1e-15);
        Assert.Equal(0.5, parts.Uncertainty, 1e-15);
        Assert.Equal(0.125, parts.Resolution, 1e-15);
        Assert.Equal(0, parts.WithinBins, 1e-15);
        Assert.Equal(ClassificationMetrics.Of(p, labels).Brier, parts.Score, 1e-15);
        Assert.Equal((0.5, 1), (ClassificationMetrics.TopAccuracy(ClassProbabilities.FromLogits([1, 1, 0, 1], 2), [1, 1], 1), ClassificationMetrics.TopAccuracy(p, labels, 2)));
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
