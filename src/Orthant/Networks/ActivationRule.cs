using System.Numerics;

namespace Orthant.Networks;

/// <summary>What the forward pass does where units apply their activations: the plain thing, or something in its place.</summary>
/// <remarks>A forward pass calls a rule once per site and block of rows. Rules that keep no state may be shared between threads; a
/// recording one belongs to a single pass.</remarks>
public abstract class ActivationRule
{
    /// <summary>Applies the network's own activations.</summary>
    public static ActivationRule Plain { get; } = new PlainRule();

    /// <summary>Applies, whatever the pre-activations are, the pieces of one pattern: the network becomes that pattern's affine map.</summary>
    public static ActivationRule Frozen(ActivationPattern pattern) => new FrozenRule(pattern);

    /// <summary>Replaces pre-activations by activations, in place.</summary>
    /// <param name="site">A site with activations.</param>
    /// <param name="firstRow">The number of the first row within the whole batch: what a keyed random rule counts by.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="values">rows × <see cref="ActivationSite.Units"/>.</param>
    public abstract void Apply<T>(ActivationSite site, int firstRow, int rows, Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Chooses the winning cell of every window of a max pooling; the plain choice is the first of the largest.</summary>
    /// <param name="site">A site of pooling.</param>
    /// <param name="firstRow">The number of the first row within the whole batch.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="winners">rows × <see cref="ActivationSite.Units"/>: on entry the plain choice, on return the one to use.</param>
    public virtual void Choose(ActivationSite site, int firstRow, int rows, Span<ushort> winners)
    {
    }

    private sealed class PlainRule : ActivationRule
    {
        public override void Apply<T>(ActivationSite site, int firstRow, int rows, Span<T> values) => site.Activations!.Apply(rows, values);
    }

    private sealed class FrozenRule(ActivationPattern pattern) : ActivationRule
    {
        public override void Apply<T>(ActivationSite site, int firstRow, int rows, Span<T> values)
        {
            ReadOnlySpan<ushort> pieces = pattern.Of(site);
            for (int i = 0; i < values.Length; i++)
            {
                int unit = i % pieces.Length;
                ActivationFunction activation = site.Activations![unit];
                values[i] = activation.EvaluatePiece(pieces[unit], values[i]);
            }
        }

        public override void Choose(ActivationSite site, int firstRow, int rows, Span<ushort> winners)
        {
            ReadOnlySpan<ushort> pieces = pattern.Of(site);
            for (int row = 0; row < rows; row++) pieces.CopyTo(winners.Slice(row * pieces.Length, pieces.Length));
        }
    }
}

/// <summary>Applies the network's own activations and keeps which piece every unit of every row used.</summary>
public sealed class RecordingRule : ActivationRule
{
    private readonly ushort[] pieces;
    private readonly int units;

    /// <summary>Prepares to record one forward pass.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">The number of rows of the batch.</param>
    public RecordingRule(ReluNetwork network, int rows)
    {
        ArgumentNullException.ThrowIfNull(network);
        units = network.UnitCount;
        pieces = new ushort[checked(rows * units)];
    }

    /// <summary>The pattern of one row of the batch.</summary>
    public ActivationPattern Pattern(int row) => new(Pieces(row));

    /// <summary>The pieces that the units used for one row of the batch.</summary>
    public ReadOnlySpan<ushort> Pieces(int row) => pieces.AsSpan(row * units, units);

    /// <inheritdoc/>
    public override void Apply<T>(ActivationSite site, int firstRow, int rows, Span<T> values)
    {
        ArgumentNullException.ThrowIfNull(site);
        for (int row = 0; row < rows; row++)
        {
            Span<ushort> to = pieces.AsSpan(((firstRow + row) * units) + site.FirstUnit, site.Units);
            ReadOnlySpan<T> from = values.Slice(row * site.Units, site.Units);
            for (int unit = 0; unit < to.Length; unit++) to[unit] = (ushort)site.Activations![unit].PieceAt(from[unit]);
        }
        Plain.Apply(site, firstRow, rows, values);
    }

    /// <inheritdoc/>
    public override void Choose(ActivationSite site, int firstRow, int rows, Span<ushort> winners)
    {
        ArgumentNullException.ThrowIfNull(site);
        for (int row = 0; row < rows; row++)
        {
            winners.Slice(row * site.Units, site.Units).CopyTo(pieces.AsSpan(((firstRow + row) * units) + site.FirstUnit, site.Units));
        }
    }
}
