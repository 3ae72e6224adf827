namespace Orthant.Geometry.Cutting;

/// <summary>The depth-first walk over all activation regions of a network on a domain, by cutting cells.</summary>
/// <remarks>
/// <para>Entering a stage with a cell, the walk knows the pre-activations of all its units as affine forms over the cell (a map), settles
/// the units that keep one sign on all vertices, and cuts by the others one after the other; each piece enters the next stage with a map
/// that was updated by one column per unit. Memory is that of one path.</para>
/// </remarks>
internal sealed unsafe partial class CellWalk : CellCutter
{
    private readonly JobBoard board;
    private readonly IRegionVisitor? visitor;
    private readonly CancellationToken cancellation;
    private int jobCount;

    /// <summary>The extrema over all jobs of this walk so far: what does not exceed them cannot be those of the domain, and is not looked at closely. A walk
    /// takes its jobs in their order, so that the first job with an extremum always keeps it, whatever the threads.</summary>
    private readonly double[] leastSoFar, largestSoFar;

    /// <summary>The tree of cells in preorder, the negative part first: the unit of each cut, counted over all stages, and -1 for a region; kept
    /// only when asked for, by a walk that shares its work with no other.</summary>
    public List<int>? Splits { get; init; }

    private WalkTotals? totals;

    public CellWalk(StageTable table, SignPolicy policy, JobBoard board, IRegionVisitor? visitor, CancellationToken cancellation)
        : base(table, policy)
    {
        leastSoFar = new double[table.Form.Outputs];
        largestSoFar = new double[table.Form.Outputs];
        Array.Fill(leastSoFar, double.PositiveInfinity);
        Array.Fill(largestSoFar, double.NegativeInfinity);
        this.board = board;
        this.visitor = visitor;
        this.cancellation = cancellation;
    }

    /// <summary>Walks all regions that this walk claims on the board.</summary>
    public void Run()
    {
        if (StartingCell(out Cell cell)) Enter(0, cell, table.FirstMap, 0);
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
        int* crossing = arena.TakeIntegers(now.Units);
        int* contributing = arena.TakeIntegers(now.Units + 1);
        double* factors = arena.TakeDoubles(now.Units + 1);
        int crossings = 0, contributors = 0;
        Classify(stage, cell, map, crossing, ref crossings, contributing, factors, ref contributors);
        Stage next = table.Stages[stage + 1];
        double* nextMap = next.Columns is null ? null : BaseMap(now, next, map, contributing, factors, contributors);
        Split(stage, cell, map, crossing, crossings, 0, nextMap, depth);
        arena.Restore(mark);
    }

    /// <summary>Cuts a cell by the crossing units of a stage from the i-th on; every piece goes on to the next stage.</summary>
    private void Split(int stage, Cell cell, double* map, int* crossing, int crossings, int i, double* nextMap, int depth)
    {
        Stage now = table.Stages[stage], next = table.Stages[stage + 1];
        int used = 0;
        SlotUndo* undo = (SlotUndo*)arena.TakeBytes((nuint)((crossings - i) * sizeof(SlotUndo)));
        bool opened = false;
        for (; i < crossings; i++)
        {
            int unit = crossing[i];
            double* form = GatherForm(map, now.Padded, unit);
            FacetSlot facet = new() { Stage = stage, Unit = unit, Form = form };
            int side = Cut(cell, form, facet, out Cell positive, out Cell negative, out int slot);
            if (side == 0)
            {
                undo[used++] = new SlotUndo(slot, slots[slot]);
                slots[slot] = facet;
                depth++;
                Splits?.Add(table.Form.StageStarts[stage] + unit);
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
                        Undo(undo, used);
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
        Undo(undo, used);
        if (opened) CloseJob();
    }

    private void Undo(SlotUndo* undo, int used)
    {
        for (int u = used - 1; u >= 0; u--) slots[undo[u].Slot] = undo[u].Before;
    }

    private bool OpenJob()
    {
        totals = board.Claim(jobCount++);
        return totals is not null;
    }

    private void CloseJob() => totals = null;

    private readonly struct SlotUndo(int slot, FacetSlot before)
    {
        public int Slot { get; } = slot;

        public FacetSlot Before { get; } = before;
    }
}
