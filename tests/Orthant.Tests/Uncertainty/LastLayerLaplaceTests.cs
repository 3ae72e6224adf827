using System.Text.Json;
using Orthant.Numerics;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.RecalibrationTests;
using static Orthant.Tests.Uncertainty.UncertaintyCases;

namespace Orthant.Tests.Uncertainty;

public class LastLayerLaplaceTests
{
    [Fact]
    public void Precision_covariance_and_probit_are_those_of_the_case()
    {
        JsonElement data = Read("08_last_layer_laplace.json");
        double[] features = data.GetProperty("features").Numbers();
        LastLayerLaplace laplace = LastLayerLaplace.Fit(
            features, new int[12], data.GetProperty("W").Numbers(), data.GetProperty("b").Numbers(), data.Number("prior_precision"));
        Near(data.GetProperty("posterior_precision").Numbers(), laplace.Precision());
        foreach (JsonElement prediction in data.GetProperty("predictions").EnumerateArray())
        {
            double[] x = prediction.GetProperty("x").Numbers();
            (double[] mean, double[] covariance) = laplace.Predict(x);
            Near(prediction.GetProperty("mean").Numbers(), mean);
            Near(prediction.GetProperty("cov").Numbers(), covariance);
            Near(prediction.GetProperty("probit").Numbers(), laplace.Probit(x).Row(0).ToArray());
        }
    }

    [Theory]
    [InlineData(LaplaceStructure.Full)]
    [InlineData(LaplaceStructure.Diagonal)]
    [InlineData(LaplaceStructure.Kronecker)]
    public void A_covariance_is_that_of_the_inverse_precision_and_the_prior_is_the_best(LaplaceStructure structure)
    {
        (double[] x, int[] labels, double[] w, double[] b) = Layer();
        LastLayerLaplace best = LastLayerLaplace.Fit(x, labels, w, b, null, structure);
        Assert.All((double[])[0.5, 0.9, 1.1, 2], f =>
            Assert.True(LastLayerLaplace.Fit(x, labels, w, b, best.PriorPrecision * f, structure).LogMarginalLikelihood < best.LogMarginalLikelihood));
        double[] precision = best.Precision(), point = [0.3, -1, 2];
        (_, double[] covariance) = best.Predict(point);
        int size = 12;
        Cholesky factor = new(size, [.. precision], 0);
        for (int k = 0; k < 3; k++)
        {
            double[] j = new double[size];
            for (int i = 0; i < 4; i++) j[(k * 4) + i] = i < 3 ? point[i] : 1;
            double[] solved = [.. j];
            factor.Solve(solved);
            for (int l = 0; l < 3; l++) Assert.Equal(Enumerable.Range(0, 4).Sum(i => solved[(l * 4) + i] * (i < 3 ? point[i] : 1)), covariance[(l * 3) + k], 1e-9);
        }
    }

    [Fact]
    public void One_sample_makes_the_Kronecker_form_exact()
    {
        (double[] x, int[] labels, double[] w, double[] b) = Layer();
        Near(
            LastLayerLaplace.Fit(x.AsSpan(0, 3), labels.AsSpan(0, 1), w, b, 0.5).Precision(),
            LastLayerLaplace.Fit(x.AsSpan(0, 3), labels.AsSpan(0, 1), w, b, 0.5, LaplaceStructure.Kronecker).Precision());
    }

    [Fact]
    public void Draws_have_the_probabilities_of_the_normal_law()
    {
        (double[] x, int[] labels, double[] w, double[] b) = Layer();
        LastLayerLaplace sure = LastLayerLaplace.Fit(x, labels, w, b, 1e8), unsure = LastLayerLaplace.Fit(x, labels, w, b, 0.1);
        double[] point = [2, 2, 2];
        PredictiveDistribution narrow = sure.Sample(point, 400, 1), wide = unsure.Sample(point, 400, 1);
        Near(ClassProbabilities.FromLogits(sure.Predict(point).Mean, 3).Row(0).ToArray(), narrow.Mean.Row(0).ToArray(), 1e-3);
        Assert.True(wide.MutualInformation.Span[0] > 100 * Math.Abs(narrow.MutualInformation.Span[0]));
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_line()
    {
        Assert.Contains("whole rows of 2", Refusal(() => LastLayerLaplace.Fit([1, 2, 3], [0], [1, 2, 3, 4], [0, 0])));
        Assert.Contains("prior precision", Refusal(() => LastLayerLaplace.Fit([1, 2], [0], [1, 2, 3, 4], [0, 0], 0)));
        Assert.Contains("labels", Refusal(() => LastLayerLaplace.Fit([1, 2], [0, 1], [1, 2, 3, 4], [0, 0])));
    }

    private static (double[] X, int[] Labels, double[] W, double[] B) Layer()
    {
        RandomStream random = new(3);
        double[] x = new double[60], w = new double[9], b = [0.1, -0.2, 0.3];
        random.FillNormals(x);
        random.FillNormals(w);
        return (x, [.. Enumerable.Range(0, 20).Select(i => i % 3)], w, b);
    }

    private static void Near(double[] expected, double[] actual, double tolerance = 1e-10)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), x => Assert.Equal(x.First, x.Second, tolerance));
    }
}
