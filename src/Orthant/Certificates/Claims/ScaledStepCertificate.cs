namespace Orthant.Certificates;

/// <summary>Alternating steps whose sizes do not add up, on neurons that do not meet: A is diagonal and there is no bias, so each state is
/// multiplied by max(1 ± a h_n, 0), a product that converges because Σ ±h_n does and the squares add up or drive it to zero.</summary>
/// <param name="Sequence">The sequence.</param>
public sealed record ScaledStepCertificate(SequenceData Sequence) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => "every input converges uniformly: each state is multiplied by a product that converges conditionally";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        TailData tail = Sequence.Tail;
        verification.Require(tail is { Kind: "power", Alternating: true, Direction: not null } && math.Activation.IsRelu, "the steps alternate");
        verification.Require(tail.Direction!.Bias.All(c => c.IsZero), "there is no bias");
        for (int i = 0; i < math.Width; i++)
        {
            for (int j = 0; j < math.Width; j++) verification.Require(i == j || tail.Direction.Weights[i][j].IsZero, "A is diagonal");
        }
    }
}
