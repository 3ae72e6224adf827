using System.Numerics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>The forms of the current path modulo the prime 2⁶¹ - 1: what is equal has equal residues, and what differs has different ones
/// but for a chance of about 2⁻⁶¹.</summary>
/// <remarks>Weights are dyadic and the box is rational, so every form, vertex and output map is a rational number with a residue. Forms of a
/// stage are kept until the walk enters it with another cell.</remarks>
internal sealed class ResidueForms
{
    private readonly StageTable table;
    private readonly ulong[][] weights;
    private readonly ulong[][] biases;
    private readonly ulong[][] slopes;
    private readonly ulong[]?[] forms;
    private readonly long[] validFor;
    private readonly int d;

    public ResidueForms(StageTable table)
    {
        this.table = table;
        d = table.Dimension;
        int count = table.Stages.Length;
        weights = new ulong[count][];
        biases = new ulong[count][];
        slopes = new ulong[count][];
        forms = new ulong[]?[count];
        validFor = new long[count];
        for (int s = 0; s < count; s++)
        {
            NormalStage stage = table.Stages[s].Source;
            int inputs = stage.Linear.Inputs;
            ulong[] w = new ulong[checked(stage.Units * inputs)];
            for (int i = 0; i < stage.Units; i++)
            {
                SparseRow row = stage.Linear.Row(i);
                for (int k = 0; k < row.Count; k++) w[(i * inputs) + row.Columns[k]] = Residue.Of(row.Values[k]);
            }
            weights[s] = w;
            biases[s] = stage.Bias.Select(Residue.Of).ToArray();
            slopes[s] = Enumerable.Range(0, stage.Units).Select(i => Residue.Of(stage.Activations[i].LeftSlope)).ToArray();
        }
    }

    /// <summary>All forms of a stage in the current cell: unit i at i · (d + 1), coefficients of the scaled free inputs and then the constant.</summary>
    public ReadOnlySpan<ulong> Stage(int stage, PathState path)
    {
        // The last stage is entered without a number of its own; it changes with every region.
        bool last = stage == table.Stages.Length - 1;
        if (!last && forms[stage] is { } known && validFor[stage] == path.EntryOf(stage)) return known;
        ulong[] made = forms[stage] ??= new ulong[table.Stages[stage].Units * (d + 1)];
        if (stage == 0) First(made);
        else Compose(stage, path, made);
        validFor[stage] = last ? -1 : path.EntryOf(stage);
        return made;
    }

    /// <summary>The form of a unit.</summary>
    public ReadOnlySpan<ulong> Form(int stage, int unit, PathState path) => Stage(stage, path).Slice(unit * (d + 1), d + 1);

    private void First(ulong[] made)
    {
        int n = table.Stages[0].Source.Linear.Inputs;
        ulong[] centre = Array.ConvertAll(table.Scale.ExactCentre, Residue.Of), half = Array.ConvertAll(table.Scale.ExactHalfSide, Residue.Of);
        for (int i = 0; i < table.Stages[0].Units; i++)
        {
            ulong constant = biases[0][i];
            for (int j = 0; j < n; j++) constant = Residue.Add(constant, Residue.Multiply(weights[0][(i * n) + j], centre[j]));
            made[(i * (d + 1)) + d] = constant;
            for (int q = 0; q < d; q++) made[(i * (d + 1)) + q] = Residue.Multiply(weights[0][(i * n) + table.Domain.Free[q]], half[q]);
        }
    }

    private void Compose(int stage, PathState path, ulong[] made)
    {
        ReadOnlySpan<ulong> inner = Stage(stage - 1, path);
        Stage before = table.Stages[stage - 1];
        int n = before.Units;
        int[] used = new int[n];
        ulong[] factors = new ulong[n];
        int count = 0;
        for (int j = 0; j < n; j++)
        {
            ulong factor = path.IsActive(stage - 1, j) ? 1 : slopes[stage - 1][j];
            if (factor == 0) continue;
            used[count] = j;
            factors[count++] = factor;
        }
        ulong[] scaled = new ulong[count * (d + 1)];
        for (int t = 0; t < count; t++)
        {
            for (int q = 0; q <= d; q++) scaled[(t * (d + 1)) + q] = Residue.Multiply(factors[t], inner[(used[t] * (d + 1)) + q]);
        }
        ulong[] w = weights[stage];
        for (int i = 0; i < table.Stages[stage].Units; i++)
        {
            for (int q = 0; q <= d; q++)
            {
                UInt128 sum = q == d ? biases[stage][i] : 0;
                for (int t = 0; t < count; t++)
                {
                    sum += Math.BigMul(w[(i * n) + used[t]], scaled[(t * (d + 1)) + q]);
                    // 64 products of 61 bits each fit; fold now and then.
                    if ((t & 31) == 31) sum = Residue.Fold(sum);
                }
                made[(i * (d + 1)) + q] = Residue.Reduce(sum);
            }
        }
    }
}

/// <summary>Arithmetic modulo the Mersenne prime p = 2⁶¹ - 1.</summary>
internal static class Residue
{
    public const ulong Prime = (1UL << 61) - 1;

    public static ulong Add(ulong a, ulong b)
    {
        ulong sum = a + b;
        return sum >= Prime ? sum - Prime : sum;
    }

    public static ulong Subtract(ulong a, ulong b) => a >= b ? a - b : a + Prime - b;

    public static ulong Negate(ulong a) => a == 0 ? 0 : Prime - a;

    public static ulong Multiply(ulong a, ulong b) => Reduce(Math.BigMul(a, b));

    /// <summary>A number of at most 128 bits brought below 2⁶⁸, with the same residue.</summary>
    public static UInt128 Fold(UInt128 value) => (value & Prime) + (value >> 61);

    public static ulong Reduce(UInt128 value)
    {
        UInt128 folded = Fold(Fold(value));
        ulong low = (ulong)(folded & Prime) + (ulong)(folded >> 61);
        return low >= Prime ? low - Prime : low;
    }

    public static ulong Power(ulong a, ulong exponent)
    {
        ulong result = 1;
        for (; exponent != 0; exponent >>= 1, a = Multiply(a, a))
        {
            if ((exponent & 1) != 0) result = Multiply(result, a);
        }
        return result;
    }

    /// <summary>The inverse of what is not zero, by Fermat's theorem.</summary>
    public static ulong Inverse(ulong a) => Power(a, Prime - 2);

    public static ulong Of(double value)
    {
        if (value == 0) return 0;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        ulong mantissa = (ulong)((bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52));
        // Powers of two repeat after 61.
        int power = ((Math.Max(exponent, 1) - 1075) % 61 + 61) % 61;
        ulong residue = Multiply(mantissa, 1UL << power);
        return value < 0 ? Negate(residue) : residue;
    }

    public static ulong Of(Rational value)
    {
        ulong numerator = (ulong)BigInteger.Remainder(BigInteger.Abs(value.Numerator), Prime), denominator = (ulong)BigInteger.Remainder(value.Denominator, Prime);
        ulong residue = Multiply(numerator, Inverse(denominator));
        return value.Sign < 0 ? Negate(residue) : residue;
    }
}
