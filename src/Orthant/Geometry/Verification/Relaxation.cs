using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Orthant.Geometry.Cutting;

namespace Orthant.Geometry.Verification;

/// <summary>Linear bounds of a network over a cell: ranges of all units from the cell's stage on, and affine lower bounds of the conditions.</summary>
/// <remarks>
/// <para>A unit that may have both signs on [a, b], a &lt; 0 &lt; b, lies between two lines: the chord over [a, b], and either of its two
/// pieces continued (the right one when b &gt; -a). Forward, its image is the chord plus an error of its own (a zonotope; K. Ghorbal,
/// E. Goubault, S. Putot, 2009); backward, each row takes the line that its sign asks for (H. Zhang et al., CROWN, 2018; G. Singh et al.,
/// DeepPoly, 2019). Affine parts take their extremes at the cell's vertices.</para>
/// <para>All roundings are bounded and added: forward by one row of errors beside the affine rows, backward by one number a row, from bounds
/// on what the terms of every unit add up to in the domain. Buffers are kept; not safe to share between threads.</para>
/// </remarks>
internal sealed unsafe partial class Relaxation : IDisposable
{
    private readonly DenseStages stages;
    private readonly StageTable table;
    private readonly int d;
    private readonly int rows;
    private readonly int last;
    private readonly List<nint> owned = [];

    // One array a stage: the range of each unit, and the lines that bound it.
    private readonly double*[] low;
    private readonly double*[] high;
    private readonly Lines[] lines;

    private readonly double*[] affine = new double*[2];
    private readonly double*[] errors = new double*[2];
    private readonly double* coefficients;
    private readonly double** columns;
    private readonly double* spread;

    /// <summary>For each unit the lines below and above it, and the chord with its error.</summary>
    private struct Lines
    {
        public double* ChordSlope;
        public double* ChordCentre;
        public double* ChordRadius;
        public double* LowerSlope;
        public double* LowerOffset;
        public double* UpperSlope;
        public double* UpperOffset;
    }

    public Relaxation(DenseStages stages)
    {
        this.stages = stages;
        table = stages.Table;
        d = table.Dimension;
        rows = table.Rows;
        last = table.Stages.Length - 1;
        int count = table.Stages.Length, widest = table.Stages.Max(s => s.Padded), kinked = 0;
        low = new double*[count];
        high = new double*[count];
        lines = new Lines[count];
        for (int s = 0; s < count; s++)
        {
            int padded = table.Stages[s].Padded;
            low[s] = Allocate(padded);
            high[s] = Allocate(padded);
            lines[s] = new Lines
            {
                ChordSlope = Allocate(padded),
                ChordCentre = Allocate(padded),
                ChordRadius = Allocate(padded),
                LowerSlope = Allocate(padded),
                LowerOffset = Allocate(padded),
                UpperSlope = Allocate(padded),
                UpperOffset = Allocate(padded),
            };
            if (s < count - 1) kinked += table.Stages[s].Units;
        }
        for (int side = 0; side < 2; side++)
        {
            affine[side] = Allocate((long)rows * widest);
            errors[side] = Allocate((long)Math.Max(1, kinked) * widest);
        }
        coefficients = Allocate((long)(rows + kinked + 8) * widest);
        columns = (double**)Allocate(widest);
        spread = Allocate(widest);
        conditions = table.Stages[last].Units;
        pulled = [Allocate((long)conditions * widest), Allocate((long)conditions * widest)];
        bounds = Allocate((long)conditions * (d + 2));
        weights = Allocate((long)conditions * widest);
        lowestValue = new double[conditions];
        lowestAt = new int[conditions];
    }

    private double* Allocate(long count)
    {
        nuint bytes = (nuint)(Math.Max(8, count) * sizeof(double));
        void* memory = NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(memory, bytes);
        owned.Add((nint)memory);
        return (double*)memory;
    }

    public void Dispose()
    {
        foreach (nint memory in owned) NativeMemory.AlignedFree((void*)memory);
        owned.Clear();
    }

    private static bool HasKink(Stage stage, int unit) => ((stage.Kinks[unit >> 3] >> (unit & 7)) & 1) != 0;

    /// <summary>Finds the ranges of a stage's units over a cell and settles those that keep one sign.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="map">The stage's map on it.</param>
    /// <param name="status">1 active, -1 not active, 0 open; open units that turn out to be settled are set.</param>
    /// <returns>How many are open.</returns>
    public int Settle(int stage, in Cell cell, double* map, sbyte* status)
    {
        Stage now = table.Stages[stage];
        Ranges(cell, map, now.Padded, null, low[stage], high[stage]);
        int open = 0;
        for (int i = 0; i < now.Units; i++)
        {
            if (status[i] != 0) continue;
            if (!HasKink(now, i) || low[stage][i] >= 0) status[i] = 1;
            else if (high[stage][i] <= 0) status[i] = -1;
            else open++;
        }
        return open;
    }

    /// <summary>The open unit that weighs most in the bounds of the conditions that count.</summary>
    public int Choose(int stage, sbyte* status)
    {
        Stage now = table.Stages[stage];
        int best = -1;
        double most = double.NegativeInfinity;
        for (int i = 0; i < now.Units; i++)
        {
            if (status[i] != 0) continue;
            double a = low[stage][i], b = high[stage][i], score = 0;
            foreach (int c in wanted)
            {
                double v = weights[((long)c * now.Padded) + i];
                score += v > 0 ? v * Math.Min(b, -a) / 2 : -v * -a * b / (b - a);
            }
            if (score > most)
            {
                most = score;
                best = i;
            }
        }
        return best;
    }

    /// <summary>Outward ranges of affine forms with error rows over a cell's vertices, widened by a radius each.</summary>
    private void Ranges(in Cell cell, double* map, int padded, double* radius, double* lower, double* upper)
    {
        Vector512<double> infinity = Vector512.Create(double.PositiveInfinity);
        Vector512<double> factor = Vector512.Create(cell.LargestRadius + ((d + 4) * Rounding.Unit)), grow = Vector512.Create(1 + 1e-9);
        for (int b = 0; b < padded; b += 8)
        {
            Vector512<double> lo = infinity, hi = -infinity, constant = Vector512.Load(map + (d * padded) + b);
            for (int k = 0; k < cell.Count; k++)
            {
                Vector512<double> v = constant;
                double* x = cell.X + k;
                for (int q = 0; q < d; q++) v = Vector512.FusedMultiplyAdd(Vector512.Load(map + (q * padded) + b), Vector512.Create(x[q * cell.Stride]), v);
                lo = Vector512.Min(lo, v);
                hi = Vector512.Max(hi, v);
            }
            Vector512<double> size = Vector512.Abs(constant);
            for (int q = 0; q < d; q++) size += Vector512.Abs(Vector512.Load(map + (q * padded) + b));
            Vector512<double> tolerance = Vector512.FusedMultiplyAdd(size, factor, Vector512.Load(map + ((d + 1) * padded) + b));
            if (radius is not null) tolerance += Vector512.Load(radius + b);
            tolerance = Vector512.FusedMultiplyAdd(tolerance, grow, Vector512.Create(double.Epsilon));
            (lo - tolerance).Store(lower + b);
            (hi + tolerance).Store(upper + b);
        }
    }

    /// <summary>Ranges of all units from a stage on, and the lines that bound them.</summary>
    /// <param name="stage">The stage that the map is of; <see cref="Settle"/> has been asked for it with this cell.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="map">The stage's map.</param>
    /// <param name="status">Which of its units are settled.</param>
    public void Forward(int stage, in Cell cell, double* map, sbyte* status)
    {
        int side = 0, generators = 0;
        double* now = map;
        SetLines(stage, status);
        for (int k = stage; k < stages.LastKinked; k++)
        {
            double* next = affine[side], nextErrors = errors[side];
            generators = Step(k, now, errors[1 - side], generators, next, nextErrors);
            Ranges(cell, next, table.Stages[k + 1].Padded, spread, low[k + 1], high[k + 1]);
            SetLines(k + 1, null);
            now = next;
            side = 1 - side;
        }
    }

    /// <summary>Pushes affine rows, rounding row and error generators through one stage.</summary>
    /// <returns>The number of generators after it.</returns>
    private int Step(int k, double* map, double* generators, int count, double* nextMap, double* nextGenerators)
    {
        Stage now = table.Stages[k], next = table.Stages[k + 1];
        Lines line = lines[k];
        int n = 0, opened = 0;
        for (int i = 0; i < now.Units; i++)
        {
            if (line.ChordSlope[i] != 0 || line.ChordRadius[i] != 0 || line.ChordCentre[i] != 0) columns[n++] = next.Columns + ((long)i * next.Padded);
        }
        int m = Math.Max(1, n), t = 0;
        double* rounding = coefficients + ((long)(d + 1) * m), inner = rounding + m;
        for (int i = 0; i < now.Units; i++)
        {
            double slope = line.ChordSlope[i], centre = line.ChordCentre[i], radius = line.ChordRadius[i];
            if (slope == 0 && radius == 0 && centre == 0) continue;
            double size = radius + Math.Abs(centre);
            for (int q = 0; q <= d; q++)
            {
                double c = slope * map[(q * now.Padded) + i];
                if (q == d) c += centre;
                coefficients[((long)q * m) + t] = c;
                size += Math.Abs(c);
            }
            for (int g = 0; g < count; g++)
            {
                double c = slope * generators[((long)g * now.Padded) + i];
                inner[((long)g * m) + t] = c;
                size += Math.Abs(c);
            }
            rounding[t++] = (Math.Abs(slope) * map[((d + 1) * now.Padded) + i]) + (next.SumError * size);
        }
        int padded = next.Padded;
        MatrixRows.Product(coefficients, d + 1, columns, n, padded, nextMap, next.Bias, d);
        for (int b = 0; b < padded; b += 8)
        {
            Vector512<double> sum = Vector512.Abs(Vector512.Load(next.Bias + b)) * Vector512.Create(next.SumError);
            for (int i = 0; i < n; i++) sum = Vector512.FusedMultiplyAdd(Vector512.Abs(Vector512.Load(columns[i] + b)), Vector512.Create(rounding[i]), sum);
            sum.Store(nextMap + ((d + 1) * padded) + b);
        }
        MatrixRows.Product(inner, count, columns, n, padded, nextGenerators, null, -1);
        for (int i = 0; i < now.Units; i++)
        {
            double radius = line.ChordRadius[i];
            if (radius == 0) continue;
            double* column = next.Columns + ((long)i * padded), made = nextGenerators + ((long)(count + opened++) * padded);
            Vector512<double> r = Vector512.Create(radius);
            for (int b = 0; b < padded; b += 8) (Vector512.Load(column + b) * r).Store(made + b);
        }
        count += opened;
        Vector512<double> up = Vector512.Create(1 + ((count + 4) * 2 * Rounding.Unit));
        for (int b = 0; b < padded; b += 8)
        {
            Vector512<double> sum = Vector512<double>.Zero;
            for (int g = 0; g < count; g++) sum += Vector512.Abs(Vector512.Load(nextGenerators + ((long)g * padded) + b));
            (sum * up).Store(spread + b);
        }
        return count;
    }

    /// <summary>The lines that bound each unit of a stage on its range.</summary>
    private void SetLines(int stage, sbyte* status)
    {
        Stage now = table.Stages[stage];
        Lines line = lines[stage];
        for (int i = 0; i < now.Units; i++)
        {
            double a = low[stage][i], b = high[stage][i], s = now.LeftSlope[i];
            int side = !HasKink(now, i) ? 1 : status is not null && status[i] != 0 ? status[i] : a >= 0 ? 1 : b <= 0 ? -1 : 0;
            if (side != 0)
            {
                double slope = side > 0 ? 1 : s;
                line.ChordSlope[i] = line.LowerSlope[i] = line.UpperSlope[i] = slope;
                line.ChordCentre[i] = line.ChordRadius[i] = line.LowerOffset[i] = line.UpperOffset[i] = 0;
                continue;
            }
            // What the unit is above the chord's slope at both ends; at zero it is nothing.
            double chord = (b - (s * a)) / (b - a);
            double left = (s - chord) * a, right = (1 - chord) * b, slack = 8 * Rounding.Unit * (((Math.Abs(s) + Math.Abs(chord)) * -a) + ((1 + Math.Abs(chord)) * b));
            double above = Math.Max(0, Math.Max(left, right)) + slack, below = Math.Min(0, Math.Min(left, right)) - slack;
            line.ChordSlope[i] = chord;
            line.ChordCentre[i] = (above + below) / 2;
            line.ChordRadius[i] = (above - below) / 2 * (1 + (8 * Rounding.Unit));
            double piece = b > -a ? 1 : s;
            bool convex = s <= 1;
            line.LowerSlope[i] = convex ? piece : chord;
            line.LowerOffset[i] = convex ? 0 : below;
            line.UpperSlope[i] = convex ? chord : piece;
            line.UpperOffset[i] = convex ? above : 0;
        }
    }
}
