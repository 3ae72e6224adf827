using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A tied ReLU tail without fixed points: a limit would be one, because a layer is continuous, so no input converges.</summary>
/// <remarks>x = max(Wx + b, 0) means w = (I − W)x − b ≥ 0, x ≥ 0 and x_k = 0 or w_k = 0. Each leaf decides some neurons and proves by
/// Farkas' lemma that nothing is left: u with u_k ≤ 0 wherever w_k may be positive, uᵀ(I − W) ≥ 0 wherever x may be positive, and
/// u·b &lt; 0.</remarks>
/// <param name="Sequence">The sequence.</param>
/// <param name="Leaves">Leaves that share no pattern and together hold all.</param>
public sealed record NoFixedPointCertificate(SequenceData Sequence, InfeasibleLeaf[] Leaves) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => "no input has a limit: a limit would be a fixed point, and there is none";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        verification.Require(Sequence.Tail is { Kind: "tied" } && math.Activation.IsRelu && math.Width <= 62, "the tail is tied, with ReLUs");
        int m = math.Width;
        Rational[][] w = Sequence.Tail.Layer!.Weights;
        Rational[] b = Sequence.Tail.Layer.Bias;
        Rational patterns = 0;
        foreach (InfeasibleLeaf leaf in Leaves)
        {
            HashSet<int> active = [.. leaf.Active], inactive = [.. leaf.Inactive];
            verification.Require(!active.Overlaps(inactive) && active.Concat(inactive).All(k => k >= 0 && k < m) && leaf.Multipliers.Length == m, "a leaf decides neurons");
            patterns += Rational.Pow(2, m - active.Count - inactive.Count);
            for (int k = 0; k < m; k++)
            {
                verification.Require(active.Contains(k) || leaf.Multipliers[k].Sign <= 0, "multipliers have the right sign");
                Rational column = leaf.Multipliers[k] - ExactMatrices.Dot([.. w.Select(row => row[k])], leaf.Multipliers);
                verification.Require(inactive.Contains(k) || column.Sign >= 0, "the combination is nonnegative");
            }
            verification.Require(ExactMatrices.Dot(leaf.Multipliers, b).Sign < 0, "the combination contradicts itself");
        }
        foreach ((InfeasibleLeaf one, InfeasibleLeaf two) in Leaves.SelectMany((one, i) => Leaves.Take(i).Select(two => (one, two))))
        {
            verification.Require(one.Active.Intersect(two.Inactive).Any() || two.Active.Intersect(one.Inactive).Any(), "leaves share no pattern");
        }
        verification.Require(patterns == Rational.Pow(2, m), "the leaves hold all patterns");
    }
}

/// <summary>A set of patterns in which a linear system has no solution.</summary>
/// <param name="Active">Neurons with w_k = 0.</param>
/// <param name="Inactive">Neurons with x_k = 0.</param>
/// <param name="Multipliers">u of Farkas' lemma.</param>
public sealed record InfeasibleLeaf(int[] Active, int[] Inactive, Rational[] Multipliers);
