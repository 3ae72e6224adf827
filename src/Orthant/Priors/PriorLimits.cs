using MathNet.Numerics;

namespace Orthant.Priors;

/// <summary>The normal law that one output tends to as widths grow at fixed depth (R. M. Neal; the "neural network Gaussian process").</summary>
/// <param name="Std">Standard deviation.</param>
public readonly record struct NormalLimit(double Std)
{
    /// <summary>Density.</summary>
    /// <param name="x">Any number.</param>
    public double Pdf(double x) => Math.Exp(LogPdf(x));

    /// <summary>Logarithm of the density.</summary>
    /// <param name="x">Any number.</param>
    public double LogPdf(double x) => -0.5 * (x / Std) * (x / Std) - Math.Log(Std) - 0.91893853320467274178;

    /// <summary>P(X ≤ x).</summary>
    /// <param name="x">Any number.</param>
    public double Cdf(double x) => 0.5 * SpecialFunctions.Erfc(-x / Std / Constants.Sqrt2);

    /// <summary>P(|X| > r).</summary>
    /// <param name="r">A number that is not negative.</param>
    public double Survival(double r) => SpecialFunctions.Erfc(r / Std / Constants.Sqrt2);
}

/// <summary>The normal law with log-normal variance that one output tends to as width and depth grow together at fixed β = Σ 1/d.</summary>
/// <remarks>log V is normal with variance 5β (2β without ReLU) and a mean that keeps E V (L. Noci et al., 2021). Expectations over log V are
/// trapezoid sums, which are exact to rounding here.</remarks>
/// <param name="LogVarianceMean">Mean of log V.</param>
/// <param name="LogVarianceStd">Standard deviation of log V.</param>
public readonly record struct LogNormalMixtureLimit(double LogVarianceMean, double LogVarianceStd)
{
    private const int Nodes = 60;
    private const double Step = 0.15;

    /// <summary>Density.</summary>
    /// <param name="x">Any number.</param>
    public double Pdf(double x)
    {
        double sum = 0;
        foreach ((double weight, double std) in Mixture()) sum += weight * new NormalLimit(std).Pdf(x);
        return sum;
    }

    /// <summary>P(X ≤ x).</summary>
    /// <param name="x">Any number.</param>
    public double Cdf(double x)
    {
        double sum = 0;
        foreach ((double weight, double std) in Mixture()) sum += weight * new NormalLimit(std).Cdf(x);
        return sum;
    }

    /// <summary>P(|X| > r).</summary>
    /// <param name="r">A number that is not negative.</param>
    public double Survival(double r)
    {
        double sum = 0;
        foreach ((double weight, double std) in Mixture()) sum += weight * new NormalLimit(std).Survival(r);
        return sum;
    }

    private IEnumerable<(double Weight, double Std)> Mixture()
    {
        for (int i = -Nodes; i <= Nodes; i++)
        {
            double z = i * Step;
            yield return (Step * 0.39894228040143267794 * Math.Exp(-0.5 * z * z), Math.Exp(0.5 * (LogVarianceMean + z * LogVarianceStd)));
        }
    }
}

public sealed partial class PriorPredictive
{
    /// <summary>The normal law of infinite width: same variance.</summary>
    /// <exception cref="OrthantInputException">The quantity has no such limit: it is no output or unit before an activation, or an atom.
    /// </exception>
    public NormalLimit Normal()
    {
        NeedLimit();
        return new NormalLimit(Math.Exp(_logRms));
    }

    /// <summary>The normal law with log-normal variance of infinite width and depth: same variance, and Var log V = Σ of the layers' leading
    /// terms (5/d for ReLU, 2/d for linear layers, in general the kurtosis' excess a layer).</summary>
    /// <exception cref="OrthantInputException">The quantity has no such limit: it is no output or unit before an activation, or an atom.
    /// </exception>
    public LogNormalMixtureLimit LogNormalMixture()
    {
        NeedLimit();
        double variance = 0;
        foreach ((MellinFactor factor, int count) in Stack.NormFactors)
        {
            // E Q^2/(E Q)^2 - 1: 5/d, 2/d and what stands for them in other layers.
            variance += count * (Math.Exp(factor.LogReal(4).Hi) - 1);
        }
        return new LogNormalMixtureLimit(2 * _logRms - 0.5 * variance, Math.Sqrt(variance));
    }

    /// <summary>sup over x of |F(x) − Φ(x/σ)|, the Kolmogorov–Smirnov distance to the normal law of infinite width; .344 β to first order.
    /// </summary>
    /// <exception cref="OrthantInputException">The quantity has no normal limit.</exception>
    public double KolmogorovDistanceToNormal()
    {
        NormalLimit normal = Normal();
        return Distance(r => normal.Survival(r));
    }

    /// <summary>sup over x of |F(x) − G(x)|, G being the normal law with log-normal variance.</summary>
    /// <exception cref="OrthantInputException">The quantity has no such limit.</exception>
    public double KolmogorovDistanceToMixture()
    {
        LogNormalMixtureLimit mixture = LogNormalMixture();
        return Distance(mixture.Survival);
    }

    /// <summary>The Kullback–Leibler divergence of the law given X ≠ 0 from the normal law of infinite width, in nats.</summary>
    /// <remarks>With the atom included the divergence would be infinite.</remarks>
    /// <exception cref="OrthantInputException">The quantity has no normal limit.</exception>
    public double KullbackLeiblerToNormal()
    {
        NormalLimit normal = Normal();
        double sum = 0;
        foreach ((double y, double log) in DensityGrid())
        {
            double r = Math.Exp(y + _logScale.Hi), weight = Math.Exp(log - _law!.LogAlive);
            sum += weight * (log - _law.LogAlive - Math.Log(2) - y - _logScale.Hi - normal.LogPdf(r));
        }
        return sum * GridStep;
    }

    private void NeedLimit()
    {
        if (!IsSymmetric || IsAtom)
        {
            throw new OrthantInputException("prior", "limit", IsAtom ? "an atom" : $"{Quantity.Kind}", "an output or a unit before its activation");
        }
    }

    /// <summary>Both laws are symmetric: half the largest difference of P(|X| > r), at a grid of log r refined around its best point.</summary>
    private double Distance(Func<double, double> survival)
    {
        double Difference(double y) => 0.5 * Math.Abs(Survival(Math.Exp(y)) - survival(Math.Exp(y)));
        double best = 0.5 * AtomAtZero, at = double.NaN;
        const double step = 0.05;
        double low = Math.Min(LogMean - 8 * Math.Sqrt(LogVariance), _logRms - 8), high = _logRms + 4;
        for (double y = low; y <= high; y += step)
        {
            double difference = Difference(y);
            if (difference > best) (best, at) = (difference, y);
        }
        if (double.IsNaN(at)) return best;
        (double a, double b) = (at - step, at + step);
        for (int i = 0; i < 60; i++)
        {
            double third = (b - a) / 3;
            if (Difference(a + third) < Difference(b - third)) a += third;
            else b -= third;
        }
        return Math.Max(best, Difference(0.5 * (a + b)));
    }
}
