using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>The exact orbit of one input: it ends in a cycle of a tied tail, or at a state that no later layer changes.</summary>
/// <param name="Sequence">The sequence; the box is a point.</param>
/// <param name="Depth">Layers of the tail before the cycle begins.</param>
/// <param name="Period">The least period: 1 for a limit that is reached, more for an input without one.</param>
/// <param name="State">The state at that depth.</param>
public sealed record ExactOrbitCertificate(SequenceData Sequence, int Depth, int Period, Rational[] State) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => Period == 1
        ? $"the input reaches its limit exactly after {Depth} layers of the tail"
        : $"the input has no limit: after {Depth} layers it repeats {Period} different states for ever";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        verification.Require(math.IsPoint && Depth is >= 0 and <= 100_000 && Period is > 0 and <= 100_000, "the claim is about one input");
        Rational[] x = math.ExactStart();
        int n = Sequence.Prefix.Length;
        for (int i = 0; i < Depth; i++) x = math.ExactStep(++n, x)!;
        verification.Require(x.SequenceEqual(State), "the state is the one that is said");
        if (Sequence.Tail.Kind == "tied")
        {
            for (int i = 1; i <= Period; i++)
            {
                x = math.ExactStep(++n, x)!;
                verification.Require(x.SequenceEqual(State) == (i == Period), "the period is the least one");
            }
            return;
        }
        // σ(x + h (Ax + c)) = x for every h ≥ 0: nothing moves on the active units, and what is zero is not pushed up.
        verification.Require(Period == 1 && Sequence.Tail is { Kind: "power" or "geometric", Alternating: false, Ratio: null or { Sign: > 0 } } && math.Activation.IsRelu, "the state does not depend on the sizes of steps");
        Rational[] d = SequenceMath.Apply(Sequence.Tail.Direction!, x);
        for (int i = 0; i < x.Length; i++) verification.Require(x[i].Sign > 0 ? d[i].IsZero : x[i].IsZero && d[i].Sign <= 0, $"unit {i} is at rest");
    }
}
