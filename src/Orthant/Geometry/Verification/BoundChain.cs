using Orthant.Geometry.Cutting;
using Orthant.Networks;

namespace Orthant.Geometry.Verification;

/// <summary>A normal form over a box, with a proved range of every pre-activation and the lines that bound the activations there.</summary>
/// <remarks>
/// <para>Matrices stay operators, so that convolutions are never expanded. For domains of few inputs see <see cref="StageTable"/>.</para>
/// <para>Ranges begin as those of interval arithmetic and are narrowed stage by stage, in order: <see cref="Narrow"/>, then
/// <see cref="Settle"/>, which a stage needs before the next one is asked for. All roundings are outward.</para>
/// </remarks>
internal sealed class BoundChain
{
    private readonly double[][] largest;

    public BoundChain(NormalForm form, InputDomain domain)
    {
        Stages = [.. form.Stages];
        int count = Stages.Length;
        Lower = Array.ConvertAll([.. domain.Lower], r => Math.BitDecrement(r.ToDouble()));
        Upper = Array.ConvertAll([.. domain.Upper], r => Math.BitIncrement(r.ToDouble()));
        Low = new double[count][];
        High = new double[count][];
        Sizes = new double[count][];
        Lines = new UnitLines[count][];
        Open = new int[count][];
        largest = new double[count][];
        LastKinked = Array.FindLastIndex(Stages, s => !s.Activations.IsIdentity);
        foreach (NormalStage s in Stages) Units += s.Units;
        Enter(0);
    }

    public NormalStage[] Stages { get; }

    /// <summary>The box, rounded outward.</summary>
    public double[] Lower { get; }

    /// <inheritdoc cref="Lower"/>
    public double[] Upper { get; }

    /// <summary>Each unit's pre-activation lies between these, by stage.</summary>
    public double[][] Low { get; }

    /// <inheritdoc cref="Low"/>
    public double[][] High { get; }

    /// <summary>For each unit an upper bound on what the absolute terms of its pre-activation add up to in the box, by stage.</summary>
    public double[][] Sizes { get; }

    /// <summary>The lines of each unit, by stage; null before <see cref="Settle"/>.</summary>
    public UnitLines[][] Lines { get; }

    /// <summary>The units that may have both signs, by stage, increasing.</summary>
    public int[][] Open { get; }

    /// <summary>The last stage with a kink; -1 when no stage has any.</summary>
    public int LastKinked { get; }

    /// <summary>How many units all stages have.</summary>
    public int Units { get; }

    /// <summary>Takes a better bound of one unit's pre-activation.</summary>
    public void Narrow(int stage, int unit, double low, double high)
    {
        if (low > Low[stage][unit]) Low[stage][unit] = low;
        if (high < High[stage][unit]) High[stage][unit] = high;
    }

    /// <summary>Fixes the lines of a stage from its ranges, and finds the ranges of the next stage by intervals.</summary>
    public void Settle(int stage)
    {
        NormalStage now = Stages[stage];
        Lines[stage] = new UnitLines[now.Units];
        List<int> open = [];
        for (int i = 0; i < now.Units; i++)
        {
            ActivationFunction f = now.Activations[i];
            Lines[stage][i] = f.IsIdentity ? UnitLines.Settled(1, 1) : UnitLines.Of(Low[stage][i], High[stage][i], f.LeftSlope);
            if (Lines[stage][i].Sign == 0) open.Add(i);
        }
        Open[stage] = [.. open];
        if (stage + 1 < Stages.Length) Enter(stage + 1);
    }

    /// <summary>Intervals: what the centre of the inputs of a stage becomes, and how far its terms can be from there.</summary>
    private void Enter(int stage)
    {
        NormalStage now = Stages[stage];
        int n = now.Linear.Inputs, m = now.Units;
        double[] centre = new double[n], radius = new double[n], most = new double[n];
        for (int j = 0; j < n; j++)
        {
            (double a, double b) = stage == 0 ? (Lower[j], Upper[j]) : Image(stage - 1, j);
            centre[j] = (a / 2) + (b / 2);
            radius[j] = Math.BitIncrement(Math.Max(b - centre[j], centre[j] - a));
            most[j] = Math.Max(Math.Abs(a), Math.Abs(b));
        }
        double[] middle = new double[m], spread = new double[m], size = new double[m];
        now.Linear.Apply<double>(1, centre, middle);
        now.Linear.ApplyAbsolute(1, radius, spread);
        now.Linear.ApplyAbsolute(1, most, size);
        double sum = (now.Linear.LongestRow + 8) * 4 * Rounding.Unit;
        Low[stage] = new double[m];
        High[stage] = new double[m];
        for (int i = 0; i < m; i++)
        {
            size[i] = ((size[i] + Math.Abs(now.Bias[i])) * (1 + sum)) + double.Epsilon;
            double reach = (spread[i] * (1 + sum)) + (sum * size[i]) + 1e-300, z = middle[i] + now.Bias[i];
            Low[stage][i] = Math.BitDecrement(z - reach);
            High[stage][i] = Math.BitIncrement(z + reach);
        }
        Sizes[stage] = size;
        largest[stage] = most;
    }

    /// <summary>Between what a unit's activation lies.</summary>
    private (double Low, double High) Image(int stage, int unit)
    {
        double a = Low[stage][unit], b = High[stage][unit];
        ActivationFunction f = Stages[stage].Activations[unit];
        if (f.IsIdentity || a >= 0) return (a, b);
        double left = f.LeftSlope * a, right = b > 0 ? b : f.LeftSlope * b;
        double low = Math.Min(left, right), high = Math.Max(left, right);
        if (b > 0) (low, high) = (Math.Min(low, 0), Math.Max(high, 0));
        return (low == 0 ? 0 : Math.BitDecrement(low), high == 0 ? 0 : Math.BitIncrement(high));
    }

    /// <summary>The largest absolute value of an input of a stage.</summary>
    public double[] Largest(int stage) => largest[stage];
}

/// <summary>What bounds an activation with one kink on a range: the piece it keeps to, or a chord on one side and on the other any slope
/// between those of its pieces.</summary>
/// <param name="Sign">1 or -1 where one piece is kept to, 0 where the sign is open.</param>
/// <param name="Left">The slope left of zero.</param>
/// <param name="Chord">The slope of the chord.</param>
/// <param name="Offset">The chord's value at zero, rounded away from the activation: positive above a convex one, negative below a concave one.</param>
internal readonly record struct UnitLines(sbyte Sign, double Left, double Chord, double Offset)
{
    /// <summary>The activation is convex: the chord lies above it.</summary>
    public bool Convex => Left <= 1;

    public static UnitLines Settled(sbyte sign, double left) => new(sign, left, 0, 0);

    /// <summary>The lines of x for x &gt; 0 and left · x otherwise, on [low, high].</summary>
    public static UnitLines Of(double low, double high, double left)
    {
        if (low >= 0) return Settled(1, left);
        if (high <= 0) return Settled(-1, left);
        // What the unit is above the chord's slope at both ends; at zero it is nothing.
        double chord = (high - (left * low)) / (high - low);
        if (!double.IsFinite(chord)) chord = left;
        double atLow = (left - chord) * low, atHigh = (1 - chord) * high;
        double slack = 8 * Rounding.Unit * (((Math.Abs(left) + Math.Abs(chord)) * -low) + ((1 + Math.Abs(chord)) * high));
        return left <= 1
            ? new UnitLines(0, left, chord, Math.Max(0, Math.Max(atLow, atHigh)) + slack)
            : new UnitLines(0, left, chord, Math.Min(0, Math.Min(atLow, atHigh)) - slack);
    }

    /// <summary>The slope to begin with on the side away from the chord: the piece that reaches further.</summary>
    public double FirstSlope(double low, double high) => high > -low ? 1 : Left;
}
