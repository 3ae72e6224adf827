using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace Orthant.Networks;

/// <summary>Forward passes over one block of rows, again and again, under rules that differ at some sites only: what none of these sites reaches is
/// computed once.</summary>
/// <remarks>
/// <para>A step whose input is the same in every pass keeps its result; one whose activations alone differ keeps its pre-activations:</para>
/// <code>
///     x ──► dense ──► relu ──► dense ──► relu* ──► dense ──► y            * differs from pass to pass
///           └───── once ─────┘ └once┘    └── every pass ──┘
/// </code>
/// <para>The same holds inside branches, so a shortcut past the first such site is kept too. In float32. Not safe to share between threads.</para>
/// </remarks>
internal sealed class RepeatedPass
{
    private readonly ReluNetwork network;
    private readonly Step[] steps;
    private readonly float[] input;
    private readonly int capacity;
    private int rows;

    /// <summary>Plans the passes.</summary>
    /// <param name="network">The network.</param>
    /// <param name="capacity">The largest number of rows of a block.</param>
    /// <param name="varies">Whether the rules differ at a site; asked for every site once, and always false for poolings.</param>
    public RepeatedPass(ReluNetwork network, int capacity, Func<ActivationSite, bool> varies)
    {
        this.network = network;
        this.capacity = capacity;
        input = new float[checked(capacity * network.Inputs)];
        Planner planner = new(network.Sites, capacity, varies);
        bool changes = false;
        steps = planner.Chain(network.Layers, ref changes);
    }

    /// <summary>Takes a new block and forgets what was kept of the last one.</summary>
    /// <param name="count">The number of rows, at most the capacity.</param>
    /// <param name="x">count × inputs.</param>
    public void Load(int count, ReadOnlySpan<float> x)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, capacity);
        rows = count;
        x[..(count * network.Inputs)].CopyTo(input);
        foreach (Step step in steps) step.Forget();
    }

    /// <summary>One pass.</summary>
    /// <param name="rule">What happens at the activations.</param>
    /// <param name="firstRow">The number of the block's first row within the whole batch.</param>
    /// <returns>rows × outputs, until the next call.</returns>
    public ReadOnlySpan<float> Run(ActivationRule rule, int firstRow)
    {
        ReadOnlySpan<float> x = input.AsSpan(0, rows * network.Inputs);
        foreach (Step step in steps) x = step.Run(new Call(rule, firstRow, rows), x);
        return x;
    }

    private readonly record struct Call(ActivationRule Rule, int FirstRow, int Rows);

    /// <summary>Makes steps of layers, and counts the sites in the order of a forward pass.</summary>
    private sealed class Planner(ImmutableArray<ActivationSite> sites, int capacity, Func<ActivationSite, bool> varies)
    {
        private int next;

        public Step[] Chain(ImmutableArray<Layer> layers, ref bool changes)
        {
            Step[] result = new Step[layers.Length];
            for (int i = 0; i < result.Length; i++) result[i] = Plan(layers[i], ref changes);
            return result;
        }

        private Step Plan(Layer layer, ref bool changes)
        {
            bool inputChanges = changes;
            switch (layer)
            {
                case AffineLayer affine:
                    return new AffineStep(affine, Take(affine.Activations, ref changes), capacity) { InputChanges = inputChanges, OutputChanges = changes };
                case ParallelLayer parallel:
                    List<Step[]> branches = [];
                    bool sumChanges = false;
                    foreach (ImmutableArray<Layer> branch in parallel.Branches)
                    {
                        bool branchChanges = inputChanges;
                        branches.Add(Chain(branch, ref branchChanges));
                        sumChanges |= branchChanges;
                    }
                    changes = sumChanges;
                    ActivationSite? own = Take(parallel.Activations, ref changes);
                    return new ParallelStep(parallel, [.. branches], own, capacity) { InputChanges = sumChanges, OutputChanges = changes };
                default:
                    ActivationSite pool = sites[next++];
                    return new PoolStep((MaxPoolLayer)layer, pool, capacity) { InputChanges = inputChanges, OutputChanges = inputChanges };
            }
        }

        private ActivationSite? Take(UnitActivations activations, ref bool changes)
        {
            if (activations.IsIdentity) return null;
            ActivationSite site = sites[next++];
            changes |= varies(site);
            return site;
        }
    }

    private abstract class Step(int outputs, int capacity)
    {
        private readonly float[] result = new float[checked(capacity * outputs)];
        private float[]? kept;
        private bool hasKept;

        /// <summary>Whether what comes before the step's activations differs from pass to pass.</summary>
        public required bool InputChanges { get; init; }

        /// <summary>Whether the step's result differs from pass to pass.</summary>
        public required bool OutputChanges { get; init; }

        public virtual void Forget() => hasKept = false;

        public ReadOnlySpan<float> Run(Call call, ReadOnlySpan<float> x)
        {
            Span<float> y = result.AsSpan(0, call.Rows * outputs);
            if (hasKept && !OutputChanges) return y;
            if (InputChanges || !OutputChanges)
            {
                Combine(call, x, y);
            }
            else
            {
                kept ??= new float[result.Length];
                Span<float> before = kept.AsSpan(0, y.Length);
                if (!hasKept) Combine(call, x, before);
                before.CopyTo(y);
            }
            hasKept = true;
            Activate(call, y);
            return y;
        }

        /// <summary>What comes before the activations.</summary>
        protected abstract void Combine(Call call, ReadOnlySpan<float> x, Span<float> y);

        protected abstract void Activate(Call call, Span<float> y);
    }

    private sealed class AffineStep(AffineLayer layer, ActivationSite? site, int capacity) : Step(layer.Outputs, capacity)
    {
        protected override void Combine(Call call, ReadOnlySpan<float> x, Span<float> y) => layer.ApplyAffine(call.Rows, x, y);

        protected override void Activate(Call call, Span<float> y)
        {
            if (site is not null) call.Rule.Apply(site, call.FirstRow, call.Rows, y);
        }
    }

    private sealed class PoolStep(MaxPoolLayer layer, ActivationSite site, int capacity) : Step(layer.Outputs, capacity)
    {
        protected override void Combine(Call call, ReadOnlySpan<float> x, Span<float> y) =>
            layer.Forward(new ForwardPass([site], ActivationRule.Plain, call.FirstRow), call.Rows, x, y);

        protected override void Activate(Call call, Span<float> y)
        {
        }
    }

    private sealed class ParallelStep(ParallelLayer layer, Step[][] branches, ActivationSite? site, int capacity) : Step(layer.Outputs, capacity)
    {
        public override void Forget()
        {
            base.Forget();
            foreach (Step[] branch in branches)
            {
                foreach (Step step in branch) step.Forget();
            }
        }

        protected override void Combine(Call call, ReadOnlySpan<float> x, Span<float> y)
        {
            int from = 0;
            for (int b = 0; b < branches.Length; b++)
            {
                ReadOnlySpan<float> result = x;
                foreach (Step step in branches[b]) result = step.Run(call, result);
                int width = result.Length / call.Rows;
                if (layer.Join == BranchJoin.Concatenation) Place(result, y, width, from);
                else if (b == 0) result.CopyTo(y);
                else TensorPrimitives.Add(y, result, y);
                from += width;
            }
        }

        protected override void Activate(Call call, Span<float> y)
        {
            if (site is not null) call.Rule.Apply(site, call.FirstRow, call.Rows, y);
        }

        private void Place(ReadOnlySpan<float> columns, Span<float> y, int width, int from)
        {
            for (int row = 0; row * width < columns.Length; row++) columns.Slice(row * width, width).CopyTo(y.Slice((row * layer.Outputs) + from, width));
        }
    }
}
