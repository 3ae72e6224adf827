using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A tied ReLU tail whose affine part is θ-averaged, ‖(W − I) + θI‖ ≤ θ &lt; 1 in the norm √(Σ q_i x_i²): layers never expand
/// distances and a fixed point exists, so every input converges (Krasnoselskii and Mann), uniformly on bounded sets because
/// the layers are equicontinuous.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Weights">q, positive.</param>
/// <param name="Theta">θ.</param>
/// <param name="FixedPoint">Some fixed point.</param>
/// <param name="Depth">For one input: layers of the tail after which the pattern of its limit holds for ever; null where nothing is said.</param>
/// <param name="Limit">For one input: its limit.</param>
public sealed record AveragedCertificate(SequenceData Sequence, Rational[] Weights, Rational Theta, Rational[] FixedPoint, int? Depth = null, Rational[]? Limit = null) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => "every input converges, uniformly on the box; the limit may depend on the input";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        verification.Require(Sequence.Tail is { Kind: "tied" } && math.Activation.IsRelu, "the tail is tied, with ReLUs");
        Rational[][] w = Sequence.Tail.Layer!.Weights;
        int m = math.Width;
        verification.Require(Weights.Length == m && Weights.All(q => q.Sign > 0) && Theta.Sign > 0 && Theta < 1, "the weights are positive and θ is less than 1");
        Rational[][] shifted = [.. w.Select((row, i) => row.Select((x, j) => i == j ? x - 1 + Theta : x).ToArray())], q = ExactMatrices.Diagonal(Weights);
        verification.Require(ExactMatrices.IsPositive(ExactMatrices.Lyapunov(Theta * Theta, q, shifted, q), false), "the affine part is averaged");
        verification.Require(math.ExactStep(1, FixedPoint)!.SequenceEqual(FixedPoint), "the fixed point is one");
        if (Limit is null) return;
        verification.Require(Depth is >= 0 and <= 10_000 && math.IsPoint, "the limit is one input's");
        Rational[] x = math.ExactStart();
        for (int i = 0; i < Depth; i++) x = math.ExactStep(1, x)!;
        verification.Require(math.ExactStep(1, Limit)!.SequenceEqual(Limit), "the limit is a fixed point");
        Rational[] z = SequenceMath.Apply(Sequence.Tail.Layer, Limit), e = [.. x.Select((xi, i) => xi - Limit[i])];
        Rational distance = 0;
        for (int i = 0; i < m; i++) distance += Weights[i] * e[i] * e[i];
        for (int k = 0; k < m; k++)
        {
            // The state stays as near to the limit as it is, which is nearer than the hyperplane of neuron k.
            Rational row = 0;
            for (int j = 0; j < m; j++) row += w[k][j] * w[k][j] / Weights[j];
            verification.Require(z[k] * z[k] > distance * row, $"neuron {k} keeps its sign from there on");
        }
        Rational[][] remainder = [.. w.Select((row, i) => row.Select((entry, j) => (i == j ? Rational.One : 0) - (z[i].Sign > 0 ? entry : 0)).ToArray())];
        verification.Require(ExactMatrices.ToMatrix(remainder).Solve(e) is not null, "what is left decays to zero");
    }
}
