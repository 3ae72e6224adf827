using System.Numerics;

namespace Orthant.Networks;

/// <summary>One step of a <see cref="ReluNetwork"/>: an affine map, a max pooling or parallel branches, with the activations that follow.</summary>
/// <remarks>Immutable, equal by value, and safe to share between networks and threads.</remarks>
public abstract class Layer : IEquatable<Layer>
{
    private protected Layer(int inputs, int outputs)
    {
        Inputs = inputs;
        Outputs = outputs;
    }

    /// <summary>The length of the vectors that the layer reads.</summary>
    public int Inputs { get; }

    /// <summary>The length of the vectors that the layer returns.</summary>
    public int Outputs { get; }

    /// <summary>The layer's kind in a word: dense, convolution, averagePool, diagonal, sparse, identity, maxPool, residual, sum, concatenation.</summary>
    public abstract string Kind { get; }

    /// <summary>The activations that the layer applies last, or null for a max pooling or a plain concatenation.</summary>
    public abstract UnitActivations? Activations { get; }

    /// <summary>How many numbers the layer stores as its own.</summary>
    public abstract long Parameters { get; }

    /// <summary>About how many multiplications one sample takes.</summary>
    public abstract long Multiplications { get; }

    /// <summary>Appends the sites of this layer, in the order in which a forward pass comes to them.</summary>
    internal abstract void ListSites(SiteList sites);

    /// <summary>Evaluates a block of rows.</summary>
    internal abstract void Forward<T>(ForwardPass pass, int rows, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Multiplies rows from the right by the layer's matrix under a pattern: dx = dy · J.</summary>
    internal abstract void Backward<T>(BackwardPass pass, int rows, ReadOnlySpan<T> dy, Span<T> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Appends the layer's stages to a normal form.</summary>
    internal abstract void Lower(NormalFormBuilder builder);

    private protected abstract bool SameAs(Layer other);

    private protected abstract int ContentHash();

    /// <inheritdoc/>
    public bool Equals(Layer? other) =>
        ReferenceEquals(this, other)
        || (other is not null && GetType() == other.GetType() && Inputs == other.Inputs && Outputs == other.Outputs && SameAs(other));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Layer);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Inputs, Outputs, ContentHash());

    /// <summary>For example <c>dense 16×2 relu</c>.</summary>
    public override string ToString() => Activations is null or { IsIdentity: true } ? $"{Kind} {Outputs}×{Inputs}" : $"{Kind} {Outputs}×{Inputs} {Activations}";

    /// <summary>Refuses layers that do not follow one another.</summary>
    internal static void CheckChain(IReadOnlyList<Layer> layers)
    {
        for (int i = 1; i < layers.Count; i++)
        {
            if (layers[i].Inputs != layers[i - 1].Outputs)
            {
                throw new ArgumentException($"Layer {i} ({layers[i]}) reads {layers[i].Inputs} numbers, but the layer before it returns {layers[i - 1].Outputs}.");
            }
        }
    }
}

/// <summary>Collects the sites of a network.</summary>
internal sealed class SiteList
{
    private int units;

    public List<ActivationSite> Sites { get; } = [];

    public void Add(int count, UnitActivations? activations)
    {
        Sites.Add(new ActivationSite(Sites.Count, units, count, activations));
        units = checked(units + count);
    }
}

/// <summary>The state of one forward pass over one block of rows: the rule, and the next site.</summary>
internal sealed class ForwardPass(IReadOnlyList<ActivationSite> sites, ActivationRule rule, int firstRow)
{
    private int next;

    public bool UsesPlainRule { get; } = ReferenceEquals(rule, ActivationRule.Plain);

    public void Activate<T>(UnitActivations activations, int rows, Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!activations.IsIdentity) rule.Apply(sites[next++], firstRow, rows, values);
    }

    public void Choose(int rows, Span<ushort> winners) => rule.Choose(sites[next++], firstRow, rows, winners);

    /// <summary>Passes a pooling that the plain rule leaves alone.</summary>
    public void SkipSite() => next++;
}

/// <summary>The state of one backward pass under a pattern: sites come last to first.</summary>
internal class BackwardPass(IReadOnlyList<ActivationSite> sites, ActivationPattern pattern)
{
    private int next = sites.Count;

    /// <summary>Multiplies each column by the slope of its unit's piece.</summary>
    public virtual void Scale<T>(UnitActivations activations, int rows, Span<T> dy)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (activations.IsIdentity) return;
        ReadOnlySpan<ushort> pieces = Next();
        for (int i = 0; i < dy.Length; i++)
        {
            int unit = i % pieces.Length;
            double slope = activations[unit].Slope(pieces[unit]);
            if (slope != 1) dy[i] = slope == 0 ? T.Zero : dy[i] * T.CreateTruncating(slope);
        }
    }

    /// <summary>The pieces of the site that comes before those already passed.</summary>
    public ReadOnlySpan<ushort> Next() => pattern.Of(NextSite());

    /// <summary>The site that comes before those already passed.</summary>
    protected ActivationSite NextSite() => sites[--next];
}
