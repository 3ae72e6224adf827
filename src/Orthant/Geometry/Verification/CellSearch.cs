using Orthant.Geometry.Cutting;

namespace Orthant.Geometry.Verification;

/// <summary>Looks for a point of a domain where all conditions of one alternative hold, or proves that there is none, by cutting cells.</summary>
/// <remarks>
/// <para>A cell is a polytope on which all units of the stages before the current one keep their sign, so that the current stage's
/// pre-activations are affine on it, with exact ranges over the vertices. From there on every unit that may have both signs is relaxed: ranges
/// by a zonotope whose affine part is taken over the vertices, then the conditions by one backward pass with linear bounds of every unit.
/// A positive lower bound refutes all alternatives that contain the condition. With one alternative left, the cell is cut by its bounds,
/// because counterexamples can only lie where all of them are not positive. What remains is split by the unit that
/// weighs most in the bounds.</para>
/// <para>All bounds are rounded outward, and signs at vertices are decided as in an enumeration: nothing is lost to rounding. Cells wait in
/// the order of their bounds: where counterexamples are most likely comes first.</para>
/// </remarks>
internal sealed unsafe partial class CellSearch : CellCutter
{
    /// <summary>More open cells than this wait in a stack: the last one first.</summary>
    private const int MostInOrder = 50_000;

    private readonly DenseStages stages;
    private readonly int[][] alternatives;
    private readonly CounterexampleTest test;
    private readonly ForwardPass forward;
    private readonly Relaxation relaxation;
    private readonly CancellationToken cancellation;
    private readonly bool keepProof;
    private readonly PriorityQueue<OpenCell, double> ordered = new();
    private readonly Stack<OpenCell> stacked = [];
    private readonly int last;

    public CellSearch(DenseStages stages, int[][] alternatives, CounterexampleTest test, bool keepProof, CancellationToken cancellation)
        : base(stages.Table, SignPolicy.Certified)
    {
        this.stages = stages;
        this.alternatives = alternatives;
        this.test = test;
        this.keepProof = keepProof;
        this.cancellation = cancellation;
        forward = new ForwardPass(stages);
        last = stages.Table.Stages.Length - 1;
        relaxation = new Relaxation(stages);
    }

    /// <summary>How many cells were looked at.</summary>
    public long Cells { get; private set; }

    /// <summary>How many cells wait.</summary>
    public int Waiting => ordered.Count + stacked.Count;

    /// <summary>The proof, when there is no counterexample and it was asked for.</summary>
    public ProofNode? Proof { get; private set; }

    public override long EntryOf(int stage) => entries[stage];

    /// <summary>Looks until a counterexample is found or none can exist.</summary>
    /// <param name="progress">Told after every so many cells.</param>
    /// <returns>Whether one was found; it is then in the test.</returns>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public bool Run(Action? progress)
    {
        if (!StartingCell(out Cell cell)) return FlatDomain(cell);
        entries[0] = ++entryCount;
        Proof = keepProof ? new ProofNode() : null;
        bool[] alive = new bool[alternatives.Length];
        Array.Fill(alive, true);
        sbyte[] status = new sbyte[table.Stages[0].Units];
        OpenCell root;
        fixed (sbyte* s = status) root = Pack(0, cell, table.FirstMap, s, alive, double.NegativeInfinity, Proof);
        CellArena.Mark start = arena.Save();
        for (OpenCell? next = root; next is not null; next = Next())
        {
            cancellation.ThrowIfCancellationRequested();
            arena.Restore(start);
            if (Expand(next)) return true;
            if ((++Cells & 0xFF) == 0) progress?.Invoke();
        }
        return false;
    }

    /// <summary>A domain without an interior, cut out by half-spaces: nothing here can speak of it.</summary>
    private static bool FlatDomain(in Cell cell) => throw new FlatDomainException();

    private OpenCell? Next() => stacked.TryPop(out OpenCell? top) || ordered.TryDequeue(out top, out _) ? top : null;

    private void Push(OpenCell cell)
    {
        if (ordered.Count < MostInOrder) ordered.Enqueue(cell, cell.Bound);
        else stacked.Push(cell);
    }

    /// <summary>Refutes a cell, finds a counterexample in it, or splits it.</summary>
    private bool Expand(OpenCell node)
    {
        Load(node, out Cell cell, out double* map);
        int stage = node.Stage;
        sbyte* status = (sbyte*)arena.TakeBytes((nuint)table.Stages.Max(s => s.Padded));
        for (int i = 0; i < node.Status.Length; i++) status[i] = node.Status[i];
        bool[] alive = (bool[])node.Alive.Clone();
        while (true)
        {
            int open = relaxation.Settle(stage, cell, map, status);
            while (open == 0)
            {
                map = NextMap(stage, map, status);
                stage++;
                entries[stage] = ++entryCount;
                if (stage == last) return Leaf(cell, map, alive);
                new Span<sbyte>(status, table.Stages[stage].Padded).Clear();
                open = relaxation.Settle(stage, cell, map, status);
            }
            int verdict = Bound(stage, ref cell, map, status, alive, ref open, out double bound);
            if (verdict == Refuted) return false;
            if (verdict == Found) return true;
            if (open == 0) continue;
            int unit = relaxation.Choose(stage, status);
            double* form = GatherForm(map, table.Stages[stage].Padded, unit);
            FacetSlot facet = new() { Stage = stage, Unit = unit, Form = form };
            int side = Cut(cell, form, facet, out Cell positive, out Cell negative, out int slot);
            if (side != 0)
            {
                status[unit] = (sbyte)side;
                continue;
            }
            slots[slot] = facet;
            ProofNode? off = null, on = null;
            if (node.Proof is not null)
            {
                off = new ProofNode();
                on = new ProofNode();
                node.Proof.Split = (stage, unit, off, on);
            }
            status[unit] = -1;
            Push(Pack(stage, negative, map, status, alive, bound, off));
            status[unit] = 1;
            Push(Pack(stage, positive, map, status, alive, bound, on));
            return false;
        }
    }

    private double* NextMap(int stage, double* map, sbyte* status)
    {
        Stage now = table.Stages[stage], next = table.Stages[stage + 1];
        int* contributing = arena.TakeIntegers(now.Units + 1);
        double* factors = arena.TakeDoubles(now.Units + 1);
        int contributors = 0;
        for (int i = 0; i < now.Units; i++)
        {
            SetActive(stage, i, status[i] > 0);
            double factor = status[i] > 0 ? 1 : now.LeftSlope[i];
            if (factor == 0) continue;
            contributing[contributors] = i;
            factors[contributors++] = factor;
        }
        return BaseMap(now, next, map, contributing, factors, contributors);
    }

    private const int Refuted = -1, Undecided = 0, Found = 1;

    /// <summary>Bounds the conditions over a cell, refutes alternatives, tries points, and cuts the cell where one alternative is left.</summary>
    private int Bound(int stage, ref Cell cell, double* map, sbyte* status, bool[] alive, ref int open, out double bound)
    {
        relaxation.Forward(stage, cell, map, status);
        relaxation.Backward(stage, cell, map, alternatives, alive);
        int left = 0, only = -1;
        bound = double.PositiveInfinity;
        for (int a = 0; a < alternatives.Length; a++)
        {
            if (!alive[a]) continue;
            double largest = double.NegativeInfinity;
            foreach (int c in alternatives[a])
            {
                alive[a] &= !relaxation.IsPositive(c);
                largest = Math.Max(largest, relaxation.LowerBound(c));
            }
            if (!alive[a]) continue;
            left++;
            only = a;
            bound = Math.Min(bound, largest);
        }
        if (left == 0) return Refuted;
        relaxation.Want(alternatives, alive);
        if (TryVertices(cell)) return Found;
        if (left > 1) return Undecided;
        int verdict = Contract(ref cell, alternatives[only]);
        if (verdict == Refuted) return Refuted;
        if (verdict == Found) open = relaxation.Settle(stage, cell, map, status);
        return Undecided;
    }

    /// <summary>Cuts a cell by the bounds of all conditions that have to hold together.</summary>
    /// <returns>Refuted when nothing is left; Found when the cell became smaller.</returns>
    private int Contract(ref Cell cell, int[] conditions)
    {
        bool smaller = false;
        foreach (int c in conditions)
        {
            // A slot is kept for the split to come.
            if (System.Numerics.BitOperations.PopCount(cell.AllFacets) > 62) break;
            double* form = arena.TakeDoubles(layout.Length);
            relaxation.NegatedBound(c, form, layout.Constant);
            double size = 0;
            for (int q = 0; q <= d; q++) size += Math.Abs(form[q]);
            form[layout.Size] = size;
            form[layout.Tolerance] = ((d + 4) * Rounding.Unit * size) + double.Epsilon;
            FacetSlot facet = new() { Stage = FacetSlot.Given, Unit = c, Form = form };
            int side = Cut(cell, form, facet, out Cell kept, out _, out int slot);
            if (side > 0) continue;
            if (side < 0) return Refuted;
            slots[slot] = facet;
            cell = kept;
            smaller = true;
        }
        return smaller ? Found : Undecided;
    }

    /// <summary>Tries the vertices where the bounds of the conditions are lowest, and now and then a descent from the lowest one.</summary>
    private bool TryVertices(in Cell cell)
    {
        Span<double> t = stackalloc double[d];
        int lowest = -1;
        double least = double.PositiveInfinity;
        foreach (int c in relaxation.Conditions)
        {
            int k = relaxation.LowestVertex(c);
            VertexOf(cell, k, t);
            if (test.Try(forward, t)) return true;
            if (relaxation.LowerBound(c) < least)
            {
                least = relaxation.LowerBound(c);
                lowest = k;
            }
        }
        if (Cells % 8 != 0 || lowest < 0) return false;
        VertexOf(cell, lowest, t);
        return test.Descend(forward, t, steps: 20, step: 0.1);
    }

    private void VertexOf(in Cell cell, int k, Span<double> t)
    {
        for (int q = 0; q < d; q++) t[q] = Math.Clamp(cell.X[(q * cell.Stride) + k], -1, 1);
    }

    /// <summary>All units are decided: the conditions are affine on the cell, and it is cut by them, exactly.</summary>
    private bool Leaf(in Cell cell, double* map, bool[] alive)
    {
        FacetSlot[] path = (FacetSlot[])slots.Clone();
        int padded = table.Stages[last].Padded;
        for (int a = 0; a < alternatives.Length; a++)
        {
            if (!alive[a]) continue;
            Cell kept = cell;
            bool some = true;
            foreach (int c in alternatives[a])
            {
                double* form = GatherForm(map, padded, c);
                for (int q = 0; q <= d; q++) form[q] = -form[q];
                FacetSlot facet = new() { Stage = last, Unit = c, Negated = true, Form = form };
                some = KeepClosed(kept, facet, out Cell part);
                if (!some) break;
                kept = part;
            }
            if (some && Witness(kept)) return true;
            Array.Copy(path, slots, path.Length);
        }
        return false;
    }

    /// <summary>Takes a point out of what is left of a leaf: it is not empty, so there is one.</summary>
    private bool Witness(in Cell kept)
    {
        Span<double> t = stackalloc double[d];
        t.Clear();
        for (int k = 0; k < kept.Count; k++)
        {
            for (int q = 0; q < d; q++) t[q] += kept.X[(q * kept.Stride) + k] / kept.Count;
        }
        for (int q = 0; q < d; q++) t[q] = Math.Clamp(t[q], -1, 1);
        if (test.Confirm(t)) return true;
        for (int k = 0; k < kept.Count; k++)
        {
            VertexOf(kept, k, t);
            if (test.Confirm(t)) return true;
        }
        System.Numerics.BigInteger[] point = ExactVertex(kept.Facets[0]) ?? throw new InvalidOperationException("The facets of a vertex do not meet in a point.");
        return test.ConfirmExactly(point) ? true : throw new InvalidOperationException("What is left of a leaf is not a counterexample.");
    }

    public override void Dispose()
    {
        relaxation.Dispose();
        base.Dispose();
    }

    private OpenCell Pack(int stage, in Cell cell, double* map, sbyte* status, bool[] alive, double bound, ProofNode? proof)
    {
        int padded = table.Stages[stage].Padded, used = System.Numerics.BitOperations.PopCount(cell.AllFacets), bits = active.Sum(a => a.Length);
        double[] numbers = new double[((d + 1) * cell.Stride) + (rows * padded) + (used * layout.Length)];
        ulong[] words = new ulong[cell.Stride + bits];
        (int, int)[] facets = new (int, int)[used];
        new ReadOnlySpan<double>(cell.X, d * cell.Stride).CopyTo(numbers);
        new ReadOnlySpan<double>(cell.Radius, cell.Stride).CopyTo(numbers.AsSpan(d * cell.Stride));
        new ReadOnlySpan<double>(map, rows * padded).CopyTo(numbers.AsSpan((d + 1) * cell.Stride));
        new ReadOnlySpan<ulong>(cell.Facets, cell.Stride).CopyTo(words);
        int at = ((d + 1) * cell.Stride) + (rows * padded), index = 0;
        for (ulong left = cell.AllFacets; left != 0; left &= left - 1, index++, at += layout.Length)
        {
            FacetSlot slot = slots[System.Numerics.BitOperations.TrailingZeroCount(left)];
            facets[index] = (slot.Stage, slot.Unit);
            new ReadOnlySpan<double>(slot.Form, layout.Length).CopyTo(numbers.AsSpan(at));
        }
        int word = cell.Stride;
        foreach (ulong[] a in active)
        {
            a.CopyTo(words, word);
            word += a.Length;
        }
        return new OpenCell
        {
            Stage = stage,
            Count = cell.Count,
            Numbers = numbers,
            Words = words,
            Facets = facets,
            Status = new ReadOnlySpan<sbyte>(status, table.Stages[stage].Units).ToArray(),
            Alive = (bool[])alive.Clone(),
            Entries = (long[])entries.Clone(),
            Bound = bound,
            Proof = proof,
        };
    }

    private void Load(OpenCell node, out Cell cell, out double* map)
    {
        int padded = table.Stages[node.Stage].Padded;
        cell = Cell.Take(arena, d, node.Count);
        map = arena.TakeDoubles(rows * padded);
        node.Numbers.AsSpan(0, d * cell.Stride).CopyTo(new Span<double>(cell.X, d * cell.Stride));
        node.Numbers.AsSpan(d * cell.Stride, cell.Stride).CopyTo(new Span<double>(cell.Radius, cell.Stride));
        node.Numbers.AsSpan((d + 1) * cell.Stride, rows * padded).CopyTo(new Span<double>(map, rows * padded));
        node.Words.AsSpan(0, cell.Stride).CopyTo(new Span<ulong>(cell.Facets, cell.Stride));
        cell.Seal(d);
        int at = ((d + 1) * cell.Stride) + (rows * padded), index = 0;
        for (ulong left = cell.AllFacets; left != 0; left &= left - 1, index++, at += layout.Length)
        {
            double* form = arena.TakeDoubles(layout.Length);
            node.Numbers.AsSpan(at, layout.Length).CopyTo(new Span<double>(form, layout.Length));
            slots[System.Numerics.BitOperations.TrailingZeroCount(left)] = new FacetSlot { Stage = node.Facets[index].Stage, Unit = node.Facets[index].Unit, Form = form };
        }
        int word = cell.Stride;
        foreach (ulong[] a in active)
        {
            node.Words.AsSpan(word, a.Length).CopyTo(a);
            word += a.Length;
        }
        node.Entries.CopyTo(entries, 0);
    }
}

/// <summary>The domain has no interior relative to its free inputs.</summary>
internal sealed class FlatDomainException : Exception
{
    public FlatDomainException()
        : base("The domain is flat: half-spaces leave it no interior.")
    {
    }

    public FlatDomainException(string message)
        : base(message)
    {
    }

    public FlatDomainException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
