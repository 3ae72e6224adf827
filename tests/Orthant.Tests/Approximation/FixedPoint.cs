using System.Numerics;

namespace Orthant.Tests.Approximation;

/// <summary>Numbers with 192 binary places (57 decimal ones): an oracle that shares no code with what it checks.</summary>
internal readonly record struct FixedPoint(BigInteger Units)
{
    private const int Places = 192;
    private static readonly BigInteger Unit = BigInteger.One << Places;
    private static readonly FixedPoint LogTwo = Sum(k => k == 0 ? 0 : Unit / (k * (BigInteger.One << k)));
    public static readonly FixedPoint Pi = (Of(16) * ArcTangentOfReciprocal(5)) - (Of(4) * ArcTangentOfReciprocal(239));

    public static FixedPoint Of(double value)
    {
        if (value == 0) return default;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        int shift = Math.Max(exponent, 1) - 1075 + Places;
        mantissa = shift >= 0 ? mantissa << shift : mantissa >> -shift;
        return new(value < 0 ? -mantissa : mantissa);
    }

    public double ToDouble() => (double)Units / Math.Pow(2, Places);

    public static FixedPoint operator +(FixedPoint a, FixedPoint b) => new(a.Units + b.Units);

    public static FixedPoint operator -(FixedPoint a, FixedPoint b) => new(a.Units - b.Units);

    public static FixedPoint operator -(FixedPoint a) => new(-a.Units);

    public static FixedPoint operator *(FixedPoint a, FixedPoint b) => new((a.Units * b.Units) >> Places);

    public static FixedPoint operator /(FixedPoint a, FixedPoint b) => new((a.Units << Places) / b.Units);

    public static bool operator <(FixedPoint a, FixedPoint b) => a.Units < b.Units;

    public static bool operator >(FixedPoint a, FixedPoint b) => a.Units > b.Units;

    public static FixedPoint Abs(FixedPoint a) => new(BigInteger.Abs(a.Units));

    public static FixedPoint Exp(FixedPoint x)
    {
        int n = (int)Math.Round(x.ToDouble() / Math.Log(2));
        FixedPoint rest = new((x - (Of(n) * LogTwo)).Units >> 8), term = Of(1), sum = Of(1);
        for (int k = 1; term.Units != 0 && k < 60; k++)
        {
            term = new((term * rest).Units / k);
            sum += term;
        }
        for (int i = 0; i < 8; i++) sum *= sum;
        return new(n >= 0 ? sum.Units << n : sum.Units >> -n);
    }

    /// <summary>By Halley's iteration from a double: the error's third power counts.</summary>
    public static FixedPoint Log(FixedPoint x)
    {
        FixedPoint z = Of(Math.Log(x.ToDouble()));
        for (int i = 0; i < 3; i++)
        {
            FixedPoint e = Exp(z);
            z += Of(2) * (x - e) / (x + e);
        }
        return z;
    }

    public static (FixedPoint Sine, FixedPoint Cosine) SinCos(FixedPoint x)
    {
        FixedPoint turn = Of(2) * Pi;
        BigInteger turns = (BigInteger)Math.Round(x.ToDouble() / (2 * Math.PI));
        FixedPoint r = x - new FixedPoint(turns * turn.Units), sine = default, cosine = default, term = Of(1);
        for (int k = 0; k < 90 && term.Units != 0; k++)
        {
            if (k % 2 == 0) cosine += k % 4 == 0 ? term : -term;
            else sine += k % 4 == 1 ? term : -term;
            term = new((term * r).Units / (k + 1));
        }
        return (sine, cosine);
    }

    public static FixedPoint Atan(FixedPoint x)
    {
        FixedPoint y = Of(Math.Atan(x.ToDouble()));
        for (int i = 0; i < 2; i++)
        {
            (FixedPoint s, FixedPoint c) = SinCos(y);
            FixedPoint d = ((x * c) - s) / (c + (x * s));
            y += d - (d * d * d / Of(3));
        }
        return y;
    }

    public static FixedPoint Sqrt(FixedPoint x)
    {
        if (x.Units.Sign <= 0) return default;
        BigInteger target = x.Units << Places, root = BigInteger.One << (int)((target.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger next = (root + (target / root)) >> 1;
            if (next >= root) return new(root);
            root = next;
        }
    }

    private static FixedPoint ArcTangentOfReciprocal(int n)
    {
        BigInteger power = Unit / n, sum = power;
        for (int k = 1; !power.IsZero; k++)
        {
            power /= n * n;
            sum += (k % 2 == 0 ? power : -power) / ((2 * k) + 1);
        }
        return new(sum);
    }

    private static FixedPoint Sum(Func<int, BigInteger> term)
    {
        BigInteger sum = 0;
        for (int k = 0; k <= Places; k++) sum += term(k);
        return new(sum);
    }
}
