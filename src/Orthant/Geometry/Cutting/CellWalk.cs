using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Orthant.Numerics;

namespace Orthant.Geometry.Cutting;

/// <summary>The depth-first walk over all activation regions of a network on a domain, by cutting cells.</summary>
/// <remarks>
/// <para>Entering a stage with a cell, the walk knows the pre-activations of all its units as affine forms over the cell (a map), settles
/// the units that keep one sign on all vertices, and cuts by the others one after the other; each piece enters the next stage with a map
/// that was updated by one column per unit. Memory is that of one path.</para>
/// <para>A map is a matrix of <see cref="StageTable.Rows"/> rows, units side by side:</para>
/// <code>
/// row 0 … d-1   coefficient of t_q, the scaled free inputs, |t_q| ≤ 1
/// row d         constant
/// row d+1       a bound on how far the value of rows 0 … d may be from the true one, anywhere in the box
/// </code>
/// <para>Signs: the value at a vertex decides when it exceeds what rounding and the vertex's radius can do; otherwise the vertex is
/// solved anew, and at last the sign is taken in integers.</para>
/// </remarks>
internal sealed unsafe partial class CellWalk : PathState, IDisposable
{
    /// <summary>A form in an array of its own: coefficients, constant, tolerance at a vertex of radius zero, sum of absolute coefficients.</summary>
    private readonly struct FormLayout(int dimension)
    {
        public int Constant { get; } = dimension;

        public int Tolerance { get; } = dimension + 1;

        public int Size { get; } = dimension + 2;

        public int Length { get; } = dimension + 3;
    }

    private readonly StageTable table;
    private readonly int d;
    private readonly int rows;
    private readonly FormLayout layout;
    private readonly SignPolicy policy;
    private readonly CellArena arena = new();
    private readonly ExactForms exact;
    private readonly long[] entries;
    private readonly ulong[][] active;
    private readonly FacetSlot[] slots = new FacetSlot[64];
    private readonly JobBoard board;
    private readonly IRegionVisitor? visitor;
    private readonly CancellationToken cancellation;
    private long entryCount;
    private int jobCount;
    private WalkTotals? totals;

    public CellWalk(StageTable table, SignPolicy policy, JobBoard board, IRegionVisitor? visitor, CancellationToken cancellation)
    {
        this.table = table;
        this.policy = policy;
        this.board = board;
        this.visitor = visitor;
        this.cancellation = cancellation;
        d = table.Dimension;
        rows = table.Rows;
        layout = new FormLayout(d);
        exact = new ExactForms(table);
        entries = new long[table.Stages.Length];
        active = Array.ConvertAll(table.Stages, s => new ulong[(s.Padded + 63) / 64]);
    }

    private bool TracksErrors => policy != SignPolicy.Fast;

    public override long EntryOf(int stage) => entries[stage];

    public override bool IsActive(int stage, int unit) => ((active[stage][unit >> 6] >> (unit & 63)) & 1) != 0;

    /// <summary>Walks all regions that this walk claims on the board.</summary>
    public void Run()
    {
        Cell box = WholeBox();
        foreach ((HalfSpace h, int index) in table.Domain.HalfSpaces.Select((h, i) => (h, i)))
        {
            double* form = HalfSpaceForm(h);
            int side = Cut(box, form, new FacetSlot { Stage = FacetSlot.HalfSpace, Unit = index, Form = form }, out Cell positive, out _, out int slot);
            if (side < 0) return;
            if (side > 0) continue;
            slots[slot] = new FacetSlot { Stage = FacetSlot.HalfSpace, Unit = index, Form = form };
            box = positive;
        }
        Enter(0, box, table.FirstMap, 0);
    }

    /// <summary>The box itself: slot 2q is the lower bound of free input q, slot 2q + 1 the upper one.</summary>
    private Cell WholeBox()
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
                double* form = arena.Take<double>(layout.Length);
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

    private double* HalfSpaceForm(HalfSpace h)
    {
        double* form = arena.Take<double>(layout.Length);
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

    private void Enter(int stage, in Cell cell, double* map, int depth)
    {
        Stage now = table.Stages[stage];
        if (stage == table.Stages.Length - 1)
        {
            Finish(cell, map, now, depth);
            return;
        }
        entries[stage] = ++entryCount;
        if ((entryCount & 0x3FF) == 0) cancellation.ThrowIfCancellationRequested();
        CellArena.Mark mark = arena.Save();
        int* crossing = arena.Take<int>(now.Units);
        int* contributing = arena.Take<int>(now.Units);
        double* factors = arena.Take<double>(now.Units);
        int crossings = 0, contributors = 0;
        Classify(stage, cell, map, crossing, ref crossings, contributing, factors, ref contributors);
        Stage next = table.Stages[stage + 1];
        double* nextMap = next.Columns is null ? null : BaseMap(now, next, map, contributing, factors, contributors);
        Split(stage, cell, map, crossing, crossings, 0, nextMap, depth);
        arena.Restore(mark);
    }

    /// <summary>Settles the units of a stage that do not change sign on a cell, and lists those that do.</summary>
    private void Classify(int stage, in Cell cell, double* map, int* crossing, ref int crossings, int* contributing, double* factors, ref int contributors)
    {
        Stage now = table.Stages[stage];
        int padded = now.Padded;
        byte* kinks = now.Kinks;
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
                for (uint left = on | off; left != 0; left &= left - 1)
                {
                    int lane = System.Numerics.BitOperations.TrailingZeroCount(left), i = b + lane;
                    double factor = ((on >> lane) & 1) != 0 ? 1 : now.LeftSlope[i];
                    if (factor == 0) continue;
                    factors[contributors] = factor;
                    contributing[contributors++] = i;
                }
                for (uint left = crosses; left != 0; left &= left - 1) crossing[crossings++] = b + System.Numerics.BitOperations.TrailingZeroCount(left);
            }
            smallest = Math.Min(smallest, Least(closest));
        }
    }

    private const double FastTolerance = 1e-11;

    /// <summary>The smallest absolute value met at a vertex of a unit that keeps its sign, or that a cut was decided by.</summary>
    private double smallest = double.PositiveInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(Vector512<double> mask) => (uint)mask.ExtractMostSignificantBits();

    private static double Least(Vector512<double> v)
    {
        double least = double.PositiveInfinity;
        for (int lane = 0; lane < 8; lane++) least = Math.Min(least, v[lane]);
        return least;
    }

    /// <summary>Cuts a cell by the crossing units of a stage from the i-th on; every piece goes on to the next stage.</summary>
    private void Split(int stage, Cell cell, double* map, int* crossing, int crossings, int i, double* nextMap, int depth)
    {
        Stage now = table.Stages[stage], next = table.Stages[stage + 1];
        int used = 0;
        Span<SlotUndo> undo = stackalloc SlotUndo[SlotUndo.Most];
        bool opened = false;
        for (; i < crossings; i++)
        {
            int unit = crossing[i];
            double* form = GatherForm(map, now.Padded, unit);
            FacetSlot facet = new() { Stage = stage, Unit = unit, Form = form };
            int side = Cut(cell, form, facet, out Cell positive, out Cell negative, out int slot);
            if (side == 0)
            {
                if (used == undo.Length)
                {
                    // Rare: this many cuts on one path within a stage; the rest goes one call deeper, with a fresh list to undo.
                    Split(stage, cell, map, crossing, crossings, i, nextMap, depth);
                    Undo(undo[..used]);
                    if (opened) CloseJob();
                    return;
                }
                undo[used++] = new SlotUndo(slot, slots[slot]);
                slots[slot] = facet;
                depth++;
                SetActive(stage, unit, false);
                if (depth != board.Depth || OpenJob())
                {
                    CellArena.Mark mark = arena.Save();
                    double* copy = nextMap is null ? null : CopyMap(next, nextMap);
                    if (copy is not null && now.LeftSlope[unit] != 0) AddColumn(next, copy, form, unit, now.LeftSlope[unit]);
                    Split(stage, negative, map, crossing, crossings, i + 1, copy, depth);
                    arena.Restore(mark);
                    if (depth == board.Depth) CloseJob();
                }
                if (depth == board.Depth)
                {
                    if (!OpenJob())
                    {
                        Undo(undo[..used]);
                        return;
                    }
                    opened = true;
                }
                cell = positive;
                side = 1;
            }
            SetActive(stage, unit, side > 0);
            double factor = side > 0 ? 1 : now.LeftSlope[unit];
            if (nextMap is not null && factor != 0) AddColumn(next, nextMap, form, unit, factor);
        }
        if (nextMap is null) nextMap = OperatorMap(stage, map);
        Enter(stage + 1, cell, nextMap, depth);
        Undo(undo[..used]);
        if (opened) CloseJob();
    }

    private void Undo(Span<SlotUndo> undo)
    {
        for (int u = undo.Length - 1; u >= 0; u--) slots[undo[u].Slot] = undo[u].Before;
    }

    private void SetActive(int stage, int unit, bool on)
    {
        ref ulong word = ref active[stage][unit >> 6];
        ulong bit = 1UL << (unit & 63);
        word = on ? word | bit : word & ~bit;
    }

    /// <summary>Copies one unit's column of a map, with the tolerance of its sign at a vertex known exactly and the sum of its absolute numbers.</summary>
    private double* GatherForm(double* map, int padded, int unit)
    {
        double* form = arena.Take<double>(layout.Length);
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

    private bool OpenJob()
    {
        totals = board.Claim(jobCount++);
        return totals is not null;
    }

    private void CloseJob() => totals = null;

    public void Dispose() => arena.Dispose();

    /// <summary>What a slot of facets stands for on the current path.</summary>
    private struct FacetSlot
    {
        public const int Box = -1, HalfSpace = -2;

        /// <summary>The stage of the unit whose form vanishes on the facet, or <see cref="Box"/> or <see cref="HalfSpace"/>.</summary>
        public int Stage;

        /// <summary>The unit, the side of the box (2q lower, 2q + 1 upper) or the number of the half-space.</summary>
        public int Unit;

        /// <summary>The form, as laid out by <see cref="FormLayout"/>.</summary>
        public double* Form;
    }

    private readonly struct SlotUndo(int slot, FacetSlot before)
    {
        public const int Most = 24;

        public int Slot { get; } = slot;

        public FacetSlot Before { get; } = before;
    }
}
