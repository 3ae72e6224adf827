using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Orthant.Priors;

/// <summary>How well samples agree with a prior's law: the share of zeros, and the rest by two tests of fit.</summary>
/// <param name="Count">Number of samples n.</param>
/// <param name="Zeros">Number of samples that are exactly 0.</param>
/// <param name="AtomAtZero">Probability of exactly 0 by the law.</param>
/// <param name="AtomPValue">Probability, by the law, of a number of zeros at least as unlikely (two-sided binomial test).</param>
/// <param name="Kolmogorov">Kolmogorov–Smirnov distance of the other samples from the law given X ≠ 0; 0 without such samples.</param>
/// <param name="KolmogorovPValue">Its p-value (M. A. Stephens' correction of the limiting law); 1 without such samples.</param>
/// <param name="AndersonDarling">Anderson–Darling statistic A², which weighs the tails; 0 without such samples.</param>
/// <param name="AndersonDarlingPValue">Its p-value, by the limiting law; 1 without such samples.</param>
public sealed record PriorFit(
    int Count,
    int Zeros,
    double AtomAtZero,
    double AtomPValue,
    double Kolmogorov,
    double KolmogorovPValue,
    double AndersonDarling,
    double AndersonDarlingPValue)
{
    /// <summary>Tests samples against a law.</summary>
    /// <param name="law">The law.</param>
    /// <param name="samples">Independent samples of the quantity, with their signs.</param>
    /// <exception cref="OrthantInputException">There are no samples, one is not finite, or one is negative where the quantity cannot be.</exception>
    public static PriorFit Test(PriorPredictive law, ReadOnlySpan<double> samples)
    {
        ArgumentNullException.ThrowIfNull(law);
        return Test(samples, law.AtomAtZero, law.IsAtom ? 0 : Math.Exp(law.LogAlive), law.IsSymmetric, law.Survival, law.LowerMass);
    }

    /// <summary>Tests samples against the law of a network with biases or of noisy outputs.</summary>
    /// <param name="law">The law.</param>
    /// <param name="samples">Independent samples of the quantity, with their signs.</param>
    /// <exception cref="OrthantInputException">There are no samples, one is not finite, or one is negative where the quantity cannot be.</exception>
    public static PriorFit Test(NormalVarianceMixture law, ReadOnlySpan<double> samples)
    {
        ArgumentNullException.ThrowIfNull(law);
        return Test(samples, law.AtomAtZero, law.SecondMoment > 0 ? 1 - law.AtomAtZero : 0, law.IsSymmetric, law.Survival, law.LowerMass);
    }

    private static PriorFit Test(
        ReadOnlySpan<double> samples, double atomAtZero, double alive, bool isSymmetric, Func<double, double> survival, Func<double, double> lowerMass)
    {
        if (samples.IsEmpty) throw new OrthantInputException("samples", string.Empty, "none", "at least one");
        List<double> living = new(samples.Length);
        for (int i = 0; i < samples.Length; i++)
        {
            double x = samples[i];
            if (!double.IsFinite(x) || (x < 0 && !isSymmetric))
            {
                throw new OrthantInputException("samples", $"number {i + 1}", FormattableString.Invariant($"{x}"),
                    isSymmetric ? "a finite number" : "a finite number, at least 0");
            }
            if (x != 0) living.Add(x);
        }
        int n = samples.Length, zeros = n - living.Count;
        bool isAtom = alive == 0;
        double atom = BinomialPValue(n, zeros, atomAtZero);
        if (living.Count == 0 || isAtom) return new(n, zeros, atomAtZero, atom, 0, isAtom && zeros < n ? 0 : 1, 0, isAtom && zeros < n ? 0 : 1);
        living.Sort();
        double[] below = new double[living.Count], above = new double[living.Count];
        for (int i = 0; i < living.Count; i++)
        {
            double x = living[i], r = Math.Abs(x);
            // Given X != 0; each tail from the side where it keeps its digits.
            double upper = survival(r) / alive, lower = lowerMass(r) / alive;
            (below[i], above[i]) = !isSymmetric ? (lower, upper)
                : x < 0 ? (0.5 * upper, 1 - 0.5 * upper) : (1 - 0.5 * upper, 0.5 * upper);
        }
        (double distance, double square) = Statistics(below, above);
        double scaled = distance * (Math.Sqrt(living.Count) + 0.12 + 0.11 / Math.Sqrt(living.Count));
        return new(n, zeros, atomAtZero, atom, distance, KolmogorovTail(scaled), square, AndersonDarlingTail(square));
    }

    /// <summary>P(√n D > x) in the limit: 2 Σ (−1)^(k−1) exp(−2k²x²).</summary>
    /// <param name="x">A number.</param>
    internal static double KolmogorovTail(double x)
    {
        if (x <= 0) return 1;
        double sum = 0;
        if (x > 1)
        {
            for (int k = 1; k <= 20; k++) sum += ((k & 1) == 1 ? 2 : -2) * Math.Exp(-2.0 * k * k * x * x);
            return Math.Clamp(sum, 0, 1);
        }
        // The same function by its theta transform, which converges fast for small x.
        for (int k = 1; k <= 40; k += 2) sum += Math.Exp(-k * k * Math.PI * Math.PI / (8 * x * x));
        return Math.Clamp(1 - Math.Sqrt(2 * Math.PI) / x * sum, 0, 1);
    }

    /// <summary>P(A² > z) in the limit, by the series of T. W. Anderson and D. A. Darling (1952).</summary>
    /// <param name="z">A number.</param>
    internal static double AndersonDarlingTail(double z)
    {
        if (z <= 0) return 1;
        // P(A^2 < z) = sqrt(2 pi)/z sum C(-1/2, j)(4j+1) e^(-u) int_0^inf exp(z/(8(w^2+1)) - u w^2) dw, u = (4j+1)^2 pi^2/(8z).
        double sum = 0, binomial = 1;
        for (int j = 0; j < 60; j++)
        {
            double u = (4 * j + 1) * (4 * j + 1) * Math.PI * Math.PI / (8 * z), integral = 0, scale = 1 / Math.Sqrt(u);
            const double step = 0.05;
            for (int i = 0; i <= 140; i++)
            {
                double v = i * step, w = v * scale;
                integral += (i == 0 ? 0.5 : 1) * Math.Exp(z / (8 * (w * w + 1)) - v * v - u);
            }
            double term = binomial * (4 * j + 1) * integral * step * scale;
            sum += term;
            if (Math.Abs(term) < 1e-17 * Math.Abs(sum)) break;
            binomial *= -(0.5 + j) / (j + 1);
        }
        return Math.Clamp(1 - Math.Sqrt(2 * Math.PI) / z * sum, 0, 1);
    }

    private static double BinomialPValue(int n, int zeros, double p)
    {
        if (p <= 0) return zeros == 0 ? 1 : 0;
        if (p >= 1) return zeros == n ? 1 : 0;
        // Twice the smaller tail, both including what was seen.
        double low = Binomial.CDF(p, n, zeros), high = zeros == 0 ? 1 : SpecialFunctions.BetaRegularized(zeros, n - zeros + 1, p);
        return Math.Min(1, 2 * Math.Min(low, high));
    }

    /// <summary>Kolmogorov–Smirnov distance and Anderson–Darling statistic of sorted samples.</summary>
    /// <param name="below">P(X ≤ x) of each.</param>
    /// <param name="above">P(X > x) of each.</param>
    internal static (double Kolmogorov, double AndersonDarling) Statistics(double[] below, double[] above)
    {
        int n = below.Length;
        double distance = 0, sum = 0;
        for (int i = 0; i < n; i++)
        {
            distance = Math.Max(distance, Math.Max(below[i] - (double)i / n, (i + 1.0) / n - below[i]));
            sum += (2 * i + 1.0) / n * (Math.Log(Math.Max(below[i], double.Epsilon)) + Math.Log(Math.Max(above[n - 1 - i], double.Epsilon)));
        }
        return (distance, -n - sum);
    }
}
