using System.Numerics;

namespace Orthant.Numerics;

// Elementary functions. u = 2^-53; "error" is relative unless said otherwise. The bounds follow from those of the operations:
// every sum below has terms that shrink by at least a factor of 2, so the error of a Horner scheme is that of its last two steps
// (3u^2 + 5u^2) times less than 2, and a truncated tail is stated with its series.
public readonly partial struct DoubleDouble
{
    /// <summary>Largest magnitude whose sine and cosine are reduced without big integers: 2²⁰.</summary>
    private const double FastTrigonometry = 1 << 20;

    /// <summary>The exponential function: relative error at most 2⁻¹⁰⁰ while the result is in the normal range.</summary>
    /// <param name="x">Any number; infinite above 709.8, zero below -745.2.</param>
    public static DoubleDouble Exp(DoubleDouble x)
    {
        if (double.IsNaN(x.Hi)) return x;
        if (x.Hi > 709.79) return double.PositiveInfinity;
        if (x.Hi < -745.2) return Zero;
        DoubleDouble mantissa = ExpMantissa(x, out int exponent);
        return ScaleB(mantissa, exponent);
    }

    /// <summary>The natural logarithm: relative error at most 2⁻⁹⁶.</summary>
    /// <param name="x">A positive number; minus infinity for 0, NaN for a negative number.</param>
    public static DoubleDouble Log(DoubleDouble x)
    {
        if (!(x.Hi > 0) || double.IsInfinity(x.Hi)) return x.Hi == 0 ? double.NegativeInfinity : x.Hi > 0 ? x.Hi : double.NaN;
        int exponent = Math.ILogB(x.Hi);
        DoubleDouble m = ScaleB(x, -exponent);
        if (m.Hi > Math.Sqrt(2))
        {
            m = ScaleB(m, -1);
            exponent++;
        }
        // ln x = exponent ln 2 + ln m with |ln m| <= 0.347: no cancellation beyond a factor of 3 as exponent is an integer.
        DoubleDouble log = LogNearOne(m);
        return exponent == 0 ? log : Constants.Ln2 * exponent + log;
    }

    /// <summary>log(1 + x): relative error at most 2⁻⁹⁶, for small x too.</summary>
    /// <param name="x">A number above -1.</param>
    public static DoubleDouble Log1p(DoubleDouble x) =>
        Math.Abs(x.Hi) < 0.0625 ? TwiceAtanh(x / (x + 2.0)) : Log(x + One);

    /// <summary>The sine: absolute error at most 2⁻¹⁰⁰, and relative error at most 2⁻¹⁰⁰ for |x| ≤ π/4.</summary>
    /// <param name="x">Any finite number.</param>
    public static DoubleDouble Sin(DoubleDouble x) => SinCos(x).Sin;

    /// <summary>The cosine: absolute error at most 2⁻¹⁰⁰.</summary>
    /// <param name="x">Any finite number.</param>
    public static DoubleDouble Cos(DoubleDouble x) => SinCos(x).Cos;

    /// <summary>Sine and cosine together, with the errors of each.</summary>
    /// <param name="x">Any finite number; NaN for others.</param>
    public static (DoubleDouble Sin, DoubleDouble Cos) SinCos(DoubleDouble x)
    {
        if (!x.IsFinite) return (double.NaN, double.NaN);
        DoubleDouble r = ReduceToQuadrant(x, out long quadrant);
        DoubleDouble sin = SinTaylor(r), cos = CosTaylor(r);
        return (quadrant & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>The inverse tangent: relative error at most 2⁻¹⁰⁰.</summary>
    /// <param name="x">Any number; ±π/2 at infinity.</param>
    public static DoubleDouble Atan(DoubleDouble x)
    {
        if (double.IsNaN(x.Hi)) return x;
        if (x.Hi < 0) return -Atan(-x);
        if (x.Hi > 1) return ScaleB(Constants.Pi, -1) - Atan(double.IsInfinity(x.Hi) ? Zero : One / x);
        // atan x = atan c + atan((x-c)/(1+cx)) with c the nearest sixteenth; |t| <= 1/32.
        int j = (int)Math.Round(16 * x.Hi);
        if (j == 0) return AtanTaylor(x);
        double c = j / 16.0;
        return Constants.AtanSixteenths[j] + AtanTaylor((x - c) / (x * c + 1.0));
    }

    /// <summary>The hyperbolic sine: relative error at most 2⁻⁹⁷.</summary>
    /// <param name="x">Any number.</param>
    public static DoubleDouble Sinh(DoubleDouble x)
    {
        if (Math.Abs(x.Hi) < 0.3) return SinhTaylor(x);
        if (Math.Abs(x.Hi) > 709) return x.Hi > 0 ? HalfExp(x) : -HalfExp(-x);
        DoubleDouble e = Exp(x);
        return ScaleB(e - One / e, -1);
    }

    /// <summary>The hyperbolic cosine: relative error at most 2⁻⁹⁹.</summary>
    /// <param name="x">Any number.</param>
    public static DoubleDouble Cosh(DoubleDouble x)
    {
        if (Math.Abs(x.Hi) > 709) return HalfExp(Abs(x));
        DoubleDouble e = Exp(x);
        return ScaleB(e + One / e, -1);
    }

    /// <summary>The hyperbolic tangent: relative error at most 2⁻⁹⁷.</summary>
    /// <param name="x">Any number.</param>
    public static DoubleDouble Tanh(DoubleDouble x)
    {
        if (double.IsNaN(x.Hi)) return x;
        if (x.Hi < 0) return -Tanh(-x);
        if (x.Hi < 0.3) return SinhTaylor(x) / Cosh(x);
        return x.Hi > 40 ? One : One - 2.0 / (Exp(x + x) + One);
    }

    /// <summary>The logistic function 1/(1 + e⁻ˣ): relative error at most 2⁻⁹⁹ while the result is in the normal range.</summary>
    /// <param name="x">Any number.</param>
    public static DoubleDouble Sigmoid(DoubleDouble x)
    {
        DoubleDouble e = Exp(-Abs(x));
        return (x.Hi < 0 ? e : One) / (One + e);
    }

    /// <summary>The error function (2/√π) ∫₀ˣ exp(−t²) dt: relative error at most 2⁻⁹⁴.</summary>
    /// <param name="x">Any number.</param>
    public static DoubleDouble Erf(DoubleDouble x)
    {
        if (double.IsNaN(x.Hi)) return x;
        if (x.Hi < 0) return -Erf(-x);
        // 1 - erf(9) < 2^-121.
        if (x.Hi > 9) return One;
        // erf x = 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1)/(2n+1)!!: positive terms, so nothing cancels. At most 350 terms; the sum's
        // error is that of the summands (20 n u^2 for the n-th, and those that matter have n near x^2 <= 81), of exp(-x^2) (5 x^2 u^2)
        // and 3u^2 a sum: below 2400 u^2.
        DoubleDouble square = x * x, term = x, sum = x;
        for (int n = 1; n < 600; n++)
        {
            term = term * square * 2.0 / (2.0 * n + 1);
            sum += term;
            if (n > square.Hi && term.Hi < sum.Hi * 1e-34) break;
        }
        return sum * Exp(-square) * Constants.TwoOverRootPi;
    }

    /// <summary>exp(x) = mantissa · 2^exponent with a mantissa in [0.98, 2.03], which neither overflows nor underflows; error at most 2⁻¹⁰⁰.
    /// </summary>
    /// <param name="x">A finite number of magnitude at most 10⁴.</param>
    /// <param name="exponent">The power of two.</param>
    internal static DoubleDouble ExpMantissa(DoubleDouble x, out int exponent)
    {
        // x = k (ln 2)/32 + t with |t| <= 0.0109. The first part of (ln 2)/32 has 32 bits, so that its product with k is exact.
        double k = Math.Round(x.Hi * (32 / 0.6931471805599453));
        DoubleDouble t = x - k * Constants.Ln2Over32First - Constants.Ln2Over32Rest * k;
        // The tail of the exponential series after t^13/13! is below 2^-6.5·14/14! < 2^-126.
        DoubleDouble sum = Constants.InverseFactorials[13];
        for (int n = 12; n >= 0; n--) sum = sum * t + Constants.InverseFactorials[n];
        int index = (int)k & 31;
        exponent = ((int)k - index) >> 5;
        return sum * Constants.PowersOfTwo[index];
    }

    /// <summary>x − quadrant · π/2 in [−π/4, π/4], with absolute error at most 2⁻¹⁰³ (and the number itself while quadrant = 0).</summary>
    /// <param name="x">A finite number.</param>
    /// <param name="quadrant">The multiple of π/2 taken away; modulo 4 for magnitudes above 2²⁰.</param>
    internal static DoubleDouble ReduceToQuadrant(DoubleDouble x, out long quadrant)
    {
        if (Math.Abs(x.Hi) > FastTrigonometry) return ReduceBig(x, out quadrant);
        double k = Math.Round(x.Hi * (2 / Math.PI));
        quadrant = (long)k;
        // The first two parts of pi/2 have 32 bits each, so their products with k are exact; after the first subtraction
        // at most pi/4 + 2^-12 is left, of which each further step loses 3u^2.
        return k == 0 ? x : x - k * Constants.HalfPiFirst - k * Constants.HalfPiSecond - Constants.HalfPiRest * k;
    }

    private static DoubleDouble ReduceBig(DoubleDouble x, out long quadrant)
    {
        // |x| < 2^1024: with pi/2 to 1024 + 200 bits the multiple is known to 2^-190.
        const int bits = 1224;
        Rational halfPi = new(FixedPointSeries.Pi(bits + 16) >> 1, BigInteger.One << (bits + 16));
        Rational exact = x.ToRational();
        BigInteger multiple = (exact / halfPi + Rational.Half).Floor();
        quadrant = (long)(multiple & 3);
        return FromRational(exact - multiple * halfPi);
    }

    private static DoubleDouble HalfExp(DoubleDouble x)
    {
        // exp(x)/2 as a square, so that it overflows only where the result does.
        DoubleDouble root = Exp(ScaleB(x, -1));
        return ScaleB(root, -1) * root;
    }

    /// <summary>ln m for m in [0.7, 1.42].</summary>
    private static DoubleDouble LogNearOne(DoubleDouble m)
    {
        DoubleDouble excess = m - 1.0;
        if (Math.Abs(excess.Hi) < 0.0625) return TwiceAtanh(excess / (m + 1.0));
        // m exp(-y) = 1 + d, so ln m = y + ln(1 + d) whatever the quality of the guess y; |d| < 2^-45 makes d^3/3 the last term that counts.
        double y = Math.Log(m.Hi);
        DoubleDouble d = m * Exp(-y) - 1.0;
        return d - ScaleB(d * d, -1) + d.Hi * d.Hi * d.Hi / 3 + y;
    }

    /// <summary>2 atanh(s) for |s| ≤ 1/31: the tail after s^23/23 is below 2^-118 of the first term.</summary>
    private static DoubleDouble TwiceAtanh(DoubleDouble s)
    {
        DoubleDouble square = s * s, sum = Constants.OddReciprocals[11];
        for (int n = 10; n >= 0; n--) sum = sum * square + Constants.OddReciprocals[n];
        return ScaleB(sum * s, 1);
    }

    /// <summary>atan(t) for |t| ≤ 1/31: the tail after t^23/23 is below 2^-118 of the first term.</summary>
    private static DoubleDouble AtanTaylor(DoubleDouble t)
    {
        DoubleDouble square = -(t * t), sum = Constants.OddReciprocals[11];
        for (int n = 10; n >= 0; n--) sum = sum * square + Constants.OddReciprocals[n];
        return sum * t;
    }

    /// <summary>sin r for |r| ≤ 0.79: the tail after r^27/27! is below 2^-112 of the first term.</summary>
    private static DoubleDouble SinTaylor(DoubleDouble r) => OddExponentialSeries(r, -(r * r));

    /// <summary>sinh r for |r| ≤ 0.79.</summary>
    private static DoubleDouble SinhTaylor(DoubleDouble r) => OddExponentialSeries(r, r * r);

    private static DoubleDouble OddExponentialSeries(DoubleDouble r, DoubleDouble signedSquare)
    {
        DoubleDouble sum = Constants.InverseFactorials[27];
        for (int n = 25; n >= 1; n -= 2) sum = sum * signedSquare + Constants.InverseFactorials[n];
        return sum * r;
    }

    /// <summary>cos r for |r| ≤ 0.79: the tail after r^26/26! is below 2^-107.</summary>
    private static DoubleDouble CosTaylor(DoubleDouble r)
    {
        DoubleDouble square = -(r * r), sum = Constants.InverseFactorials[28];
        for (int n = 26; n >= 0; n -= 2) sum = sum * square + Constants.InverseFactorials[n];
        return sum;
    }

    /// <summary>Tables, computed once from integer series to 2⁻¹⁰⁷ of each value.</summary>
    private static class Constants
    {
        private const int Bits = 256;

        private static readonly BigInteger FixedLn2 = FixedPointSeries.Ln2(Bits);
        private static readonly BigInteger FixedPi = FixedPointSeries.Pi(Bits);

        public static readonly DoubleDouble Ln2 = FromFixed(FixedLn2, 0);
        public static readonly DoubleDouble Pi = FromFixed(FixedPi, 0);
        public static readonly DoubleDouble TwoOverRootPi = 2.0 / Sqrt(Pi);

        // (ln 2)/32 = first (32 bits) + rest.
        public static readonly double Ln2Over32First = Leading(FixedLn2, 5, 32, 0);
        public static readonly DoubleDouble Ln2Over32Rest = FromFixed(FixedLn2, 5, Ln2Over32First);

        // pi/2 = first (32 bits) + second (32 bits) + rest.
        public static readonly double HalfPiFirst = Leading(FixedPi, 1, 32, 0);
        public static readonly double HalfPiSecond = Leading(FixedPi, 1, 64, HalfPiFirst);
        public static readonly DoubleDouble HalfPiRest = FromFixed(FixedPi, 1, HalfPiFirst, HalfPiSecond);

        public static readonly DoubleDouble[] PowersOfTwo =
            [.. Enumerable.Range(0, 32).Select(j => FromFixed(FixedPointSeries.Exp(FixedLn2 * j / 32, Bits), 0))];

        public static readonly DoubleDouble[] AtanSixteenths =
            [.. Enumerable.Range(0, 17).Select(j => FromFixed(FixedPointSeries.Atan(j, 16, Bits), 0))];

        public static readonly DoubleDouble[] OddReciprocals =
            [.. Enumerable.Range(0, 12).Select(n => FromRational(new Rational(1, 2 * n + 1)))];

        public static readonly DoubleDouble[] InverseFactorials = Factorials();

        private static DoubleDouble[] Factorials()
        {
            DoubleDouble[] table = new DoubleDouble[29];
            BigInteger factorial = BigInteger.One;
            for (int n = 0; n < table.Length; n++)
            {
                if (n > 0) factorial *= n;
                table[n] = FromRational(new Rational(1, factorial));
            }
            return table;
        }

        /// <summary>The first bits of value · 2^-(256+shift), less a part that was split off before.</summary>
        private static double Leading(BigInteger value, int shift, int bits, double before)
        {
            int dropped = (int)value.GetBitLength() - bits;
            Rational leading = new(value >> dropped << dropped, BigInteger.One << (Bits + shift));
            return (leading - Rational.FromDouble(before)).ToDouble();
        }

        private static DoubleDouble FromFixed(BigInteger value, int shift, params ReadOnlySpan<double> minus)
        {
            Rational exact = new(value, BigInteger.One << (Bits + shift));
            foreach (double part in minus) exact -= Rational.FromDouble(part);
            return FromRational(exact);
        }
    }
}
