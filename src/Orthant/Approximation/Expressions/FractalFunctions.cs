using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Functions that are continuous and nowhere differentiable, with ranges that are right at any scale.</summary>
internal static class FractalFunctions
{
    private const double TwoThirds = 0.66666666666666675;

    /// <summary>A continuous function without any derivative.</summary>
    public static Jet Rough(Interval value) => new(value, Interval.Entire, Interval.Entire);

    /// <summary>Takagi's function Σₙ≥₀ 2⁻ⁿ s(2ⁿx), s the distance to the nearest whole number: Σₖ≥₁ 2⁻ᵏ H∘ᵏ(x) on [0, 1].</summary>
    public static double Takagi(double x)
    {
        double sum = 0, scale = 1, rest = x - Math.Floor(x);
        for (int n = 0; n < 60 && rest != 0; n++)
        {
            sum += scale * Math.Min(rest, 1 - rest);
            rest *= 2;
            if (rest >= 1) rest -= 1;
            scale *= 0.5;
        }
        return sum;
    }

    /// <summary>The range of Takagi's function: the terms that do not yet oscillate over the interval, and [0, 2/3] for the rest.</summary>
    /// <remarks>Doubling and taking the fraction are exact on doubles, so only the sums round.</remarks>
    public static Interval Takagi(Interval x)
    {
        if (!x.IsBounded || x.Width >= 0.5 || x.Magnitude > 1e15) return new Interval(0, TwoThirds);
        double floor = Math.Floor(x.Lower), low = x.Lower - floor, high = x.Upper - floor, scale = 1;
        // The fraction of a small negative number may round.
        if (low + floor != x.Lower || high + floor != x.Upper) return new Interval(0, TwoThirds);
        Interval sum = 0;
        int n = 0;
        for (; n < 60 && high - low < 0.5; n++)
        {
            if (low == high && low == 0) return sum;
            sum += scale * DistanceToWhole(low, high);
            low *= 2;
            high *= 2;
            if (low >= 1)
            {
                low -= 1;
                high -= 1;
            }
            scale *= 0.5;
        }
        Interval all = sum + new Interval(0, TwoThirds * scale);
        return Interval.Intersect(all, new Interval(0, TwoThirds)) ?? all;
    }

    /// <summary>Weierstrass's function Σₙ≥₀ aⁿ cos(bⁿ π x).</summary>
    public static double Weierstrass(double x, double a, int b)
    {
        double sum = 0, weight = 1;
        UInt128 turn = Turn(x);
        for (int n = 0; n < 400 && Math.Abs(weight) > 1e-18; n++)
        {
            sum += weight * Math.Cos(Math.PI * Fraction(turn));
            turn *= (UInt128)(uint)b;
            weight *= a;
        }
        return sum;
    }

    /// <summary>The range of Weierstrass's function over an interval.</summary>
    /// <remarks>The middle is carried as a multiple of 2⁻¹²⁷ half turns modulo 2, in which multiplying by b is exact; the radius grows by b.</remarks>
    public static Interval Weierstrass(Interval x, Interval a, int b)
    {
        Interval sum = 0, weight = 1, size = Interval.Abs(a);
        Interval rest = 1 / (1 - size);
        double middle = x.IsBounded ? x.Midpoint : 0;
        double radius = x.IsBounded && Math.Abs(middle) < 1e9 ? x.Radius + 1e-37 : double.PositiveInfinity;
        // What the fixed point cannot hold of a middle far from a binary fraction is below 2^-126.
        UInt128 turn = double.IsFinite(radius) ? Turn(middle) : 0;
        for (int n = 0; n < 400; n++)
        {
            if (radius > 0.75 || weight.Magnitude < 1e-19) break;
            double at = Fraction(turn);
            double slack = radius + 3e-16;
            Interval angle = Interval.Pi * (at + new Interval(-slack, slack));
            sum += weight * Interval.Cos(angle);
            turn *= (UInt128)(uint)b;
            radius *= b * (1 + 1e-15);
            weight *= a;
        }
        double tail = (Interval.Abs(weight) * rest).Upper;
        return sum + new Interval(-tail, tail);
    }

    private static Interval DistanceToWhole(double low, double high)
    {
        // low is in [0, 1) and high - low is below 1/2.
        double a = Distance(low), b = Distance(high), min = Math.Min(a, b), max = Math.Max(a, b);
        if (low <= 0.5 && high >= 0.5) max = 0.5;
        if (high >= 1) min = 0;
        if (low <= 1.5 && high >= 1.5) max = 0.5;
        return new Interval(min, max);

        static double Distance(double t) => Math.Abs(t - Math.Round(t));
    }

    /// <summary>x modulo 2 in units of 2⁻¹²⁷, so that the whole range of the type is one turn; multiplication wraps around by itself.</summary>
    private static UInt128 Turn(double x)
    {
        double r = Math.IEEERemainder(x, 2);
        bool negative = r < 0;
        r = Math.Abs(r);
        ulong high = (ulong)(r * 9223372036854775808.0);
        double left = (r * 9223372036854775808.0) - high;
        UInt128 turn = ((UInt128)high << 64) + (UInt128)(left * 18446744073709551616.0);
        return negative ? UInt128.Zero - turn : turn;
    }

    /// <summary>The angle in half turns, in [-1, 1], to within 3·10⁻¹⁶.</summary>
    private static double Fraction(UInt128 turn) => (long)(turn >> 64) / 9223372036854775808.0;
}
