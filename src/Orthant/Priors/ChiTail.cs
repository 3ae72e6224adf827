using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>Logarithms of density and tails of the norm R of k independent normal numbers of variance V.</summary>
/// <remarks>With a = k/2 and x = r²/2V, P(R ≤ r) is the incomplete gamma ratio P(a, x) and P(R > r) is Q(a, x) (Abramowitz and Stegun 6.5). P by
/// its power series (6.5.29) left of a + 1, Q by its continued fraction (6.5.31) right of it, each with the common factor
/// x^a e^−x / Γ(a) in pairs of doubles: its terms cancel for large a. The other tail is the complement, which is then at least 0.08.</remarks>
internal readonly struct ChiTail
{
    private const double Negligible = 1e-17;

    private readonly double half;
    private readonly DoubleDouble logGamma;

    /// <summary>For the norm of k numbers.</summary>
    /// <param name="components">k, at least 1.</param>
    public ChiTail(int components)
    {
        half = 0.5 * components;
        logGamma = LogGammaRatio.LogGamma(half);
    }

    /// <summary>The logarithm of R's density.</summary>
    /// <param name="r">Not negative.</param>
    /// <param name="variance">V, positive.</param>
    public double LogDensity(double r, double variance) => r == 0
        ? half == 0.5 ? 0.5 * Math.Log(2 / (Math.PI * variance)) : double.NegativeInfinity
        : LogFactor(r / Math.Sqrt(2 * variance)) + Math.Log(2) - Math.Log(r);

    /// <summary>log P(R > r).</summary>
    /// <param name="r">Not negative.</param>
    /// <param name="variance">V, positive.</param>
    public double LogUpper(double r, double variance)
    {
        double t = r / Math.Sqrt(2 * variance);
        return t == 0 ? 0 : t * t < half + 1 ? Complement(LogSeries(t)) : LogFraction(t);
    }

    /// <summary>log P(R ≤ r).</summary>
    /// <param name="r">Not negative.</param>
    /// <param name="variance">V, positive.</param>
    public double LogLower(double r, double variance)
    {
        double t = r / Math.Sqrt(2 * variance);
        return t == 0 ? double.NegativeInfinity : t * t < half + 1 ? LogSeries(t) : Complement(LogFraction(t));
    }

    private static double Complement(double log) => Math.Log(1 - Math.Exp(log));

    /// <summary>log x^a e^−x / Γ(a), x = t², which may underflow.</summary>
    private double LogFactor(double t) => (double)(DoubleDouble.Log(t) * (2 * half) - DoubleDouble.TwoProduct(t, t) - logGamma);

    /// <summary>log P(a, t²) = log factor Σ xⁿ / (a (a+1) … (a+n)).</summary>
    private double LogSeries(double t)
    {
        double x = t * t;
        double term = 1 / half, sum = term;
        for (double a = half + 1; term > Negligible * sum; a++) sum += term *= x / a;
        return LogFactor(t) + Math.Log(sum);
    }

    /// <summary>log Q(a, t²) by the continued fraction in Lentz's form.</summary>
    private double LogFraction(double t)
    {
        double x = t * t;
        if (double.IsInfinity(x)) return double.NegativeInfinity;
        double b = x + 1 - half, c = double.MaxValue, d = 1 / b, value = d;
        for (int i = 1; ; i++)
        {
            double an = -i * (i - half);
            b += 2;
            d = 1 / (an * d + b);
            c = b + an / c;
            double step = c * d;
            value *= step;
            if (Math.Abs(step - 1) < 2e-16 || i == 100_000) break;
        }
        return LogFactor(t) + Math.Log(value);
    }
}
