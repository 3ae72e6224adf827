using System.Numerics;

namespace Orthant.Numerics;

/// <summary>Elementary constants as integers over a power of two, by series with a known remainder: where tables of
/// <see cref="DoubleDouble"/> come from.</summary>
/// <remarks>Every value is within (terms + 2) · 2^-bits of the truth, as each term is cut once; callers ask for 40 bits more than they need.
/// </remarks>
internal static class FixedPointSeries
{
    /// <summary>π by J. Machin's formula 16 atan(1/5) − 4 atan(1/239).</summary>
    public static BigInteger Pi(int bits) => 16 * AtanOfReciprocal(5, bits) - 4 * AtanOfReciprocal(239, bits);

    /// <summary>ln 2 = 2 atanh(1/3).</summary>
    public static BigInteger Ln2(int bits)
    {
        BigInteger power = (BigInteger.One << bits) / 3, sum = BigInteger.Zero;
        for (int n = 1; !power.IsZero; n += 2, power /= 9) sum += power / n;
        return 2 * sum;
    }

    /// <summary>exp(x) for 0 ≤ x ≤ 1, x given as an integer over 2^bits.</summary>
    public static BigInteger Exp(BigInteger x, int bits)
    {
        BigInteger term = BigInteger.One << bits, sum = term;
        for (int n = 1; !term.IsZero; n++)
        {
            term = ((term * x) >> bits) / n;
            sum += term;
        }
        return sum;
    }

    /// <summary>atan(p/q) for 0 ≤ p ≤ q, by L. Euler's series with positive terms.</summary>
    public static BigInteger Atan(int p, int q, int bits)
    {
        // atan(x) = sum of 2^(2n) (n!)^2 / (2n+1)! · x^(2n+1) / (1+x^2)^(n+1); the ratio of terms is 2n/(2n+1) · x^2/(1+x^2) <= 1/2.
        BigInteger numerator = (BigInteger)p * p, denominator = numerator + (BigInteger)q * q;
        BigInteger term = ((BigInteger)p * q << bits) / denominator, sum = term;
        for (int n = 1; !term.IsZero; n++)
        {
            term = term * (2 * n) * numerator / ((2 * n + 1) * denominator);
            sum += term;
        }
        return sum;
    }

    private static BigInteger AtanOfReciprocal(int q, int bits)
    {
        BigInteger power = (BigInteger.One << bits) / q, sum = BigInteger.Zero;
        for (int n = 1, sign = 1; !power.IsZero; n += 2, sign = -sign, power /= q * q) sum += sign * (power / n);
        return sum;
    }
}
