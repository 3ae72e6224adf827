using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>Two networks of the same widths differ on a box by at most a bound: their units are matched, and what each pair differs by is
/// followed from layer to layer.</summary>
/// <remarks>For matched units z = w·h + b and z' = w'·h' + b' with factors t &gt; 0 and δ = h − s h', the difference z − t z' is
/// (w − t w'/s)·h + (t w'/s)·δ + b − t b'. A rectifier does not enlarge it, for max(t z', 0) = t max(z', 0).</remarks>
/// <param name="First">A network of rectifiers with affine outputs.</param>
/// <param name="Second">Another one.</param>
/// <param name="Order">For each hidden layer and each unit of the first network the index of its partner.</param>
/// <param name="Scale">For each hidden layer and each of these units the factor t by which its partner is multiplied, positive.</param>
/// <param name="Lower">The box's lower corner.</param>
/// <param name="Upper">The box's upper corner.</param>
/// <param name="Bounds">For each output the largest difference anywhere in the box, or more.</param>
public sealed record DifferenceCertificate(
    NetworkData First, NetworkData Second, int[][] Order, double[][] Scale, double[] Lower, double[] Upper, double[] Bounds) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => FormattableString.Invariant($"two networks differ by at most {Bounds.Max():R} on a box of {Lower.Length} inputs");

    internal override bool IsRational => false;

    internal override void Verify(Verification verification)
    {
        First.Check(verification, false);
        Second.Check(verification, false);
        verification.Require(verification.Model is not { } model || First.IsOf(model) || Second.IsOf(model), "one of the networks is the model");
        verification.Require(First.Stages[0].Weights[0].Length == Lower.Length && Second.Stages[0].Weights[0].Length == Lower.Length, "inputs have a side each");
        Interval[][] h = [.. Lower.Zip(Upper, (a, b) => new[] { new Interval(a, b) })];
        int[] order = [.. Enumerable.Range(0, h.Length)];
        double[] scale = [.. h.Select(_ => 1.0)], apart = new double[h.Length];
        for (int l = 0, last = First.Stages.Length - 1; l <= last; l++)
        {
            (StageData a, StageData b) = (First.Stages[l], Second.Stages[l]);
            int[] all = [.. Enumerable.Range(0, a.Bias.Length)], p = l < last ? Order[l] : all;
            double[] t = l < last ? Scale[l] : [.. all.Select(_ => 1.0)];
            verification.Require(b.Bias.Length == all.Length && p.Order().SequenceEqual(all) && t.Length == all.Length && t.All(f => f > 0), $"layer {l} is matched");
            verification.Require(a.LeftSlopes.Concat(b.LeftSlopes).All(s => s == (l < last ? 0 : 1)), "hidden units are rectifiers, and outputs are affine");
            double[] next = [.. p.Select((k, i) => a.Weights[i].Select((w, j) =>
            {
                Interval carried = (Interval)t[i] * b.Weights[k][order[j]] / scale[j];
                return ((w - carried) * h[j][0]) + (carried * new Interval(-apart[j], apart[j]));
            }).Aggregate(a.Bias[i] - ((Interval)t[i] * b.Bias[k]), (sum, term) => sum + term).Magnitude)];
            (order, scale, apart) = (p, t, next);
            h = [.. a.Through(h, w => (Interval)w).Select(z => new[] { Interval.Max(z[0], 0) })];
        }
        verification.Require(Second.Stages.Length == First.Stages.Length && Bounds.Length == apart.Length && apart.Zip(Bounds).All(e => e.First <= e.Second), "the differences stay within the bounds");
    }
}
