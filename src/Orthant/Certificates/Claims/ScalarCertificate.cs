using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A tied tail of one neuron, x ↦ max(wx + b, 0), which is decided completely by w and b; see <see cref="Verify"/>.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Verdict">convergesUniformly, convergesPointwise, diverges or noLimit.</param>
/// <param name="Exception">The one state of the start for which the verdict does not hold, null where there is none.</param>
public sealed record ScalarCertificate(SequenceData Sequence, string Verdict, Rational? Exception = null) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => $"{Verdict} for every input{(Exception is Rational x ? $" but those that start at {x}" : "")}";

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        verification.Require(math.Width == 1 && Sequence.Tail.Kind == "tied" && math.Activation.IsRelu, "the tail is one tied ReLU");
        Rational w = Sequence.Tail.Layer!.Weights[0][0], b = Sequence.Tail.Layer.Bias[0];
        (Rational lo, Rational hi) = Start(math);
        // One layer brings every state to zero or above; w x + b is monotone, so ends map to ends.
        if (lo.Sign < 0)
        {
            verification.Require(Exception is null, "an exception is a state");
            Rational p = math.Activation.Exact(w * lo + b), q = math.Activation.Exact(w * hi + b);
            (lo, hi) = (Rational.Min(p, q), Rational.Max(p, q));
        }
        Rational? still = w == 1 ? null : b / (1 - w);
        bool dies = w.Sign <= 0 && b.Sign <= 0, mixed = w > 1 && still is { Sign: > 0 };
        bool ok = (Verdict, Exception) switch
        {
            ("convergesUniformly", null) => dies || (Rational.Abs(w) < 1) || (w == 1 && b.Sign <= 0) || (w > 1 && b.Sign <= 0 && hi < still)
                || (w > 1 && lo == hi && lo == still) || (w > 1 && b.IsZero && hi.IsZero) || (w <= -1 && b.Sign > 0 && lo == hi && lo == still),
            ("convergesPointwise", null) => mixed && hi <= still,
            ("diverges", null) => (w == 1 && b.Sign > 0) || (w > 1 && b.Sign > 0) || (w > 1 && lo > still),
            ("diverges", Rational x) => w > 1 && x == still && lo >= still,
            ("noLimit", Rational x) => w <= -1 && b.Sign > 0 && x == still,
            ("noLimit", null) => w <= -1 && b.Sign > 0 && (hi < still || lo > still),
            _ => false,
        };
        verification.Require(ok, "one neuron with these weights does that");
    }

    private (Rational Lower, Rational Upper) Start(SequenceMath math)
    {
        if (Sequence.First is null && Sequence.Prefix.Length == 0) return (Sequence.InputBox[0][0], Sequence.InputBox[0][1]);
        if (math.IsPoint) return (math.ExactStart()[0], math.ExactStart()[0]);
        Interval x = math.Start()[0];
        return (Rational.FromDouble(x.Lower), Rational.FromDouble(x.Upper));
    }
}
