using System.Numerics;
using System.Runtime.Intrinsics;

namespace Orthant.Geometry.Cutting;

/// <summary>Cutting a cell by a form.</summary>
internal abstract unsafe partial class CellCutter
{
    /// <summary>Cuts a cell, simple or not.</summary>
    /// <param name="cell">The cell; vertices whose sign needed it are replaced by more exact ones.</param>
    /// <param name="form">The form, as laid out by <see cref="FormLayout"/>.</param>
    /// <param name="facet">What the new facet stands for.</param>
    /// <param name="positive">The part where the form is positive, if there are two.</param>
    /// <param name="negative">The part where it is negative, if there are two.</param>
    /// <param name="slot">The slot of the new facet, if there are two.</param>
    /// <returns>0 if the cell was cut; 1 if the form is nowhere negative on it but somewhere positive; -1 if it is nowhere positive.</returns>
    /// <remarks>
    /// Vertices where the form vanishes belong to both parts. A positive vertex u and a negative vertex w are joined by an edge when they
    /// share at least d - 1 facets and either one of them lies on exactly d facets, or no third vertex lies on all the shared ones; the
    /// edge's crossing is a new vertex of both parts.
    /// </remarks>
    private protected int Cut(in Cell cell, double* form, in FacetSlot facet, out Cell positive, out Cell negative, out int slot)
    {
        positive = negative = default;
        slot = -1;
        CellArena.Mark mark = arena.Save();
        Sides sides = SortVertices(cell, form, facet);
        if (sides.Ups == 0 || sides.Downs == 0)
        {
            arena.Restore(mark);
            return sides.Ups == 0 ? -1 : 1;
        }
        slot = FreeSlot(cell);
        ulong bit = 1UL << slot;
        int edges = FindEdges(cell, sides, out int* edgeUp, out int* edgeDown);
        positive = Cell.Take(arena, d, sides.Ups + sides.Ons + edges);
        negative = Cell.Take(arena, d, sides.Downs + sides.Ons + edges);
        CopyVertices(cell, sides.Up, sides.Ups, positive, 0, 0);
        CopyVertices(cell, sides.On, sides.Ons, positive, sides.Ups, bit);
        CopyVertices(cell, sides.Down, sides.Downs, negative, 0, 0);
        CopyVertices(cell, sides.On, sides.Ons, negative, sides.Downs, bit);
        FacetSlot before = slots[slot];
        slots[slot] = facet;
        for (int e = 0; e < edges; e++)
        {
            NewVertex(cell, edgeUp[e], edgeDown[e], sides.Value, form, bit, positive, sides.Ups + sides.Ons + e, negative, sides.Downs + sides.Ons + e);
        }
        slots[slot] = before;
        positive.Seal(d);
        negative.Seal(d);
        return 0;
    }

    /// <summary>The part of a cell where a form is not negative, faces of fewer dimensions included.</summary>
    /// <returns>Whether there is one.</returns>
    /// <remarks>The slot of the facet, where there is a new one, is taken for good: for a cell that is cut to pieces and then left.</remarks>
    private protected bool KeepClosed(in Cell cell, in FacetSlot facet, out Cell kept)
    {
        kept = cell;
        CellArena.Mark mark = arena.Save();
        Sides sides = SortVertices(cell, facet.Form, facet);
        if (sides.Downs == 0) return true;
        if (sides.Ups + sides.Ons == 0)
        {
            arena.Restore(mark);
            return false;
        }
        if (sides.Ups > 0)
        {
            Cut(cell, facet.Form, facet, out kept, out _, out int cut);
            slots[cut] = facet;
            return true;
        }
        int slot = FreeSlot(cell);
        slots[slot] = facet;
        kept = Cell.Take(arena, d, sides.Ons);
        CopyVertices(cell, sides.On, sides.Ons, kept, 0, 1UL << slot);
        kept.Seal(d);
        return true;
    }

    private static int FreeSlot(in Cell cell)
    {
        if (cell.AllFacets == ulong.MaxValue) throw new TooManyFacetsException();
        return BitOperations.TrailingZeroCount(~cell.AllFacets);
    }

    /// <summary>The vertices of a cell by the sign of a form, and its value at each.</summary>
    private struct Sides
    {
        public double* Value;
        public int* Up;
        public int* Down;
        public int* On;
        public int Ups;
        public int Downs;
        public int Ons;
    }

    private Sides SortVertices(in Cell cell, double* form, in FacetSlot facet)
    {
        int n = cell.Count;
        double* value = arena.Take<double>(cell.Stride);
        int* up = arena.Take<int>(n), down = arena.Take<int>(n), on = arena.Take<int>(n);
        int ups = 0, downs = 0, ons = 0;
        Vector512<double> tolerance = Vector512.Create(form[layout.Tolerance]), size = Vector512.Create(TracksErrors ? form[layout.Size] * (1 + 1e-9) : 0);
        double closest = double.PositiveInfinity;
        for (int b = 0; b < cell.Stride; b += 8)
        {
            Vector512<double> v = Vector512.Create(form[layout.Constant]);
            for (int q = 0; q < d; q++) v = Vector512.FusedMultiplyAdd(Vector512.Create(form[q]), Vector512.Load(cell.X + (q * cell.Stride) + b), v);
            v.Store(value + b);
            Vector512<double> t = Vector512.FusedMultiplyAdd(size, Vector512.Load(cell.Radius + b), tolerance);
            uint above = Bits(Vector512.GreaterThan(v, t)), below = Bits(Vector512.LessThan(v, -t));
            if (policy == SignPolicy.Exact) above = below = 0;
            int lanes = Math.Min(8, n - b);
            for (int lane = 0; lane < lanes; lane++)
            {
                int k = b + lane;
                if (((above >> lane) & 1) != 0) up[ups++] = k;
                else if (((below >> lane) & 1) != 0) down[downs++] = k;
                else
                {
                    int sign = DecideVertex(facet, cell, k, value);
                    if (sign > 0) up[ups++] = k;
                    else if (sign < 0) down[downs++] = k;
                    else on[ons++] = k;
                    if (sign == 0) continue;
                }
                closest = Math.Min(closest, Math.Abs(value[k]));
            }
        }
        smallest = Math.Min(smallest, closest);
        return new Sides { Value = value, Up = up, Down = down, On = on, Ups = ups, Downs = downs, Ons = ons };
    }

    private int FindEdges(in Cell cell, in Sides sides, out int* edgeUp, out int* edgeDown)
    {
        int* up = sides.Up, down = sides.Down;
        int ups = sides.Ups, downs = sides.Downs;
        // A simple polytope of n vertices has n·d/2 edges; otherwise every pair may be one.
        long most = Math.Min((long)ups * downs, cell.IsSimple ? ((long)cell.Count * d / 2) + 1 : long.MaxValue);
        edgeUp = arena.Take<int>(checked((int)most));
        edgeDown = arena.Take<int>((int)most);
        ulong* below = arena.Take<ulong>(downs);
        for (int j = 0; j < downs; j++) below[j] = cell.Facets[down[j]];
        int edges = 0, needed = d - 1;
        for (int i = 0; i < ups; i++)
        {
            ulong facets = cell.Facets[up[i]];
            for (int j = 0; j < downs; j++)
            {
                ulong shared = facets & below[j];
                int count = BitOperations.PopCount(shared);
                if (cell.IsSimple ? count != needed : count < needed) continue;
                if (!cell.IsSimple && !IsEdge(cell, up[i], down[j], shared)) continue;
                edgeUp[edges] = up[i];
                edgeDown[edges++] = down[j];
            }
        }
        return edges;
    }

    private protected bool IsEdge(in Cell cell, int u, int w, ulong shared)
    {
        if (BitOperations.PopCount(cell.Facets[u]) == d || BitOperations.PopCount(cell.Facets[w]) == d) return true;
        for (int t = 0; t < cell.Count; t++)
        {
            if (t != u && t != w && (cell.Facets[t] & shared) == shared) return false;
        }
        return true;
    }

    private protected void CopyVertices(in Cell from, int* which, int count, in Cell to, int at, ulong extra)
    {
        for (int q = 0; q < d; q++)
        {
            double* source = from.X + (q * from.Stride), target = to.X + (q * to.Stride) + at;
            for (int k = 0; k < count; k++) target[k] = source[which[k]];
        }
        for (int k = 0; k < count; k++)
        {
            to.Radius[at + k] = from.Radius[which[k]];
            to.Facets[at + k] = from.Facets[which[k]] | extra;
        }
    }

    /// <summary>The point where the form vanishes on the edge from u to w, with a radius that covers the errors of both ends and of the form.</summary>
    private protected void NewVertex(in Cell cell, int u, int w, double* value, double* form, ulong bit, in Cell positive, int atPositive, in Cell negative, int atNegative)
    {
        ulong facets = (cell.Facets[u] & cell.Facets[w]) | bit;
        double su = value[u], sw = value[w], span = su - sw, t = su / span, radius = 0;
        double* x = stackalloc double[d];
        double longest = 0, largest = 0;
        for (int q = 0; q < d; q++)
        {
            double xu = cell.X[(q * cell.Stride) + u], xw = cell.X[(q * cell.Stride) + w];
            x[q] = xu + (t * (xw - xu));
            longest = Math.Max(longest, Math.Abs(xw - xu));
            largest = Math.Max(largest, Math.Abs(x[q]));
        }
        if (TracksErrors)
        {
            double eu = cell.Radius[u], ew = cell.Radius[w];
            double du = form[layout.Tolerance] + (eu * form[layout.Size] * (1 + 1e-9)), dw = form[layout.Tolerance] + (ew * form[layout.Size] * (1 + 1e-9));
            double safe = span - du - dw;
            if (policy == SignPolicy.Exact || !(su > du) || !(-sw > dw) || !(safe > 0.25 * span))
            {
                if ((policy == SignPolicy.Exact || !SolveInDoubles(facets, x, out radius)) && !SolveExactly(facets, x, out radius)) throw new InvalidOperationException("The facets of a new vertex do not meet in a point.");
            }
            else
            {
                double dt = (((du * -sw) + (dw * su)) / (span * safe)) + (4 * Rounding.Unit * 4);
                radius = (((1 - t) * eu) + (t * ew) + ((longest + eu + ew) * dt) + (6 * Rounding.Unit * (largest + longest))) * (1 + 1e-9);
                if (radius > RefreshAbove && SolveInDoubles(facets, x, out double better) && better < radius) radius = better;
            }
        }
        for (int q = 0; q < d; q++)
        {
            positive.X[(q * positive.Stride) + atPositive] = x[q];
            negative.X[(q * negative.Stride) + atNegative] = x[q];
        }
        positive.Radius[atPositive] = negative.Radius[atNegative] = radius;
        positive.Facets[atPositive] = negative.Facets[atNegative] = facets;
    }

    /// <summary>A vertex whose radius grew beyond this is solved anew from its facets.</summary>
    private protected const double RefreshAbove = 1e-3;
}

/// <summary>More than 64 facets bound a cell.</summary>
internal sealed class TooManyFacetsException : Exception
{
    public TooManyFacetsException()
        : base("A cell has more than 64 facets.")
    {
    }

    public TooManyFacetsException(string message)
        : base(message)
    {
    }

    public TooManyFacetsException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
