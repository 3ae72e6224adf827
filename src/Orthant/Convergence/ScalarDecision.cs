using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Decides a tied tail of one neuron completely, x ↦ max(wx + b, 0).</summary>
internal static class ScalarDecision
{
    public static DepthLimitResult Decide(LayerSequence s, AffineMap layer)
    {
        Rational w = layer.Weights[0][0], b = layer.Bias[0];
        (Rational lo, Rational hi) = Start(s);
        bool advanced = lo.Sign < 0;
        if (advanced)
        {
            Rational p = Rational.Max(w * lo + b, 0), q = Rational.Max(w * hi + b, 0);
            (lo, hi) = (Rational.Min(p, q), Rational.Max(p, q));
        }
        FixedPoints points = FixedPoints.Enumerate(layer);
        Rational? still = w == 1 ? null : b / (1 - w);
        bool unmoved = !advanced && s.First is null && s.Prefix.IsEmpty;
        if (w <= -1 && b.Sign > 0)
        {
            Rational x = still!.Value;
            if (lo == hi && lo == x) return Result(s, points, DepthVerdict.ConvergesUniformly, "convergesUniformly", null, StepDecision.WholeBox, "the input is the fixed point", x);
            bool holds = lo <= x && x <= hi;
            // Negative starts may reach the fixed point too; the certificate then speaks of no exception and is not written.
            string set = !holds ? StepDecision.WholeBox : unmoved ? $"every input of the box but {x}" : $"every input of the box whose state at the start of the tail is not {x}";
            return Result(s, points, DepthVerdict.NoLimit, holds && advanced ? null : "noLimit", holds ? x : null, set, "all states but the fixed point end in a cycle of two", null);
        }
        if (w > 1 && still is { Sign: >= 0 } edge)
        {
            if (hi < edge || (lo == hi && lo == edge) || (b.IsZero && hi.IsZero))
            {
                return Result(s, points, DepthVerdict.ConvergesUniformly, "convergesUniformly", null, StepDecision.WholeBox, "states below the fixed point die, at it they stay", hi == edge ? edge : 0);
            }
            if (lo > edge) return Result(s, points, DepthVerdict.Diverges, "diverges", null, StepDecision.WholeBox, "states above the fixed point grow geometrically", null);
            if (hi == edge) return Result(s, points, DepthVerdict.ConvergesPointwise, "convergesPointwise", null, StepDecision.WholeBox, $"states below {edge} die, ever later the nearer they are, and at it they stay", null);
            if (lo == edge) return Result(s, points, DepthVerdict.Diverges, advanced ? null : "diverges", edge, $"every input whose state at the start of the tail is not {edge}", "states above the fixed point grow geometrically", null);
            return Mixed(s, points, lo, hi, edge, unmoved);
        }
        if (w >= 1 && (b.Sign > 0 || (w > 1 && b.Sign > 0)))
        {
            return Result(s, points, DepthVerdict.Diverges, "diverges", null, StepDecision.WholeBox, "the state grows with every layer", null);
        }
        // |w| < 1, or w = 1 with b ≤ 0, or w ≤ −1 with b ≤ 0.
        Rational? limit = Rational.Abs(w) < 1 ? Rational.Max(still!.Value, 0) : w.Sign < 0 || b.Sign < 0 ? 0 : lo == hi ? lo : null;
        return Result(s, points, DepthVerdict.ConvergesUniformly, "convergesUniformly", null, StepDecision.WholeBox,
            Rational.Abs(w) < 1 ? "the neuron contracts" : "the state dies or stays after finitely many layers", limit) with
        {
            Rate = Rational.Abs(w) < 1 ? Rational.Abs(w).ToDouble() : null,
        };
    }

    private static (Rational Lower, Rational Upper) Start(LayerSequence s)
    {
        if (s.First is null && s.Prefix.IsEmpty) return s.InputBox[0];
        if (s.IsPoint) return (SequencePass.ExactStart(s)![0], SequencePass.ExactStart(s)![0]);
        Interval x = SequencePass.Start(s)[0];
        return (Rational.FromDouble(x.Lower), Rational.FromDouble(x.Upper));
    }

    private static DepthLimitResult Result(
        LayerSequence s, FixedPoints points, DepthVerdict verdict, string? claim, Rational? exception, string set, string reason, Rational? limit) => new()
        {
            Verdict = verdict,
            InputSet = set,
            Reason = reason,
            Certificate = claim is null ? null : new ScalarCertificate(s.ToData(), claim, exception),
            ExactLimit = limit is Rational x ? [x] : null,
            Limit = limit is Rational y ? [Interval.FromRational(y)] : null,
            FixedPoints = points,
        };

    /// <summary>States on both sides of a repelling fixed point.</summary>
    private static DepthLimitResult Mixed(LayerSequence s, FixedPoints points, Rational lo, Rational hi, Rational edge, bool unmoved)
    {
        double below = ((edge - lo) / (hi - lo)).ToDouble();
        string under = unmoved ? $"inputs up to {edge}" : $"inputs whose state at the start of the tail is at most {edge}";
        string over = unmoved ? $"inputs above {edge}" : $"inputs whose state at the start of the tail is above {edge}";
        Certificate? certificate = unmoved
            ? new PartitionCertificate([
                new ScalarCertificate(s.On([(lo, edge)]).ToData(), "convergesPointwise", null), new ScalarCertificate(s.On([(edge, hi)]).ToData(), "diverges", edge)])
            : null;
        bool converges = below >= 0.5;
        return new DepthLimitResult
        {
            Verdict = converges ? DepthVerdict.ConvergesPointwise : DepthVerdict.Diverges,
            InputSet = converges ? under : over,
            Reason = $"the fixed point {edge} repels: states below it die, states above it grow",
            Certificate = certificate,
            FixedPoints = points,
            Parts = [new DepthPart(DepthVerdict.ConvergesPointwise, under, unmoved ? below : null), new DepthPart(DepthVerdict.Diverges, over, unmoved ? 1 - below : null)],
        };
    }
}
