using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>What leaving out a block of layers does to the output of one input.</summary>
/// <param name="FirstLayer">The first layer left out, from 1.</param>
/// <param name="LastLayer">The last one.</param>
/// <param name="LocalChange">An upper bound of ‖N_last − N_(first−1)‖ at the input.</param>
/// <param name="LipschitzBehind">An upper bound of ∏‖W_k‖ over the layers behind the block.</param>
/// <param name="Bound">Their product: an upper bound of the change of the output.</param>
/// <param name="ActualChange">An enclosure of the change itself.</param>
public sealed record PruningBound(int FirstLayer, int LastLayer, double LocalChange, double LipschitzBehind, double Bound, Interval ActualChange)
{
    /// <summary>Bounds the effect of a block on the prefix of a sequence, at the input that its box is.</summary>
    /// <param name="sequence">A sequence on one input; its activation has Lipschitz constant 1.</param>
    /// <param name="firstLayer">The first layer to leave out, from 1.</param>
    /// <param name="lastLayer">The last one.</param>
    /// <param name="norm">The norm; null for l2.</param>
    /// <exception cref="ArgumentException">The box is no point, the activation expands, or the block changes the width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no such layers in the prefix.</exception>
    public static PruningBound Of(LayerSequence sequence, int firstLayer, int lastLayer, VectorNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ArgumentOutOfRangeException.ThrowIfLessThan(firstLayer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(lastLayer, firstLayer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lastLayer, sequence.Prefix.Length);
        if (!sequence.IsPoint || sequence.Activation.Lipschitz > 1) throw new ArgumentException("The bound is for one input and an activation that does not expand.", nameof(sequence));
        norm ??= VectorNorm.L2;
        Interval[] x = [.. sequence.InputBox.Select(b => Interval.FromRational(b.Lower))];
        if (sequence.First is AffineMap first) x = Layer(sequence, first, x);
        for (int k = 1; k < firstLayer; k++) x = Layer(sequence, sequence.Prefix[k - 1], x);
        Interval[] skipped = x;
        for (int k = firstLayer; k <= lastLayer; k++) x = Layer(sequence, sequence.Prefix[k - 1], x);
        if (skipped.Length != x.Length) throw new ArgumentException("The block changes the width.", nameof(lastLayer));
        double local = norm.Of(Difference(x, skipped)).Upper;
        Interval behind = 1;
        for (int k = lastLayer + 1; k <= sequence.Prefix.Length; k++)
        {
            behind *= ExactVector.Norm(norm, sequence.Prefix[k - 1].Weights);
            x = Layer(sequence, sequence.Prefix[k - 1], x);
            skipped = Layer(sequence, sequence.Prefix[k - 1], skipped);
        }
        return new PruningBound(firstLayer, lastLayer, local, behind.Upper, (behind * local).Upper, norm.Of(Difference(x, skipped)));
    }

    private static Interval[] Layer(LayerSequence s, AffineMap map, Interval[] x) => Array.ConvertAll(SequencePass.Apply(map, x), s.Activation.Evaluate);

    private static Interval[] Difference(Interval[] x, Interval[] y) => [.. x.Select((e, i) => e - y[i])];
}
