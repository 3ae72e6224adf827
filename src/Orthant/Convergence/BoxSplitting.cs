using System.Collections.Immutable;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>An attracting cycle of a tied layer, exactly, with ellipsoids that no trajectory leaves.</summary>
internal sealed record Attractor(Rational[][] Cycle, Rational[][][] Forms, Rational Shrink, Rational RadiusSquared);

/// <summary>Splits the box of inputs until each part provably enters an attractor or grows.</summary>
internal static class BoxSplitting
{
    private const int Samples = 40, SimulatedSteps = 3000, LongestPeriod = 48, MostSteps = 300;

    public static DepthLimitResult? Decide(LayerSequence s, AffineMap layer, FixedPoints? points, DepthLimitOptions options, CancellationToken cancellation)
    {
        if (s.Width > 12) return null;
        List<Attractor> attractors = Propose(s, layer);
        PriorityQueue<((Rational Lower, Rational Upper)[] Box, double Share), double> open = new();
        open.Enqueue(([.. s.InputBox], 1), -1);
        List<Certificate> certificates = [];
        Dictionary<(DepthVerdict Verdict, int Attractor), double> shares = [];
        int budget = s.IsPoint ? 1 : options.MostParts;
        double undecided = 0;
        while (open.TryDequeue(out ((Rational Lower, Rational Upper)[] Box, double Share) part, out _))
        {
            cancellation.ThrowIfCancellationRequested();
            if (budget-- <= 0)
            {
                undecided += part.Share;
                continue;
            }
            LayerSequence restricted = s.On(part.Box);
            if (Enter(restricted, layer, attractors) is { } found)
            {
                certificates.Add(found.Certificate);
                DepthVerdict verdict = attractors[found.Index].Cycle.Length == 1 ? DepthVerdict.ConvergesUniformly : DepthVerdict.NoLimit;
                shares[(verdict, found.Index)] = shares.GetValueOrDefault((verdict, found.Index)) + part.Share;
                continue;
            }
            if (part.Share < 1 && GrowthSearch.Find(restricted, layer, tied: true) is { WholeBox: true } growth)
            {
                certificates.Add(growth);
                shares[(DepthVerdict.Diverges, -1)] = shares.GetValueOrDefault((DepthVerdict.Diverges, -1)) + part.Share;
                continue;
            }
            int side = Enumerable.Range(0, part.Box.Length).MaxBy(i => part.Box[i].Upper - part.Box[i].Lower);
            (Rational low, Rational high) = part.Box[side];
            if (low == high || attractors.Count == 0 && part.Share < 1e-3)
            {
                undecided += part.Share;
                continue;
            }
            Rational middle = (low + high) * Rational.Half;
            foreach ((Rational Lower, Rational Upper) half in new[] { (low, middle), (middle, high) })
            {
                (Rational Lower, Rational Upper)[] box = [.. part.Box];
                box[side] = half;
                open.Enqueue((box, part.Share / 2), -part.Share / 2);
            }
        }
        return certificates.Count == 0 ? null : Summarise(attractors, points, certificates, shares, undecided);
    }

    private static DepthLimitResult Summarise(
        List<Attractor> attractors, FixedPoints? points, List<Certificate> certificates, Dictionary<(DepthVerdict Verdict, int Attractor), double> shares, double undecided)
    {
        DepthVerdict largest = shares.GroupBy(p => p.Key.Verdict).MaxBy(g => g.Sum(p => p.Value))!.Key;
        double share = shares.Where(p => p.Key.Verdict == largest).Sum(p => p.Value);
        bool whole = undecided == 0 && shares.Keys.All(k => k.Verdict == largest);
        ImmutableArray<DepthPart> parts =
        [
            .. shares.Select(p => new DepthPart(p.Key.Verdict, p.Key.Attractor < 0 ? "inputs that grow" : $"inputs that approach {Describe(attractors[p.Key.Attractor])}", p.Value)),
            .. undecided > 0 ? [new DepthPart(DepthVerdict.Undecided, "the rest of the box", undecided)] : Array.Empty<DepthPart>(),
        ];
        bool one = whole && shares.Count == 1 && largest == DepthVerdict.ConvergesUniformly;
        Rational[]? limit = one ? attractors[shares.Keys.Single().Attractor].Cycle[0] : null;
        return new DepthLimitResult
        {
            Verdict = undecided >= 0.5 ? DepthVerdict.Undecided : largest,
            InputSet = whole ? StepDecision.WholeBox : FormattableString.Invariant($"parts of the box, {share:P2} of its volume, listed in the certificate"),
            Reason = whole ? "the box is covered by parts that enter attractors" : FormattableString.Invariant($"parts of the box are decided; {undecided:P2} of its volume is not"),
            Certificate = certificates.Count == 1 ? certificates[0] : new PartitionCertificate([.. certificates]),
            ExactLimit = limit is null ? null : [.. limit],
            Limit = limit is null ? null : [.. limit.Select(Interval.FromRational)],
            FixedPoints = points,
            Parts = parts.Length > 1 ? parts : [],
            Rate = one ? attractors[shares.Keys.Single().Attractor].Shrink.ToDouble() : null,
        };
    }

    private static string Describe(Attractor a) =>
        a.Cycle.Length == 1 ? $"({string.Join(", ", a.Cycle[0].Select(e => View(e)))})" : $"a cycle of {a.Cycle.Length} states";

    private static string View(Rational r) => r.ToString().Length <= 12 ? r.ToString() : FormattableString.Invariant($"{r.ToDouble():G9}");

    private static (AttractorCertificate Certificate, int Index)? Enter(LayerSequence s, AffineMap layer, List<Attractor> attractors)
    {
        Interval[] x = SequencePass.Start(s);
        double first = x.Max(e => e.Width) + 1;
        for (int n = 0; n <= MostSteps; n++)
        {
            for (int a = 0; a < attractors.Count; a++)
            {
                Attractor attractor = attractors[a];
                for (int t = 0; t < attractor.Cycle.Length; t++)
                {
                    if (!IsInside(x, attractor.Cycle[t], attractor.Forms[t], attractor.RadiusSquared)) continue;
                    Rational[][] cycle = [.. attractor.Cycle.Skip(t), .. attractor.Cycle.Take(t)];
                    Rational[][][] forms = [.. attractor.Forms.Skip(t), .. attractor.Forms.Take(t)];
                    return (new AttractorCertificate(s.ToData(), n, cycle, forms, attractor.Shrink, attractor.RadiusSquared), a);
                }
            }
            x = SequencePass.Apply(layer, x);
            for (int i = 0; i < x.Length; i++) x[i] = s.Activation.Evaluate(x[i]);
            if (x.Any(e => !e.IsBounded || e.Width > 1e4 * first)) return null;
        }
        return null;
    }

    private static bool IsInside(Interval[] x, Rational[] centre, Rational[][] form, Rational radiusSquared)
    {
        Interval[] e = [.. x.Select((xi, i) => xi - Interval.FromRational(centre[i]))];
        Interval distance = 0;
        double limit = Interval.FromRational(radiusSquared).Lower * (1 - 1e-9);
        for (int i = 0; i < e.Length; i++)
        {
            for (int j = 0; j < e.Length; j++) distance += Interval.FromRational(form[i][j]) * (i == j ? Interval.Square(e[i]) : e[i] * e[j]);
        }
        return distance.Upper <= limit;
    }

    private static List<Attractor> Propose(LayerSequence s, AffineMap layer)
    {
        List<Attractor> found = [];
        RandomStream random = new(2026);
        int samples = s.IsPoint ? 1 : Samples;
        for (int k = 0; k < samples; k++)
        {
            LayerSequence at = s.On(s.InputBox.Select(b =>
            {
                Rational x = k == 0 ? (b.Lower + b.Upper) * Rational.Half : b.Lower + (b.Upper - b.Lower) * new Rational(random.NextInt32(1025), 1024);
                return (x, x);
            }));
            double[] y = [.. SequencePass.Start(at).Select(e => e.Midpoint)];
            for (int n = 0; n < SimulatedSteps && y.All(e => Math.Abs(e) < 1e12); n++) y = SequencePass.Step(layer, s.Activation, y);
            if (y.Any(e => Math.Abs(e) >= 1e12)) continue;
            double[] z = y;
            int period = 0;
            for (int p = 1; p <= LongestPeriod && period == 0; p++)
            {
                z = SequencePass.Step(layer, s.Activation, z);
                double size = y.Max(Math.Abs) + 1;
                if (z.Zip(y, (a, b) => Math.Abs(a - b)).Max() < 1e-9 * size) period = p;
            }
            if (period > 0 && Confirm(layer, y, period) is { } attractor && !found.Any(f => f.Cycle.Any(c => c.SequenceEqual(attractor.Cycle[0])))) found.Add(attractor);
        }
        return found;
    }

    /// <summary>The exact cycle of a pattern word and its ellipsoids, or null where it does not attract.</summary>
    private static Attractor? Confirm(AffineMap layer, double[] y, int period)
    {
        int m = y.Length;
        List<bool[]> patterns = [];
        Rational[][] c = [.. Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j => i == j ? Rational.One : 0).ToArray())];
        Rational[] offset = new Rational[m];
        for (int t = 0; t < period; t++)
        {
            double[] pre = SequencePass.Step(layer, SequenceActivation.Identity, y);
            bool[] on = [.. pre.Select(e => e > 0)];
            patterns.Add(on);
            y = [.. pre.Select(e => Math.Max(e, 0))];
            c = TailBounds.Product(Masked(layer.Weights, on), c);
            offset = [.. Enumerable.Range(0, m).Select(i => on[i] ? ExactVector.Dot(layer.Weights[i], offset) + layer.Bias[i] : 0)];
        }
        Rational[][] left = [.. c.Select((r, i) => r.Select((e, j) => (i == j ? Rational.One : 0) - e).ToArray())];
        RationalMatrix matrix = ExactVector.ToMatrix(left);
        if (matrix.Determinant().IsZero || matrix.Solve(offset) is not { } x) return null;
        List<Rational[]> cycle = [];
        for (int t = 0; t < period; t++)
        {
            cycle.Add(x);
            Rational[] z = SequencePass.Apply(layer, x);
            for (int i = 0; i < m; i++)
            {
                if (z[i].Sign != (patterns[t][i] ? 1 : -1)) return null;
            }
            x = [.. z.Select(e => Rational.Max(e, 0))];
        }
        if (!x.SequenceEqual(cycle[0]) || cycle.Skip(1).Any(e => e.SequenceEqual(cycle[0]))) return null;
        return WithEllipsoids(layer, cycle, patterns);
    }

    private static Attractor? WithEllipsoids(AffineMap layer, List<Rational[]> cycle, List<bool[]> patterns)
    {
        int p = cycle.Count, m = layer.Outputs;
        Matrix<double> w = Matrix<double>.Build.DenseOfArray(ExactVector.ToDoubles(layer.Weights));
        Matrix<double>[] a = [.. patterns.Select(on => Matrix<double>.Build.Dense(m, m, (i, j) => on[i] ? w[i, j] : 0))];
        Matrix<double> round = Matrix<double>.Build.DenseIdentity(m);
        foreach (Matrix<double> step in a) round = step * round;
        double radius = Math.Pow(round.Evd().EigenValues.Max(e => e.Magnitude), 1.0 / p);
        if (!(radius < 1 - 1e-9)) return null;
        Rational shrink = Rational.FromDouble(Math.Max(Math.Round((radius + 1) / 2 * 65536) / 65536, 0.25));
        if (shrink >= 1) return null;
        double mu = shrink.ToDouble();
        Matrix<double>[] q = [.. a.Select(_ => Matrix<double>.Build.DenseIdentity(m))];
        for (int k = 0; k < 4000; k++)
        {
            double change = 0;
            for (int t = p - 1; t >= 0; t--)
            {
                Matrix<double> next = Matrix<double>.Build.DenseIdentity(m) + (a[t].Transpose() * q[(t + 1) % p] * a[t]).Divide(mu * mu);
                next = (next + next.Transpose()).Multiply(0.5);
                change = Math.Max(change, (next - q[t]).L2Norm() / next.L2Norm());
                q[t] = next;
            }
            if (change < 1e-10) break;
        }
        Rational[][][] forms = [.. q.Select(f => Enumerable.Range(0, m).Select(i => Enumerable.Range(0, m).Select(j => Rational.FromDouble(Math.Round(f[i, j] * 4096) / 4096)).ToArray()).ToArray())];
        Rational? smallest = null;
        for (int t = 0; t < p; t++)
        {
            Rational[][] map = Masked(layer.Weights, patterns[t]);
            if (!ExactForms.IsSemidefinite(ExactForms.Lyapunov(shrink * shrink, forms[t], map, forms[(t + 1) % p]))) return null;
            RationalMatrix form = ExactVector.ToMatrix(forms[t]);
            Rational[] z = SequencePass.Apply(layer, cycle[t]);
            for (int k = 0; k < m; k++)
            {
                if (layer.Weights[k].All(e => e.IsZero)) continue;
                Rational bound = z[k] * z[k] / ExactVector.Dot(layer.Weights[k], form.Solve(layer.Weights[k])!);
                if (smallest is null || bound < smallest) smallest = bound;
            }
        }
        Rational squared = Rational.FromDouble(Math.Min(smallest?.ToDouble() ?? 1, 1e12) * (1 - 1e-6));
        return squared.Sign > 0 ? new Attractor([.. cycle], forms, shrink, squared) : null;
    }

    private static Rational[][] Masked(Rational[][] w, bool[] on) => [.. w.Select((r, i) => on[i] ? r : new Rational[r.Length])];
}
