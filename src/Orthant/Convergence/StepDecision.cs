using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Decides sequences whose layers tend to the identity.</summary>
internal static class StepDecision
{
    public const string WholeBox = "every input of the box";
    private const int MostExactSteps = 200, MostExactBits = 20_000;

    public static DepthLimitResult Decide(LayerSequence s, DepthLimitOptions options, CancellationToken cancellation)
    {
        if (!s.Activation.IsPiecewiseLinear) return DecideSmooth(s);
        if (s.Tail is ResidualTail { Branch: var branch } && branch.Any(l => !l.Activation.IsRelu && l.Activation.Name != "identity"))
        {
            return Undecided(s, "bounds are known for branches of ReLUs only");
        }
        bool kept = s.Activation.IsRetraction || s.Activation.LeakySlope is not null;
        StepSizes? sizes = TailBounds.SizesOf(s.Tail);
        if (kept && (s.Tail is BoundTail || sizes!.IsSummable)) return DecideSummable(s, options, cancellation);
        if (s.Tail is StepTail step && s.Activation.IsRelu) return DecideUnsummable(s, step);
        return Undecided(s, kept ? "Σ‖W_n − I‖ is infinite, and for residual branches nothing else is known" : $"nothing is known for {s.Activation}");
    }

    private static DepthLimitResult DecideSummable(LayerSequence s, DepthLimitOptions options, CancellationToken cancellation)
    {
        int prefix = s.Prefix.Length;
        bool grows = s.Tail is ConvolutionTail;
        int[] depths = s.Tail is BoundTail ? [prefix] : [.. options.Depths.Where(d => d >= prefix && d >= (prefix > 0 || s.First is not null ? 0 : 1)).Take(grows ? 6 : 100)];
        if (depths.Length == 0) depths = [Math.Max(prefix, 1)];
        // Following one input further makes its bounds sharp; a box is better served by the scalar recursion.
        double cost = Math.Max(1, (double)s.Width * s.Width);
        int deepest = s.Tail is BoundTail ? prefix : grows ? Math.Max(48, depths.Max()) : s.IsPoint ? Math.Max(depths.Max(), (int)Math.Min(4096, 4e6 / cost)) : depths.Max();
        TailBounds bounds = new(s, deepest);
        if (s.IsPoint && s.Activation.LeakySlope is not null && s.Tail is not (BoundTail or ConvolutionTail)) bounds = new TailBounds(s, Math.Max(deepest, (int)Math.Min(65536, 4e6 / cost)));
        cancellation.ThrowIfCancellationRequested();
        ImmutableArray<DepthBound> found =
        [
            .. depths.SelectMany(d => (s.Tail is BoundTail b ? [b.Norm] : options.Norms.AsEnumerable()).Select(norm => bounds.At(d, norm))).Where(b => double.IsFinite(b.Bound)),
        ];
        Interval[] last = bounds.State(bounds.Deepest);
        Interval[]? limit = s.IsPoint ? Limit(s, bounds, last) : null;
        VectorNorm widest = s.Tail is BoundTail declared ? declared.Norm : VectorNorm.LInf;
        double growth = Interval.Exp(bounds.Sums(prefix, widest).Weights).Upper;
        return new DepthLimitResult
        {
            Verdict = DepthVerdict.ConvergesUniformly,
            InputSet = WholeBox,
            Reason = "Σ‖W_n − I‖ and Σ‖b_n‖ are finite",
            Certificate = new SummableCertificate(s.ToData(), [.. found.Where(b => VectorNorm.Parse(b.Norm) is not null)]),
            Limit = limit?.ToImmutableArray(),
            TailBounds = found,
            CoordinateBounds = [.. depths.Select(d => bounds.Coordinates(d) is { } c ? new CoordinateBounds(d, [.. c]) : null).OfType<CoordinateBounds>()],
            EffectiveDepths = s.Tail is BoundTail ? [] : [.. options.Epsilons.Select(e => new EffectiveDepth(e, EffectiveDepth(s, bounds, e)))],
            LipschitzBound = double.IsFinite(growth) ? growth : null,
        };
    }

    private static Interval[]? Limit(LayerSequence s, TailBounds bounds, Interval[] last)
    {
        Interval[]? sharpest = null;
        foreach (int depth in new[] { 64, 256, 1024, bounds.Deepest }.Select(k => Math.Min(s.Prefix.Length + k, bounds.Deepest)).Distinct())
        {
            // Deeper states have settled more surely, but carry the rounding of more layers.
            if (LimitEnclosure.Find(s, bounds.State(depth), depth) is { } sharp && (sharpest is null || sharp.Max(e => e.Width) < sharpest.Max(e => e.Width))) sharpest = sharp;
        }
        if (sharpest is not null) return sharpest;
        double radius = VectorNorm.All.Where(n => s.Tail is not BoundTail b || b.Norm.Equals(n)).Min(n => bounds.At(bounds.Deepest, n).Bound);
        if (!double.IsFinite(radius)) return null;
        Interval error = new(-radius, radius);
        Interval[] limit = [.. last.Select(e => e + error)];
        return s.Activation.IsRelu ? [.. limit.Select(e => Interval.Max(e, 0))] : limit;
    }

    /// <summary>The smallest n with (e^T − 1) + e^T B/max(‖N_n‖, 1) ≤ ε, T and B being the integrals' bounds, in the best of three norms.</summary>
    private static double EffectiveDepth(LayerSequence s, TailBounds bounds, double epsilon)
    {
        StepSizes sizes = TailBounds.SizesOf(s.Tail)!;
        double best = double.PositiveInfinity;
        foreach (VectorNorm norm in VectorNorm.All)
        {
            (double p, double beta) = TailBounds.StepNorms(s.Tail, norm);
            double size = Math.Max(1, s.IsPoint ? norm.Of(bounds.State(bounds.Deepest)).Lower : 1), least = Math.Max(1, s.Prefix.Length);
            double factor = s.Activation.LeakySlope is Rational a ? 1 + a.ToDouble() : 1;
            bool Enough(double n)
            {
                Interval sum = sizes.IntegralBeyond(n), growth = Interval.Exp((Interval)p * sum);
                return (factor * (growth - 1 + growth * beta * sum / size)).Upper <= epsilon;
            }
            double high = least;
            while (!Enough(high) && high < 1e300) high *= 2;
            double low = high <= least ? least : high / 2;
            if (!Enough(high)) continue;
            if (high <= least) return least;
            while (high - low > Math.Max(1, low * 1e-15))
            {
                double middle = high < 9e15 ? Math.Floor((low + high) / 2) : low / 2 + high / 2;
                if (Enough(middle)) high = middle;
                else low = middle;
            }
            best = Math.Min(best, high);
        }
        return best;
    }

    private static DepthLimitResult DecideUnsummable(LayerSequence s, StepTail tail)
    {
        AffineMap map = tail.Direction;
        int m = s.Width;
        if (tail.Sizes.IsAlternating)
        {
            bool diagonal = map.Bias.All(c => c.IsZero) && Enumerable.Range(0, m).All(i => Enumerable.Range(0, m).All(j => i == j || map.Weights[i][j].IsZero));
            if (!diagonal) return Undecided(s, "alternating steps that are not summable are decided only for a diagonal direction without bias");
            return new DepthLimitResult
            {
                Verdict = DepthVerdict.ConvergesUniformly,
                InputSet = WholeBox,
                Reason = "each state is multiplied by a product that converges conditionally",
                Certificate = new ScaledStepCertificate(s.ToData()),
                Limit = s.IsPoint ? ConditionalLimit(s, tail) : null,
                Notes = ["Σ‖W_n − I‖ is infinite: the sufficient condition fails, and the sequence converges all the same"],
            };
        }
        GrowthCertificate? growth = GrowthSearch.Find(s, map, tied: false);
        if (growth is { WholeBox: true })
        {
            return new DepthLimitResult { Verdict = DepthVerdict.Diverges, InputSet = WholeBox, Reason = "a combination of neurons grows like a divergent series", Certificate = growth };
        }
        if (Flow(s, map) is { } flow) return flow;
        if (s.IsPoint && AtRest(s, map) is { } rest) return rest;
        if (growth is not null)
        {
            return new DepthLimitResult
            {
                Verdict = DepthVerdict.Diverges,
                InputSet = $"inputs with {Threshold(growth, map)}",
                Reason = "a combination of neurons grows like a divergent series once it is beyond a threshold",
                Certificate = growth,
            };
        }
        return Undecided(s, "Σ‖W_n − I‖ is infinite, no combination grows, and no norm or potential decreases");
    }

    public static string Threshold(GrowthCertificate growth, AffineMap map)
    {
        string sum = string.Join(" + ", growth.Combination.Select((u, i) => (u, i)).Where(p => !p.u.IsZero).Select(p => $"{p.u}·N[{p.i + 1}]"));
        return $"{sum} > {-ExactVector.Dot(growth.Combination, map.Bias) / growth.Rate} at depth {growth.Depth} of the tail";
    }

    private static DepthLimitResult? Flow(LayerSequence s, AffineMap map)
    {
        int m = s.Width;
        if (m > FixedPoints.MostNeurons) return null;
        // Equilibria are the fixed points of max(x + Ax + c, 0), whatever the size of the step.
        AffineMap layer = new([.. map.Weights.Select((r, i) => r.Select((e, j) => i == j ? e + 1 : e).ToArray())], map.Bias);
        (string Rule, Rational[] Weights)? rule = Dominance(map.Weights, false) is { } v ? ("dominance", v)
            : Dominance(map.Weights, true) is { } u ? ("codominance", u)
            : IsMonotone(map.Weights) ? ("monotone", [.. Enumerable.Repeat(Rational.One, m)])
            : Potential(map.Weights) is { } q ? ("potential", q) : null;
        if (rule is not { } r) return null;
        FixedPoints points = FixedPoints.Enumerate(layer);
        if (points.Points.IsEmpty) return null;
        bool unique = r.Rule != "potential" || (points.Points.Length == 1 && points.SingularSupports.IsEmpty);
        return new DepthLimitResult
        {
            Verdict = DepthVerdict.ConvergesUniformly,
            InputSet = WholeBox,
            Reason = r.Rule == "potential" ? "projected gradient descent of a convex quadratic that attains its minimum" : "distances shrink by 1 − μh_n, and the h_n add up to infinity",
            Certificate = new GradientFlowCertificate(s.ToData(), r.Rule, r.Weights, points.Points[0]),
            ExactLimit = unique ? [.. points.Points[0]] : null,
            Limit = unique ? [.. points.Points[0].Select(Interval.FromRational)] : null,
            FixedPoints = points,
            Notes = unique ? ["the limit does not depend on the input"] : ["the limit is a minimum of the quadratic, which one depends on the input"],
        };
    }

    /// <summary>v &gt; 0 with a_ii v_i + Σ|a_ij| v_j &lt; 0, or null: v solves the comparison matrix' system with right-hand side 1.</summary>
    private static Rational[]? Dominance(Rational[][] a, bool transposed)
    {
        int m = a.Length;
        if (Enumerable.Range(0, m).Any(i => a[i][i].Sign >= 0)) return null;
        RationalMatrix comparison = ExactVector.ToMatrix([.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j =>
            i == j ? -a[i][i] : -Rational.Abs(transposed ? a[j][i] : a[i][j])).ToArray())]);
        return comparison.Solve([.. Enumerable.Repeat(Rational.One, m)]) is { } v && v.All(e => e.Sign > 0) ? v : null;
    }

    private static bool IsMonotone(Rational[][] a)
    {
        int m = a.Length;
        Rational[][] form = [.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j => -(a[i][j] + a[j][i])).ToArray())];
        return ExactForms.IsSemidefinite(form) && !ExactVector.ToMatrix(form).Determinant().IsZero;
    }

    /// <summary>q &gt; 0 with q_i a_ij = q_j a_ji and −QA positive semidefinite, or null.</summary>
    public static Rational[]? Potential(Rational[][] a)
    {
        if (Symmetriser(a) is not { } q) return null;
        return ExactForms.IsSemidefinite([.. a.Select((row, i) => row.Select(e => -q[i] * e).ToArray())]) ? q : null;
    }

    /// <summary>q &gt; 0 with q_i a_ij = q_j a_ji, by walking from neuron to neuron; null where there is none.</summary>
    public static Rational[]? Symmetriser(Rational[][] a)
    {
        int m = a.Length;
        Rational[] q = new Rational[m];
        for (int start = 0; start < m; start++)
        {
            if (!q[start].IsZero) continue;
            q[start] = 1;
            Stack<int> open = new([start]);
            while (open.TryPop(out int i))
            {
                for (int j = 0; j < m; j++)
                {
                    if (j == i || a[i][j].IsZero || !q[j].IsZero) continue;
                    if (a[j][i].IsZero || a[i][j].Sign != a[j][i].Sign) return null;
                    q[j] = q[i] * a[i][j] / a[j][i];
                    open.Push(j);
                }
            }
        }
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (q[i] * a[i][j] != q[j] * a[j][i]) return null;
            }
        }
        return q;
    }

    /// <summary>Follows one input exactly until no later layer moves it.</summary>
    private static DepthLimitResult? AtRest(LayerSequence s, AffineMap map)
    {
        Rational[]? x = SequencePass.ExactStart(s);
        for (int k = 0; k <= MostExactSteps && x is not null; k++)
        {
            Rational[] d = SequencePass.Apply(map, x);
            Rational[] at = x;
            if (Enumerable.Range(0, x.Length).All(i => at[i].Sign > 0 ? d[i].IsZero : at[i].IsZero && d[i].Sign <= 0))
            {
                return new DepthLimitResult
                {
                    Verdict = DepthVerdict.ConvergesUniformly,
                    InputSet = WholeBox,
                    Reason = $"after {k} layers of the tail no later layer moves the state",
                    Certificate = new ExactOrbitCertificate(s.ToData(), k, 1, x),
                    ExactLimit = [.. x],
                    Limit = [.. x.Select(Interval.FromRational)],
                    Notes = ["Σ‖W_n − I‖ is infinite: the sufficient condition fails, and the sequence converges all the same"],
                };
            }
            if (x.Max(e => e.Denominator.GetBitLength()) > MostExactBits) return null;
            x = SequencePass.ExactStep(s, s.Prefix.Length + k + 1, x);
        }
        return null;
    }

    /// <summary>The product of 1 ± a h_n for each coordinate of one input.</summary>
    private static ImmutableArray<Interval>? ConditionalLimit(LayerSequence s, StepTail tail)
    {
        const int terms = 40, depth = 1000;
        Interval[] x = s.Enclose(s.Prefix.Length + depth);
        int from = s.Prefix.Length + depth;
        Interval[] limit = new Interval[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            Interval a = Interval.FromRational(tail.Direction.Weights[i][i]), log = 0, power = 1;
            if (x[i] is { Lower: 0, Upper: 0 }) continue;
            double size = a.Magnitude * tail.Sizes.At(from + 1).Magnitude;
            if (size > 0.25 || tail.Sizes.Parameter * 2 <= 1) return null;
            for (int k = 1; k <= terms; k++)
            {
                power *= a;
                log += tail.Sizes.SignedSumBeyond(from, k) * power / (k % 2 == 1 ? (double)k : -k);
            }
            double rest = (tail.Sizes.SumBeyond(from, 2) * Interval.Square(a) * Interval.Pow((Interval)size, terms - 1) * 1.5).Upper;
            limit[i] = x[i] * Interval.Exp(log + new Interval(-rest, rest));
        }
        return [.. limit];
    }

    /// <summary>Sigmoid and tanh: where the limit of the layers contracts, all inputs end at one constant.</summary>
    private static DepthLimitResult DecideSmooth(LayerSequence s)
    {
        if (s.Tail is BoundTail or ConvolutionTail || s.Activation.Lipschitz >= 1) return Undecided(s, $"{s.Activation} does not contract where W_n tends to the identity");
        return Smooth(s, null) ?? Undecided(s, "no ball is mapped into itself");
    }

    /// <summary>The fixed point of y = σ(Wy + b), W = I and b = 0 when there is no tied layer, in a ball that is proved.</summary>
    public static DepthLimitResult? Smooth(LayerSequence s, AffineMap? tied)
    {
        int m = s.Width;
        Rational norm = tied is null ? 1 : tied.Weights.Max(r => r.Aggregate(Rational.Zero, (sum, e) => sum + Rational.Abs(e)));
        Rational factor = s.Activation.Lipschitz * norm;
        if (factor >= 1) return null;
        double[] y = new double[m];
        for (int k = 0; k < 20_000; k++)
        {
            double[] next = tied is null ? [.. y.Select(s.Activation.Evaluate)] : SequencePass.Step(tied, s.Activation, y);
            double change = next.Zip(y, (p, q) => Math.Abs(p - q)).Max();
            y = next;
            if (change < 1e-17) break;
        }
        Rational[] centre = Array.ConvertAll(y, Rational.FromDouble);
        Interval[] at = Array.ConvertAll(y, e => (Interval)e);
        Interval[] image = [.. (tied is null ? at : SequencePass.Apply(tied, at)).Select(s.Activation.Evaluate)];
        double moved = image.Select((e, i) => (e - at[i]).Magnitude).Max();
        Rational radius = Rational.FromDouble(((Interval)moved / Interval.FromRational(1 - factor)).Upper * 1.5 + 1e-300);
        Interval error = new(-radius.ToDouble() * 1.0000001, radius.ToDouble() * 1.0000001);
        return new DepthLimitResult
        {
            Verdict = DepthVerdict.ConvergesUniformly,
            InputSet = WholeBox,
            Reason = $"the limit of the layers contracts by {factor.ToDouble():G4}: a deep network of this kind forgets its input",
            Certificate = new LipschitzCertificate(s.ToData(), centre, radius),
            Limit = [.. at.Select(e => e + error)],
            Rate = factor.ToDouble(),
            Notes = ["the limit does not depend on the input"],
        };
    }

    public static DepthLimitResult Undecided(LayerSequence s, string reason) => new() { Verdict = DepthVerdict.Undecided, InputSet = WholeBox, Reason = reason };
}
