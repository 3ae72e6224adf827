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
        NewVertices(cell, edgeUp, edgeDown, edges, sides.Value, form, bit, positive, sides.Ups + sides.Ons, negative, sides.Downs + sides.Ons);
        slots[slot] = before;
        // A cut of a simple cell that meets no vertex leaves simple parts.
        bool simple = cell.IsSimple && sides.Ons == 0;
        positive.Seal(d, simple);
        negative.Seal(d, simple);
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
        double* value = arena.TakeDoubles(cell.Stride);
        int* up = arena.TakeIntegers(n + 1), down = arena.TakeIntegers(n + 1), on = arena.TakeIntegers(n);
        int ups = 0, downs = 0, ons = 0;
        Vector512<double> tolerance = Vector512.Create(form[layout.Tolerance]), size = Vector512.Create(TracksErrors ? form[layout.Size] * (1 + 1e-9) : 0);
        Vector512<double> infinity = Vector512.Create(double.PositiveInfinity), closest = infinity;
        for (int b = 0; b < cell.Stride; b += 8)
        {
            Vector512<double> v = Vector512.Create(form[layout.Constant]);
            for (int q = 0; q < d; q++) v = Vector512.FusedMultiplyAdd(Vector512.Create(form[q]), Vector512.Load(cell.X + (q * cell.Stride) + b), v);
            v.Store(value + b);
            Vector512<double> t = Vector512.FusedMultiplyAdd(size, Vector512.Load(cell.Radius + b), tolerance);
            Vector512<double> distance = Vector512.Abs(v), decided = Vector512.GreaterThan(distance, t);
            int lanes = Math.Min(8, n - b);
            uint valid = 0xFFu >> (8 - lanes), above = Bits(Vector512.GreaterThan(v, t)), below = Bits(Vector512.LessThan(v, -t));
            if (policy != SignPolicy.Exact && (valid & ~(above | below)) == 0)
            {
                // No branch on a sign: each list grows by the bit. The padding repeats a vertex, so it may take part in the minimum.
                closest = Vector512.Min(closest, Vector512.ConditionalSelect(decided, distance, infinity));
                for (int lane = 0; lane < lanes; lane++)
                {
                    up[ups] = down[downs] = b + lane;
                    int isUp = (int)((above >> lane) & 1);
                    ups += isUp;
                    downs += 1 - isUp;
                }
                continue;
            }
            for (int lane = 0; lane < lanes; lane++)
            {
                int k = b + lane, sign = (int)((above >> lane) & 1) - (int)((below >> lane) & 1);
                if (sign == 0 || policy == SignPolicy.Exact) sign = DecideVertex(facet, cell, k, value);
                if (sign > 0) up[ups++] = k;
                else if (sign < 0) down[downs++] = k;
                else on[ons++] = k;
                if (sign != 0) smallest = Math.Min(smallest, Math.Abs(value[k]));
            }
        }
        smallest = Math.Min(smallest, Least(closest));
        return new Sides { Value = value, Up = up, Down = down, On = on, Ups = ups, Downs = downs, Ons = ons };
    }

    private int FindEdges(in Cell cell, in Sides sides, out int* edgeUp, out int* edgeDown)
    {
        // A simple polytope of n vertices has n·d/2 edges; otherwise every pair may be one.
        long most = cell.IsSimple ? Math.Min((long)sides.Ups * sides.Downs, ((long)cell.Count * d / 2) + 1) : (long)sides.Ups * sides.Downs;
        edgeUp = arena.TakeIntegers(checked((int)most));
        edgeDown = arena.TakeIntegers((int)most);
        return cell.IsSimple ? SimpleEdges(cell, sides, edgeUp, edgeDown) : AllEdges(cell, sides, edgeUp, edgeDown);
    }

    /// <summary>The edges of a simple cell that a form crosses.</summary>
    /// <remarks>Both ends lie on d facets and share d - 1 of them: what one has and the other has not is a single bit, which x &amp; (x - 1)
    /// tells for eight vertices at once. The longer list lies in the lanes.</remarks>
    private int SimpleEdges(in Cell cell, in Sides sides, int* edgeUp, int* edgeDown)
    {
        bool upsInLanes = sides.Ups > sides.Downs;
        int* outer = upsInLanes ? sides.Down : sides.Up, inner = upsInLanes ? sides.Up : sides.Down;
        int* outerEnd = upsInLanes ? edgeDown : edgeUp, innerEnd = upsInLanes ? edgeUp : edgeDown;
        int outers = upsInLanes ? sides.Downs : sides.Ups, inners = upsInLanes ? sides.Ups : sides.Downs;
        ulong* facets = arena.TakeMasks((inners + 7) & ~7);
        for (int j = 0; j < inners; j++) facets[j] = cell.Facets[inner[j]];
        // The padding lies on no facet: it lacks all d facets of a vertex, more than one bit unless d = 1.
        for (int j = inners; j < ((inners + 7) & ~7); j++) facets[j] = 0;
        int edges = 0;
        for (int i = 0; i < outers; i++)
        {
            Vector512<ulong> own = Vector512.Create(cell.Facets[outer[i]]);
            for (int b = 0; b < inners; b += 8)
            {
                Vector512<ulong> missing = Vector512.AndNot(own, Vector512.Load(facets + b));
                uint found = (uint)Vector512.Equals(missing & (missing - Vector512<ulong>.One), Vector512<ulong>.Zero).ExtractMostSignificantBits();
                if (d == 1) found &= 0xFFu >> (8 - Math.Min(8, inners - b));
                for (; found != 0; found &= found - 1)
                {
                    outerEnd[edges] = outer[i];
                    innerEnd[edges++] = inner[b + BitOperations.TrailingZeroCount(found)];
                }
            }
        }
        return edges;
    }

    private int AllEdges(in Cell cell, in Sides sides, int* edgeUp, int* edgeDown)
    {
        int edges = 0;
        for (int i = 0; i < sides.Ups; i++)
        {
            ulong facets = cell.Facets[sides.Up[i]];
            for (int j = 0; j < sides.Downs; j++)
            {
                ulong shared = facets & cell.Facets[sides.Down[j]];
                if (BitOperations.PopCount(shared) < d - 1 || !IsEdge(cell, sides.Up[i], sides.Down[j], shared)) continue;
                edgeUp[edges] = sides.Up[i];
                edgeDown[edges++] = sides.Down[j];
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

    private void CopyVertices(in Cell from, int* which, int count, in Cell to, int at, ulong extra)
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

    /// <summary>Makes the vertices where the form vanishes on edges, in both parts, each with a radius that covers the errors of both ends and of
    /// the form.</summary>
    private void NewVertices(
        in Cell cell, int* edgeUp, int* edgeDown, int edges, double* value, double* form, ulong bit, in Cell positive, int atPositive, in Cell negative, int atNegative)
    {
        double* x = scratch, from = cell.X, up = positive.X + atPositive, down = negative.X + atNegative;
        int stride = cell.Stride, upStride = positive.Stride, downStride = negative.Stride, dimensions = d;
        bool bounds = TracksErrors;
        double tolerance = form[layout.Tolerance], size = form[layout.Size] * (1 + 1e-9);
        for (int e = 0; e < edges; e++)
        {
            int u = edgeUp[e], w = edgeDown[e];
            ulong facets = (cell.Facets[u] & cell.Facets[w]) | bit;
            double su = value[u], sw = value[w], span = su - sw, t = su / span, radius = 0, longest = 0, largest = 0;
            for (int q = 0; q < dimensions; q++)
            {
                double xu = from[(q * stride) + u], side = from[(q * stride) + w] - xu, at = xu + (t * side);
                x[q] = up[(q * upStride) + e] = down[(q * downStride) + e] = at;
                longest = Math.Max(longest, Math.Abs(side));
                largest = Math.Max(largest, Math.Abs(at));
            }
            if (bounds)
            {
                double eu = cell.Radius[u], ew = cell.Radius[w], du = tolerance + (eu * size), dw = tolerance + (ew * size), safe = span - du - dw;
                double dt = (((du * -sw) + (dw * su)) / (span * safe)) + (4 * Rounding.Unit * 4);
                radius = (((1 - t) * eu) + (t * ew) + ((longest + eu + ew) * dt) + (6 * Rounding.Unit * (largest + longest))) * (1 + 1e-9);
                bool open = policy == SignPolicy.Exact || !(su > du) || !(-sw > dw) || !(safe > 0.25 * span);
                if (open || !(radius <= RefreshAbove))
                {
                    radius = Refresh(facets, x, open ? null : radius);
                    for (int q = 0; q < dimensions; q++) up[(q * upStride) + e] = down[(q * downStride) + e] = x[q];
                }
            }
            positive.Radius[atPositive + e] = negative.Radius[atNegative + e] = radius;
            positive.Facets[atPositive + e] = negative.Facets[atNegative + e] = facets;
        }
    }

    /// <summary>Solves a new vertex from its facets.</summary>
    /// <param name="facets">Its facets.</param>
    /// <param name="x">The point on its edge; replaced if the new one is better.</param>
    /// <param name="before">The radius of that point, or null if it has none that is proved.</param>
    /// <returns>The radius.</returns>
    private double Refresh(ulong facets, double* x, double? before)
    {
        double* solved = stackalloc double[d];
        bool known = before is null && policy == SignPolicy.Exact ? SolveExactly(facets, solved, out double radius) : SolveInDoubles(facets, solved, out radius);
        if (!known && before is null) known = SolveExactly(facets, solved, out radius);
        if (before is { } old && (!known || !(radius < old))) return old;
        if (!known) throw new InvalidOperationException("The facets of a new vertex do not meet in a point.");
        for (int q = 0; q < d; q++) x[q] = solved[q];
        return radius;
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
