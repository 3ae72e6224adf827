using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Ranges and chain rules of the functions that expressions may name.</summary>
/// <remarks>Where an operand's interval reaches beyond the domain of a root or a logarithm, the function is taken on the part inside: what is
/// stated then holds for the points where the expression is defined. An operand wholly outside gives all real numbers.</remarks>
internal static class Functions
{
    public static Jet Reciprocal(Jet u)
    {
        Interval inverse = 1 / u.Value;
        return u.Through(inverse, -Interval.Square(inverse), 2 * Interval.Pow(inverse, 3));
    }

    public static Interval Sqrt(Interval u) => u.Upper < 0 ? Interval.Entire : Interval.Sqrt(NotNegative(u));

    public static Jet Sqrt(Jet u)
    {
        if (u.Value.Upper <= 0) return Jet.Unknown;
        Interval root = Sqrt(u.Value), first = 1 / (2 * root);
        return u.Through(root, first, -(first / (2 * NotNegative(u.Value))));
    }

    public static Interval Log(Interval u) => u.Upper <= 0 ? Interval.Entire : Interval.Log(NotNegative(u));

    public static Jet Log(Jet u)
    {
        if (u.Value.Upper <= 0) return Jet.Unknown;
        Interval inverse = 1 / NotNegative(u.Value);
        return u.Through(Log(u.Value), inverse, -Interval.Square(inverse));
    }

    public static Jet Exp(Jet u)
    {
        Interval e = Interval.Exp(u.Value);
        return u.Through(e, e, e);
    }

    public static Interval RealPower(Interval u, Interval exponent)
    {
        if (u.Upper < 0) return Interval.Entire;
        Interval positive = NotNegative(u), low = Interval.Pow(positive, exponent.Lower);
        return exponent.IsPoint ? low : Interval.Hull(low, Interval.Pow(positive, exponent.Upper));
    }

    public static Interval Cbrt(Interval u) => new(CbrtPoint(u.Lower).Lower, CbrtPoint(u.Upper).Upper);

    public static Jet Cbrt(Jet u)
    {
        Interval root = Cbrt(u.Value), first = 1 / (3 * Interval.Square(root));
        return u.Through(root, first, -2 * first / (3 * u.Value));
    }

    public static Jet Abs(Jet u) =>
        u.Value.Lower >= 0 ? u : u.Value.Upper <= 0 ? -u : new Jet(Interval.Abs(u.Value), new Interval(-1, 1) * u.Slope, Interval.Entire);

    public static Jet Relu(Jet u) =>
        u.Value.Lower >= 0 ? u : u.Value.Upper <= 0 ? Jet.Constant(0) : new Jet(Interval.Max(u.Value, 0), new Interval(0, 1) * u.Slope, Interval.Entire);

    public static Jet Sin(Jet u)
    {
        Interval sin = Interval.Sin(u.Value);
        return u.Through(sin, Interval.Cos(u.Value), -sin);
    }

    public static Jet Cos(Jet u)
    {
        Interval cos = Interval.Cos(u.Value);
        return u.Through(cos, -Interval.Sin(u.Value), -cos);
    }

    public static Jet Tan(Jet u)
    {
        Interval tan = Interval.Tan(u.Value), first = 1 + Interval.Square(tan);
        return u.Through(tan, first, 2 * tan * first);
    }

    public static Jet Atan(Jet u)
    {
        Interval first = 1 / (1 + Interval.Square(u.Value));
        return u.Through(Interval.Atan(u.Value), first, -2 * u.Value * Interval.Square(first));
    }

    /// <summary>asin u = 2 atan(u / (1 + √(1 − u²))), which has no difficulty at ±1; growing, so the ends suffice.</summary>
    public static Interval Asin(Interval u)
    {
        if (u.Lower > 1 || u.Upper < -1) return Interval.Entire;
        return new(Point(Math.Max(u.Lower, -1)).Lower, Point(Math.Min(u.Upper, 1)).Upper);

        static Interval Point(double x) => 2 * Interval.Atan(x / (1 + Sqrt((1 - (Interval)x) * (1 + (Interval)x))));
    }

    public static Jet Asin(Jet u)
    {
        Interval rest = NotNegative((1 - u.Value) * (1 + u.Value)), first = 1 / Sqrt(rest);
        return u.Through(Asin(u.Value), first, u.Value * first / rest);
    }

    public static Jet Tanh(Jet u)
    {
        Interval tanh = Interval.Tanh(u.Value), first = (1 - tanh) * (1 + tanh);
        return u.Through(tanh, first, -2 * tanh * first);
    }

    public static Jet Sigmoid(Jet u)
    {
        Interval s = Interval.Sigmoid(u.Value), first = s * Interval.Sigmoid(-u.Value);
        return u.Through(s, first, first * (1 - (2 * s)));
    }

    public static double Softplus(double u) => u > 0 ? u + Log1p(Math.Exp(-u)) : Log1p(Math.Exp(u));

    public static Jet Softplus(Jet u)
    {
        Interval s = Interval.Sigmoid(u.Value);
        return u.Through(Interval.Softplus(u.Value), s, s * Interval.Sigmoid(-u.Value));
    }

    public static Jet Erf(Jet u)
    {
        Interval first = 2 / Interval.Sqrt(Interval.Pi) * Interval.Exp(-Interval.Square(u.Value));
        return u.Through(Interval.Erf(u.Value), first, -2 * u.Value * first);
    }

    public static double Gelu(double u) => 0.5 * u * MathNet.Numerics.SpecialFunctions.Erfc(-u * Math.Sqrt(0.5));

    public static Interval Gelu(Interval u) => u * Interval.NormalCdf(u);

    public static Jet Gelu(Jet u)
    {
        Interval square = Interval.Square(u.Value), density = Interval.Exp(square * -0.5) / Interval.Sqrt(2 * Interval.Pi), cdf = Interval.NormalCdf(u.Value);
        return u.Through(u.Value * cdf, cdf + (u.Value * density), density * (2 - square));
    }

    public static Interval Silu(Interval u) => u * Interval.Sigmoid(u);

    public static Jet Silu(Jet u)
    {
        Interval s = Interval.Sigmoid(u.Value), d = s * Interval.Sigmoid(-u.Value);
        return u.Through(u.Value * s, s + (u.Value * d), d * (2 + (u.Value * (1 - (2 * s)))));
    }

    public static Interval Runge(Interval u) => 1 / (1 + (25 * Interval.Square(u)));

    public static Jet Runge(Jet u)
    {
        Interval square = 25 * Interval.Square(u.Value), r = 1 / (1 + square), r2 = Interval.Square(r);
        return u.Through(r, -50 * u.Value * r2, 50 * ((3 * square) - 1) * r2 * r);
    }

    private static double Log1p(double e) => e < 1e-5 ? e * (1 - (e * (0.5 - (e / 3)))) : Math.Log(1 + e);

    private static Interval NotNegative(Interval u) => u.Lower >= 0 ? u : new Interval(0, Math.Max(0, u.Upper));

    /// <summary>The cube root of one double: two neighbours of the nearest double whose cubes stand on both sides.</summary>
    private static Interval CbrtPoint(double x)
    {
        if (x == 0 || !double.IsFinite(x)) return x == 0 ? 0 : x > 0 ? new Interval(double.MaxValue, x) : new Interval(x, -double.MaxValue);
        double root = Math.Cbrt(x), low = Math.BitDecrement(root), high = Math.BitIncrement(root);
        while (Interval.Pow(low, 3).Upper > x) low = Math.BitDecrement(low);
        while (Interval.Pow(high, 3).Lower < x) high = Math.BitIncrement(high);
        return new Interval(low, high);
    }
}
