using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A walk of steps ±1/(n + s)^p that turns at the borders of a strip has no limit: p ≤ 1, so the steps add up to infinity and carry it
/// from border to border for ever, while each step tends to zero.</summary>
/// <param name="Lower">The lower border; an angle in radians for rotations.</param>
/// <param name="Upper">The upper border.</param>
/// <param name="Exponent">p.</param>
/// <param name="Shift">s.</param>
/// <param name="Rotates">Whether layers rotate the plane by ±1/(n + s)^p; otherwise they add it to one neuron.</param>
/// <param name="Start">The input: one number, or a point of the plane.</param>
public sealed record TurningCertificate(Rational Lower, Rational Upper, Rational Exponent, Rational Shift, bool Rotates, Rational[] Start) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => "the input has no limit: the state crosses a strip for ever";

    internal override bool IsRational => !Rotates;

    internal override void Verify(Verification verification)
    {
        verification.Require(Exponent.Sign > 0 && Exponent <= 1 && Shift > -1, "the steps tend to zero and add up to infinity");
        verification.Require(Lower.Sign >= 0 && Lower < Upper, "the strip lies where a ReLU changes nothing");
        // The first step that a turn takes back into the strip has to fit into it: the first step of all is the longest.
        Interval longest = Interval.Exp(Interval.FromRational(-Exponent) * Interval.Log(Interval.FromRational(1 + Shift)));
        verification.Require(Rational.FromDouble(longest.Upper) * Rational.Half <= Upper - Lower, "a step fits into the strip in one direction or the other");
        if (!Rotates)
        {
            verification.Require(Start.Length == 1 && Start[0] >= Lower && Start[0] <= Upper, "the walk begins in the strip");
            return;
        }
        verification.Require(Start.Length == 2 && Start.All(x => x.Sign > 0) && Rational.FromDouble(Interval.Pi.Lower) * Rational.Half > Upper, "the strip lies in the open quadrant");
        Interval angle = Interval.Atan(Interval.FromRational(Start[1] / Start[0]));
        verification.Require(angle.Lower >= Interval.FromRational(Lower).Upper && angle.Upper <= Interval.FromRational(Upper).Lower, "the walk begins in the strip");
    }
}
