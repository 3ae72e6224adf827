using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Decides weight-tied sequences, N_n = σ(W N_{n−1} + b).</summary>
internal static class TiedDecision
{
    private const int MostOrbitSteps = 600, MostOrbitBits = 4096, MostEmptyLeaves = 2000;

    public static DepthLimitResult Decide(LayerSequence s, DepthLimitOptions options, CancellationToken cancellation)
    {
        AffineMap layer = ((TiedTail)s.Tail).Layer;
        if (!s.Activation.IsPiecewiseLinear)
        {
            return StepDecision.Smooth(s, layer) ?? StepDecision.Undecided(s, "the layer does not contract in the largest-entry norm");
        }
        if (s.Activation.IsRelu && s.Width == 1) return ScalarDecision.Decide(s, layer);
        GrowthCertificate? growth = GrowthSearch.Find(s, layer, tied: true);
        if (growth is { WholeBox: true })
        {
            return new DepthLimitResult { Verdict = DepthVerdict.Diverges, InputSet = StepDecision.WholeBox, Reason = "a nonnegative combination of neurons grows with every layer", Certificate = growth };
        }
        FixedPoints? points = s.Activation.IsRelu && s.Width <= FixedPoints.MostNeurons ? FixedPoints.Enumerate(layer, cancellation) : null;
        if (points is { Points.IsEmpty: true } && NoFixedPoint(s, layer, points, cancellation) is { } none) return none;
        if (Contracts(s, layer, points, options, cancellation) is { } contracts) return contracts;
        if (s.Activation.IsRelu && points is { Points.IsEmpty: false } && Averaged(s, layer, points) is { } averaged) return averaged;
        if (s.IsPoint && ExactOrbit(s, points) is { } orbit) return orbit;
        if (s.Activation.IsRelu && PeriodicMap.Decide(s, layer, points) is { } periodic) return periodic;
        if (growth is not null && GrowthSearch.OnlyBoundaryIsLeft(s, layer, growth)) return Grows(s, layer, growth, points);
        if (s.Activation.IsRelu && BoxSplitting.Decide(s, layer, points, options, cancellation) is { } split) return split;
        if (growth is not null) return Grows(s, layer, growth, points);
        JointRadius? radius = s.Width <= 10 ? JointSpectralRadius.BoundMasks(layer.Weights, new JointRadiusOptions { Seconds = 2, RelativeGap = 1e-3 }, cancellation) : null;
        return StepDecision.Undecided(s, "no norm contracts, no combination grows, and what trajectories suggest is not proved") with
        {
            FixedPoints = points,
            SpectralRadius = radius is null ? null : (radius.Lower, radius.Upper),
            Notes = ["a joint spectral radius of 1 or more decides nothing by itself"],
        };
    }

    private static DepthLimitResult Grows(LayerSequence s, AffineMap layer, GrowthCertificate growth, FixedPoints? points) => new()
    {
        Verdict = DepthVerdict.Diverges,
        InputSet = $"inputs with {StepDecision.Threshold(growth, layer)}",
        Reason = "a nonnegative combination of neurons grows once it is beyond a threshold",
        Certificate = growth,
        FixedPoints = points,
    };

    private static DepthLimitResult? NoFixedPoint(LayerSequence s, AffineMap layer, FixedPoints points, CancellationToken cancellation) =>
        new ComplementaritySearch(layer, cancellation).ProveEmpty(MostEmptyLeaves) is not { } leaves ? null : new DepthLimitResult
        {
            Verdict = DepthVerdict.NoLimit,
            InputSet = StepDecision.WholeBox,
            Reason = "a limit would be a fixed point, and there is none",
            Certificate = new NoFixedPointCertificate(s.ToData(), [.. leaves]),
            FixedPoints = points,
        };

    private static DepthLimitResult? Contracts(LayerSequence s, AffineMap layer, FixedPoints? points, DepthLimitOptions options, CancellationToken cancellation)
    {
        bool slopes = s.Activation.IsRetraction || s.Activation.LeakySlope is not null;
        if (!slopes || ContractionSearch.Find(layer.Weights, cancellation) is not { } found) return null;
        Rational[]? limit = points is { Points.Length: 1 } ? points.Points[0] : FixedPointNear(s, layer);
        if (limit is null) return null;
        (ImmutableArray<DepthBound> bounds, ImmutableArray<EffectiveDepth> effective) = RateBounds(s, found, limit, options);
        return new DepthLimitResult
        {
            Verdict = DepthVerdict.ConvergesUniformly,
            InputSet = StepDecision.WholeBox,
            Reason = $"every layer contracts by {found.Gamma.ToDouble():G6} in one norm",
            Certificate = new ContractionCertificate(s.ToData(), found.Gamma, found.Norm, limit),
            ExactLimit = [.. limit],
            Limit = [.. limit.Select(Interval.FromRational)],
            Rate = found.Gamma.ToDouble(),
            FixedPoints = points,
            TailBounds = bounds,
            EffectiveDepths = effective,
            Notes = ["the network forgets its input: the limit is one constant"],
        };
    }

    /// <summary>Bounds in linf from γⁿ times the distance at the start, for the norms whose equivalence constants are plain.</summary>
    private static (ImmutableArray<DepthBound> Bounds, ImmutableArray<EffectiveDepth> Depths) RateBounds(
        LayerSequence s, (NormEvidence Norm, Rational Gamma) found, Rational[] limit, DepthLimitOptions options)
    {
        Rational[]? weights = found.Norm switch { WeightedMaxNorm n => n.Weights, WeightedSumNorm n => n.Weights, DiagonalNorm n => n.Weights, _ => null };
        if (weights is null) return ([], []);
        Interval[] e = [.. SequencePass.Start(s).Select((x, i) => x - Interval.FromRational(limit[i]))];
        Interval distance = 0, largest = 0;
        for (int i = 0; i < e.Length; i++)
        {
            Interval w = Interval.FromRational(weights[i]), size = Interval.Abs(e[i]);
            (distance, Interval scale) = found.Norm switch
            {
                WeightedMaxNorm => (Interval.Max(distance, size / w), w),
                WeightedSumNorm => (distance + size * w, (Interval)1 / w),
                _ => (distance + Interval.Square(e[i]) * w, (Interval)1 / Interval.Sqrt(w)),
            };
            largest = Interval.Max(largest, scale);
        }
        if (found.Norm is DiagonalNorm) distance = Interval.Sqrt(distance);
        Interval gamma = Interval.FromRational(found.Gamma), factor = largest * distance;
        int prefix = s.Prefix.Length;
        double size0 = Math.Max(1, limit.Max(Rational.Abs).ToDouble());
        double Steps(double epsilon) => found.Gamma.IsZero || factor.Upper == 0 ? 1
            : Math.Max(0, Math.Ceiling(Math.Log(epsilon * size0 / factor.Upper) / Math.Log(found.Gamma.ToDouble())));
        return (
            [.. options.Depths.Where(d => d >= prefix).Select(d => new DepthBound(d, "linf", (factor * Interval.Pow(gamma, d - prefix)).Upper, d))],
            [.. options.Epsilons.Select(x => new EffectiveDepth(x, prefix + Steps(x)))]);
    }

    /// <summary>The fixed point that doubles find, solved on its pattern and confirmed exactly.</summary>
    private static Rational[]? FixedPointNear(LayerSequence s, AffineMap layer)
    {
        int m = s.Width;
        double[] y = new double[m];
        for (int k = 0; k < 100_000; k++)
        {
            double[] next = SequencePass.Step(layer, s.Activation, y);
            bool still = next.AsSpan().SequenceEqual(y);
            y = next;
            if (still) break;
        }
        Rational[] z = SequencePass.Apply(layer, Array.ConvertAll(y, Rational.FromDouble));
        Rational[] slope = [.. z.Select(s.Activation.Slope)], offset = [.. z.Select((t, i) => s.Activation.Evaluate(t) - slope[i] * t)];
        RationalMatrix matrix = ExactVector.ToMatrix([.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j =>
            (i == j ? Rational.One : 0) - slope[i] * layer.Weights[i][j]).ToArray())]);
        Rational[]? x = matrix.Solve([.. Enumerable.Range(0, m).Select(i => slope[i] * layer.Bias[i] + offset[i])]);
        return x is not null && SequencePass.Apply(layer, x).Select(s.Activation.Evaluate).SequenceEqual(x) ? x : null;
    }

    private static DepthLimitResult? Averaged(LayerSequence s, AffineMap layer, FixedPoints points)
    {
        Rational[]? q = StepDecision.Symmetriser(layer.Weights);
        Rational[] ones = [.. Enumerable.Repeat(Rational.One, s.Width)];
        foreach (Rational[] weights in q is null ? [ones] : new[] { q, ones })
        {
            foreach (Rational theta in new Rational[] { new(1, 2), new(3, 4), new(7, 8), new(15, 16), new(31, 32), new(63, 64), new(1, 4), new(1, 8) })
            {
                Rational[][] shifted = [.. layer.Weights.Select((r, i) => r.Select((e, j) => i == j ? e - 1 + theta : e).ToArray())];
                if (!ExactForms.IsSemidefinite(ExactForms.Lyapunov(theta * theta, weights, shifted))) continue;
                (int Depth, Rational[] Limit)? end = s.IsPoint ? AveragedLimit(s, layer, weights) : null;
                Rational[]? limit = end?.Limit ?? (points.Points.Length == 1 && points.SingularSupports.IsEmpty ? points.Points[0] : null);
                return new DepthLimitResult
                {
                    Verdict = DepthVerdict.ConvergesUniformly,
                    InputSet = StepDecision.WholeBox,
                    Reason = "layers are averaged, so they never expand distances, and a fixed point exists",
                    Certificate = new AveragedCertificate(s.ToData(), weights, theta, points.Points[0], end?.Depth, end?.Limit),
                    ExactLimit = limit is null ? null : [.. limit],
                    Limit = limit is null ? null : [.. limit.Select(Interval.FromRational)],
                    FixedPoints = points,
                    Notes = limit is null ? ["the limit depends on the input"] : [],
                };
            }
        }
        return null;
    }

    /// <summary>The limit of one input: projected along the range of I − A on the pattern that holds in the end.</summary>
    private static (int Depth, Rational[] Limit)? AveragedLimit(LayerSequence s, AffineMap layer, Rational[] weights)
    {
        Rational[]? x = SequencePass.ExactStart(s);
        int m = s.Width;
        for (int k = 0; k <= 60 && x is not null; k++)
        {
            double[] y = Array.ConvertAll(x, e => e.ToDouble());
            for (int i = 0; i < 20_000; i++) y = SequencePass.Step(layer, s.Activation, y);
            Rational[] z = SequencePass.Apply(layer, Array.ConvertAll(y, Rational.FromDouble));
            // Limit = x − (I − A)g with (I − A)·limit = c on the pattern: (I − A)² g = (I − A)x − c.
            Rational[][] r = [.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j => (i == j ? Rational.One : 0) - (z[i].Sign > 0 ? layer.Weights[i][j] : 0)).ToArray())];
            Rational[] c = [.. layer.Bias.Select((e, i) => z[i].Sign > 0 ? e : 0)];
            Rational[] right = [.. r.Select((row, i) => ExactVector.Dot(row, x) - c[i])];
            if (ExactVector.ToMatrix(TailBounds.Product(r, r)).Solve(right) is { } g)
            {
                Rational[] limit = [.. r.Select((row, i) => x[i] - ExactVector.Dot(row, g))];
                if (SequencePass.Apply(layer, limit).Select(s.Activation.Evaluate).SequenceEqual(limit) && Stays(layer, weights, x, limit)) return (k, limit);
            }
            if (x.Max(e => e.Denominator.GetBitLength()) > MostOrbitBits) return null;
            x = SequencePass.ExactStep(s, s.Prefix.Length + k + 1, x);
        }
        return null;
    }

    private static bool Stays(AffineMap layer, Rational[] weights, Rational[] x, Rational[] limit)
    {
        Rational distance = 0;
        for (int i = 0; i < x.Length; i++) distance += weights[i] * (x[i] - limit[i]) * (x[i] - limit[i]);
        Rational[] z = SequencePass.Apply(layer, limit);
        return Enumerable.Range(0, x.Length).All(k => z[k] * z[k] > distance * layer.Weights[k].Select((e, j) => e * e / weights[j]).Aggregate((p, q) => p + q));
    }

    /// <summary>Follows one input exactly until a state comes back.</summary>
    private static DepthLimitResult? ExactOrbit(LayerSequence s, FixedPoints? points)
    {
        Rational[]? x = SequencePass.ExactStart(s);
        Dictionary<string, int> seen = [];
        for (int k = 0; k <= MostOrbitSteps && x is not null; k++)
        {
            string key = string.Join(' ', x.Select(e => e.ToString()));
            if (seen.TryGetValue(key, out int before))
            {
                int period = k - before;
                return new DepthLimitResult
                {
                    Verdict = period == 1 ? DepthVerdict.ConvergesUniformly : DepthVerdict.NoLimit,
                    InputSet = StepDecision.WholeBox,
                    Reason = period == 1 ? $"the limit is reached exactly after {before} layers of the tail" : $"after {before} layers of the tail {period} different states repeat for ever",
                    Certificate = new ExactOrbitCertificate(s.ToData(), before, period, x),
                    ExactLimit = period == 1 ? [.. x] : null,
                    Limit = period == 1 ? [.. x.Select(Interval.FromRational)] : null,
                    FixedPoints = points,
                };
            }
            seen[key] = k;
            if (x.Max(e => Math.Max(e.Denominator.GetBitLength(), e.Numerator.GetBitLength())) > MostOrbitBits) return null;
            x = SequencePass.ExactStep(s, s.Prefix.Length + k + 1, x);
        }
        return null;
    }
}
