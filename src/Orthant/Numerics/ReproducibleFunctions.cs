using System.Numerics;
using System.Runtime.CompilerServices;

namespace Orthant.Numerics;

/// <summary>Elementary functions whose bits are the same on every machine and for every vector width: exactly rounded operations in a fixed order, and no
/// system library.</summary>
internal static class ReproducibleFunctions
{
    /// <summary>Below it, e^x is returned as zero: the scale factor would be subnormal.</summary>
    private const float ExpLowest = -86.75f;

    /// <summary>Above it, e^x overflows.</summary>
    private const float ExpHighest = 88.72283f;

    private const float LogTwoE = 1.44269504f;
    private const float LnTwoHigh = 0.693359375f;
    private const float LnTwoLow = -0.00021219444f;

    // e^r = 1 + r + r²·(E0 + E1 r + … + E4 r⁴), least relative error (3.7e-9) on |r| ≤ ln 2 / 2, by weighted least squares.
    private const float E0 = 0.49999994f;
    private const float E1 = 0.16666521f;
    private const float E2 = 0.04166839f;
    private const float E3 = 0.008368745f;
    private const float E4 = 0.0013814539f;

    /// <summary>e^x with a relative error of at most 1.3e-7 for x ≥ -86.75, 0 below, infinity above 88.72.</summary>
    public static float Exp(float x)
    {
        float clamped = x < ExpLowest ? ExpLowest : x > ExpHighest ? ExpHighest : x;
        float n = MathF.Floor(MathF.FusedMultiplyAdd(clamped, LogTwoE, 0.5f));
        float r = MathF.FusedMultiplyAdd(n, -LnTwoLow, MathF.FusedMultiplyAdd(n, -LnTwoHigh, clamped));
        float q = MathF.FusedMultiplyAdd(E4, r, E3);
        q = MathF.FusedMultiplyAdd(q, r, E2);
        q = MathF.FusedMultiplyAdd(q, r, E1);
        q = MathF.FusedMultiplyAdd(q, r, E0);
        q = MathF.FusedMultiplyAdd(q, r * r, r + 1);
        float half = BitConverter.Int32BitsToSingle(((int)(float.IsNaN(n) ? 0 : n) + 126) << 23);
        float result = q * half * 2;
        return x < ExpLowest ? 0 : x > ExpHighest ? float.PositiveInfinity : result;
    }

    /// <summary>e^x of each lane, whatever the width of a vector; see the scalar overload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        Vector<float> lowest = new(ExpLowest), highest = new(ExpHighest);
        Vector<int> low = Vector.LessThan(x, lowest), high = Vector.GreaterThan(x, highest);
        Vector<float> clamped = Vector.ConditionalSelect(low, lowest, Vector.ConditionalSelect(high, highest, x));
        Vector<float> n = Vector.Floor(Vector.FusedMultiplyAdd(clamped, new Vector<float>(LogTwoE), new Vector<float>(0.5f)));
        Vector<float> r = Vector.FusedMultiplyAdd(n, new Vector<float>(-LnTwoHigh), clamped);
        r = Vector.FusedMultiplyAdd(n, new Vector<float>(-LnTwoLow), r);
        Vector<float> q = Vector.FusedMultiplyAdd(new Vector<float>(E4), r, new Vector<float>(E3));
        q = Vector.FusedMultiplyAdd(q, r, new Vector<float>(E2));
        q = Vector.FusedMultiplyAdd(q, r, new Vector<float>(E1));
        q = Vector.FusedMultiplyAdd(q, r, new Vector<float>(E0));
        q = Vector.FusedMultiplyAdd(q, r * r, r + Vector<float>.One);
        Vector<float> half = Vector.AsVectorSingle((Vector.ConvertToInt32(n) + new Vector<int>(126)) << 23);
        Vector<float> result = q * half * new Vector<float>(2);
        return Vector.ConditionalSelect(low, Vector<float>.Zero, Vector.ConditionalSelect(high, new Vector<float>(float.PositiveInfinity), result));
    }

    /// <summary>The natural logarithm of a positive, finite, normal number, within 3 units in the last place.</summary>
    /// <remarks>x = 2^e·m with √½ ≤ m &lt; √2, and ln m = 2 artanh(s) = 2(s + s³/3 + s⁵/5 + …) with s = (m − 1)/(m + 1), |s| ≤ 0.172: eleven terms are
    /// enough. e·ln 2 is added in two parts, the first of which has trailing zeros enough to be exact.</remarks>
    public static double Log(double x)
    {
        const double RootTwo = 1.4142135623730951;
        const double LnTwoLeading = 0.693147180369123816490;
        const double LnTwoTrailing = 1.90821492927058770002e-10;
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (mantissa >= RootTwo)
        {
            mantissa *= 0.5;
            exponent++;
        }
        double f = mantissa - 1, s = f / (2 + f), square = s * s;
        double tail = 1.0 / 21;
        for (int odd = 19; odd >= 3; odd -= 2) tail = (tail * square) + (1.0 / odd);
        // ln m = 2s + 2s·tail·s², and 2s = f − s·f: the exact f leads.
        double correction = s * ((2 * square * tail) - f);
        return (exponent * LnTwoLeading) + (f + (correction + (exponent * LnTwoTrailing)));
    }

    /// <summary>cos(πx) for x in [0, 1], within 4·2⁻⁵³, by its power series about 0 after folding at ½.</summary>
    public static double CosPi(double x)
    {
        double folded = x > 0.5 ? 1 - x : x, square = Math.PI * folded * (Math.PI * folded);
        double sum = 1;
        for (int n = 22; n >= 2; n -= 2) sum = 1 - (square / (n * (n - 1)) * sum);
        return x > 0.5 ? -sum : sum;
    }

    /// <summary>x to a whole power, by squaring.</summary>
    /// <param name="x">The base.</param>
    /// <param name="exponent">0 or more.</param>
    public static double Power(double x, long exponent)
    {
        double result = 1;
        for (; exponent > 0; exponent >>= 1, x *= x)
        {
            if ((exponent & 1) != 0) result *= x;
        }
        return result;
    }
}
