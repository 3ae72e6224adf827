using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>Steps that add up to infinity but tend to zero, N_n = max(N + h_n(AN + c), 0), that converge: either distances shrink in a norm by
/// 1 − h_n μ, or A is minus the second derivative of a convex quadratic, whose projected gradient descent this is.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Rule">dominance (max |x_i|/v_i), codominance (Σ v_i|x_i|), monotone (√Σ q_i x_i²) or potential.</param>
/// <param name="Weights">v or q, positive; for a potential q with q_i a_ij = q_j a_ji.</param>
/// <param name="Equilibrium">y ≥ 0 with Ay + c ≤ 0 and zero where y is positive: the limit, but for a potential only one that may be.</param>
public sealed record GradientFlowCertificate(SequenceData Sequence, string Rule, Rational[] Weights, Rational[] Equilibrium) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => Rule == "potential" ? "every input converges, uniformly on the box, to a minimum of a convex quadratic" : "every input converges uniformly to one limit";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        TailData tail = Sequence.Tail;
        verification.Require(tail is { Kind: "power" or "logPower", Alternating: false } && tail.Exponent <= 1 && math.Activation.IsRelu, "the sizes of steps add up to infinity and tend to zero");
        int m = math.Width;
        Rational[][] a = tail.Direction!.Weights;
        verification.Require(Weights.Length == m && Equilibrium.Length == m && Weights.All(w => w.Sign > 0), "the weights are positive");
        Rational[] d = SequenceMath.Apply(tail.Direction, Equilibrium);
        for (int i = 0; i < m; i++) verification.Require(Equilibrium[i].Sign > 0 ? d[i].IsZero : Equilibrium[i].IsZero && d[i].Sign <= 0, $"unit {i} is at rest");
        switch (Rule)
        {
            case "dominance" or "codominance":
                for (int i = 0; i < m; i++)
                {
                    Rational[] row = [.. a.Select((other, j) => j == i ? other[j] : Rational.Abs(Rule == "dominance" ? a[i][j] : other[i]))];
                    verification.Require(ExactMatrices.Dot(row, Weights).Sign < 0, $"row {i} is dominated by its diagonal");
                }
                break;
            case "monotone":
                Rational[][] form = [.. a.Select((row, i) => row.Select((x, j) => -(Weights[i] * x + Weights[j] * a[j][i])).ToArray())];
                verification.Require(ExactMatrices.IsPositive(form, true), "−(QA + AᵀQ) is positive definite");
                break;
            default:
                verification.Require(Rule == "potential", "the rule is known");
                Rational[][] second = [.. a.Select((row, i) => row.Select(x => -Weights[i] * x).ToArray())];
                verification.Require(ExactMatrices.IsSymmetric(second) && ExactMatrices.IsPositive(second, false), "−QA is symmetric and positive semidefinite");
                break;
        }
    }
}
