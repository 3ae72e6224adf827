using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>A path through the stages of a network on a domain: cells, the affine maps on them, the facets that bound them, and the signs of
/// forms at vertices, proved.</summary>
/// <remarks>
/// <para>What a walk over all regions and a search for some of them share.</para>
/// <para>A map is a matrix of <see cref="StageTable.Rows"/> rows, units side by side:</para>
/// <code>
/// row 0 … d-1   coefficient of t_q, the scaled free inputs, |t_q| ≤ 1
/// row d         constant
/// row d+1       a bound on how far the value of rows 0 … d may be from the true one, anywhere in the box
/// </code>
/// <para>Signs: the value at a vertex decides when it exceeds what rounding and the vertex's radius can do; otherwise the vertex is
/// solved anew, and at last the sign is taken in integers.</para>
/// </remarks>
internal abstract unsafe partial class CellCutter : PathState, IDisposable
{
    /// <summary>A form in an array of its own: coefficients, constant, tolerance at a vertex of radius zero, sum of absolute coefficients.</summary>
    private protected readonly struct FormLayout(int dimension)
    {
        public int Constant { get; } = dimension;

        public int Tolerance { get; } = dimension + 1;

        public int Size { get; } = dimension + 2;

        public int Length { get; } = dimension + 3;
    }

    private protected readonly StageTable table;
    private protected readonly int d;
    private protected readonly int rows;
    private protected readonly FormLayout layout;
    private protected readonly SignPolicy policy;
    private protected readonly CellArena arena = new();
    private protected readonly ExactForms exact;
    private readonly RefinedForms refined;
    private protected readonly long[] entries;
    private protected readonly ulong[][] active;
    private protected readonly FacetSlot[] slots = new FacetSlot[64];
    private protected long entryCount;

    /// <summary>Room for one point.</summary>
    private readonly double* scratch;

    private protected CellCutter(StageTable table, SignPolicy policy)
    {
        this.table = table;
        this.policy = policy;
        d = table.Dimension;
        rows = table.Rows;
        layout = new FormLayout(d);
        exact = new ExactForms(table);
        refined = new RefinedForms(table);
        entries = new long[table.Stages.Length];
        scratch = arena.TakeDoubles(d);
        active = Array.ConvertAll(table.Stages, s => new ulong[(s.Padded + 63) / 64]);
    }

    private protected bool TracksErrors => policy != SignPolicy.Fast;

    public override long EntryOf(int stage) => entries[stage];

    public override bool IsActive(int stage, int unit) => ((active[stage][unit >> 6] >> (unit & 63)) & 1) != 0;

    /// <summary>The domain as a cell: the box, cut by the half-spaces.</summary>
    /// <returns>Whether it has an interior.</returns>
    private protected bool StartingCell(out Cell cell)
    {
        cell = WholeBox();
        foreach ((HalfSpace h, int index) in table.Domain.HalfSpaces.Select((h, i) => (h, i)))
        {
            double* form = HalfSpaceForm(h);
            FacetSlot facet = new() { Stage = FacetSlot.HalfSpace, Unit = index, Form = form };
            int side = Cut(cell, form, facet, out Cell positive, out _, out int slot);
            if (side < 0) return false;
            if (side > 0) continue;
            slots[slot] = facet;
            cell = positive;
        }
        return true;
    }

    /// <summary>The box itself: slot 2q is the lower bound of free input q, slot 2q + 1 the upper one.</summary>
    private protected Cell WholeBox()
    {
        Cell box = Cell.Take(arena, d, 1 << d);
        for (int k = 0; k < box.Count; k++)
        {
            box.Facets[k] = 0;
            box.Radius[k] = 0;
            for (int q = 0; q < d; q++)
            {
                int high = (k >> q) & 1;
                box.X[(q * box.Stride) + k] = high == 1 ? 1 : -1;
                box.Facets[k] |= 1UL << ((2 * q) + high);
            }
        }
        for (int q = 0; q < d; q++)
        {
            for (int high = 0; high < 2; high++)
            {
                double* form = arena.TakeDoubles(layout.Length);
                new Span<double>(form, layout.Length).Clear();
                form[q] = 1;
                form[layout.Constant] = high == 1 ? -1 : 1;
                form[layout.Size] = 2;
                slots[(2 * q) + high] = new FacetSlot { Stage = FacetSlot.Box, Unit = (2 * q) + high, Form = form };
            }
        }
        box.Seal(d);
        return box;
    }

    private protected double* HalfSpaceForm(HalfSpace h)
    {
        double* form = arena.TakeDoubles(layout.Length);
        Rational constant = h.Offset;
        for (int j = 0; j < h.Normal.Length; j++) constant += h.Normal[j] * table.Scale.ExactCentre[j];
        double size = Math.Abs(constant.ToDouble());
        for (int q = 0; q < d; q++)
        {
            form[q] = (h.Normal[table.Domain.Free[q]] * table.Scale.ExactHalfSide[q]).ToDouble();
            size += Math.Abs(form[q]);
        }
        form[layout.Constant] = constant.ToDouble();
        form[layout.Tolerance] = (d + 8) * Rounding.Unit * size;
        form[layout.Size] = size;
        return form;
    }

    /// <summary>Settles the units of a stage that do not change sign on a cell, and lists those that do.</summary>
    private protected void Classify(int stage, in Cell cell, double* map, int* crossing, ref int crossings, int* contributing, double* factors, ref int contributors)
    {
        Stage now = table.Stages[stage];
        int padded = now.Padded;
        byte* kinks = now.Kinks, leaky = now.Leaky;
        fixed (ulong* words = active[stage])
        {
            byte* bits = (byte*)words;
            Vector512<double> infinity = Vector512.Create(double.PositiveInfinity), closest = infinity;
            Vector512<double> radius = Vector512.Create(cell.LargestRadius), unit = Vector512.Create((d + 4) * Rounding.Unit), grow = Vector512.Create(1 + 1e-9);
            for (int b = 0; b < padded; b += 8)
            {
                // Lane j: the least and the largest value of unit b + j over the vertices.
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
                Vector512<double> tolerance = TracksErrors
                    ? ((Vector512.Load(map + ((d + 1) * padded) + b) + (size * (unit + radius))) * grow) + Vector512.Create(double.Epsilon)
                    : size * Vector512.Create(FastTolerance);
                uint on = Bits(Vector512.GreaterThan(lo, tolerance)), off = Bits(Vector512.LessThan(hi, -tolerance));
                uint crosses = Bits(Vector512.GreaterThan(hi, tolerance) & Vector512.LessThan(lo, -tolerance));
                uint valid = padded - b > 8 || now.Units - b >= 8 ? 0xFFu : (1u << (now.Units - b)) - 1;
                uint kinked = kinks[b >> 3] & valid, identity = valid & ~kinked;
                if (policy == SignPolicy.Exact)
                {
                    on = off = crosses = 0;
                }
                closest = Vector512.Min(closest, Vector512.ConditionalSelect(
                    Vector512.GreaterThan(Vector512.Min(Vector512.Abs(lo), Vector512.Abs(hi)), tolerance), Vector512.Min(Vector512.Abs(lo), Vector512.Abs(hi)), infinity));
                uint undecided = kinked & ~(on | off | crosses);
                while (undecided != 0)
                {
                    int lane = System.Numerics.BitOperations.TrailingZeroCount(undecided);
                    undecided &= undecided - 1;
                    int side = DecideUnit(stage, b + lane, cell, map);
                    if (side > 0) on |= 1u << lane;
                    else if (side < 0) off |= 1u << lane;
                    else crosses |= 1u << lane;
                }
                on = (on & kinked) | identity;
                off &= kinked;
                crosses &= kinked;
                bits[b >> 3] = (byte)on;
                // No branch on a bit: the lists grow by it.
                uint counts = on | (off & leaky[b >> 3]);
                for (int lane = 0; counts != 0; lane++, counts >>= 1)
                {
                    int i = b + lane;
                    contributing[contributors] = i;
                    factors[contributors] = ((on >> lane) & 1) != 0 ? 1 : now.LeftSlope[i];
                    contributors += (int)(counts & 1);
                }
                for (uint left = crosses; left != 0; left &= left - 1) crossing[crossings++] = b + System.Numerics.BitOperations.TrailingZeroCount(left);
            }
            smallest = Math.Min(smallest, Least(closest));
        }
    }

    private protected const double FastTolerance = 1e-11;

    /// <summary>The smallest absolute value met at a vertex of a unit that keeps its sign, or that a cut was decided by.</summary>
    private protected double smallest = double.PositiveInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static uint Bits(Vector512<double> mask) => (uint)mask.ExtractMostSignificantBits();

    private protected static double Least(Vector512<double> v)
    {
        Vector256<double> four = Vector256.Min(v.GetLower(), v.GetUpper());
        Vector128<double> two = Vector128.Min(four.GetLower(), four.GetUpper());
        return Math.Min(two[0], two[1]);
    }

    private protected void SetActive(int stage, int unit, bool on)
    {
        ref ulong word = ref active[stage][unit >> 6];
        ulong bit = 1UL << (unit & 63);
        word = on ? word | bit : word & ~bit;
    }

    /// <summary>Copies one unit's column of a map, with the tolerance of its sign at a vertex known exactly and the sum of its absolute numbers.</summary>
    private protected double* GatherForm(double* map, int padded, int unit)
    {
        double* form = arena.TakeDoubles(layout.Length);
        double size = 0;
        for (int q = 0; q <= d; q++)
        {
            form[q] = map[(q * padded) + unit];
            size += Math.Abs(form[q]);
        }
        form[layout.Size] = size;
        form[layout.Tolerance] = TracksErrors
            ? ((map[((d + 1) * padded) + unit] + ((d + 4) * Rounding.Unit * size)) * (1 + 1e-9)) + double.Epsilon
            : FastTolerance * size;
        return form;
    }

    /// <summary>Gives the memory of cells and maps back.</summary>
    public virtual void Dispose() => arena.Dispose();

    /// <summary>What a slot of facets stands for on the current path.</summary>
    private protected struct FacetSlot
    {
        public const int Box = -1, HalfSpace = -2, Given = -3;

        /// <summary>The stage of the unit whose form vanishes on the facet, or <see cref="Box"/>, <see cref="HalfSpace"/> or <see cref="Given"/>:
        /// a form whose doubles are the exact numbers.</summary>
        public int Stage;

        /// <summary>The unit, the side of the box (2q lower, 2q + 1 upper) or the number of the half-space.</summary>
        public int Unit;

        /// <summary>Whether the form is the unit's pre-activation with the opposite sign.</summary>
        public bool Negated;

        /// <summary>The form, as laid out by <see cref="FormLayout"/>.</summary>
        public double* Form;
    }
}
