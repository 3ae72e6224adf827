using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Bounds on the distance to the limit of a sequence with summable steps, rounded outward; see
/// <see cref="SummableCertificate"/> for the inequality.</summary>
internal sealed class TailBounds
{
    // Certificates are checked by another summation and another order of rounding: what is claimed is this much larger.
    private const double SumSlack = 1 + 1e-5, BoundSlack = 1 + 1e-9;

    private readonly LayerSequence sequence;
    private readonly List<Interval[]> states = [];
    private readonly int prefix;

    public TailBounds(LayerSequence sequence, int deepest)
    {
        this.sequence = sequence;
        prefix = sequence.Prefix.Length;
        states.Add(SequencePass.Start(sequence));
        if (sequence.Tail is BoundTail) return;
        for (int n = prefix + 1; n <= deepest; n++) states.Add(SequencePass.Step(sequence, n, states[^1]));
    }

    public int Deepest => prefix + states.Count - 1;

    /// <summary>The enclosure of N_n.</summary>
    public Interval[] State(int n) => states[n - prefix];

    /// <summary>The bound at a depth in a norm, from the better one of two horizons.</summary>
    public DepthBound At(int depth, VectorNorm norm)
    {
        DepthBound here = At(depth, norm, depth), deep = At(depth, norm, Deepest);
        return deep.Bound < here.Bound ? deep : here;
    }

    private DepthBound At(int depth, VectorNorm norm, int horizon)
    {
        (Interval t, Interval b) = Sums(horizon, norm);
        Interval[] to = State(horizon);
        Interval size = norm.Of(to);
        if (sequence.Tail is not BoundTail)
        {
            (Interval t0, Interval b0) = Sums(prefix, norm);
            size = Interval.Min(size, Interval.Exp(t0.Upper) * (norm.Of(State(prefix)) + b0));
        }
        Interval factor = Interval.Exp(t.Upper), distance = (factor - 1) * size.Upper + factor * b;
        if (sequence.Activation.LeakySlope is Rational alpha)
        {
            distance = (1 + Interval.FromRational(alpha)) * distance + norm.Of([.. to.Select(y => Interval.Max(-y, 0))]);
        }
        if (horizon > depth)
        {
            Interval[] from = State(depth);
            distance += norm.Of([.. to.Select((x, i) => i < from.Length ? x - from[i] : x)]);
        }
        return new DepthBound(depth, norm.ToString(), distance.Upper * BoundSlack, horizon);
    }

    /// <summary>Upper bounds of |N_∞ − N_n| in each coordinate: (e^{|Ã|T} − I)(|N_n|, 1) with |Ã| = [[|A|, |c|], [0, 0]]; null where the tail
    /// has no one direction, the activation does not keep states, or the series would be long.</summary>
    public double[]? Coordinates(int depth)
    {
        const int terms = 80;
        if (sequence.Tail is not StepTail tail || !sequence.Activation.IsRetraction) return null;
        Interval t = tail.Sizes.SumBeyond(depth).Upper;
        Interval[] size = [.. State(depth).Select(e => (Interval)e.Magnitude), 1];
        int m = size.Length - 1;
        Interval[][] a = [.. tail.Direction.Weights.Select((row, i) => row.Append(tail.Direction.Bias[i]).Select(e => Interval.FromRational(Rational.Abs(e)) * t).ToArray())];
        double norm = a.Max(row => row.Aggregate((Interval)0, (s, e) => s + e).Upper);
        if (!(norm <= 20)) return null;
        Interval[] term = size, sum = new Interval[m];
        for (int k = 1; k <= terms; k++)
        {
            Interval[] previous = term;
            term = [.. a.Select(row => row.Select((e, j) => e * previous[j]).Aggregate((p, q) => p + q) / (double)k), 0];
            for (int i = 0; i < m; i++) sum[i] += term[i];
        }
        // Beyond 80 terms each is less than a quarter of the one before.
        double rest = term.Max(e => e.Upper) * 0.5;
        return [.. sum.Select(e => (e + rest).Upper)];
    }

    /// <summary>Upper bounds of Σ‖W_i − I‖ and Σ‖b_i‖ beyond a depth.</summary>
    public (Interval Weights, Interval Biases) Sums(int depth, VectorNorm norm)
    {
        if (sequence.Tail is BoundTail bound) return (Interval.FromRational(bound.WeightSum), Interval.FromRational(bound.BiasSum));
        (double p, double beta) = StepNorms(sequence.Tail, norm);
        Interval sum = (Interval)(SizesOf(sequence.Tail)!.SumBeyond(depth).Upper * SumSlack);
        return ((Interval)p * sum, (Interval)beta * sum);
    }

    public static StepSizes? SizesOf(SequenceTail tail) => tail switch
    {
        StepTail t => t.Sizes,
        ResidualTail t => t.Sizes,
        ConvolutionTail t => t.Sizes,
        _ => null,
    };

    /// <summary>Upper bounds of ‖W_n − I‖/|h_n| and ‖b_n‖/|h_n|; for residual branches of the Lipschitz constant and the value at zero.</summary>
    public static (double Weights, double Biases) StepNorms(SequenceTail tail, VectorNorm norm)
    {
        switch (tail)
        {
            case StepTail t:
                return (ExactVector.Norm(norm, t.Direction.Weights), ExactVector.Norm(norm, t.Direction.Bias).Upper);
            case ConvolutionTail t:
                return (Interval.FromRational(t.Mask.Aggregate(Rational.Zero, (s, m) => s + Rational.Abs(m))).Upper, Interval.FromRational(Rational.Abs(t.FirstBias)).Upper);
            case ResidualTail t:
                Interval product = 1, bias = 0;
                foreach ((AffineMap map, SequenceActivation activation) in t.Branch)
                {
                    Interval w = (Interval)ExactVector.Norm(norm, map.Weights) * Interval.FromRational(activation.Lipschitz);
                    product *= w;
                    bias = w * bias + ExactVector.Norm(norm, map.Bias) * Interval.FromRational(activation.Lipschitz);
                }
                if (t.Branch.Length == 2 && t.Branch[0].Activation.IsRelu && t.Branch[1].Activation.Name == "identity")
                {
                    // A ReLU is (1 + s)/2 with |s| ≤ 1, so a branch is half the merged matrix and half the product of the norms.
                    double merged = ExactVector.Norm(norm, Product(t.Branch[1].Map.Weights, t.Branch[0].Map.Weights));
                    product = Interval.Min(product, (product + merged) * 0.5);
                }
                return (product.Upper, bias.Upper);
            default:
                return (double.PositiveInfinity, double.PositiveInfinity);
        }
    }

    public static Rational[][] Product(Rational[][] a, Rational[][] b) =>
        [.. a.Select(row => Enumerable.Range(0, b[0].Length).Select(j => ExactVector.Dot(row, [.. b.Select(r => r[j])])).ToArray())];
}
