using Orthant.Networks;

namespace Orthant.Formats.Onnx;

/// <summary>Turns a graph of signals into layers that follow one another.</summary>
/// <remarks>
/// <para>Signals through which every path from the input passes (dominators) cut the graph into steps. What lies between two of them
/// is one signal, or branches that share nothing, which become a <see cref="ParallelLayer"/>; where branches share signals, those
/// still needed are carried along, so that no unit is ever computed, or counted, twice.</para>
/// <para>Dominators are found by going through the signals from the input: that of a join is the deepest common ancestor of its
/// sources in the dominator tree.</para>
/// </remarks>
internal sealed class LayerSequence
{
    private const int DeepestNesting = 256;

    private readonly string source;
    private readonly Dictionary<Signal, (Signal? Dominator, int Depth)> tree = [];
    private readonly Dictionary<Signal, int> order = [];

    private LayerSequence(string source)
    {
        this.source = source;
    }

    /// <summary>The layers that compute one signal from the input.</summary>
    /// <exception cref="OrthantInputException">Branches are nested too deeply.</exception>
    public static List<Layer> Build(string source, InputSignal input, Signal output)
    {
        LayerSequence sequence = new(source);
        sequence.FindDominators(output);
        return sequence.Between(input, output, 0);
    }

    private void FindDominators(Signal output)
    {
        Stack<(Signal Signal, bool Done)> pending = new([(output, false)]);
        while (pending.TryPop(out (Signal Signal, bool Done) item))
        {
            if (tree.ContainsKey(item.Signal)) continue;
            if (!item.Done)
            {
                pending.Push((item.Signal, true));
                foreach (Signal from in item.Signal.Sources) pending.Push((from, false));
                continue;
            }
            Signal? dominator = null;
            foreach (Signal from in item.Signal.Sources) dominator = dominator is null ? from : CommonDominator(dominator, from);
            tree.Add(item.Signal, (dominator, dominator is null ? 0 : tree[dominator].Depth + 1));
            order.Add(item.Signal, order.Count);
        }
    }

    private Signal CommonDominator(Signal a, Signal b)
    {
        while (!ReferenceEquals(a, b))
        {
            if (tree[a].Depth >= tree[b].Depth) a = tree[a].Dominator!;
            else b = tree[b].Dominator!;
        }
        return a;
    }

    private List<Layer> Between(Signal from, Signal to, int nesting)
    {
        if (nesting > DeepestNesting)
        {
            throw new OrthantInputException(source, "graph", $"branches nested deeper than {DeepestNesting}", "fewer");
        }
        List<Signal> steps = [];
        for (Signal s = to; !ReferenceEquals(s, from); s = tree[s].Dominator!) steps.Add(s);
        LayerBuilder builder = new();
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            Signal step = steps[i];
            if (step is not JoinSignal join) builder.Add(step);
            else if (Disjoint(tree[join].Dominator!, join)) builder.Add(Parallel(tree[join].Dominator!, join, nesting), join.Group);
            else Carry(tree[join].Dominator!, join, builder);
        }
        return builder.Build();
    }

    private ParallelLayer Parallel(Signal from, JoinSignal join, int nesting)
    {
        List<Layer>[] branches = [.. join.Sources.Select(s => Between(from, s, nesting + 1))];
        // A residual block reads x + f(x) or f(x) + x; the skip comes last unless a file of ours says otherwise.
        bool swap = join.Group is null && join.Join == BranchJoin.Sum && branches is [{ Count: 0 }, { Count: > 0 }];
        return new ParallelLayer(from.Size, swap ? [branches[1], branches[0]] : branches, join.Join);
    }

    /// <summary>Whether the branches of a join share no signal but the one that they start from.</summary>
    private bool Disjoint(Signal from, JoinSignal join)
    {
        HashSet<Signal> seen = [];
        foreach (Signal branch in join.Sources)
        {
            List<Signal> own = Region(from, [branch]);
            if (!own.TrueForAll(seen.Add)) return false;
        }
        return true;
    }

    /// <summary>All signals on the ways from one signal to others, without the first, each after its sources.</summary>
    private List<Signal> Region(Signal from, IEnumerable<Signal> to)
    {
        HashSet<Signal> region = [from];
        Stack<Signal> pending = new(to);
        while (pending.TryPop(out Signal? signal))
        {
            if (!region.Add(signal)) continue;
            foreach (Signal s in signal.Sources) pending.Push(s);
        }
        region.Remove(from);
        return [.. region.OrderBy(s => order[s])];
    }

    /// <summary>Computes the signals of a region one after the other, beside those that are still needed.</summary>
    private void Carry(Signal from, JoinSignal to, LayerBuilder builder)
    {
        List<Signal> region = Region(from, [to]);
        Dictionary<Signal, int> lastUse = [];
        for (int i = 0; i < region.Count; i++)
        {
            foreach (Signal s in region[i].Sources) lastUse[s] = i;
        }
        List<Signal> live = [from];
        for (int i = 0; i < region.Count; i++)
        {
            Signal step = region[i];
            int width = live.Sum(s => s.Size);
            if (width > 4 * Signal.LargestSize)
            {
                throw new OrthantInputException(source, "graph", "branches too wide to be carried along", "narrower ones");
            }
            LayerBuilder own = new();
            if (step is JoinSignal join) own.Add(Joined(live, join), join.Group);
            else
            {
                if (live.Count > 1) own.Add(Selected(live, step.Sources), null);
                own.Add(step);
            }
            List<Signal> kept = live.FindAll(s => lastUse[s] > i);
            if (kept.Count == 0) builder.Add(own.Build());
            else builder.Add(new ParallelLayer(width, [own.Build(), [Selected(live, kept)]], BranchJoin.Concatenation), null);
            live = [step, .. kept];
        }
    }

    private static AffineLayer Selected(List<Signal> live, IReadOnlyList<Signal> wanted) =>
        new(SparseOperator.Select(live.Sum(s => s.Size), wanted.SelectMany(w => Enumerable.Range(Start(live, w), w.Size))), []);

    private static AffineLayer Joined(List<Signal> live, JoinSignal join)
    {
        if (join.Join == BranchJoin.Concatenation) return Selected(live, join.Sources);
        int[] starts = [.. join.Sources.Select(s => Start(live, s))];
        IEnumerable<IEnumerable<(int, double)>> rows = Enumerable.Range(0, join.Size)
            .Select(i => starts.GroupBy(s => s).Select(g => (g.Key + i, (double)g.Count())));
        return new AffineLayer(SparseOperator.FromRows(live.Sum(s => s.Size), rows), []);
    }

    private static int Start(List<Signal> live, Signal wanted) => live.TakeWhile(s => !ReferenceEquals(s, wanted)).Sum(s => s.Size);
}
