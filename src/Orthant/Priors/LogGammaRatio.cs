using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Priors;

/// <summary>log Γ(a+t)/Γ(a) − t log a without the cancellation that a difference of two log-gammas suffers for large a.</summary>
internal static class LogGammaRatio
{
    private const double SeriesFrom = 16;
    private const int MostSteps = 64;

    // B(2n)/(2n(2n-1)), n = 1..14, for the double-double Stirling series.
    private static readonly DoubleDouble[] Stirling =
    [
        .. new (string Numerator, long Denominator)[]
        {
            ("1", 6), ("-1", 30), ("1", 42), ("-1", 30), ("5", 66), ("-691", 2730), ("7", 6), ("-3617", 510), ("43867", 798), ("-174611", 330),
            ("854513", 138), ("-236364091", 2730), ("8553103", 6), ("-23749461029", 870),
        }.Select((b, i) => DoubleDouble.FromRational(
            new Rational(BigInteger.Parse(b.Numerator), (BigInteger)b.Denominator * (2 * i + 2) * (2 * i + 1)))),
    ];

    private static readonly DoubleDouble HalfLogTwoPi = DoubleDouble.ScaleB(DoubleDouble.Log(DoubleDouble.Pi * 2.0), -1);

    /// <summary>The ratio for one a and many t.</summary>
    public readonly struct At
    {
        private readonly double _a;
        private readonly int _steps;
        private readonly double _tail;

        public At(double a)
        {
            _a = a;
            _steps = Math.Max(0, (int)Math.Ceiling(SeriesFrom - a));
            _tail = ComplexGamma.StirlingTail(a + _steps).Real;
        }

        /// <summary>log Γ(a+t)/Γ(a) − t log a, for t = start + rest.</summary>
        /// <param name="start">A multiple of one half; with it a + t may lie as near to a pole of Γ as the rest is small.</param>
        /// <param name="rest">What is left of t.</param>
        public Complex Of(double start, Complex rest)
        {
            Complex t = start + rest;
            int steps = Math.Max(_steps, (int)Math.Min(int.MaxValue, Math.Ceiling(12 - _a - t.Real)));
            if (steps > MostSteps || Math.Abs(t.Imaginary) > 1e4)
            {
                return LogGammaNear(_a + start, rest) - ComplexGamma.LogAbs(_a) - t * Math.Log(_a);
            }
            // To b = a + n by the recurrence Γ(x+1) = x Γ(x), then Stirling on both sides: with z = t/b the leading terms are
            // b (log(1+z) - z) + (t - 1/2) log(1+z).
            Complex product = Complex.One;
            for (int i = 0; i < steps; i++) product *= (_a + i + start + rest) / (_a + i);
            double b = _a + steps, tail = steps == _steps ? _tail : ComplexGamma.StirlingTail(b).Real;
            Complex z = t / b, log = ComplexGamma.Log1p(z);
            Complex ratio = b * Log1pMinus(z, log) + (t - 0.5) * log + ComplexGamma.StirlingTail(b + t) - tail;
            return steps == 0 ? ratio : ratio + t * Math.Log(b / _a) - Complex.Log(product);
        }

        /// <summary>log Γ(x + rest) on some branch, sharp where x is a pole.</summary>
        private static Complex LogGammaNear(double x, Complex rest)
        {
            bool pole = x <= 0 && x == Math.Floor(x) && Math.Abs(rest.Real) + Math.Abs(rest.Imaginary) < 0.5;
            if (!pole) return ComplexGamma.Log(x + rest);
            // Gamma(-n + e) Gamma(1 + n - e) = pi/sin(pi (e - n)), and the sine has the sign (-1)^n.
            Complex sine = Complex.Sin(Math.PI * rest);
            return Math.Log(Math.PI) - Complex.Log(x % 2 == 0 ? sine : -sine) - ComplexGamma.Log(1 - x - rest);
        }
    }

    /// <summary>log Γ(x) for positive x, with an absolute error below 2⁻⁹⁵ of the size of its terms.</summary>
    public static DoubleDouble LogGamma(DoubleDouble x)
    {
        DoubleDouble product = DoubleDouble.One;
        int steps = 0;
        DoubleDouble log = DoubleDouble.Zero;
        for (; x.Hi < 40; x += 1.0)
        {
            product *= x;
            // The product of forty factors below 40 stays far from overflow.
            steps++;
        }
        if (steps > 0) log = -DoubleDouble.Log(product);
        DoubleDouble inverse = DoubleDouble.One / x, square = inverse * inverse, tail = Stirling[^1];
        for (int n = Stirling.Length - 2; n >= 0; n--) tail = tail * square + Stirling[n];
        return log + (x - 0.5) * DoubleDouble.Log(x) - x + HalfLogTwoPi + tail * inverse;
    }

    /// <summary>ψ(a) − log a for positive a, without cancellation for large a.</summary>
    public static double DigammaMinusLog(double a)
    {
        if (a < 10) return ComplexGamma.Digamma(a) - Math.Log(a);
        double w = 1 / (a * a);
        // -1/(2a) - sum of B(2n)/(2n a^2n).
        return -0.5 / a - w * (1.0 / 12 - w * (1.0 / 120 - w * (1.0 / 252 - w * (1.0 / 240 - w * (1.0 / 132 - w * (691.0 / 32760
            - w * (1.0 / 12 - w * 3617.0 / 8160)))))));
    }

    /// <summary>log(1+z) − z, given log(1+z).</summary>
    private static Complex Log1pMinus(Complex z, Complex log)
    {
        if (z.Real * z.Real + z.Imaginary * z.Imaginary > 0.04) return log - z;
        // -z^2 (1/2 - z/3 + z^2/4 - ...): 0.2^24/26 is below 2^-60.
        Complex sum = 1.0 / 26;
        for (int k = 25; k >= 2; k--) sum = 1.0 / k - z * sum;
        return -z * z * sum;
    }
}
