using System.Buffers;
using MathNet.Numerics;

namespace Orthant.Priors;

/// <summary>A centred normal law whose variance is random, of one number or of the norm of several that share the variance: a finite sum of
/// normal laws that stands for an integral over the variance.</summary>
/// <remarks>The integral is a trapezoid sum in the logarithm of the variance, of spectral accuracy. A variance of 0 is an atom at 0.</remarks>
public sealed class NormalVarianceMixture
{
    private readonly double[] _logWeight;
    private readonly double[] _variance;
    private readonly ChiTail? _norm;
    private readonly double _logSides;

    /// <summary>The law of a number, of its positive part, or of a norm.</summary>
    /// <param name="parts">Weights that add up to 1 and variances of one number.</param>
    /// <param name="components">Numbers whose norm the law is about; with 1, of one number with its sign.</param>
    /// <param name="rectified">Whether negative numbers become 0; of one number.</param>
    internal NormalVarianceMixture(IEnumerable<(double Weight, double Variance)> parts, int components = 1, bool rectified = false)
    {
        Components = components;
        IsSymmetric = components == 1 && !rectified;
        if (components > 1) _norm = new ChiTail(components);
        // A density on one side has both.
        _logSides = rectified ? Math.Log(2) : 0;
        double share = rectified ? 0.5 : 1;
        (double Weight, double Variance)[] all = [.. parts.Where(part => part.Weight > 0)];
        (double Weight, double Variance)[] kept = [.. all.Where(part => part.Variance > 0).Select(part => (share * part.Weight, part.Variance))];
        AtomAtZero = all.Where(part => part.Variance == 0).Sum(part => part.Weight) + (rectified ? kept.Sum(part => part.Weight) : 0);
        _logWeight = [.. kept.Select(part => Math.Log(part.Weight))];
        _variance = [.. kept.Select(part => part.Variance)];
        // E R² = k V and E R⁴ = k (k + 2) V².
        SecondMoment = components * kept.Sum(part => part.Weight * part.Variance);
        double fourth = components * (components + 2.0) * kept.Sum(part => part.Weight * part.Variance * part.Variance);
        Kurtosis = SecondMoment > 0 ? fourth / (SecondMoment * SecondMoment) : 0;
    }

    /// <summary>The number k of normal numbers whose norm the law is about; 1 for one number.</summary>
    public int Components { get; }

    /// <summary>Whether the law is of a number with its sign; otherwise it is of one that is not negative.</summary>
    public bool IsSymmetric { get; }

    /// <summary>Probability of exactly 0.</summary>
    public double AtomAtZero { get; }

    /// <summary>E X², the atom included.</summary>
    public double SecondMoment { get; }

    /// <summary>Fourth moment over squared variance, the atom included; 0 for an atom alone.</summary>
    public double Kurtosis { get; }

    /// <summary>Density of the continuous part.</summary>
    /// <param name="x">Any number; NaN is refused.</param>
    public double Pdf(double x) => Math.Exp(LogPdf(x));

    /// <summary>Logarithm of the density of the continuous part; −∞ where X cannot be.</summary>
    /// <param name="x">Any number; NaN is refused.</param>
    public double LogPdf(double x)
    {
        Refuse(x);
        if (x < 0 && !IsSymmetric) return double.NegativeInfinity;
        return LogSum(i => _logWeight[i] + (_norm is ChiTail norm ? norm.LogDensity(x, _variance[i]) : _logSides - 0.5 * x * x / _variance[i] - 0.5 * Math.Log(2 * Math.PI * _variance[i])));
    }

    /// <summary>P(X ≤ x).</summary>
    /// <param name="x">Any number; NaN is refused.</param>
    public double Cdf(double x) => !IsSymmetric ? x < 0 ? 0 : 1 - Survival(x)
        : x < 0 ? 0.5 * Survival(-x) : 1 - 0.5 * Survival(x);

    /// <summary>P(|X| > r).</summary>
    /// <param name="r">A number; below 0 the answer is 1.</param>
    public double Survival(double r) => Math.Exp(LogSurvival(r));

    /// <summary>log P(|X| > r).</summary>
    /// <param name="r">A number; below 0 the answer is 0.</param>
    public double LogSurvival(double r)
    {
        Refuse(r);
        return r < 0 ? 0 : LogSum(i => _logWeight[i] + (_norm is ChiTail norm ? norm.LogUpper(r, _variance[i]) : LogErfc(r / Math.Sqrt(2 * _variance[i]))));
    }

    /// <summary>P(0 &lt; |X| ≤ r), without the atom.</summary>
    /// <param name="r">A number.</param>
    public double LowerMass(double r) => Math.Exp(LogLowerMass(r));

    /// <summary>log P(0 &lt; |X| ≤ r).</summary>
    /// <param name="r">A number; -∞ up to 0.</param>
    public double LogLowerMass(double r)
    {
        Refuse(r);
        return r <= 0 ? double.NegativeInfinity : LogSum(i => _logWeight[i] + (_norm is ChiTail norm ? norm.LogLower(r, _variance[i]) : LogErf(r / Math.Sqrt(2 * _variance[i]))));
    }

    /// <summary>The r with P(|X| ≤ r) = p; 0 up to the atom's probability.</summary>
    /// <param name="p">Between 0 and 1, both excluded.</param>
    /// <exception cref="OrthantInputException">The level is not between 0 and 1.</exception>
    public double Quantile(double p)
    {
        RefuseLevel(p);
        if (p <= AtomAtZero || _variance.Length == 0) return 0;
        // From the side on which the probability keeps its digits.
        double inside = p - AtomAtZero;
        return inside < 0.5 ? Solve(r => LowerMass(r) < inside) : Solve(r => Survival(r) > 1 - p);
    }

    /// <summary>The r with P(|X| > r) = p, for levels too near 1 for <see cref="Quantile"/>; 0 where even P(X ≠ 0) is smaller.</summary>
    /// <param name="p">Between 0 and 1, both excluded.</param>
    /// <exception cref="OrthantInputException">The level is not between 0 and 1.</exception>
    public double UpperQuantile(double p)
    {
        RefuseLevel(p);
        if (_variance.Length == 0 || p >= 1 - AtomAtZero) return 0;
        double inside = 1 - AtomAtZero - p;
        return inside < p ? Solve(r => LowerMass(r) < inside) : Solve(r => Survival(r) > p);
    }

    private static void RefuseLevel(double p)
    {
        if (!(p > 0 && p < 1)) throw new OrthantInputException("prior", "level", FormattableString.Invariant($"{p}"), "a number between 0 and 1");
    }

    /// <summary>Where a condition on r that holds near 0 ends, by bisection of the logarithm: the law spans many powers of ten.</summary>
    private double Solve(Func<double, bool> isBelow)
    {
        double low = Math.Sqrt(SecondMoment), high = low;
        while (isBelow(high)) high *= 2;
        while (low > 1e-300 && !isBelow(low)) low /= 2;
        while (high / low - 1 > 4e-16)
        {
            double middle = Math.Sqrt(low) * Math.Sqrt(high);
            if (middle <= low || middle >= high) break;
            if (isBelow(middle)) low = middle;
            else high = middle;
        }
        return high;
    }

    /// <summary>The normal law of the same variance.</summary>
    /// <exception cref="OrthantInputException">The law is an atom, or of a number that is not negative.</exception>
    public NormalLimit Normal() => SecondMoment > 0 && IsSymmetric
        ? new NormalLimit(Math.Sqrt(SecondMoment))
        : throw new OrthantInputException("prior", "limit", IsSymmetric ? "an atom" : "a law on one side of 0", "a symmetric law that varies");

    /// <summary>sup over x of |F(x) − Φ(x/σ)| at a grid of log x of step 0.01, of the normal law of the same variance.</summary>
    /// <exception cref="OrthantInputException">The law is an atom, or of a number that is not negative.</exception>
    public double KolmogorovDistanceToNormal()
    {
        NormalLimit normal = Normal();
        double best = 0.5 * AtomAtZero;
        for (int i = -1500; i <= 300; i++)
        {
            double r = normal.Std * Math.Exp(0.01 * i);
            best = Math.Max(best, 0.5 * Math.Abs(Survival(r) - normal.Survival(r)));
        }
        return best;
    }

    /// <summary>log erfc(x) for x ≥ 0; by its asymptotic series where erfc underflows.</summary>
    private static double LogErfc(double x)
    {
        if (x < 25) return Math.Log(SpecialFunctions.Erfc(x));
        double w = 1 / (2 * x * x);
        return -x * x - Math.Log(x) - 0.57236494292470008707 + Math.Log(1 - w * (1 - 3 * w * (1 - 5 * w)));
    }

    /// <summary>log erf(x) for x > 0; by its first terms where they are all.</summary>
    private static double LogErf(double x) =>
        x < 1e-6 ? Math.Log(x) + 0.12078223763524522 - x * x / 3 : Math.Log(SpecialFunctions.Erf(x));

    private static void Refuse(double x)
    {
        if (double.IsNaN(x)) throw new OrthantInputException("prior", "point", "NaN", "a number");
    }

    private double LogSum(Func<int, double> log)
    {
        double[] logs = ArrayPool<double>.Shared.Rent(_variance.Length);
        double largest = double.NegativeInfinity, sum = 0;
        for (int i = 0; i < _variance.Length; i++) largest = Math.Max(largest, logs[i] = log(i));
        if (!double.IsNegativeInfinity(largest))
        {
            for (int i = 0; i < _variance.Length; i++) sum += Math.Exp(logs[i] - largest);
        }
        ArrayPool<double>.Shared.Return(logs);
        if (sum == 0) return double.NegativeInfinity;
        return largest + Math.Log(sum);
    }
}
