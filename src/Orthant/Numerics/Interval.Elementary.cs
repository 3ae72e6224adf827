namespace Orthant.Numerics;

// Elementary functions: each end is a double-double value with the error bound that DoubleDouble states, rounded outwards.
public readonly partial struct Interval
{
    // Relative error bounds of DoubleDouble's functions as multiples of 2^-118.
    private const double Bound100 = 1 << 18;
    private const double Bound97 = 1 << 21;
    private const double Bound96 = 1 << 22;
    private const double Bound94 = 1 << 24;
    private const double SmallestNormal = 2.2250738585072014e-308;
    private const double AbsoluteTrigonometric = 7.888609052210118e-31; // 2^-100

    /// <summary>Encloses the exponentials.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Exp(Interval x) => new(ExpPoint(x.Lower).Lower, ExpPoint(x.Upper).Upper);

    /// <summary>Encloses the natural logarithms; unbounded below where the interval begins at 0.</summary>
    /// <param name="x">An interval without negative numbers, other than [0, 0].</param>
    /// <exception cref="ArgumentOutOfRangeException">The interval contains negative numbers or nothing but 0.</exception>
    public static Interval Log(Interval x)
    {
        if (x.Lower < 0 || x.Upper == 0) throw Outside(nameof(x), x, "a logarithm needs positive numbers");
        return new(LogPoint(x.Lower, false), LogPoint(x.Upper, true));
    }

    /// <summary>Encloses log(1 + eˣ), the smooth neighbour of ReLU.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Softplus(Interval x) => new(SoftplusPoint(x.Lower).Lower, SoftplusPoint(x.Upper).Upper);

    /// <summary>Encloses an integer power.</summary>
    /// <param name="x">Any interval.</param>
    /// <param name="exponent">Any integer; 0 gives [1, 1], a negative one the power of the reciprocal.</param>
    public static Interval Pow(Interval x, int exponent)
    {
        if (exponent == 0) return 1;
        if (exponent < 0)
        {
            // One more than the exponent first: the smallest integer has no negative.
            Interval inverse = 1 / x;
            return exponent == int.MinValue ? Pow(inverse, int.MaxValue) * inverse : Pow(inverse, -exponent);
        }
        if ((exponent & 1) == 0) return new(PowerOfPositive(x.Mignitude, exponent).Lower, PowerOfPositive(x.Magnitude, exponent).Upper);
        return new(OddPower(x.Lower, exponent).Lower, OddPower(x.Upper, exponent).Upper);
    }

    /// <summary>Encloses xʸ = exp(y log x).</summary>
    /// <param name="x">An interval without negative numbers.</param>
    /// <param name="exponent">A finite number.</param>
    /// <exception cref="ArgumentOutOfRangeException">The interval contains negative numbers, or the exponent is not finite.</exception>
    public static Interval Pow(Interval x, double exponent)
    {
        if (x.Lower < 0) throw Outside(nameof(x), x, "a real power needs numbers that are not negative");
        if (!double.IsFinite(exponent)) throw new ArgumentOutOfRangeException(nameof(exponent), exponent, "The exponent is a finite number.");
        if (exponent == 0) return 1;
        Interval low = PowPoint(x.Lower, exponent), high = PowPoint(x.Upper, exponent);
        return exponent > 0 ? new(low.Lower, high.Upper) : new(high.Lower, low.Upper);
    }

    /// <summary>Encloses the sines.</summary>
    /// <param name="x">Any interval; [-1, 1] where it is not a point and reaches beyond 2²⁰.</param>
    public static Interval Sin(Interval x) => Wave(x, 0);

    /// <summary>Encloses the cosines.</summary>
    /// <param name="x">Any interval; [-1, 1] where it is not a point and reaches beyond 2²⁰.</param>
    public static Interval Cos(Interval x) => Wave(x, 1);

    /// <summary>Encloses the tangents, to two units in the last place; all real numbers where the interval contains a pole.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Tan(Interval x)
    {
        if (!x.IsBounded || (!x.IsPoint && x.Magnitude > 0x100000) || x.Width > 3.2) return Entire;
        long low = FloorQuadrant(x.Lower), high = FloorQuadrant(x.Upper);
        // Poles stand at the odd multiples of pi/2; no double is one.
        for (long m = low + 1; m <= high; m++)
        {
            if ((m & 1) != 0) return Entire;
        }
        return new(TanPoint(x.Lower).Lower, TanPoint(x.Upper).Upper);
    }

    /// <summary>Encloses the inverse tangents, between -π/2 and π/2.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Atan(Interval x) => Monotone(x, DoubleDouble.Atan, Bound100);

    /// <summary>Encloses the hyperbolic sines.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Sinh(Interval x) => Monotone(x, DoubleDouble.Sinh, Bound97);

    /// <summary>Encloses the hyperbolic cosines.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Cosh(Interval x)
    {
        Interval magnitudes = Abs(x), result = Monotone(magnitudes, DoubleDouble.Cosh, Bound97);
        return new(Math.Max(result.Lower, 1), result.Upper);
    }

    /// <summary>Encloses the hyperbolic tangents, within [-1, 1].</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Tanh(Interval x) => Clamp(Monotone(x, DoubleDouble.Tanh, Bound97), -1, 1);

    /// <summary>Encloses the logistic function 1/(1 + e⁻ˣ), within [0, 1].</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Sigmoid(Interval x) => new(SigmoidPoint(x.Lower).Lower, SigmoidPoint(x.Upper).Upper);

    /// <summary>Encloses the error function (2/√π) ∫₀ˣ exp(−t²) dt, within [-1, 1].</summary>
    /// <param name="x">Any interval.</param>
    public static Interval Erf(Interval x) => Clamp(Monotone(x, DoubleDouble.Erf, Bound94), -1, 1);

    /// <summary>Encloses the normal distribution function Φ(x) = (1 + erf(x/√2))/2, within [0, 1] and to an absolute width of 10⁻¹⁵.</summary>
    /// <param name="x">Any interval.</param>
    public static Interval NormalCdf(Interval x) => Clamp((1 + Erf(x / Sqrt(2.0))) * 0.5, 0, 1);

    /// <summary>The image of a growing odd function that is bounded or infinite at infinity.</summary>
    private static Interval Monotone(Interval x, Func<DoubleDouble, DoubleDouble> function, double bound)
    {
        return new(Point(x.Lower).Lower, Point(x.Upper).Upper);

        Interval Point(double at)
        {
            // Odd functions with slope 1 at 0 are handled in units that cannot underflow: below 1e-100 the cubic term is out of sight.
            DoubleDouble value = function(at);
            if (value.Hi == 0) return 0;
            if (Math.Abs(value.Hi) < 1e-100) return new(Math.BitDecrement(value.Hi), Math.BitIncrement(value.Hi));
            return double.IsInfinity(value.Hi) ? Unbounded(value.Hi > 0) : Enclose(value, bound);
        }
    }

    /// <summary>The value at a point where a function overflows.</summary>
    private static Interval Unbounded(bool positive) => positive
        ? new(double.MaxValue, double.PositiveInfinity)
        : new(double.NegativeInfinity, -double.MaxValue);

    private static Interval ExpPoint(double x)
    {
        if (x == 0) return 1;
        if (x > 709.79) return new(double.MaxValue, double.PositiveInfinity);
        // exp(-745.2) is below half the smallest subnormal number.
        if (x < -745.2) return new(0, double.Epsilon);
        DoubleDouble mantissa = DoubleDouble.ExpMantissa(x, out int exponent);
        Interval value = Scaled(Enclose(mantissa, Bound100), exponent);
        return x > 0 ? new(Math.Max(1, value.Lower), value.Upper) : new(value.Lower, Math.Min(1, value.Upper));
    }

    /// <summary>A positive interval times a power of two, rounded outwards where the result is subnormal.</summary>
    private static Interval Scaled(Interval x, int exponent)
    {
        double low = Math.ScaleB(x.Lower, exponent), high = Math.ScaleB(x.Upper, exponent);
        if (low < SmallestNormal) return new(Math.Max(0, Math.BitDecrement(low)), Math.BitIncrement(high));
        return new(Math.Min(low, double.MaxValue), high);
    }

    private static double LogPoint(double x, bool up)
    {
        if (x == 0) return double.NegativeInfinity;
        if (x == 1) return 0;
        if (double.IsInfinity(x)) return x;
        Interval value = Enclose(DoubleDouble.Log(x), Bound96);
        return up ? value.Upper : value.Lower;
    }

    private static Interval SoftplusPoint(double x)
    {
        if (double.IsInfinity(x)) return x > 0 ? new Interval(double.MaxValue, x) : 0;
        if (x > 0) return Enclose(DoubleDouble.Log1p(DoubleDouble.Exp(-x)) + x, Bound96 * 4);
        if (x > -600) return Enclose(DoubleDouble.Log1p(DoubleDouble.Exp(x)), Bound96 * 4);
        // log(1 + e) lies between e - e^2/2 and e, here within one unit in the last place.
        Interval e = ExpPoint(x);
        return new(Math.Max(0, Math.BitDecrement(e.Lower)), e.Upper);
    }

    private static Interval SigmoidPoint(double x)
    {
        if (double.IsInfinity(x)) return x > 0 ? 1 : 0;
        if (x > -600) return Clamp(Enclose(DoubleDouble.Sigmoid(x), Bound97), 0, 1);
        // Between e - e^2 and e.
        Interval e = ExpPoint(x);
        return new(Math.Max(0, Math.BitDecrement(e.Lower)), e.Upper);
    }

    private static Interval OddPower(double x, int exponent) =>
        x < 0 ? -PowerOfPositive(-x, exponent) : PowerOfPositive(x, exponent);

    /// <summary>The power of a number that is not negative, exponent at least 1.</summary>
    private static Interval PowerOfPositive(double x, int exponent)
    {
        if (x is 0 or 1 || double.IsInfinity(x)) return double.IsInfinity(x) ? new Interval(double.MaxValue, x) : x;
        // Where no intermediate underflows or overflows the double-double power is tight to the last place.
        double size = exponent * (double)Math.ILogB(x);
        if (Math.Abs(size) + exponent < 900) return Enclose(DoubleDouble.Pow(x, exponent), 12.0 * exponent * 4096);
        Interval result = 1, square = x;
        for (int n = exponent; ; square = Square(square))
        {
            if ((n & 1) != 0) result *= square;
            n >>= 1;
            if (n == 0) return result;
        }
    }

    private static Interval PowPoint(double x, double exponent)
    {
        if (x == 0) return exponent > 0 ? 0 : new Interval(double.MaxValue, double.PositiveInfinity);
        if (double.IsInfinity(x)) return exponent > 0 ? new Interval(double.MaxValue, x) : 0;
        if (x == 1) return 1;
        DoubleDouble log = DoubleDouble.Log(x) * exponent;
        if (log.Hi > 709.79) return new(double.MaxValue, double.PositiveInfinity);
        if (log.Hi < -745.2) return new(0, double.Epsilon);
        // The logarithm's relative error becomes an absolute one of log · 2^-95 in the exponent.
        DoubleDouble mantissa = DoubleDouble.ExpMantissa(log, out int power);
        return Scaled(Enclose(mantissa, Bound100 + Math.Abs(log.Hi) * (2 * Bound96)), power);
    }

    /// <summary>sin(x + shift · π/2).</summary>
    private static Interval Wave(Interval x, int shift)
    {
        if (!x.IsBounded) return new(-1, 1);
        if (x.IsPoint) return WavePoint(x.Lower, shift);
        if (x.Magnitude > 0x100000 || x.Width > 6.4) return new(-1, 1);
        long low = FloorQuadrant(x.Lower), high = FloorQuadrant(x.Upper);
        Interval hull = Hull(WavePoint(x.Lower, shift), WavePoint(x.Upper, shift));
        double lower = hull.Lower, upper = hull.Upper;
        for (long m = low + 1; m <= high; m++)
        {
            // Extremes of the sine at pi/2 (1) and 3 pi/2 (-1), modulo 2 pi.
            long turn = (m + shift) & 3;
            if (turn == 1) upper = 1;
            if (turn == 3) lower = -1;
        }
        return new(lower, upper);
    }

    private static Interval WavePoint(double x, int shift)
    {
        if (x == 0) return shift;
        if (shift == 0 && Math.Abs(x) < 0.75)
        {
            return Math.Abs(x) < 1e-100 ? new(Math.BitDecrement(x), Math.BitIncrement(x)) : Enclose(DoubleDouble.Sin(x), Bound100);
        }
        (DoubleDouble sin, DoubleDouble cos) = DoubleDouble.SinCos(x);
        return Clamp(EncloseAbsolute(shift == 0 ? sin : cos, AbsoluteTrigonometric), -1, 1);
    }

    private static Interval TanPoint(double x)
    {
        if (x == 0) return 0;
        if (Math.Abs(x) < 1e-100) return new(Math.BitDecrement(x), Math.BitIncrement(x));
        return WavePoint(x, 0) / WavePoint(x, 1);
    }

    /// <summary>floor(x / (π/2)) for |x| ≤ 2²⁰; certain, as no double but 0 comes nearer than 2⁻⁶⁰ |x| to a multiple of π/2.</summary>
    private static long FloorQuadrant(double x)
    {
        DoubleDouble rest = DoubleDouble.ReduceToQuadrant(x, out long quadrant);
        return rest.Sign < 0 ? quadrant - 1 : quadrant;
    }

    private static Interval Clamp(Interval x, double lower, double upper) =>
        new(Math.Clamp(x.Lower, lower, upper), Math.Clamp(x.Upper, lower, upper));
}
