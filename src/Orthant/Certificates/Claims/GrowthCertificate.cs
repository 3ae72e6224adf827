using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A nonnegative combination u·N_n grows without end: a ReLU only raises it, u·(W_n N + b_n) ≥ (1 + h_n μ) u·N + h_n u·b, and
/// Σ h_n = ∞ (h_n = 1 and μ = λ − 1 for a tied tail).</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Combination">u ≥ 0.</param>
/// <param name="Rate">μ ≥ 0.</param>
/// <param name="Depth">Layers of the tail before the argument begins, so that states are nonnegative.</param>
/// <param name="WholeBox">Whether every input of the box is meant; otherwise those with μ u·N + u·b &gt; 0 at that depth.</param>
public sealed record GrowthCertificate(SequenceData Sequence, Rational[] Combination, Rational Rate, int Depth, bool WholeBox) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => WholeBox ? "the norm is unbounded for every input of the box" : $"the norm is unbounded for every input whose combination exceeds the threshold at depth {Depth}";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        TailData tail = Sequence.Tail;
        bool tied = tail.Kind == "tied";
        verification.Require(tied || (tail is { Kind: "power" or "logPower", Alternating: false } && tail.Exponent <= 1), "the sizes of steps add up to infinity");
        verification.Require(math.Activation.IsRelu && Rate.Sign >= 0 && Combination.Length == math.Width && Combination.All(c => c.Sign >= 0), "u and μ are nonnegative");
        AffineMap map = tied ? tail.Layer! : tail.Direction!;
        Rational factor = tied ? Rate + 1 : Rate;
        for (int j = 0; j < math.Width; j++)
        {
            Rational image = ExactMatrices.Dot([.. map.Weights.Select(row => row[j])], Combination);
            verification.Require(image >= factor * Combination[j], $"uᵀA is at least the multiple of u in column {j}");
        }
        Rational push = ExactMatrices.Dot(Combination, map.Bias);
        if (!WholeBox)
        {
            verification.Require(Rate.Sign > 0, "u grows where it is large");
            Interval[] states = math.Start();
            for (int i = 1; i <= Depth; i++) states = math.Step(Sequence.Prefix.Length + i, states);
            verification.Require(states.All(e => e.Lower >= 0), "the states are nonnegative");
            return;
        }
        Rational least = 0;
        if (math.IsPoint && Exact(math) is Rational[] x)
        {
            verification.Require(x.All(e => e.Sign >= 0), "the states are nonnegative");
            least = ExactMatrices.Dot(Combination, x);
        }
        else
        {
            Interval[] y = math.Start();
            for (int i = 1; i <= Depth; i++) y = math.Step(Sequence.Prefix.Length + i, y);
            verification.Require(y.All(e => e.Lower >= 0), "the states are nonnegative");
            least = ExactMatrices.Dot(Combination, [.. y.Select(e => Rational.FromDouble(e.Lower))]);
        }
        verification.Require((Rate * least + push).Sign > 0, "u begins to grow");
    }

    private Rational[]? Exact(SequenceMath math)
    {
        Rational[]? x = math.ExactStart();
        for (int i = 1; i <= Depth && x is not null; i++) x = math.ExactStep(Sequence.Prefix.Length + i, x);
        return x;
    }
}
