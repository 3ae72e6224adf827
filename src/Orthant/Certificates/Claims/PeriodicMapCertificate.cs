using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A tied ReLU tail that maps a box of states into itself without any neuron changing its sign, so that it is affine there, and whose
/// powers repeat: every state is periodic in the end, and has a limit only where it becomes a fixed point, on a set without interior.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Region">Lower and upper end of each state, from the start of the tail on.</param>
/// <param name="Active">Which neurons are active in the region; the others are zero.</param>
/// <param name="Transient">j with f^(j+p) = f^j.</param>
/// <param name="Period">p, more than 1 and the least.</param>
public sealed record PeriodicMapCertificate(SequenceData Sequence, Rational[][] Region, bool[] Active, int Transient, int Period) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => $"no input has a limit but those that become a fixed point, a set without interior: all states repeat with periods that divide {Period}";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        int m = math.Width;
        verification.Require(Sequence.Tail is { Kind: "tied" } && math.Activation.IsRelu && Region.Length == m && Active.Length == m, "the tail is tied, with ReLUs");
        verification.Require(Sequence.First is null && Sequence.Prefix.Length == 0, "states at the start are the inputs");
        verification.Require(Transient is >= 0 and <= 64 && Period is > 1 and <= 64, "the period is more than 1");
        AffineMap layer = Sequence.Tail.Layer!;
        for (int k = 0; k < m; k++)
        {
            verification.Require(Sequence.InputBox[k][0] >= Region[k][0] && Sequence.InputBox[k][1] <= Region[k][1], "the inputs lie in the region");
            Rational low = layer.Bias[k], high = low;
            for (int j = 0; j < m; j++)
            {
                Rational w = layer.Weights[k][j];
                low += w * Region[j][w.Sign >= 0 ? 0 : 1];
                high += w * Region[j][w.Sign >= 0 ? 1 : 0];
            }
            verification.Require(Active[k] ? low.Sign >= 0 : high.Sign <= 0, $"neuron {k} keeps its sign in the region");
            verification.Require(Active[k] ? low >= Region[k][0] && high <= Region[k][1] : Region[k][0].Sign <= 0 && Region[k][1].Sign >= 0, "the region is mapped into itself");
        }
        // The affine map as a matrix on (x, 1).
        Rational[][] f = [.. Enumerable.Range(0, m).Select(k => Active[k] ? layer.Weights[k].Append(layer.Bias[k]).ToArray() : new Rational[m + 1]), [.. new Rational[m], Rational.One]];
        Rational[][] power = ExactMatrices.Diagonal([.. Enumerable.Repeat(Rational.One, m + 1)]);
        for (int i = 0; i < Transient; i++) power = ExactMatrices.Multiply(f, power);
        Rational[][] later = power;
        for (int i = 1; i <= Period; i++)
        {
            later = ExactMatrices.Multiply(f, later);
            verification.Require(Same(later, power) == (i == Period), "powers repeat with this period and no smaller one");
        }
        // f^(j+1) and f^j differ in their linear or constant part, so they agree on an affine set that is not the whole space.
    }

    private static bool Same(Rational[][] a, Rational[][] b) => a.Zip(b, (p, q) => p.SequenceEqual(q)).All(x => x);
}
