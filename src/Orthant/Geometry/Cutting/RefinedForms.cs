using System.Runtime.Intrinsics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>The forms of the current path of a walk in pairs of doubles, with proved errors: for signs that doubles leave open and that are not
/// zero.</summary>
/// <remarks>
/// <para>A stage is kept as</para>
/// <code>
/// row 0 … d        high parts, units side by side: coefficients of the scaled free inputs, then the constant
/// row d+1 … 2d+1   low parts
/// row 2d+2         a bound on the sum of the errors of a form's numbers
/// </code>
/// <para>until the walk enters that stage again with another cell. One step of a sum costs at most 8u² of the absolute terms so far (each
/// product is exact but for its low part, and the pair is made disjoint again after every addition; see <see cref="DoubleDouble"/>).</para>
/// </remarks>
internal sealed unsafe class RefinedForms(StageTable table)
{
    /// <summary>u², times a margin for the few roundings of one step.</summary>
    private const double StepError = 16 * Rounding.Unit * Rounding.Unit;

    private readonly double[]?[] maps = new double[]?[table.Stages.Length];
    private readonly long[] validFor = new long[table.Stages.Length];
    private readonly int d = table.Dimension;

    /// <summary>The form of a unit's pre-activation in the current cell.</summary>
    /// <param name="stage">A stage that the path has entered.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="path">The path: entry numbers and decisions of the stages before.</param>
    /// <param name="form">Overwritten: d coefficients, then the constant.</param>
    /// <returns>A bound on the form's error anywhere in the box; infinite when there is no such form.</returns>
    public double Form(int stage, int unit, PathState path, DoubleDouble* form)
    {
        if (Map(stage, path) is not { } map) return double.PositiveInfinity;
        int padded = table.Stages[stage].Padded;
        for (int q = 0; q <= d; q++) form[q] = DoubleDouble.TwoSum(map[(q * padded) + unit], map[((d + 1 + q) * padded) + unit]);
        return map[(((2 * d) + 2) * padded) + unit];
    }

    /// <summary>The value of a form at a point, and a bound on how far both the form's error and the evaluation may move it.</summary>
    public DoubleDouble Value(DoubleDouble* form, double formError, DoubleDouble* x, out double error)
    {
        DoubleDouble sum = form[d];
        double size = Math.Abs(form[d].Hi), largest = 1;
        for (int q = 0; q < d; q++)
        {
            sum += form[q] * x[q];
            size += Math.Abs(form[q].Hi * x[q].Hi);
            largest = Math.Max(largest, Math.Abs(x[q].Hi));
        }
        error = ((formError * largest) + ((d + 4) * StepError * size)) * (1 + 1e-9);
        return sum;
    }

    private double[]? Map(int stage, PathState path)
    {
        if (stage == 0) return maps[0] ??= First();
        if (table.Stages[stage].Columns is null) return null;
        if (maps[stage] is { } known && validFor[stage] == path.EntryOf(stage)) return known;
        if (Map(stage - 1, path) is not { } before) return null;
        double[] map = maps[stage] ??= new double[((2 * d) + 3) * table.Stages[stage].Padded];
        Compose(stage, before, map, path);
        validFor[stage] = path.EntryOf(stage);
        return map;
    }

    private double[] First()
    {
        Stage stage = table.Stages[0];
        int padded = stage.Padded;
        double[] map = new double[((2 * d) + 3) * padded];
        DoubleDouble[] centre = Array.ConvertAll(table.Scale.ExactCentre, DoubleDouble.FromRational);
        DoubleDouble[] halfSide = Array.ConvertAll(table.Scale.ExactHalfSide, DoubleDouble.FromRational);
        int[] freeOf = new int[centre.Length];
        Array.Fill(freeOf, -1);
        for (int q = 0; q < d; q++) freeOf[table.Domain.Free[q]] = q;
        DoubleDouble[] form = new DoubleDouble[d + 1];
        for (int i = 0; i < stage.Units; i++)
        {
            Array.Clear(form);
            form[d] = stage.Bias[i];
            double size = Math.Abs(stage.Bias[i]);
            SparseRow row = stage.Source.Linear.Row(i);
            for (int k = 0; k < row.Count; k++)
            {
                int j = row.Columns[k];
                form[d] += centre[j] * row.Values[k];
                size += Math.Abs(centre[j].Hi * row.Values[k]);
                if (freeOf[j] < 0) continue;
                form[freeOf[j]] += halfSide[freeOf[j]] * row.Values[k];
                size += Math.Abs(halfSide[freeOf[j]].Hi * row.Values[k]);
            }
            for (int q = 0; q <= d; q++)
            {
                map[(q * padded) + i] = form[q].Hi;
                map[((d + 1 + q) * padded) + i] = form[q].Lo;
            }
            map[(((2 * d) + 2) * padded) + i] = ((row.Count + 8) * StepError * size) + double.Epsilon;
        }
        return map;
    }

    private void Compose(int stage, double[] before, double[] map, PathState path)
    {
        Stage now = table.Stages[stage - 1], next = table.Stages[stage];
        int from = now.Padded, padded = next.Padded;
        double perStep = (now.Units + 8) * StepError;
        Vector512<double> grow = Vector512.Create(1 + 1e-9);
        for (int b = 0; b < padded; b += 8)
        {
            for (int q = 0; q <= d; q++)
            {
                Vector512<double> high = q == d ? Vector512.Load(next.Bias + b) : Vector512<double>.Zero, low = Vector512<double>.Zero;
                for (int j = 0; j < now.Units; j++)
                {
                    double factor = path.IsActive(stage - 1, j) ? 1 : now.LeftSlope[j];
                    if (factor == 0) continue;
                    DoubleDouble c = DoubleDouble.TwoSum(before[(q * from) + j], before[((d + 1 + q) * from) + j]) * factor;
                    Vector512<double> w = Vector512.Load(next.Columns + ((long)j * padded) + b), ch = Vector512.Create(c.Hi), cl = Vector512.Create(c.Lo);
                    Vector512<double> p = w * ch, rest = Vector512.FusedMultiplyAdd(w, cl, Vector512.FusedMultiplyAdd(w, ch, -p));
                    // Two-sum of the high parts; what it leaves, and all low parts, go to the low part; then both are made disjoint again.
                    Vector512<double> s = high + p, t = s - high, left = (high - (s - t)) + (p - t);
                    low += left + rest;
                    high = s + low;
                    low -= high - s;
                }
                fixed (double* row = &map[(q * padded) + b]) high.Store(row);
                fixed (double* row = &map[((d + 1 + q) * padded) + b]) low.Store(row);
            }
            Vector512<double> error = Vector512.Abs(Vector512.Load(next.Bias + b)) * Vector512.Create(perStep);
            for (int j = 0; j < now.Units; j++)
            {
                double factor = path.IsActive(stage - 1, j) ? 1 : now.LeftSlope[j], size = 0;
                if (factor == 0) continue;
                for (int q = 0; q <= d; q++) size += Math.Abs(before[(q * from) + j]);
                double e = Math.Abs(factor) * (before[(((2 * d) + 2) * from) + j] + (perStep * size));
                error = Vector512.FusedMultiplyAdd(Vector512.Abs(Vector512.Load(next.Columns + ((long)j * padded) + b)), Vector512.Create(e), error);
            }
            ((error * grow) + Vector512.Create(now.Units * 4 * double.Epsilon)).CopyTo(map, (((2 * d) + 2) * padded) + b);
        }
    }
}
