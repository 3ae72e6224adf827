using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Verification;

/// <summary>Looks for a point of a box of many inputs where all conditions of one alternative hold, or proves that there is none, by assuming signs of units.</summary>
/// <remarks>
/// <para>First descents from random points; then proved ranges of all units, each by a backward pass with improved slopes; then for each
/// alternative a tree of assumed signs, best first: a node is given up when a weighted sum of the alternative's conditions has a positive
/// lower bound there. Which unit is split next is tried out: of the heaviest few, the one whose worse half is best (filtered smart branching,
/// A. De Palma et al., 2021). Nodes are bounded many at a time; see <see cref="BoundBatch"/>.</para>
/// <para>A node without open units is a polytope on which the network is affine; it is then decided by a linear program, whose multipliers
/// are put into the same bound, so that no verdict rests on the program's own arithmetic.</para>
/// </remarks>
internal sealed partial class BoundSearch
{
    /// <summary>More open nodes than this wait in a stack: the last one first.</summary>
    private const int MostInOrder = 20_000;

    /// <summary>How many candidates are tried before a node is split.</summary>
    private const int Tried = 4;

    /// <summary>With this many signs assumed, splitting goes on stage by stage, so that what was assumed is affine in the inputs and empty nodes are
    /// found by linear programs: the tree is then no larger than the number of regions allows.</summary>
    private const int InOrderFrom = 8;

    /// <summary>Up to this many inputs.</summary>
    private const int MostInputsInOrder = 32;

    /// <summary>Numbers that a batch may hold in one of its arrays.</summary>
    private const int MostNumbers = 1 << 22;

    /// <summary>Multiply-adds that improving the ranges of one stage may take.</summary>
    private const double MostWorkForRanges = 6e9;

    private readonly NormalForm form;
    private readonly int[][] alternatives;
    private readonly CounterexampleTest test;
    private readonly BoundChain chain;
    private readonly PointBatch points;
    private readonly RandomStream random;
    private readonly CancellationToken cancellation;
    private readonly PriorityQueue<BoundNode, double> ordered = new();
    private readonly Stack<BoundNode> stacked = [];
    private readonly int last;
    private readonly int capacity;
    private bool undecided;

    public BoundSearch(NormalForm form, InputDomain domain, int[][] alternatives, CounterexampleTest test, RandomStream random, CancellationToken cancellation)
    {
        this.form = form;
        this.alternatives = alternatives;
        this.test = test;
        this.random = random;
        this.cancellation = cancellation;
        chain = new BoundChain(form, domain);
        last = form.Stages.Length - 1;
        capacity = Math.Clamp(MostNumbers / (chain.Units + form.Inputs), 2, 64);
        points = new PointBatch(form, domain, alternatives, test, capacity);
    }

    /// <summary>How many nodes were bounded.</summary>
    public long Nodes { get; private set; }

    /// <summary>Looks until a counterexample is found or none can exist.</summary>
    /// <returns>Whether one was found; it is then in the test. Null when some node stays open.</returns>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public bool? Run(Action? progress)
    {
        if (points.Attack(random, rounds: 6, steps: 40, cancellation)) return true;
        for (int s = 0; s <= chain.LastKinked; s++)
        {
            if (s > 0) Narrow(s);
            chain.Settle(s);
        }
        for (int s = chain.LastKinked + 1; s <= last; s++) chain.Settle(s);
        BoundBatch batch = new(chain, last, capacity);
        if (Root(batch)) return true;
        while (Take(capacity / 2) is { Count: > 0 } nodes)
        {
            if (Expand(batch, nodes)) return true;
            progress?.Invoke();
        }
        return undecided ? null : false;
    }

    /// <summary>Ranges of the units of a stage that intervals leave open, each from below and from above.</summary>
    private void Narrow(int stage)
    {
        NormalStage now = chain.Stages[stage];
        List<int> open = [];
        for (int i = 0; i < now.Units; i++)
        {
            if (!now.Activations[i].IsIdentity && !(chain.Low[stage][i] >= 0) && !(chain.High[stage][i] <= 0)) open.Add(i);
        }
        if (open.Count == 0) return;
        double work = 0;
        for (int s = 0; s <= stage; s++) work += (double)chain.Stages[s].Units * chain.Stages[s].Linear.LongestRow;
        int steps = (int)Math.Clamp(MostWorkForRanges / (4 * open.Count * work), 0, 20);
        int rows = Math.Min(2 * open.Count, capacity) & ~1;
        BoundBatch batch = new(chain, stage, rows);
        for (int first = 0; first < open.Count; first += rows / 2)
        {
            int count = Math.Min(rows / 2, open.Count - first);
            Array.Clear(batch.Start);
            for (int k = 0; k < count; k++)
            {
                int i = open[first + k];
                batch.Reset(2 * k);
                batch.Reset((2 * k) + 1);
                batch.Start[(2 * k * now.Units) + i] = 1;
                batch.Start[(((2 * k) + 1) * now.Units) + i] = -1;
            }
            batch.Improve(2 * count, steps, rate: 0.3, double.PositiveInfinity, null, cancellation);
            for (int k = 0; k < count; k++) chain.Narrow(stage, open[first + k], batch.Best[2 * k], -batch.Best[(2 * k) + 1]);
        }
    }

    /// <summary>Bounds every alternative over the whole box.</summary>
    private bool Root(BoundBatch batch)
    {
        for (int first = 0; first < alternatives.Length; first += capacity)
        {
            int count = Math.Min(capacity, alternatives.Length - first);
            double[][] weighing = new double[count][];
            for (int r = 0; r < count; r++)
            {
                batch.Reset(r);
                weighing[r] = [.. Enumerable.Repeat(1.0 / alternatives[first + r].Length, alternatives[first + r].Length)];
            }
            int[] which = [.. Enumerable.Range(first, count)];
            Improve(batch, which, weighing, steps: 40, rate: 0.3);
            for (int r = 0; r < count; r++)
            {
                Nodes++;
                if (batch.Best[r] > 0) continue;
                Push(Kept(batch, r, first + r, [], weighing[r], double.NegativeInfinity));
            }
            if (TryPoints(batch, which)) return true;
        }
        return false;
    }

    /// <summary>Improves the bounds of nodes whose signs stand in the batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="which">The alternative of each row.</param>
    /// <param name="weighing">How its conditions are weighed; becomes the weighing of the best bound.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="rate">The first step.</param>
    private void Improve(BoundBatch batch, int[] which, double[][] weighing, int steps, double rate)
    {
        double[] best = new double[which.Length];
        double[][] now = Array.ConvertAll(weighing, w => (double[])w.Clone());
        Array.Fill(best, double.NegativeInfinity);
        for (int r = 0; r < which.Length; r++) Weigh(batch, r, which[r], now[r]);
        bool several = Array.Exists(which, a => alternatives[a].Length > 1);
        batch.Improve(which.Length, steps, rate, 0, several ? Reweigh : null, cancellation);
        if (several) Remember();

        // A condition that is large where the bound is reached gains weight.
        void Reweigh(int step)
        {
            Remember();
            for (int r = 0; r < which.Length; r++)
            {
                int[] all = alternatives[which[r]];
                if (all.Length == 1) continue;
                ReadOnlySpan<double> values = batch.TopOf(r);
                double largest = double.NegativeInfinity, least = double.PositiveInfinity, sum = 0;
                foreach (int c in all)
                {
                    largest = Math.Max(largest, values[c]);
                    least = Math.Min(least, values[c]);
                }
                if (!(largest > least)) continue;
                for (int k = 0; k < all.Length; k++)
                {
                    now[r][k] = (now[r][k] + 1e-6) * Math.Exp(3 * rate * Math.Pow(0.93, step) * (values[all[k]] - largest) / (largest - least));
                    sum += now[r][k];
                }
                for (int k = 0; k < all.Length; k++) now[r][k] /= sum;
                Weigh(batch, r, which[r], now[r]);
            }
        }

        // What was just bounded is the best so far where the best bound has moved.
        void Remember()
        {
            for (int r = 0; r < which.Length; r++)
            {
                if (!(batch.Best[r] > best[r])) continue;
                best[r] = batch.Best[r];
                now[r].CopyTo(weighing[r], 0);
            }
        }
    }

    private void Weigh(BoundBatch batch, int row, int alternative, double[] weighing)
    {
        int conditions = form.Outputs;
        Array.Clear(batch.Start, row * conditions, conditions);
        for (int k = 0; k < weighing.Length; k++) batch.Start[(row * conditions) + alternatives[alternative][k]] += weighing[k];
    }

    private List<BoundNode> Take(int most)
    {
        List<BoundNode> nodes = [];
        while (nodes.Count < most && (stacked.TryPop(out BoundNode? node) || ordered.TryDequeue(out node, out _))) nodes.Add(node);
        return nodes;
    }

    private void Push(BoundNode node)
    {
        if (ordered.Count < MostInOrder) ordered.Enqueue(node, node.Bound);
        else stacked.Push(node);
    }

    /// <summary>Splits nodes and bounds their halves.</summary>
    private bool Expand(BoundBatch batch, List<BoundNode> nodes)
    {
        for (int k = nodes.Count - 1; k >= 0; k--)
        {
            bool isLeaf = nodes[k].Candidates.Length == 0;
            if (!isLeaf && !(GoesInOrder(nodes[k].Assumed.Length) && IsEmpty(nodes[k], batch))) continue;
            if (isLeaf && Leaf(nodes[k], batch)) return true;
            nodes.RemoveAt(k);
        }
        if (nodes.Count == 0) return false;
        (int Stage, int Unit)[] splits = Choose(batch, nodes);
        int rows = 2 * nodes.Count;
        AssumedSign[][] assumed = new AssumedSign[rows][];
        double[][] weighing = new double[rows][];
        int[] which = new int[rows];
        for (int r = 0; r < rows; r++)
        {
            BoundNode node = nodes[r / 2];
            assumed[r] = [.. node.Assumed, new AssumedSign(splits[r / 2].Stage, splits[r / 2].Unit, (sbyte)(r % 2 == 0 ? 1 : -1))];
            weighing[r] = (double[])node.Weighing.Clone();
            which[r] = node.Alternative;
            Load(batch, r, node, assumed[r]);
        }
        Improve(batch, which, weighing, steps: 10, rate: 0.2);
        for (int r = 0; r < rows; r++)
        {
            Nodes++;
            if (batch.Best[r] > 0) continue;
            Push(Kept(batch, r, which[r], assumed[r], weighing[r], nodes[r / 2].Bound));
        }
        return TryPoints(batch, which);
    }

    /// <summary>Tries where the last bounds of all rows are reached, and now and then descends from there.</summary>
    private bool TryPoints(BoundBatch batch, int[] which)
    {
        int n = form.Inputs;
        for (int r = 0; r < which.Length; r++)
        {
            ReadOnlySpan<double> x = batch.PointOf(r);
            for (int j = 0; j < n; j++) points.Points[(r * n) + j] = points.Within(j, x[j]);
        }
        return Nodes / 512 % 4 == 0 ? points.Descend(which, 10, 0.1, cancellation) : points.Try(which.Length);
    }

    private void Load(BoundBatch batch, int row, BoundNode node, ReadOnlySpan<AssumedSign> assumed)
    {
        batch.Reset(row);
        int at = 0;
        for (int s = 0; s < last; s++)
        {
            int units = chain.Stages[s].Units;
            foreach (int i in chain.Open[s])
            {
                // Kept in single precision: rounding must not carry a slope beyond the unit's pieces.
                double left = chain.Lines[s][i].Left;
                batch.Slopes[s][(row * units) + i] = Math.Clamp(node.Slopes[at++], Math.Min(left, 1), Math.Max(left, 1));
            }
        }
        for (int k = 0; k < assumed.Length; k++)
        {
            int place = (row * chain.Stages[assumed[k].Stage].Units) + assumed[k].Unit;
            batch.Signs[assumed[k].Stage][place] = (sbyte)(2 * assumed[k].Sign);
            if (k < node.Multipliers.Length) batch.Multipliers[assumed[k].Stage][place] = node.Multipliers[k];
        }
        Weigh(batch, row, node.Alternative, node.Weighing);
    }

    /// <summary>A node of what stands in a row after it was improved.</summary>
    private BoundNode Kept(BoundBatch batch, int row, int alternative, AssumedSign[] assumed, double[] weighing, double least)
    {
        float[] slopes = new float[chain.Open.Sum(o => o.Length)];
        PriorityQueue<(int Stage, int Unit), double> heaviest = new();
        int at = 0;
        bool inOrder = GoesInOrder(assumed.Length);
        for (int s = 0; s < last; s++)
        {
            int units = chain.Stages[s].Units;
            bool stageIsNext = !inOrder || heaviest.Count == 0;
            foreach (int i in chain.Open[s])
            {
                int place = (row * units) + i;
                slopes[at++] = (float)batch.Slopes[s][place];
                if (batch.Signs[s][place] != 0 || !stageIsNext) continue;
                heaviest.Enqueue((s, i), Score(s, i, batch.WeightOf(row, s, i)));
                if (heaviest.Count > Tried) heaviest.Dequeue();
            }
        }
        (int, int)[] candidates = new (int, int)[heaviest.Count];
        for (int k = candidates.Length - 1; k >= 0; k--) candidates[k] = heaviest.Dequeue();
        return new BoundNode
        {
            Alternative = alternative,
            Assumed = assumed,
            Multipliers = Array.ConvertAll(assumed, a => batch.Multipliers[a.Stage][(row * chain.Stages[a.Stage].Units) + a.Unit]),
            Slopes = slopes,
            Weighing = weighing,
            Bound = Math.Max(least, batch.Best[row]),
            Candidates = candidates,
        };
    }

    private bool GoesInOrder(int assumed) => assumed >= InOrderFrom && form.Inputs <= MostInputsInOrder;

    /// <summary>What the relaxation of a unit costs a bound that weighs its activation with v.</summary>
    private double Score(int stage, int unit, double v)
    {
        double a = chain.Low[stage][unit], b = chain.High[stage][unit];
        UnitLines line = chain.Lines[stage][unit];
        double chord = Math.Abs(line.Offset);
        return v > 0 == line.Convex ? Math.Abs(v) * Math.Min(Math.Min(b, -a) / 2 * Math.Abs(1 - line.Left), chord) : Math.Abs(v) * chord;
    }

    /// <summary>Tries the candidates of each node: one bound for each half, with the multipliers at hand.</summary>
    private (int Stage, int Unit)[] Choose(BoundBatch batch, List<BoundNode> nodes)
    {
        (int, int)[] chosen = new (int, int)[nodes.Count];
        List<(int Node, int Candidate)> tries = [];
        for (int k = 0; k < nodes.Count; k++)
        {
            chosen[k] = nodes[k].Candidates[0];
            if (nodes[k].Candidates.Length == 1) continue;
            for (int c = 0; c < nodes[k].Candidates.Length; c++) tries.Add((k, c));
        }
        double[] best = new double[nodes.Count];
        Array.Fill(best, double.NegativeInfinity);
        for (int first = 0; first < tries.Count; first += capacity / 2)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(capacity / 2, tries.Count - first);
            for (int r = 0; r < 2 * count; r++)
            {
                BoundNode node = nodes[tries[first + (r / 2)].Node];
                (int stage, int unit) = node.Candidates[tries[first + (r / 2)].Candidate];
                Load(batch, r, node, [.. node.Assumed, new AssumedSign(stage, unit, (sbyte)(r % 2 == 0 ? 1 : -1))]);
            }
            ReadOnlySpan<double> bounds = batch.Bound(2 * count);
            for (int t = 0; t < count; t++)
            {
                (int node, int candidate) = tries[first + t];
                double on = Math.Min(0, bounds[2 * t]), off = Math.Min(0, bounds[(2 * t) + 1]);
                double value = Math.Min(on, off) + (0.1 * Math.Max(on, off));
                if (!(value > best[node])) continue;
                best[node] = value;
                chosen[node] = nodes[node].Candidates[candidate];
            }
        }
        return chosen;
    }
}
