using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Uncertainty;

/// <summary>The squared Mahalanobis distance of features to the nearest class mean, under one covariance of all classes.</summary>
/// <remarks>The covariance is that of features around their class's mean, over the number of samples, plus a ridge relative to its mean
/// diagonal, so that features
/// that never vary do no harm. Source: Lee, Lee, Lee and Shin, NeurIPS 2018. Immutable, safe to share.</remarks>
public sealed class MahalanobisScore
{
    private readonly int width;
    private readonly List<double[]> means = [];
    private readonly List<double[]> solvedMeans = [];
    private readonly Cholesky factor;

    private MahalanobisScore(double[] features, int[] labels, double ridge)
    {
        width = features.Length / labels.Length;
        double[] covariance = new double[width * width], d = new double[width];
        foreach (IGrouping<int, int> group in Enumerable.Range(0, labels.Length).GroupBy(i => labels[i]).OrderBy(g => g.Key))
        {
            double[] mean = new double[width];
            foreach (int i in group) TensorPrimitives.Add(mean, features.AsSpan(i * width, width), mean);
            TensorPrimitives.Divide(mean, group.Count(), mean);
            means.Add(mean);
            foreach (int i in group)
            {
                TensorPrimitives.Subtract(features.AsSpan(i * width, width), mean, d);
                for (int r = 0; r < width; r++)
                {
                    Span<double> row = covariance.AsSpan(r * width, r + 1);
                    TensorPrimitives.MultiplyAdd(d.AsSpan(0, r + 1), d[r] / labels.Length, row, row);
                }
            }
        }
        double diagonal = Enumerable.Range(0, width).Average(j => covariance[(j * width) + j]);
        for (int j = 0; j < width; j++) covariance[(j * width) + j] += diagonal > 0 ? ridge * diagonal : 1;
        factor = new Cholesky(width, covariance, 0);
        foreach (double[] mean in means)
        {
            double[] solved = [.. mean];
            factor.Solve(solved);
            solvedMeans.Add(solved);
        }
    }

    /// <summary>Learns means and covariance.</summary>
    /// <param name="features">samples × features finite numbers of training data.</param>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="ridge">What is added to the diagonal, in units of its mean; positive.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows, or one is not finite.</exception>
    public static MahalanobisScore Fit(ReadOnlySpan<double> features, ReadOnlySpan<int> labels, double ridge = 1e-6)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ridge);
        NeighbourScore.CheckFeatures(features, labels.Length);
        return new MahalanobisScore(features.ToArray(), labels.ToArray(), ridge);
    }

    /// <summary>The score of each sample.</summary>
    /// <param name="features">samples × features numbers.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows.</exception>
    public double[] Of(ReadOnlySpan<double> features)
    {
        if (features.Length % width != 0) throw new OrthantInputException("features", "", $"{features.Length} numbers",
            $"whole rows of {width}");
        // With S the covariance, S⁻¹(x − m) is S⁻¹x − S⁻¹m: one solution a sample, whatever the number of classes.
        double[] scores = new double[features.Length / width], d = new double[width], solved = new double[width], own = new double[width];
        for (int i = 0; i < scores.Length; i++)
        {
            ReadOnlySpan<double> x = features.Slice(i * width, width);
            x.CopyTo(own);
            factor.Solve(own);
            scores[i] = double.PositiveInfinity;
            for (int k = 0; k < means.Count; k++)
            {
                TensorPrimitives.Subtract(x, means[k], d);
                TensorPrimitives.Subtract(own, solvedMeans[k], solved);
                scores[i] = Math.Min(scores[i], TensorPrimitives.Dot<double>(d, solved));
            }
        }
        return scores;
    }
}
