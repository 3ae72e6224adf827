using System.Numerics;

namespace Orthant.Numerics;

/// <summary>The logarithm of the gamma function and its derivatives at complex and real arguments.</summary>
/// <remarks>Stirling's series to the right of the imaginary axis, moved there by the recurrence or by reflection, and the Taylor series
/// at 2 near the zeros 1 and 2 (M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 6.1 to 6.4). Relative errors are a few
/// units in the last place, next to the zeros of log Γ and to the poles too, as far as the argument itself is exact.</remarks>
public static class ComplexGamma
{
    private const double HalfLogTwoPi = 0.91893853320467274178;
    private const double EulerGamma = 0.57721566490153286061;

    // Stirling's series is used from this magnitude on: its twelfth term is then below 2^-53 even on the imaginary axis.
    private const double Far = 10;

    // B(2n)/(2n(2n-1)), n = 1..12.
    private static readonly double[] Stirling =
    [
        1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156, -3617.0 / 122400,
        43867.0 / 244188, -174611.0 / 125400, 77683.0 / 5796, -236364091.0 / 1506960,
    ];

    // B(2n), n = 1..12.
    private static readonly double[] Bernoulli =
    [
        1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330,
        854513.0 / 138, -236364091.0 / 2730,
    ];

    // (-1)^k (zeta(k) - 1)/k, k = 2..45: the Taylor coefficients of log gamma at 2.
    private static readonly double[] TaylorAtTwo = [.. Enumerable.Range(2, 44).Select(k => (1 - 2 * (k & 1)) * ZetaMinusOne(k) / k)];

    /// <summary>log Γ(z) on the branch that is real for positive z and continuous off the negative real axis.</summary>
    /// <param name="z">Any complex number; on the negative axis the sign of the imaginary zero chooses the side.</param>
    /// <returns>+∞ at the poles 0, -1, -2, …; NaN for NaN.</returns>
    public static Complex Log(Complex z)
    {
        if (double.IsNaN(z.Real) || double.IsNaN(z.Imaginary)) return new(double.NaN, double.NaN);
        if (double.IsNegative(z.Imaginary)) return Complex.Conjugate(Log(Complex.Conjugate(z)));
        if (z.Imaginary == 0 && z.Real <= 0 && z.Real == Math.Floor(z.Real)) return double.PositiveInfinity;
        Complex fromOne = new(z.Real - 1, z.Imaginary), fromTwo = new(z.Real - 2, z.Imaginary);
        if (SquaredMagnitude(fromTwo) <= 0.49) return AtTwo(fromTwo);
        if (SquaredMagnitude(fromOne) <= 0.36) return AtTwo(fromOne) - Log1p(fromOne);
        // log Γ(z) = log Γ(1+z) - log z keeps the logarithmic pole at 0 sharp.
        if (SquaredMagnitude(z) <= 0.25) return AtTwo(z) - Log1p(z) - Complex.Log(z);
        return z.Real < 0.5 ? Reflected(z) : RightHalf(z);
    }

    /// <summary>log |Γ(x)| for a real number.</summary>
    /// <param name="x">Any real number.</param>
    /// <returns>+∞ at the poles 0, -1, -2, ….</returns>
    public static double LogAbs(double x) => Log(new Complex(x, 0)).Real;

    /// <summary>ψ(z), the derivative of log Γ.</summary>
    /// <param name="z">Any complex number; NaN at the poles 0, -1, -2, ….</param>
    public static Complex Digamma(Complex z)
    {
        if (z.Real < 0.5)
        {
            if (z.Imaginary == 0 && z.Real == Math.Floor(z.Real)) return new(double.NaN, 0);
            return Digamma(1 - z) - Math.PI * CotangentOfPi(z);
        }
        Complex shift = Complex.Zero;
        for (; SquaredMagnitude(z) < Far * Far; z += 1) shift += 1 / z;
        // log z - 1/(2z) - sum of B(2n)/(2n z^2n).
        Complex inverse = 1 / z, square = inverse * inverse, sum = Complex.Zero;
        for (int n = Bernoulli.Length; n >= 1; n--) sum = (sum + Bernoulli[n - 1] / (2 * n)) * square;
        return Complex.Log(z) - 0.5 * inverse - sum - shift;
    }

    /// <summary>ψ(x) for a real number.</summary>
    /// <param name="x">Any real number; NaN at the poles 0, -1, -2, ….</param>
    public static double Digamma(double x) => Digamma(new Complex(x, 0)).Real;

    /// <summary>ψ⁽ⁿ⁾(z), the n-th derivative of ψ, to the right of the imaginary axis.</summary>
    /// <param name="order">n, from 1 (the trigamma function) to 20.</param>
    /// <param name="z">A complex number with a positive real part.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order or the real part is out of range.</exception>
    public static Complex Polygamma(int order, Complex z)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, 20);
        if (!(z.Real > 0)) throw new ArgumentOutOfRangeException(nameof(z), z, "The real part is positive.");
        // (-1)^(n+1) psi_n(z) = sum over k of n!/(z+k)^(n+1); the first terms one by one, the rest by Euler and Maclaurin.
        double factorial = 1;
        for (int k = 2; k <= order; k++) factorial *= k;
        Complex terms = Complex.Zero;
        for (double far = Far + order; SquaredMagnitude(z) < far * far; z += 1) terms += Power(1 / z, order + 1);
        Complex inverse = 1 / z, power = Power(inverse, order);
        Complex rest = power / order + 0.5 * power * inverse;
        // B(2j) (n+1)(n+2)...(n+2j-1)/(2j)! z^-(n+2j).
        Complex square = inverse * inverse, decay = power * square;
        double rising = (order + 1) / 2.0;
        for (int j = 1; j <= Bernoulli.Length; j++)
        {
            rest += Bernoulli[j - 1] * rising * decay;
            rising *= (order + 2.0 * j) * (order + 2.0 * j + 1) / ((2.0 * j + 1) * (2.0 * j + 2));
            decay *= square;
        }
        Complex value = factorial * (terms + rest);
        return (order & 1) == 1 ? value : -value;
    }

    /// <summary>ψ⁽ⁿ⁾(x) for a positive real number.</summary>
    /// <param name="order">n, from 1 (the trigamma function) to 20.</param>
    /// <param name="x">A positive number.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order or the number is out of range.</exception>
    public static double Polygamma(int order, double x) => Polygamma(order, new Complex(x, 0)).Real;

    /// <summary>log(1 + w), accurate for small w.</summary>
    /// <param name="w">Any complex number but -1.</param>
    internal static Complex Log1p(Complex w)
    {
        double x = w.Real, y = w.Imaginary;
        // |1+w|^2 - 1 = 2x + x^2 + y^2 without the 1.
        double modulus = Math.Abs(x) + Math.Abs(y) < 0.75 ? 0.5 * RealLog1p(x * (2 + x) + y * y) : Math.Log(Hypotenuse(1 + x, y));
        return new(modulus, Math.Atan2(y, 1 + x));
    }

    /// <summary>The tail of Stirling's series, log Γ(z) − (z − ½) log z + z − ½ log 2π, for magnitudes of at least 10.</summary>
    /// <param name="z">A complex number to the right of the imaginary axis.</param>
    internal static Complex StirlingTail(Complex z)
    {
        Complex inverse = 1 / z, square = inverse * inverse, sum = Stirling[^1];
        for (int n = Stirling.Length - 2; n >= 0; n--) sum = sum * square + Stirling[n];
        return sum * inverse;
    }

    private static Complex RightHalf(Complex z)
    {
        // The product of the skipped factors turns anticlockwise by less than a quarter each: every passage from the upper to the
        // lower half-plane crosses the logarithm's cut once.
        Complex product = Complex.One;
        int turns = 0;
        bool above = true;
        while (SquaredMagnitude(z) < Far * Far)
        {
            product *= z;
            bool nowAbove = product.Imaginary >= 0;
            if (above && !nowAbove) turns++;
            above = nowAbove;
            z += 1;
        }
        Complex log = Complex.Log(z), value = (z - 0.5) * log - z + HalfLogTwoPi + StirlingTail(z);
        if (product == Complex.One) return value;
        return value - Complex.Log(product) - new Complex(0, 2 * Math.PI * turns);
    }

    private static Complex Reflected(Complex z)
    {
        // log sin(pi z) = -i pi (z - 1/2) - log 2 + log(1 - exp(2 pi i z)), continuous in the upper half-plane.
        Complex reflected = Log(new Complex(1 - z.Real, -z.Imaginary));
        double fraction = z.Real - Math.Round(z.Real);
        Complex oneMinus = MinusExpm1(-2 * Math.PI * z.Imaginary, 2 * Math.PI * fraction);
        Complex logSine = new Complex(Math.PI * z.Imaginary - Math.Log(2), -Math.PI * (z.Real - 0.5)) + Complex.Log(oneMinus);
        return Math.Log(Math.PI) - logSine - reflected;
    }

    /// <summary>1 − exp(x + iy), accurate near 0.</summary>
    internal static Complex MinusExpm1(double x, double y)
    {
        double half = Math.Sin(0.5 * y), growth = Math.Exp(x);
        // 1 - e^x cos y = -(e^x - 1) + 2 e^x sin^2(y/2).
        return new(-RealExpm1(x) + 2 * growth * half * half, -growth * Math.Sin(y));
    }

    private static Complex CotangentOfPi(Complex z)
    {
        // cot(pi z) = i (e^(2 pi i z) + 1)/(e^(2 pi i z) - 1) in the upper half-plane, mirrored in the lower one.
        bool below = z.Imaginary < 0;
        double x = -2 * Math.PI * Math.Abs(z.Imaginary), y = 2 * Math.PI * (z.Real - Math.Round(z.Real));
        Complex denominator = MinusExpm1(x, y);
        Complex value = new Complex(0, -1) * (2 - denominator) / denominator;
        return below ? Complex.Conjugate(value) : value;
    }

    /// <summary>log Γ(2 + w) for |w| ≤ 0.7.</summary>
    private static Complex AtTwo(Complex w)
    {
        Complex sum = Complex.Zero;
        for (int k = TaylorAtTwo.Length - 1; k >= 0; k--) sum = (sum + TaylorAtTwo[k]) * w;
        return (sum + (1 - EulerGamma)) * w;
    }

    /// <summary>ζ(k) − 1, by the first terms and the Euler–Maclaurin formula from 16 on.</summary>
    private static double ZetaMinusOne(int k)
    {
        const int n = 16;
        double last = Math.Pow(n, -k);
        double rising = k / 2.0, decay = last / n, sum = last * n / (k - 1) + 0.5 * last;
        for (int j = 1; j <= 8; j++)
        {
            sum += Bernoulli[j - 1] * rising * decay;
            rising *= (k + 2.0 * j - 1) * (k + 2.0 * j) / ((2.0 * j + 1) * (2.0 * j + 2));
            decay /= (double)n * n;
        }
        for (int i = n - 1; i >= 2; i--) sum += Math.Pow(i, -k);
        return sum;
    }

    private static Complex Power(Complex z, int n)
    {
        Complex result = Complex.One;
        for (; n > 0; n >>= 1, z *= z)
        {
            if ((n & 1) != 0) result *= z;
        }
        return result;
    }

    private static double SquaredMagnitude(Complex z) => z.Real * z.Real + z.Imaginary * z.Imaginary;

    private static double Hypotenuse(double x, double y) => Complex.Abs(new Complex(x, y));

    /// <summary>log(1 + x) for x above -1.</summary>
    private static double RealLog1p(double x)
    {
        double u = 1 + x;
        // The quotient corrects the rounding of 1 + x (W. Kahan).
        return u == 1 ? x : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) − 1 for x at most 0.</summary>
    private static double RealExpm1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1) return x;
        double v = u - 1;
        return v == -1 ? -1 : v * (x / Math.Log(u));
    }
}
