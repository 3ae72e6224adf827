using System.Numerics;

namespace Orthant.Networks;

/// <summary>The weights of a stage as integers times 2^-WeightShift, its left slopes as integers times 2^-SlopeShift.</summary>
internal sealed class IntegerStage
{
    private readonly NormalStage source;
    private readonly (int, BigInteger)[]?[] rows;

    public IntegerStage(NormalStage source)
    {
        this.source = source;
        rows = new (int, BigInteger)[]?[source.Units];
        foreach (double b in source.Bias) WeightShift = Math.Max(WeightShift, FractionBits(b));
        for (int i = 0; i < source.Units; i++)
        {
            foreach (double w in source.Linear.Row(i).Values) WeightShift = Math.Max(WeightShift, FractionBits(w));
            SlopeShift = Math.Max(SlopeShift, FractionBits(source.Activations[i].LeftSlope));
        }
    }

    public int Units => source.Units;

    public int WeightShift { get; }

    public int SlopeShift { get; }

    public (int Column, BigInteger Weight)[] Row(int unit)
    {
        if (rows[unit] is { } known) return known;
        SparseRow row = source.Linear.Row(unit);
        List<(int, BigInteger)> made = new(row.Count);
        for (int k = 0; k < row.Count; k++)
        {
            if (row.Values[k] != 0) made.Add((row.Columns[k], ToInteger(row.Values[k], WeightShift)));
        }
        return rows[unit] = [.. made];
    }

    public BigInteger Bias(int unit) => ToInteger(source.Bias[unit], WeightShift);

    public BigInteger Slope(int unit, bool active)
    {
        ActivationFunction f = source.Activations[unit];
        return active || f.IsIdentity ? BigInteger.One << SlopeShift : ToInteger(f.LeftSlope, SlopeShift);
    }

    /// <summary>How many binary places behind the point a double has.</summary>
    internal static int FractionBits(double value)
    {
        if (value == 0) return 0;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        int lowest = Math.Max(exponent, 1) - 1075 + BitOperations.TrailingZeroCount(mantissa);
        return Math.Max(0, -lowest);
    }

    /// <summary>value · 2^shift, which is an integer.</summary>
    internal static BigInteger ToInteger(double value, int shift)
    {
        if (value == 0) return BigInteger.Zero;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        int power = Math.Max(exponent, 1) - 1075 + shift;
        BigInteger scaled = power >= 0 ? mantissa << power : mantissa >> -power;
        return value < 0 ? -scaled : scaled;
    }
}
