using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A tied tail converges uniformly to one fixed point: in a norm every I_S W is at most γ &lt; 1, and slopes of the activation lie
/// in [0, 1], so a layer contracts with γ.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Gamma">γ.</param>
/// <param name="Norm">The norm.</param>
/// <param name="FixedPoint">The limit of every input.</param>
public sealed record ContractionCertificate(SequenceData Sequence, Rational Gamma, NormEvidence Norm, Rational[] FixedPoint) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => $"every input converges uniformly to one limit, by a factor {Gamma.ToDouble():G6} a layer";

    internal override bool IsRational => Norm is not QuadraticTree;

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        verification.Require(Sequence.Tail is { Kind: "tied", Layer: not null } && math.Activation.SlopesLieInUnitInterval, "the tail is tied, with slopes in [0, 1]");
        verification.Require(Gamma.Sign >= 0 && Gamma < 1, "γ is less than 1");
        Norm.Verify(verification, new MatrixFamily([Sequence.Tail.Layer!.Weights], true, verification), Gamma);
        verification.Require(math.ExactStep(1, FixedPoint)!.SequenceEqual(FixedPoint), "the limit is a fixed point");
    }
}

/// <summary>A sequence with an activation of Lipschitz constant L, and ‖W_n‖ → ‖W‖ with L‖W‖ &lt; 1, converges uniformly to the one fixed
/// point of y = σ(Wy + b): the same constant for every input.</summary>
/// <param name="Sequence">The sequence, tied or with W_n → I and b_n → 0.</param>
/// <param name="Centre">The middle of a ball in the largest-entry norm.</param>
/// <param name="Radius">Its radius; the fixed point lies in it.</param>
public sealed record LipschitzCertificate(SequenceData Sequence, Rational[] Centre, Rational Radius) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => $"every input converges uniformly to one limit, known within {Radius.ToDouble():G3}";

    internal override bool IsRational => false;

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        string kind = Sequence.Tail.Kind;
        verification.Require(kind is "tied" or "power" or "geometric" or "logPower" or "residual", "the layers have a limit");
        AffineMap? tied = kind == "tied" ? Sequence.Tail.Layer : null;
        Rational norm = tied is null ? 1 : tied.Weights.Max(row => row.Aggregate(Rational.Zero, (s, w) => s + Rational.Abs(w)));
        Rational factor = math.Activation.Lipschitz * norm;
        verification.Require(factor < 1 && Radius.Sign >= 0 && Centre.Length == math.Width, "the limit of the layers contracts");
        for (int i = 0; i < Centre.Length; i++)
        {
            Rational z = tied is null ? Centre[i] : ExactMatrices.Dot(tied.Weights[i], Centre) + tied.Bias[i];
            Interval moved = math.Activation.Enclose(Interval.FromRational(z)) - Interval.FromRational(Centre[i]);
            verification.Require(Rational.FromDouble(moved.Magnitude) <= (1 - factor) * Radius, $"coordinate {i} of the centre moves by at most (1 − L‖W‖) times the radius");
        }
    }
}
