using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

/// <summary>Elementary functions of rational numbers by plain series in integers over 2^700, the oracle of the fast kernels.</summary>
internal static class ReferenceSeries
{
    private const int Bits = 700;

    /// <summary>exp(x) for |x| up to 100: Taylor at x/2^12, squared twelve times.</summary>
    public static Rational Exp(Rational x)
    {
        BigInteger t = Fixed(x) >> 12, term = BigInteger.One << Bits, sum = term;
        for (int n = 1; !term.IsZero && n < 400; n++)
        {
            term = (term * t >> Bits) / n;
            sum += term;
        }
        for (int i = 0; i < 12; i++) sum = sum * sum >> Bits;
        return Value(sum);
    }

    /// <summary>sin(x) for |x| up to 120, by its Taylor series without any reduction.</summary>
    public static Rational Sin(Rational x) => Trigonometric(x, 1);

    /// <summary>cos(x) for |x| up to 120, by its Taylor series without any reduction.</summary>
    public static Rational Cos(Rational x) => Trigonometric(x, 0);

    /// <summary>erf(x) for |x| up to 9, by its alternating Taylor series.</summary>
    public static Rational Erf(Rational x)
    {
        BigInteger t = Fixed(x), square = t * t >> Bits, power = t, sum = t;
        for (int n = 1; n < 1000 && !power.IsZero; n++)
        {
            power = -(power * square >> Bits) / n;
            sum += power / (2 * n + 1);
        }
        // 2/sqrt(pi) from the integral of the Gaussian: pi by a series of its own.
        BigInteger pi = Pi(), root = Root(pi << Bits);
        return Value(sum) * 2 / Value(root);
    }

    /// <summary>The relative distance of a value from the truth.</summary>
    public static double RelativeError(Rational truth, Rational value) =>
        truth.IsZero ? Rational.Abs(value).ToDouble() : Rational.Abs((value - truth) / truth).ToDouble();

    private static Rational Trigonometric(Rational x, int first)
    {
        BigInteger t = Fixed(x), term = BigInteger.One << Bits, sum = BigInteger.Zero;
        for (int n = 0; n < 900 && !term.IsZero; n++)
        {
            if ((n & 1) == first) sum += (n & 2) == 0 ? term : -term;
            term = (term * t >> Bits) / (n + 1);
        }
        return Value(sum);
    }

    /// <summary>π by C. F. Gauss's and A.-M. Legendre's means.</summary>
    private static BigInteger Pi()
    {
        BigInteger one = BigInteger.One << Bits, a = one, b = Root(one << Bits >> 1), t = one >> 2, p = one;
        for (int i = 0; i < 11; i++)
        {
            BigInteger next = a + b >> 1, difference = a - next;
            b = Root(a * b);
            t -= p * (difference * difference >> Bits) >> Bits;
            a = next;
            p <<= 1;
        }
        return ((a + b) * (a + b) >> 2) / t;
    }

    private static BigInteger Root(BigInteger square)
    {
        BigInteger x = BigInteger.One << (int)((square.GetBitLength() + 2) / 2);
        while (true)
        {
            BigInteger next = (x + square / x) >> 1;
            if (next >= x) return x;
            x = next;
        }
    }

    private static BigInteger Fixed(Rational x) => (x * new Rational(BigInteger.One << Bits)).Floor();

    private static Rational Value(BigInteger x) => new(x, BigInteger.One << Bits);
}
