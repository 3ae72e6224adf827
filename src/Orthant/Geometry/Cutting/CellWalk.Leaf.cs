using System.Numerics;
using System.Runtime.Intrinsics;
using Orthant.Networks;

namespace Orthant.Geometry.Cutting;

/// <summary>What is done at a region.</summary>
internal sealed unsafe partial class CellWalk
{
    /// <summary>The network and the domain that are walked.</summary>
    public StageTable Table => table;

    /// <summary>The smallest absolute value of a pre-activation that a sign was decided by.</summary>
    public double SmallestMargin => smallest;

    /// <summary>How many signs were taken in exact arithmetic.</summary>
    public long ExactSigns => exactSigns;

    public (int Stage, int Unit) FacetOf(int slot) => (slots[slot].Stage, slots[slot].Unit);

    public ActivationPattern DecodePattern()
    {
        NormalForm form = table.Form;
        bool[] on = new bool[form.StageStarts[^1]];
        for (int s = 0; s < form.Stages.Length; s++)
        {
            for (int i = 0; i < form.Stages[s].Units; i++) on[form.StageStarts[s] + i] = s < active.Length && IsActive(s, i);
        }
        return form.Decode(on);
    }

    /// <summary>An output's affine map on the current region over the scaled free inputs, in integers; see <see cref="OutputScale"/>.</summary>
    public BigInteger[] ExactOutput(int output) => exact.Output(output, this);

    /// <summary>What <see cref="ExactOutput"/> is a multiple by.</summary>
    public BigInteger OutputScale => exact.OutputScale;

    /// <summary>The point where facets meet, scaled free inputs over the last number, which is positive.</summary>
    public BigInteger[] ExactPoint(ulong facets) => ExactVertex(facets) ?? throw new InvalidOperationException("The facets of a vertex do not meet in a point.");

    private void Finish(in Cell cell, double* map, Stage outputs, int depth)
    {
        Splits?.Add(-1);
        bool opened = false;
        if (totals is null)
        {
            if (depth >= board.Depth || !OpenJob()) return;
            opened = true;
        }
        board.CountRegion();
        AddRegion(cell, map, outputs, totals!);
        visitor?.Visit(new RegionView(this, cell, map, outputs.Padded));
        if (opened) CloseJob();
    }

    private void AddRegion(in Cell cell, double* map, Stage outputs, WalkTotals sum)
    {
        sum.Regions++;
        sum.MostVertices = Math.Max(sum.MostVertices, cell.Count);
        if (cell.IsSimple)
        {
            ulong box = BoxSlots(cell.AllFacets);
            long shares = 0;
            for (int k = 0; k < cell.Count; k++) shares += 1L << BitOperations.PopCount(cell.Facets[k] & box);
            sum.VertexShares += shares;
        }
        else
        {
            sum.AllSimple = false;
        }
        int padded = outputs.Padded;
        CellArena.Mark mark = arena.Save();
        double* value = arena.TakeDoubles(cell.Stride);
        for (int o = 0; o < outputs.Units; o++)
        {
            double l1 = 0, l2 = 0, linf = 0, reach = 0;
            for (int q = 0; q < d; q++)
            {
                reach += Math.Abs(map[(q * padded) + o]);
                double g = Math.Abs(map[(q * padded) + o]) / table.Scale.HalfSide[q];
                l1 = Math.Max(l1, g);
                l2 += g * g;
                linf += g;
            }
            sum.SlopeL1[o] = Math.Max(sum.SlopeL1[o], l1);
            sum.SlopeL2[o] = Math.Max(sum.SlopeL2[o], Math.Sqrt(l2));
            sum.SlopeLInf[o] = Math.Max(sum.SlopeLInf[o], linf);
            // The padding repeats a vertex, so whole blocks may take part.
            Vector512<double> low = Vector512.Create(double.PositiveInfinity), high = -low;
            for (int b = 0; b < cell.Stride; b += 8)
            {
                Vector512<double> v = Vector512.Create(map[(d * padded) + o]);
                for (int q = 0; q < d; q++) v = Vector512.FusedMultiplyAdd(Vector512.Create(map[(q * padded) + o]), Vector512.Load(cell.X + (q * cell.Stride) + b), v);
                v.Store(value + b);
                low = Vector512.Min(low, v);
                high = Vector512.Max(high, v);
            }
            double least = Least(low), largest = -Least(-high);
            // How far the vertices' errors may move a value.
            reach *= cell.LargestRadius;
            if (least - reach < leastSoFar[o] || largest + reach > largestSoFar[o]) KeepExtrema(cell, map, padded, value, reach, sum, o);
            if (d == 2 && least < 0 && largest > 0) sum.ZeroLength[o] += ZeroLength(cell, value);
        }
        arena.Restore(mark);
        if (d == 2) sum.Volume += Area(cell);
        else if (d == 1) sum.Volume += Math.Abs(cell.X[0] - cell.X[1]) * table.Scale.HalfSide[0];
    }

    /// <summary>Which of some slots stand for sides of the box.</summary>
    private ulong BoxSlots(ulong facets)
    {
        ulong box = 0;
        for (ulong left = facets; left != 0; left &= left - 1)
        {
            int slot = BitOperations.TrailingZeroCount(left);
            if (slots[slot].Stage == FacetSlot.Box) box |= 1UL << slot;
        }
        return box;
    }

    /// <summary>Takes the vertices that may exceed what was the least or the largest so far, each brought as close to the true one as can be.</summary>
    private void KeepExtrema(in Cell cell, double* map, int padded, double* value, double reach, WalkTotals sum, int output)
    {
        for (int k = 0; k < cell.Count; k++)
        {
            double own = cell.LargestRadius > 0 ? reach * (cell.Radius[k] / cell.LargestRadius) : 0;
            if (value[k] - own >= leastSoFar[output] && value[k] + own <= largestSoFar[output]) continue;
            if (cell.Radius[k] > Sharp) Sharpen(cell, k);
            double v = map[(d * padded) + output];
            for (int q = 0; q < d; q++) v = Math.FusedMultiplyAdd(map[(q * padded) + output], cell.X[(q * cell.Stride) + k], v);
            if (v < leastSoFar[output])
            {
                leastSoFar[output] = v;
                Keep(cell, k, v, sum.Least, sum.ArgLeast, output);
            }
            if (v > largestSoFar[output])
            {
                largestSoFar[output] = v;
                Keep(cell, k, v, sum.Largest, sum.ArgLargest, output);
            }
        }
    }

    private void Keep(in Cell cell, int k, double v, double[] extreme, double[][] arg, int output)
    {
        extreme[output] = v;
        for (int q = 0; q < d; q++) arg[output][q] = cell.X[(q * cell.Stride) + k];
    }

    /// <summary>The length of the zero set of an affine function inside a polygon where it takes both signs.</summary>
    private double ZeroLength(in Cell cell, double* value)
    {
        double* x = stackalloc double[2], y = stackalloc double[2];
        int found = 0;
        for (int u = 0; u < cell.Count && found < 2; u++)
        {
            if (value[u] == 0) Add(cell.X[u], cell.X[cell.Stride + u], x, y, ref found);
            for (int w = u + 1; w < cell.Count && found < 2; w++)
            {
                if (value[u] * value[w] >= 0 || (cell.Facets[u] & cell.Facets[w]) == 0) continue;
                double t = value[u] / (value[u] - value[w]);
                Add(cell.X[u] + (t * (cell.X[w] - cell.X[u])), cell.X[cell.Stride + u] + (t * (cell.X[cell.Stride + w] - cell.X[cell.Stride + u])), x, y, ref found);
            }
        }
        if (found < 2) return 0;
        double dx = (x[1] - x[0]) * table.Scale.HalfSide[0], dy = (y[1] - y[0]) * table.Scale.HalfSide[1];
        return Math.Sqrt((dx * dx) + (dy * dy));

        static void Add(double px, double py, double* x, double* y, ref int found)
        {
            x[found] = px;
            y[found++] = py;
        }
    }

    /// <summary>The area of a polygon whose vertices come in any order: triangles from the first vertex to every side.</summary>
    private double Area(in Cell cell)
    {
        double twice = 0;
        double ox = cell.X[0], oy = cell.X[cell.Stride];
        for (ulong left = cell.AllFacets; left != 0; left &= left - 1)
        {
            ulong bit = left & ~(left - 1);
            int first = -1, second = -1;
            for (int k = 0; k < cell.Count; k++)
            {
                if ((cell.Facets[k] & bit) == 0) continue;
                second = first;
                first = k;
            }
            if (second < 0) continue;
            // A redundant slot repeats a side; only its first one counts.
            if (((cell.Facets[first] & cell.Facets[second]) & (bit - 1)) != 0) continue;
            twice += Math.Abs(((cell.X[first] - ox) * (cell.X[cell.Stride + second] - oy)) - ((cell.X[second] - ox) * (cell.X[cell.Stride + first] - oy)));
        }
        return twice / 2 * table.Scale.HalfSide[0] * table.Scale.HalfSide[1];
    }
}
