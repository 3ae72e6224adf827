using System.Text.Json;
using Orthant.Numerics;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.UncertaintyCases;

namespace Orthant.Tests.Uncertainty;

public class RecalibrationTests
{
    [Fact]
    public void The_temperature_is_that_of_the_case()
    {
        JsonElement data = Read("03_classification_metrics.json"), expected = Read("06_temperature_scaling.json");
        double[] logits = data.GetProperty("logits").Numbers();
        int[] labels = Array.ConvertAll(data.GetProperty("labels").Numbers(), l => (int)l);
        LogitScaling scaling = LogitScaling.FitTemperature(logits, labels, 4);
        Assert.Equal(expected.Number("T_opt"), scaling.Temperature!.Value, 1e-6);
        Assert.Equal(expected.Number("nll_after"), Loss(scaling.Apply(logits), labels), 1e-10);
        double at = scaling.Temperature.Value;
        Assert.All((double[])[at * 0.999, at * 1.001], t => Assert.True(Loss(ClassProbabilities.FromLogits([.. logits.Select(z => z / t)], 4), labels) > Loss(scaling.Apply(logits), labels)));
    }

    [Fact]
    public void Richer_scalings_fit_no_worse_and_undo_an_affine_distortion()
    {
        (double[] logits, int[] labels) = Drawn(3000, 4, 1);
        double[] distorted = new double[logits.Length];
        for (int i = 0; i < logits.Length; i++) distorted[i] = (logits[i] * (1 + (i % 4))) + (i % 4) - 1;
        double none = Loss(ClassProbabilities.FromLogits(distorted, 4), labels);
        double temperature = Loss(LogitScaling.FitTemperature(distorted, labels, 4).Apply(distorted), labels);
        double vector = Loss(LogitScaling.FitVector(distorted, labels, 4, 1e-6).Apply(distorted), labels);
        double matrix = Loss(LogitScaling.FitMatrix(distorted, labels, 4, 1e-6).Apply(distorted), labels);
        double right = Loss(ClassProbabilities.FromLogits(logits, 4), labels);
        Assert.True(temperature < none);
        Assert.True(vector < temperature);
        Assert.True(matrix < vector + 1e-5);
        Assert.InRange(vector, 0, right + 1e-4);
    }

    [Fact]
    public void An_isotonic_curve_is_the_closest_monotone_one_and_pools_ties()
    {
        CalibrationCurve curve = CalibrationCurve.Isotonic([0.1, 0.2, 0.3, 0.3, 0.5, 0.6], [0, 1, 0, 1, 0, 1]);
        Assert.Equal([0.1, 0.2, 0.5, 0.6], curve.Knots);
        Assert.Equal([0, 0.5, 0.5, 1], curve.Values);
        Assert.Equal(0.25, curve.At(0.15), 1e-12);
        Assert.Equal(0, curve.At(0));
        Assert.Equal(1, curve.At(1));
        CalibrationCurve flat = CalibrationCurve.Isotonic([0.5, 0.5, 0.5], [1, 0, 0]);
        Assert.Equal(1.0 / 3, flat.At(0.9), 1e-12);
    }

    [Fact]
    public void A_histogram_gives_frequencies_and_the_middle_of_empty_bins()
    {
        CalibrationCurve curve = CalibrationCurve.Histogram([0.1, 0.25, 0.2], [1, 1, 0], 4);
        Assert.Equal([2.0 / 3, 0.375, 0.625, 0.875], curve.Values);
        Assert.Equal(curve.Values[0], curve.At(0.25));
    }

    [Fact]
    public void Calibrated_rows_add_up_to_one_and_calibrate()
    {
        (double[] logits, int[] labels) = Drawn(4000, 3, 2);
        ClassProbabilities sharp = ClassProbabilities.FromLogits([.. logits.Select(z => 3 * z)], 3);
        double before = ClassificationMetrics.Of(sharp, labels).Ece;
        foreach (ClasswiseCalibration map in (ClasswiseCalibration[])[ClasswiseCalibration.FitIsotonic(sharp, labels), ClasswiseCalibration.FitHistogram(sharp, labels)])
        {
            ClassProbabilities after = map.Apply(sharp);
            Assert.All(Enumerable.Range(0, after.Samples), i => Assert.Equal(1, after.Row(i).ToArray().Sum(), 1e-12));
            Assert.True(ClassificationMetrics.Of(after, labels).Ece < before / 3);
        }
    }

    [Fact]
    public void Bad_calibration_data_is_refused_in_one_line()
    {
        Assert.Contains("as many as classes", Refusal(() => LogitScaling.FitTemperature([1, 2, 3], [0], 3)));
        Assert.Contains("class 1 alone", Refusal(() => LogitScaling.FitVector([1, 2, 3, 4], [1, 1], 2)));
        Assert.Contains("class 2", Refusal(() => LogitScaling.FitMatrix([1, 2, 3, 4], [1, 2], 2)));
        Assert.Contains("class 0 alone", Refusal(() => ClasswiseCalibration.FitIsotonic(ClassProbabilities.FromLogits([1, 2, 3, 4], 2), [0, 0])));
        Assert.Contains("row 1", Refusal(() => ClassProbabilities.FromProbabilities([0.5, 0.5, 0.5, 0.6], 2)));
        Assert.Contains("members of one shape", Refusal(() => PredictiveDistribution.FromMembers([[1, 2], [1, 2, 3, 4]], 2)));
        Assert.Equal(1, LogitScaling.FitTemperature([1, 1, 2, 2], [0, 1], 2).Temperature);
    }

    internal static string Refusal(Action action) => Assert.Throws<OrthantInputException>(action).Message;

    internal static double Loss(ClassProbabilities p, int[] labels) => ClassificationMetrics.Of(p, labels).NegativeLogLikelihood;

    /// <summary>Normal logits, and labels drawn from their softmax: calibrated by construction.</summary>
    internal static (double[] Logits, int[] Labels) Drawn(int samples, int classes, ulong seed)
    {
        RandomStream random = new(seed);
        double[] logits = new double[samples * classes];
        random.FillNormals(logits);
        ClassProbabilities p = ClassProbabilities.FromLogits(logits, classes);
        int[] labels = new int[samples];
        for (int i = 0; i < samples; i++)
        {
            double u = random.NextDouble();
            while (labels[i] < classes - 1 && (u -= p.Row(i)[labels[i]]) > 0) labels[i]++;
        }
        return (logits, labels);
    }
}
