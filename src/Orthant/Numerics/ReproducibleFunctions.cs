using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    /// <summary>e^x of 8 lanes; see the scalar overload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        Vector256<float> lowest = Vector256.Create(ExpLowest), highest = Vector256.Create(ExpHighest);
        Vector256<float> low = Vector256.LessThan(x, lowest), high = Vector256.GreaterThan(x, highest);
        Vector256<float> clamped = Vector256.ConditionalSelect(low, lowest, Vector256.ConditionalSelect(high, highest, x));
        Vector256<float> n = Vector256.Floor(Vector256.FusedMultiplyAdd(clamped, Vector256.Create(LogTwoE), Vector256.Create(0.5f)));
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-LnTwoHigh), clamped);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-LnTwoLow), r);
        Vector256<float> q = Vector256.FusedMultiplyAdd(Vector256.Create(E4), r, Vector256.Create(E3));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(E2));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(E1));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(E0));
        q = Vector256.FusedMultiplyAdd(q, r * r, r + Vector256<float>.One);
        Vector256<float> half = ((Vector256.ConvertToInt32(n) + Vector256.Create(126)) << 23).AsSingle();
        Vector256<float> result = q * half * Vector256.Create(2f);
        return Vector256.ConditionalSelect(low, Vector256<float>.Zero, Vector256.ConditionalSelect(high, Vector256.Create(float.PositiveInfinity), result));
    }

    /// <summary>e^x of 16 lanes; see the scalar overload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        Vector512<float> lowest = Vector512.Create(ExpLowest), highest = Vector512.Create(ExpHighest);
        Vector512<float> low = Vector512.LessThan(x, lowest), high = Vector512.GreaterThan(x, highest);
        Vector512<float> clamped = Vector512.ConditionalSelect(low, lowest, Vector512.ConditionalSelect(high, highest, x));
        Vector512<float> n = Vector512.Floor(Vector512.FusedMultiplyAdd(clamped, Vector512.Create(LogTwoE), Vector512.Create(0.5f)));
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-LnTwoHigh), clamped);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-LnTwoLow), r);
        Vector512<float> q = Vector512.FusedMultiplyAdd(Vector512.Create(E4), r, Vector512.Create(E3));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(E2));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(E1));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(E0));
        q = Vector512.FusedMultiplyAdd(q, r * r, r + Vector512<float>.One);
        Vector512<float> half = ((Vector512.ConvertToInt32(n) + Vector512.Create(126)) << 23).AsSingle();
        Vector512<float> result = q * half * Vector512.Create(2f);
        return Vector512.ConditionalSelect(low, Vector512<float>.Zero, Vector512.ConditionalSelect(high, Vector512.Create(float.PositiveInfinity), result));
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
}
