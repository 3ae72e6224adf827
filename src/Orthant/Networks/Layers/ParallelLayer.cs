using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace Orthant.Networks;

/// <summary>How a <see cref="ParallelLayer"/> joins what its branches return.</summary>
public enum BranchJoin
{
    /// <summary>The branches' results are added; they have one length.</summary>
    Sum,

    /// <summary>The branches' results follow one another.</summary>
    Concatenation,
}

/// <summary>Branches that read the same input and are added or put one after the other; then activations. A residual block is the sum of
/// a branch and the empty branch, which returns its input.</summary>
public sealed class ParallelLayer : Layer
{
    private readonly UnitActivations activations;

    /// <summary>Creates parallel branches.</summary>
    /// <param name="inputs">The length of the common input.</param>
    /// <param name="branches">At least one; each a list of layers that follow one another, and may be empty.</param>
    /// <param name="join">How the results are joined.</param>
    /// <param name="activation">What is applied to the joined result; null for the identity.</param>
    /// <exception cref="ArgumentException">Layers do not fit together.</exception>
    public ParallelLayer(int inputs, IEnumerable<IEnumerable<Layer>> branches, BranchJoin join, ActivationFunction? activation = null)
        : this(inputs, [.. branches.Select(b => b.ToImmutableArray())], join, activation)
    {
    }

    private ParallelLayer(int inputs, ImmutableArray<ImmutableArray<Layer>> branches, BranchJoin join, ActivationFunction? activation)
        : base(inputs, JoinedLength(inputs, branches, join))
    {
        Branches = branches;
        Join = join;
        activations = UnitActivations.Uniform(activation ?? ActivationFunction.Identity, Outputs);
    }

    /// <summary>A residual block x ↦ activation(x + branch(x)).</summary>
    /// <param name="branch">Layers that follow one another and return as many numbers as they read.</param>
    /// <param name="activation">What is applied to the sum; null for the identity.</param>
    public static ParallelLayer Residual(IEnumerable<Layer> branch, ActivationFunction? activation = null)
    {
        ImmutableArray<Layer> layers = [.. branch];
        if (layers.Length == 0) throw new ArgumentException("A residual block needs a branch of at least one layer.");
        return new ParallelLayer(layers[0].Inputs, [layers, []], BranchJoin.Sum, activation);
    }

    /// <summary>The branches; an empty one returns the input.</summary>
    public ImmutableArray<ImmutableArray<Layer>> Branches { get; }

    /// <summary>How the results are joined.</summary>
    public BranchJoin Join { get; }

    /// <summary>Whether this is a residual block: the sum of one branch and the input.</summary>
    public bool IsResidual => Join == BranchJoin.Sum && Branches.Length == 2 && Branches[1].IsEmpty && !Branches[0].IsEmpty;

    /// <inheritdoc/>
    public override string Kind => IsResidual ? "residual" : Join == BranchJoin.Sum ? "sum" : "concatenation";

    /// <inheritdoc/>
    public override UnitActivations Activations => activations;

    /// <inheritdoc/>
    public override long Parameters => Branches.Sum(b => b.Sum(l => l.Parameters));

    /// <inheritdoc/>
    public override long Multiplications => Branches.Sum(b => b.Sum(l => l.Multiplications));

    internal override void ListSites(SiteList sites)
    {
        foreach (ImmutableArray<Layer> branch in Branches)
        {
            foreach (Layer layer in branch) layer.ListSites(sites);
        }
        if (!activations.IsIdentity) sites.Add(Outputs, activations);
    }

    internal override void Forward<T>(ForwardPass pass, int rows, ReadOnlySpan<T> x, Span<T> y)
    {
        int from = 0;
        foreach (ImmutableArray<Layer> branch in Branches)
        {
            using Columns<T> result = new(rows, OutputsOf(branch));
            LayerChain.Forward(branch, pass, rows, x, result.Values);
            if (Join == BranchJoin.Concatenation) result.WriteTo(y, Outputs, from);
            else if (from == 0) result.Values.CopyTo(y);
            else TensorPrimitives.Add(y, result.Values, y);
            from += OutputsOf(branch);
        }
        pass.Activate(activations, rows, y);
    }

    internal override void Backward<T>(BackwardPass pass, int rows, ReadOnlySpan<T> dy, Span<T> dx)
    {
        using Columns<T> scaled = new(rows, Outputs), partial = new(rows, Inputs);
        dy.CopyTo(scaled.Values);
        pass.Scale(activations, rows, scaled.Values);
        dx.Clear();
        int end = Join == BranchJoin.Concatenation ? Outputs : 0;
        for (int b = Branches.Length - 1; b >= 0; b--)
        {
            int width = OutputsOf(Branches[b]);
            using Columns<T> share = new(rows, width);
            share.ReadFrom(scaled.Values, Outputs, Join == BranchJoin.Concatenation ? end -= width : 0);
            LayerChain.Backward(Branches[b], pass, rows, share.Values, partial.Values);
            TensorPrimitives.Add(dx, partial.Values, dx);
        }
    }

    internal override void Lower(NormalFormBuilder builder) => builder.AddParallel(Inputs, Branches, Join, activations);

    private int OutputsOf(ImmutableArray<Layer> branch) => branch.IsEmpty ? Inputs : branch[^1].Outputs;

    private static int JoinedLength(int inputs, ImmutableArray<ImmutableArray<Layer>> branches, BranchJoin join)
    {
        if (branches.Length == 0) throw new ArgumentException("Parallel branches have to be at least one.");
        int total = 0;
        foreach (ImmutableArray<Layer> branch in branches)
        {
            CheckChain(branch);
            if (!branch.IsEmpty && branch[0].Inputs != inputs)
            {
                throw new ArgumentException($"A branch reads {branch[0].Inputs} numbers, but the layer reads {inputs}.");
            }
            int length = branch.IsEmpty ? inputs : branch[^1].Outputs;
            if (join == BranchJoin.Concatenation) total = checked(total + length);
            else if (total != 0 && total != length) throw new ArgumentException($"Branches that return {total} and {length} numbers cannot be added.");
            else total = length;
        }
        return total;
    }

    private protected override bool SameAs(Layer other)
    {
        ParallelLayer o = (ParallelLayer)other;
        if (Join != o.Join || Branches.Length != o.Branches.Length || !activations.Equals(o.activations)) return false;
        for (int b = 0; b < Branches.Length; b++)
        {
            if (!Branches[b].AsSpan().SequenceEqual(o.Branches[b].AsSpan())) return false;
        }
        return true;
    }

    private protected override int ContentHash() => HashCode.Combine(Join, Branches.Length, Branches[0].Length, Branches[0].IsEmpty ? null : Branches[0][0]);
}
