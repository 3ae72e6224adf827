using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The sizes h_n of the steps of a parametric tail, W_n = I + A h_n: 1/(n + s)^p, qⁿ, or 1/((n + 1) ln^r (n + 1)).</summary>
/// <remarks>Sums beyond a depth are enclosed by Euler and Maclaurin's formula (Boole's for alternating signs): the functions are completely
/// monotone, so that partial sums of the formula enclose the value.</remarks>
public sealed record StepSizes
{
    private enum Law
    {
        Power,
        Geometric,
        LogPower,
    }

    // From here on the formulas are sharp to 1e-16 of what they sum.
    private const int Asymptotic = 128;

    private readonly Law law;

    private StepSizes(Law law, Rational parameter, Rational shift, bool alternating)
    {
        this.law = law;
        Parameter = parameter;
        Shift = shift;
        IsAlternating = alternating;
    }

    /// <summary>p, q or r.</summary>
    public Rational Parameter { get; }

    /// <summary>s of 1/(n + s)^p; zero otherwise.</summary>
    public Rational Shift { get; }

    /// <summary>Whether h_n has the sign (−1)^(n+1).</summary>
    public bool IsAlternating { get; }

    /// <summary>The law's name in sequence files: power, geometric or logPower.</summary>
    public string Kind => law switch { Law.Power => "power", Law.Geometric => "geometric", _ => "logPower" };

    /// <summary>1/(n + shift)^exponent.</summary>
    /// <param name="exponent">p, positive.</param>
    /// <param name="shift">s, more than −1 so that all sizes are positive.</param>
    /// <param name="alternating">Whether signs alternate, +, −, +, … from n = 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The exponent is not positive or the shift at most −1.</exception>
    public static StepSizes Power(Rational exponent, Rational shift = default, bool alternating = false)
    {
        if (exponent.Sign <= 0) throw new ArgumentOutOfRangeException(nameof(exponent), exponent, "The exponent has to be positive.");
        if (shift <= -1) throw new ArgumentOutOfRangeException(nameof(shift), shift, "The shift has to be more than -1.");
        return new StepSizes(Law.Power, exponent, shift, alternating);
    }

    /// <summary>ratioⁿ.</summary>
    /// <param name="ratio">q with 0 &lt; |q| &lt; 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ratio is zero or not less than 1.</exception>
    public static StepSizes Geometric(Rational ratio)
    {
        if (ratio.IsZero || Rational.Abs(ratio) >= 1) throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "The ratio has to lie inside (-1, 1) and not be zero.");
        return new StepSizes(Law.Geometric, ratio, 0, false);
    }

    /// <summary>1/((n + 1) ln^exponent (n + 1)).</summary>
    /// <param name="exponent">r, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The exponent is not positive.</exception>
    public static StepSizes LogPower(Rational exponent)
    {
        if (exponent.Sign <= 0) throw new ArgumentOutOfRangeException(nameof(exponent), exponent, "The exponent has to be positive.");
        return new StepSizes(Law.LogPower, exponent, 0, false);
    }

    /// <summary>Whether Σ |h_n| is finite.</summary>
    public bool IsSummable => law == Law.Geometric || Parameter > 1;

    /// <summary>h_n with its sign, or null where it is not rational.</summary>
    /// <param name="n">The layer, at least 1.</param>
    public Rational? Exact(int n)
    {
        if (law == Law.Geometric) return Rational.Pow(Parameter, n);
        if (law == Law.LogPower || !Parameter.IsInteger || Parameter > 64) return null;
        Rational size = Rational.Pow(n + Shift, -(int)Parameter.Numerator);
        return IsAlternating && n % 2 == 0 ? -size : size;
    }

    /// <summary>An enclosure of h_n with its sign.</summary>
    /// <param name="n">The layer, at least 1.</param>
    public Interval At(int n)
    {
        if (law == Law.Geometric) return Interval.Pow(Interval.FromRational(Parameter), n);
        Interval size = Size(n, 1);
        return IsAlternating && n % 2 == 0 ? -size : size;
    }

    /// <summary>An enclosure of Σ_{i&gt;n} |h_i|^k.</summary>
    /// <param name="n">The depth.</param>
    /// <param name="k">The power, at least 1.</param>
    /// <returns>The sum; unbounded above where it is infinite.</returns>
    public Interval SumBeyond(int n, int k = 1)
    {
        if (law == Law.Geometric)
        {
            Rational q = Rational.Pow(Rational.Abs(Parameter), k);
            return Interval.Pow(Interval.FromRational(q), n + 1) / Interval.FromRational(1 - q);
        }
        if (law == Law.Power && Parameter * k <= 1) return new Interval(0, double.PositiveInfinity);
        if (law == Law.LogPower && k == 1 && Parameter <= 1) return new Interval(0, double.PositiveInfinity);
        Interval sum = 0;
        int next = n + 1;
        for (; next < Asymptotic; next++) sum += Size(next, k);
        return sum + (law == Law.Power ? PowerTail(Argument(next), Parameter * k) : LogTail(next + 1.0, k));
    }

    /// <summary>An enclosure of Σ_{i&gt;n} h_i^k with signs.</summary>
    /// <param name="n">The depth.</param>
    /// <param name="k">The power, at least 1.</param>
    public Interval SignedSumBeyond(int n, int k = 1)
    {
        if (law == Law.Geometric && Parameter.Sign < 0)
        {
            Rational q = Rational.Pow(Parameter, k);
            return Interval.FromRational(Rational.Pow(q, n + 1) / (1 - q));
        }
        if (!IsAlternating || k % 2 == 0) return SumBeyond(n, k);
        Interval sum = 0;
        int next = n + 1;
        for (; next < Asymptotic; next++) sum += next % 2 == 0 ? -Size(next, k) : Size(next, k);
        Interval rest = AlternatingTail(Argument(next), Parameter * k);
        return sum + (next % 2 == 0 ? -rest : rest);
    }

    /// <summary>An upper bound of Σ_{i&gt;n} |h_i| in closed form, the integral from n: what effective depths are told by.</summary>
    /// <param name="n">The depth, any size.</param>
    internal Interval IntegralBeyond(double n)
    {
        Interval m = n;
        switch (law)
        {
            case Law.Geometric:
                Interval q = Interval.Abs(Interval.FromRational(Parameter));
                return Interval.Exp((m + 1) * Interval.Log(q)) / (1 - q);
            case Law.Power:
                return Interval.Exp(Interval.FromRational(1 - Parameter) * Interval.Log(m + Interval.FromRational(Shift))) / Interval.FromRational(Parameter - 1);
            default:
                return Interval.Exp(Interval.FromRational(1 - Parameter) * Interval.Log(Interval.Log(m + 1))) / Interval.FromRational(Parameter - 1);
        }
    }

    private Interval Argument(int n) => Interval.FromRational(n + Shift);

    private Interval Size(int n, int k)
    {
        if (law == Law.LogPower)
        {
            Interval log = Interval.Log(n + 1.0);
            return (Interval)1 / (Interval.Pow((Interval)(n + 1.0), k) * Raise(log, Parameter * k));
        }
        return (Interval)1 / Raise(Argument(n), Parameter * k);
    }

    /// <summary>Σ_{j≥0} (a + j)^-s.</summary>
    private static Interval PowerTail(Interval a, Rational s)
    {
        Interval e = Interval.FromRational(s), f = (Interval)1 / Raise(a, s);
        Interval last = e * (e + 1) * (e + 2) * (e + 3) * (e + 4) * f / (Interval.Pow(a, 5) * 30240.0);
        return f * a / (e - 1) + f * 0.5 + e * f / (a * 12.0) - e * (e + 1) * (e + 2) * f / (Interval.Pow(a, 3) * 720.0) + new Interval(0, last.Upper);
    }

    /// <summary>Σ_{j≥0} (−1)^j (a + j)^-s.</summary>
    private static Interval AlternatingTail(Interval a, Rational s)
    {
        Interval e = Interval.FromRational(s), f = (Interval)1 / Raise(a, s);
        Interval last = e * (e + 1) * (e + 2) * (e + 3) * (e + 4) * f / (Interval.Pow(a, 5) * 480.0);
        return f * 0.5 + e * f / (a * 4.0) - e * (e + 1) * (e + 2) * f / (Interval.Pow(a, 3) * 48.0) + new Interval(0, last.Upper);
    }

    /// <summary>Σ_{j≥0} f(a + j)^k for f(x) = 1/(x ln^r x): convex and decreasing, so between trapezium and midpoint.</summary>
    private Interval LogTail(double a, int k)
    {
        Interval log = Interval.Log(a), middle = (Interval)a - 0.5, logMiddle = Interval.Log(middle);
        if (k == 1)
        {
            Interval power = Interval.FromRational(1 - Parameter), over = Interval.FromRational(Parameter - 1);
            Interval f = (Interval)1 / (a * Raise(log, Parameter)), trapezium = Interval.Exp(power * Interval.Log(log)) / over + f * 0.5;
            // The next term of Euler and Maclaurin, −f'/12, bounds from above.
            Interval slope = f * (log + Interval.FromRational(Parameter)) / (a * log);
            return new Interval(trapezium.Lower, (trapezium + slope / 12.0).Upper);
        }
        Interval upper = (Interval)1 / (Raise(logMiddle, Parameter * k) * Interval.Pow(middle, k - 1) * (double)(k - 1));
        return new Interval(0, upper.Upper);
    }

    private static Interval Raise(Interval x, Rational exponent) =>
        exponent.IsInteger && Rational.Abs(exponent) <= 1000 ? Interval.Pow(x, (int)exponent.Numerator) : Interval.Exp(Interval.FromRational(exponent) * Interval.Log(x));
}
