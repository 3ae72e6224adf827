using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Decides whether an infinitely deep network has a limit, for which inputs, where, and how fast; every verdict comes with a
/// certificate.</summary>
/// <remarks>After Y. Xu and H. Zhang, Convergence of deep ReLU networks (2021) and its successors; the bounds are uniform ones that follow
/// from σ∘σ = σ. Nothing is ever concluded from a floating-point simulation: those only propose what exact arithmetic
/// confirms.</remarks>
public static class DepthLimit
{
    /// <summary>Decides.</summary>
    /// <param name="sequence">The network.</param>
    /// <param name="options">Depths and budgets; null for the usual ones.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static DepthLimitResult Decide(LayerSequence sequence, DepthLimitOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        options ??= new DepthLimitOptions();
        return sequence.Tail switch
        {
            TurningTail turning => DecideTurning(sequence, turning),
            TiedTail => TiedDecision.Decide(sequence, options, cancellation),
            RuleTail rule => DecideRule(sequence, rule, options, cancellation),
            _ => StepDecision.Decide(sequence, options, cancellation),
        };
    }

    /// <summary>Checks the hypotheses of the necessary condition, W_n → I and b_n → 0: it holds for a network whose limits contain m + 1
    /// affinely independent points with all coordinates positive, and for such networks alone.</summary>
    /// <param name="limits">Limits of some inputs (points × m).</param>
    /// <returns>Whether the condition is necessary for networks with these limits and bounded weights.</returns>
    public static bool NecessaryConditionApplies(IReadOnlyList<Rational[]> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Rational[][] positive = [.. limits.Where(y => y.All(e => e.Sign > 0))];
        if (positive.Length == 0 || positive.Length < positive[0].Length + 1) return false;
        Rational[][] differences = [.. positive.Skip(1).Select(y => y.Select((e, i) => e - positive[0][i]).ToArray())];
        return ExactVector.ToMatrix(differences).Rank() == positive[0].Length;
    }

    /// <summary>A walk that turns at borders is decided for one input that begins between them.</summary>
    private static DepthLimitResult DecideTurning(LayerSequence s, TurningTail tail)
    {
        if (!tail.CrossesForEver || !s.IsPoint || s.First is not null || !s.Prefix.IsEmpty || tail.Sizes.Kind != "power" || s.Width != (tail.Rotates ? 2 : 1))
        {
            return StepDecision.Undecided(s, "a walk is decided for one input, without a prefix, and steps 1/(n + s)^p with p at most 1");
        }
        TurningCertificate certificate = new(tail.Lower, tail.Upper, tail.Sizes.Parameter, tail.Sizes.Shift, tail.Rotates, [.. s.InputBox.Select(b => b.Lower)]);
        return CertificateChecker.Check(certificate).Valid
            ? new DepthLimitResult
            {
                Verdict = DepthVerdict.NoLimit,
                InputSet = StepDecision.WholeBox,
                Reason = "the state crosses the strip between the borders for ever, though W_n → I and b_n → 0",
                Certificate = certificate,
            }
            : StepDecision.Undecided(s, "the input does not begin between the borders");
    }

    /// <summary>A rule is known only through the sums that its caller vouches for.</summary>
    private static DepthLimitResult DecideRule(LayerSequence s, RuleTail rule, DepthLimitOptions options, CancellationToken cancellation)
    {
        int prefix = s.Prefix.Length;
        foreach (VectorNorm norm in VectorNorm.All)
        {
            if (rule.SumsBeyond?.Invoke(prefix, norm) is not { } sums) continue;
            LayerSequence bounded = new(s.InputBox, s.Activation, new BoundTail(norm, sums.Weights, sums.Biases), s.First, s.Prefix);
            return StepDecision.Decide(bounded, options, cancellation) with { Reason = "the sums that the rule declares are finite" };
        }
        if (s.IsPoint && s.Evaluate([.. s.InputBox.Select(b => b.Lower)], prefix) is not null)
        {
            return new DepthLimitResult
            {
                Verdict = DepthVerdict.Undecided,
                InputSet = StepDecision.WholeBox,
                Reason = "a rule without declared sums says nothing about what lies beyond any depth",
                Notes = ["W_n → I and b_n → 0 is necessary only where limits reach into the open orthant; neither it nor a trajectory decides"],
            };
        }
        return new DepthLimitResult { Verdict = DepthVerdict.Undecided, InputSet = StepDecision.WholeBox, Reason = "a rule without declared sums says nothing about what lies beyond any depth" };
    }
}
