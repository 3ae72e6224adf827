using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>Σ‖W_n − I‖ and Σ‖b_n‖ are finite, so the sequence converges uniformly on the box; with bounds on the distance to the limit.</summary>
/// <remarks>For an activation with σ∘σ = σ that does not expand distances, ‖N_i − N_{i−1}‖ ≤ p_i‖N_{i−1}‖ + β_i in every absolute norm, so
/// ‖N_∞ − N_n‖ ≤ ‖N_M − N_n‖ + (e^T − 1)‖N_M‖ + e^T B with T = Σ p_i and B = Σ β_i beyond M.</remarks>
/// <param name="Sequence">The sequence.</param>
/// <param name="Bounds">What is claimed of the distance to the limit.</param>
public sealed record SummableCertificate(SequenceData Sequence, DepthBound[] Bounds) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => $"every input converges uniformly; {Bounds.Length} bounds on the distance to the limit";

    internal override bool IsRational => false;

    internal override void Verify(Verification verification)
    {
        SequenceMath math = new(Sequence, verification);
        TailData tail = Sequence.Tail;
        ActivationMath activation = math.Activation;
        verification.Require(activation.IsRetraction || activation.LeakySlope is not null, "the activation is a retraction or leaky");
        int prefix = Sequence.Prefix.Length;
        if (tail.Kind == "bound")
        {
            verification.Require(tail.WeightSum is { Sign: >= 0 } && tail.BiasSum is { Sign: >= 0 }, "the sums are declared");
            verification.Require(Bounds.All(b => b.Depth == prefix && b.Horizon == prefix && b.Norm == tail.Norm), "a declared sum speaks of its own depth and norm");
        }
        else
        {
            verification.Require(tail.Kind is "power" or "geometric" or "logPower" or "residual" or "convolution" && double.IsFinite(math.SumBeyond(prefix)), "the sums are finite");
        }
        if (tail.Kind == "residual")
        {
            verification.Require(tail.Branch!.All(l => l.Activation is "relu" or "identity"), "the branch is one of ReLUs");
        }
        int last = Bounds.Length == 0 ? prefix : Bounds.Max(b => b.Horizon);
        verification.Require(last <= 200_000 && Bounds.All(b => b.Depth >= prefix && b.Horizon >= b.Depth), "depths are in order");
        Dictionary<int, Interval[]> states = new() { [prefix] = math.Start() };
        HashSet<int> wanted = [.. Bounds.SelectMany(b => new[] { b.Depth, b.Horizon })];
        Interval[] x = states[prefix];
        for (int n = prefix + 1; n <= last; n++)
        {
            x = math.Step(n, x);
            if (wanted.Contains(n)) states[n] = x;
        }
        foreach (DepthBound bound in Bounds) VerifyBound(verification, math, bound, states);
    }

    private void VerifyBound(Verification v, SequenceMath math, DepthBound bound, Dictionary<int, Interval[]> states)
    {
        v.Require(bound.Norm is "l1" or "l2" or "linf", "the norm is absolute");
        Interval[] from = states[bound.Depth], to = states[bound.Horizon];
        (double p, double beta) = Sequence.Tail.Kind == "bound" ? (1, 1) : StepNorms(v, bound.Norm);
        double sum = Sequence.Tail.Kind == "bound" ? 1 : math.SumBeyond(bound.Horizon);
        Interval t = Sequence.Tail.Kind == "bound" ? Interval.FromRational(Sequence.Tail.WeightSum!.Value) : (Interval)p * sum;
        Interval b = Sequence.Tail.Kind == "bound" ? Interval.FromRational(Sequence.Tail.BiasSum!.Value) : (Interval)beta * sum;
        // The states of a box are enclosed by boxes; the scalar recursion from the start bounds their norms where that is better.
        Interval norm = IntervalNorms.Of(to, bound.Norm);
        if (Sequence.Tail.Kind != "bound")
        {
            Interval growth = Interval.Exp((Interval)p * math.SumBeyond(Sequence.Prefix.Length)), begin = IntervalNorms.Of(states[Sequence.Prefix.Length], bound.Norm);
            norm = Interval.Min(norm, growth * (begin + (Interval)beta * math.SumBeyond(Sequence.Prefix.Length)));
        }
        Interval factor = Interval.Exp(t.Upper), distance = (factor - 1) * norm.Upper + factor * b;
        Rational? slope = math.Activation.LeakySlope;
        bool nonnegative = to.All(y => y.Lower >= 0);
        v.Require(math.Activation.IsRetraction && (bound.Horizon > 0 || Sequence.First is not null || nonnegative) || slope is not null, "the state is one that the activation keeps");
        if (slope is Rational alpha)
        {
            Interval below = IntervalNorms.Of([.. to.Select(y => Interval.Max(-y, 0))], bound.Norm);
            distance = (1 + Interval.FromRational(alpha)) * distance + below;
        }
        if (bound.Horizon > bound.Depth) distance += IntervalNorms.Of(Difference(to, from), bound.Norm);
        v.Require(distance.Upper <= bound.Bound, $"the distance at depth {bound.Depth} in {bound.Norm} is at most {bound.Bound:R}");
    }

    /// <summary>‖W_n − I‖/h_n and ‖b_n‖/h_n.</summary>
    private (double Weights, double Biases) StepNorms(Verification v, string norm)
    {
        TailData tail = Sequence.Tail;
        switch (tail.Kind)
        {
            case "convolution":
                Interval sum = 0;
                foreach (Rational m in tail.Mask!) sum += Interval.FromRational(Rational.Abs(m));
                return (sum.Upper, Interval.FromRational(Rational.Abs(tail.FirstBias ?? 0)).Upper);
            case "residual":
                Interval product = 1, bias = 0;
                foreach (BranchLayer layer in tail.Branch!)
                {
                    Interval w = IntervalNorms.OfMatrix(layer.Map.Weights, norm);
                    product *= w;
                    bias = w * bias + IntervalNorms.Of([.. layer.Map.Bias.Select(Interval.FromRational)], norm);
                }
                if (tail.Branch.Length == 2 && tail.Branch[0].Activation == "relu" && tail.Branch[1].Activation == "identity")
                {
                    // relu = (1 + |·|)/2: half the merged matrix and half the product.
                    Rational[][] merged = ExactMatrices.Multiply(tail.Branch[1].Map.Weights, tail.Branch[0].Map.Weights);
                    product = Interval.Min(product, (product + IntervalNorms.OfMatrix(merged, norm)) * 0.5);
                }
                return (product.Upper, bias.Upper);
            default:
                v.Require(tail.Direction is not null, "the tail has a direction");
                return (IntervalNorms.OfMatrix(tail.Direction.Weights, norm).Upper, IntervalNorms.Of([.. tail.Direction.Bias.Select(Interval.FromRational)], norm).Upper);
        }
    }

    private static Interval[] Difference(Interval[] longer, Interval[] shorter) => [.. longer.Select((x, i) => i < shorter.Length ? x - shorter[i] : x)];
}

/// <summary>An upper bound of sup ‖N_∞(x) − N_n(x)‖ over the box.</summary>
/// <param name="Depth">n.</param>
/// <param name="Norm">l1, l2 or linf.</param>
/// <param name="Bound">The bound.</param>
/// <param name="Horizon">M ≥ n, from where on sums bound the rest; up to it the states themselves are compared.</param>
public sealed record DepthBound(int Depth, string Norm, double Bound, int Horizon);
