using MathNet.Numerics;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>Mean and variance that a random law gives a sum of units, in closed form.</summary>
/// <remarks>
/// <para>With h⁺ = max(h, 0) and h⁻ = min(h, 0), a law of right slope of mean 1 and variance r, left slope of mean m and variance v gives Σ w_j g_j, given h,</para>
/// <code>
///     mean       Σ w_j (h_j⁺ + m h_j⁻)
///     variance   Σ w_j² (r (h_j⁺)² + v (h_j⁻)²)
/// </code>
/// <para>Dropout has r alone: it disturbs active units. All the others have v alone: they disturb inactive ones. It follows that for normal h the ratio
/// E(h⁻)²/E(h⁺)² decides which family injects more.</para>
/// </remarks>
public static class VarianceFormulas
{
    /// <summary>Mean and variance of Σ w_j g_j over the law's draws, for given pre-activations.</summary>
    /// <param name="law">The law.</param>
    /// <param name="preactivations">h, one number a unit.</param>
    /// <param name="weights">w, one number a unit.</param>
    public static (double Mean, double Variance) Sum(ActivationLaw law, ReadOnlySpan<double> preactivations, ReadOnlySpan<double> weights)
    {
        ArgumentNullException.ThrowIfNull(law);
        if (preactivations.Length != weights.Length) throw new ArgumentException($"{preactivations.Length} units were given {weights.Length} weights.");
        double mean = 0, variance = 0;
        for (int j = 0; j < weights.Length; j++)
        {
            double h = preactivations[j], w = weights[j];
            mean += w * h * (h > 0 ? 1 : law.MeanSlope);
            variance += w * w * h * h * (h > 0 ? law.RightVariance : law.SlopeVariance);
        }
        return (mean, variance);
    }

    /// <summary>Mean vector and covariance matrix of the outputs of a dense layer over the law's draws of its inputs' units.</summary>
    /// <param name="law">The law.</param>
    /// <param name="preactivations">h, one number a unit.</param>
    /// <param name="weights">outputs × units; biases are left out, as they move the mean alone.</param>
    /// <returns>The mean of each output, and outputs × outputs covariances: W diag(v_a h²) Wᵀ.</returns>
    public static (double[] Mean, double[,] Covariance) Layer(ActivationLaw law, ReadOnlySpan<double> preactivations, double[,] weights)
    {
        ArgumentNullException.ThrowIfNull(law);
        ArgumentNullException.ThrowIfNull(weights);
        int outputs = weights.GetLength(0);
        if (weights.GetLength(1) != preactivations.Length) throw new ArgumentException($"{preactivations.Length} units were given {weights.GetLength(1)} columns of weights.");
        double[] mean = new double[outputs];
        double[,] covariance = new double[outputs, outputs];
        for (int j = 0; j < preactivations.Length; j++)
        {
            double h = preactivations[j], variance = h * h * (h > 0 ? law.RightVariance : law.SlopeVariance);
            for (int i = 0; i < outputs; i++)
            {
                mean[i] += weights[i, j] * h * (h > 0 ? 1 : law.MeanSlope);
                for (int k = 0; k < outputs; k++) covariance[i, k] += weights[i, j] * weights[k, j] * variance;
            }
        }
        return (mean, covariance);
    }

    /// <summary>One unit whose pre-activation is normal.</summary>
    /// <param name="law">The law.</param>
    /// <param name="mean">The mean of h.</param>
    /// <param name="deviation">The standard deviation of h, positive.</param>
    public static UnitVariance NormalUnit(ActivationLaw law, double mean, double deviation)
    {
        ArgumentNullException.ThrowIfNull(law);
        if (!(deviation > 0)) throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "Expected a positive number.");
        double z = mean / deviation, cumulative = SpecialFunctions.Erfc(-z / Constants.Sqrt2) / 2, density = Math.Exp(-z * z / 2) / Constants.Sqrt2Pi;
        // E h⁺ = μ Φ(z) + σ φ(z), and E (h⁺)² = (μ² + σ²) Φ(z) + μ σ φ(z); h⁻ takes what they leave of h.
        double first = (mean * cumulative) + (deviation * density), second = (((mean * mean) + (deviation * deviation)) * cumulative) + (mean * deviation * density);
        double left = mean - first, leftSecond = (mean * mean) + (deviation * deviation) - second;
        double slope = law.MeanSlope, average = first + (slope * left);
        double total = ((1 + law.RightVariance) * second) + (((slope * slope) + law.SlopeVariance) * leftSecond) - (average * average);
        double injected = (law.RightVariance * second) + (law.SlopeVariance * leftSecond);
        return new UnitVariance(average, total, injected, leftSecond / second);
    }
}

/// <summary>What a law does to a unit of random pre-activation.</summary>
/// <param name="Mean">The mean of the unit's output.</param>
/// <param name="Total">The variance of the unit's output, over pre-activations and draws.</param>
/// <param name="Injected">The mean variance over draws alone.</param>
/// <param name="InactiveRatio">E(h⁻)²/E(h⁺)²: how much more there is for laws of the left slope to work on than for dropout.</param>
public sealed record UnitVariance(double Mean, double Total, double Injected, double InactiveRatio);
