namespace Orthant.Numerics;

/// <summary>Functions that are continuous and nowhere differentiable, with ranges that are right at any scale.</summary>
internal static class FractalFunctions
{
    private const double TwoThirds = 0.66666666666666675;

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

    /// <summary>The range of Takagi's function less a line over an interval: T(t) - slope·(t - x.Lower).</summary>
    /// <param name="x">The interval.</param>
    /// <param name="slope">The line's slope.</param>
    /// <remarks>As long as the interval lies between two neighbours k/2ⁿ the first n terms are one straight line, whose whole slope and value are
    /// exact on doubles; the rest is 2⁻ⁿ times Takagi's function of the doubled interval, which lies between the hat and 2/3.</remarks>
    public static Interval Takagi(Interval x, Interval slope)
    {
        Interval along = x.IsBounded ? new Interval(0, ((Interval)x.Upper - x.Lower).Upper) : Interval.Entire;
        double floor = Math.Floor(x.Lower), low = x.Lower - floor, high = x.Upper - floor, scale = 1;
        // The fraction of a small negative number may round.
        if (!x.IsBounded || x.Magnitude > 1e15 || low + floor != x.Lower || high + floor != x.Upper) return new Interval(0, TwoThirds) - (slope * along);
        Interval value = 0;
        Interval rest;
        double rise = 0;
        for (int n = 0; ; n++)
        {
            bool rising = high <= 0.5;
            if (n == 60 || !(rising || (low >= 0.5 && high <= 1)))
            {
                rest = n < 60 && high - low < 0.25 ? AcrossKink(low, high) : new Interval(high <= 1 ? Math.Max(0, Math.Min(low, (1 - (Interval)high).Lower)) : 0, TwoThirds);
                break;
            }
            value += scale * (rising ? low : 1 - (Interval)low);
            rise += rising ? 1 : -1;
            (low, high) = rising ? (2 * low, 2 * high) : ((2 * low) - 1, (2 * high) - 1);
            scale *= 0.5;
        }
        return value + ((rise - slope) * along) + (scale * rest);
    }

    /// <summary>The range over a short interval with 1/2 or 1 inside, from both sides of it.</summary>
    private static Interval AcrossKink(double low, double high) => low < 0.5
        ? Interval.Hull(Takagi(new Interval(low, 0.5), 0), Takagi(new Interval(0.5, high), 0))
        : Interval.Hull(Takagi(new Interval(low, 1), 0), Takagi(new Interval(0, high - 1), 0));

    /// <summary>Weierstrass's function Σₙ≥₀ aⁿ cos(bⁿ π x).</summary>
    public static double Weierstrass(double x, double a, int b)
    {
        double sum = 0, weight = 1;
        UInt128 turn = Turn(x);
        for (int n = 0; n < 400 && Math.Abs(weight) > 1e-18; n++)
        {
            sum += weight * Cosine((long)(turn >> 64));
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
            sum += weight * Cosines((long)(turn >> 64), (long)Math.Ceiling(radius * HalfTurn * (1 + 1e-15)) + 1);
            turn *= (UInt128)(uint)b;
            radius *= b * (1 + 1e-15);
            weight *= a;
        }
        double tail = (Interval.Abs(weight) * rest).Upper;
        return sum + new Interval(-tail, tail);
    }

    /// <summary>2⁶³ units are half a turn, so that the whole range of the type is a turn.</summary>
    private const double HalfTurn = 9223372036854775808.0;

    /// <summary>The cosines of all angles within a radius of at most 3/4 half turns.</summary>
    private static Interval Cosines(long centre, long radius)
    {
        Int128 low = (Int128)centre - radius, high = (Int128)centre + radius, half = (Int128)1 << 63;
        double first = Cosine((long)low), last = Cosine((long)high), min = Math.Min(first, last) - CosineError, max = Math.Max(first, last) + CosineError;
        if (low <= 0 && high >= 0) max = 1;
        if (high >= half || low <= -half) min = -1;
        return new Interval(Math.Max(min, -1), Math.Min(max, 1));
    }

    /// <summary>What <see cref="Cosine"/> may be wrong by: three roundings of an angle below π/4, a remainder of 5·10⁻¹⁷ and the roundings of
    /// Horner's rule come to less than 8·10⁻¹⁶.</summary>
    private const double CosineError = 1e-15;

    /// <summary>(-1)ᵏ/(2k + 1)!, from k = 7 down.</summary>
    private static ReadOnlySpan<double> SineSeries =>
        [-1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1];

    /// <summary>(-1)ᵏ/(2k)!, from k = 8 down.</summary>
    private static ReadOnlySpan<double> CosineSeries =>
        [1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -1.0 / 2, 1];

    /// <summary>The cosine by its Taylor polynomial on the eighth of a turn to which it is folded, exactly, in whole numbers.</summary>
    private static double Cosine(long angle)
    {
        const ulong quarter = 1UL << 62;
        ulong a = angle < 0 ? 0UL - (ulong)angle : (ulong)angle;
        double sign = 1;
        if (a > quarter) (a, sign) = ((quarter << 1) - a, -1);
        bool isSine = a > quarter / 2;
        if (isSine) a = quarter - a;
        double t = Math.PI * (a / HalfTurn), u = t * t;
        ReadOnlySpan<double> coefficients = isSine ? SineSeries : CosineSeries;
        double sum = coefficients[0];
        foreach (double c in coefficients[1..]) sum = (sum * u) + c;
        return sign * (isSine ? t * sum : sum);
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
}
