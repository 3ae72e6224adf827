using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>All inputs of the box enter ellipsoids around a cycle of a tied tail in which no neuron changes its sign and distances shrink:
/// with one state in the cycle they converge to it, with more they have no limit.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Depth">Layers of the tail before the ellipsoid around the first state of the cycle is entered.</param>
/// <param name="Cycle">The states of the cycle, in order.</param>
/// <param name="Forms">Q_t of the ellipsoid (x − x_t)ᵀQ_t(x − x_t) ≤ r² around each.</param>
/// <param name="Shrink">μ &lt; 1 with A_tᵀQ_{t+1}A_t ≤ μ²Q_t.</param>
/// <param name="RadiusSquared">r².</param>
public sealed record AttractorCertificate(SequenceData Sequence, int Depth, Rational[][] Cycle, Rational[][][] Forms, Rational Shrink, Rational RadiusSquared) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => Cycle.Length == 1
        ? "every input of the box converges uniformly to one limit"
        : $"no input of the box has a limit: all approach a cycle of {Cycle.Length} states";

    internal override bool IsRational => false;

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        verification.Require(Sequence.Tail is { Kind: "tied" } && math.Activation.IsRelu, "the tail is tied, with ReLUs");
        verification.Require(Cycle.Length > 0 && Forms.Length == Cycle.Length && Shrink.Sign >= 0 && Shrink < 1 && RadiusSquared.Sign > 0 && Depth is >= 0 and <= 100_000, "the cycle has an ellipsoid a state");
        AffineMap layer = Sequence.Tail.Layer!;
        verification.Require(Cycle.Skip(1).All(x => !x.SequenceEqual(Cycle[0])), "the states differ");
        for (int t = 0; t < Cycle.Length; t++)
        {
            int next = (t + 1) % Cycle.Length;
            verification.Require(math.ExactStep(1, Cycle[t])!.SequenceEqual(Cycle[next]), "the cycle is one");
            verification.Require(ExactMatrices.IsSymmetric(Forms[t]) && ExactMatrices.IsPositive(Forms[t], true), "an ellipsoid is one");
            Rational[] z = SequenceMath.Apply(layer, Cycle[t]);
            Rational[][] a = [.. layer.Weights.Select((row, k) => z[k].Sign > 0 ? row : new Rational[row.Length])];
            verification.Require(ExactMatrices.IsPositive(ExactMatrices.Lyapunov(Shrink * Shrink, Forms[t], a, Forms[next]), false), "distances shrink");
            for (int k = 0; k < z.Length; k++)
            {
                verification.Require(ExactMatrices.InverseForm(Forms[t], layer.Weights[k]) is Rational size && RadiusSquared * size < z[k] * z[k], $"neuron {k} keeps its sign in the ellipsoid");
            }
        }
        Interval[] x = math.Start();
        for (int i = 1; i <= Depth; i++) x = math.Step(i, x);
        Interval[] e = [.. x.Select((xi, i) => xi - Interval.FromRational(Cycle[0][i]))];
        Interval distance = 0;
        foreach ((int i, int j) in e.SelectMany((_, i) => e.Select((_, j) => (i, j)))) distance += Interval.FromRational(Forms[0][i][j]) * (i == j ? Interval.Square(e[i]) : e[i] * e[j]);
        verification.Require(Rational.FromDouble(distance.Upper) <= RadiusSquared, "the inputs are inside the ellipsoid at that depth");
    }
}
