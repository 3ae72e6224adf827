using System.Diagnostics;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>The pipeline behind <see cref="JointSpectralRadius"/>: each stage narrows the bracket and the last one that closes it is
/// the certificate's evidence.</summary>
internal sealed class RadiusSearch
{
    private readonly Rational[][][] exact;
    private readonly bool masks;
    private readonly JointRadiusOptions options;
    private readonly CancellationToken cancellation;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly int d;
    private readonly double[][] given;
    private double lower;
    private int[] word = [];
    private Rational certifiedLower;
    private (NormEvidence Evidence, Rational Gamma, string Method)? upper;
    private bool isExact;
    private JointRadius? split;

    public RadiusSearch(Rational[][][] exact, bool masks, JointRadiusOptions options, CancellationToken cancellation)
    {
        (this.exact, this.masks, this.options, this.cancellation) = (exact, masks, options, cancellation);
        d = exact[0].Length;
        given = [.. exact.Select(a => a.SelectMany(r => r).Select(e => e.ToDouble()).ToArray())];
    }

    /// <summary>The largest lower bound that exact arithmetic confirms of a word's spectral radius.</summary>
    public static Rational CertifyLower(Rational[][][] set, int[] word, JointRadiusOptions options, CancellationToken cancellation)
    {
        RadiusSearch search = new(set, masks: false, options, cancellation);
        search.SetLower(word);
        return search.certifiedLower;
    }

    public JointRadius Run()
    {
        if (exact.All(a => a.All(r => r.All(e => e.IsZero))))
        {
            WeightedMaxNorm zero = new([.. Enumerable.Repeat(Rational.One, d)]);
            return new JointRadius(new SpectralRadiusCertificate(exact, masks, 0, [0], 0, zero), true, "zero matrices");
        }
        if (masks) RunMasks();
        else RunSet();
        if (split is not null) return split;
        (NormEvidence evidence, Rational gamma, string method) = upper!.Value;
        return new JointRadius(new SpectralRadiusCertificate(exact, masks, certifiedLower, word, gamma, evidence), isExact || certifiedLower == gamma, method);
    }

    private bool IsClosed => upper is { } u && ((u.Gamma.ToDouble() <= lower * (1 + options.RelativeGap))
        || (options.Target is double t && (u.Gamma.ToDouble() < t || lower >= t)));

    private bool Expired(double share = 1)
    {
        cancellation.ThrowIfCancellationRequested();
        return watch.Elapsed.TotalSeconds > options.Seconds * share;
    }

    private void RunSet()
    {
        Offer(Perron(exact, transposed: false), "Perron vector");
        Offer(Perron(exact, transposed: true), "Perron covector");
        (double[] q, double gamma) = CommonEllipsoid.Find(given, d, Math.Min(options.RelativeGap / 4, 1e-10), options.Seconds * 0.3);
        WordSearch words = new(given, d);
        words.Beam(q, gamma, Math.Min(1, options.Seconds * 0.25));
        if (words.Words.Count == 0) words.Words.Add([0]);
        SetLower(words.Words[0]);
        foreach (int[] other in words.Words.OrderBy(x => x.Length).Take(1)) SetLower(other);
        if (IsClosed) return;
        OfferEllipsoid(given, q, gamma);
        if (IsClosed) return;
        split = ReducibleSet.ByOrbit(exact, given, word, options with { Seconds = options.Seconds * 0.6 }, cancellation);
        if (split is not null) return;
        int[][] sorted = [.. words.Words.OrderBy(x => x.Length)];
        for (int count = 1; count <= Math.Min(sorted.Length, 6) && !IsClosed && !Expired(0.8); count++) ClosePolytope(sorted[..count]);
        if (!IsClosed) GrowTree(given, q, gamma, 1);
    }

    private void RunMasks()
    {
        MaskWordSearch words = new(given[0], d, options.Seed);
        Rational[][] w = exact[0];
        Offer(ContractionSearch.Perron(w, false), "Perron vector");
        Offer(ContractionSearch.Perron(w, true), "Perron covector");
        if (ContractionSearch.DiagonalQuadratic(w) is { } diagonal) Offer(diagonal, "diagonal quadratic");
        words.Run(0, 1);
        word = words.Word;
        SetLower(word);
        if (IsClosed) return;
        words.Run(Math.Min(2, options.Seconds * 0.15), 8);
        word = words.Word;
        SetLower(word);
        if (IsClosed || d > 10) return;
        double[][] set = [.. Enumerable.Range(1, (1 << d) - 1).Select(mask => MaskWordSearch.Masked(given[0], mask, d))];
        (double[] q, double gamma) = Ellipsoid(set);
        if (d <= 6)
        {
            WordSearch beam = new(set, d);
            beam.Beam(q, gamma, Math.Min(1, options.Seconds * 0.15));
            foreach (int[] found in beam.Words.OrderBy(x => x.Length).Take(1)) SetLower([.. found.Select(i => i + 1)]);
            CloseBoxHull(0.75);
            if (IsClosed) return;
        }
        OfferEllipsoid(set, q, gamma);
        if (!IsClosed) GrowTree(set, q, gamma, 1);
    }

    /// <summary>The common ellipsoid of many matrices from the few that matter: those that exceed the others' are added.</summary>
    private (double[] Q, double Gamma) Ellipsoid(double[][] set)
    {
        double[] q = new double[d * d];
        for (int i = 0; i < d; i++) q[(i * d) + i] = 1;
        List<double[]> chosen = [.. set.OrderByDescending(a => DenseMatrix.Norm(a, d)).Take(40)];
        double gamma = 0;
        for (int round = 0; round < 8; round++)
        {
            (q, gamma) = CommonEllipsoid.Find(chosen, d, 1e-6, options.Seconds * 0.2);
            double level = gamma * gamma * (1 + 1e-6);
            double[][] violators = [.. set.Where(a => CommonEllipsoid.GammaSquared([a], q, d) > level)
                .OrderByDescending(a => CommonEllipsoid.GammaSquared([a], q, d)).Take(40)];
            if (violators.Length == 0 || Expired(0.5)) break;
            chosen.AddRange(violators);
        }
        return (q, Math.Sqrt(CommonEllipsoid.GammaSquared(set, q, d)));
    }

    private void Offer((NormEvidence Evidence, Rational Gamma) found, string method)
    {
        if (upper is null || found.Gamma < upper.Value.Gamma) upper = (found.Evidence, found.Gamma, method);
    }

    /// <summary>A vector with |A_i|v ≤ γv for all matrices: the Perron vector of the largest entries.</summary>
    private static (NormEvidence, Rational) Perron(Rational[][][] set, bool transposed)
    {
        int d = set[0].Length;
        Rational[][] largest = [.. Enumerable.Range(0, d).Select(i => Enumerable.Range(0, d).Select(j => set.Max(a => Rational.Abs(a[i][j]))).ToArray())];
        (NormEvidence norm, _) = ContractionSearch.Perron(largest, transposed);
        Rational[] v = norm is WeightedMaxNorm n ? n.Weights : ((WeightedSumNorm)norm).Weights;
        Rational gamma = 0;
        foreach (Rational[][] a in set)
        {
            for (int i = 0; i < d; i++)
            {
                Rational sum = 0;
                for (int j = 0; j < d; j++) sum += Rational.Abs(transposed ? a[j][i] : a[i][j]) * v[j];
                gamma = Rational.Max(gamma, sum / v[i]);
            }
        }
        return (norm, Rational.FromDouble(Interval.FromRational(gamma).Upper));
    }

    private void OfferEllipsoid(double[][] set, double[] q, double gamma)
    {
        Rational[][] form = Rationalise(q);
        Rational[][][] family = masks ? [.. Enumerable.Range(1, set.Length).Select(mask => exact[0].Select((r, i) => (mask >> i & 1) == 1 ? r : new Rational[d]).ToArray())] : exact;
        for (double slack = 1e-13; slack < 1e-3; slack *= 10)
        {
            Rational g = Rational.FromDouble(gamma * (1 + slack));
            if (upper is { } u && g >= u.Gamma) return;
            if (family.All(a => ExactForms.IsSemidefinite(ExactForms.Lyapunov(g * g, form, a, form))))
            {
                Offer((new EllipsoidNorm(form), g), "ellipsoid");
                return;
            }
        }
    }

    private Rational[][] Rationalise(double[] q) =>
        [.. Enumerable.Range(0, d).Select(i => Enumerable.Range(0, d).Select(j => Rational.FromDouble(0.5 * (q[(i * d) + j] + q[(j * d) + i]))).ToArray())];

    /// <summary>Takes a word's spectral radius as the lower bound, deflated until exact arithmetic confirms it.</summary>
    private void SetLower(int[] candidate)
    {
        Rational[][]? product = null;
        foreach (int i in candidate)
        {
            Rational[][] a = masks ? [.. exact[0].Select((r, k) => (i >> k & 1) == 1 ? r : new Rational[d])] : exact[i];
            product = product is null ? a : TailBounds.Product(product, a);
        }
        double[] p = [.. product!.SelectMany(r => r).Select(e => e.ToDouble())];
        double radius = Math.Pow(DenseMatrix.Radius(p, d), 1.0 / candidate.Length);
        double round = Math.Round(radius * 1e6) / 1e6;
        IEnumerable<double> tries = [1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6];
        IEnumerable<Rational> values = [.. Math.Abs(round - radius) < 1e-11 * radius ? [Rational.Parse(round.ToString("R", System.Globalization.CultureInfo.InvariantCulture))] : Array.Empty<Rational>(),
            .. tries.Select(s => Rational.FromDouble(radius * (1 - s)))];
        foreach (Rational value in values)
        {
            if (value <= certifiedLower) return;
            if (!HasEigenvalue(product!, Rational.Pow(value, candidate.Length))) continue;
            (certifiedLower, lower, word) = (value, value.ToDouble(), candidate);
            return;
        }
    }

    private bool HasEigenvalue(Rational[][] p, Rational t)
    {
        Rational Polynomial(Rational[][] a, Rational at) =>
            ExactVector.ToMatrix([.. a.Select((r, i) => r.Select((e, j) => i == j ? at - e : -e).ToArray())]).Determinant();
        if (Polynomial(p, t).Sign <= 0 || Polynomial([.. p.Select(r => r.Select(e => -e).ToArray())], t).Sign <= 0) return true;
        (int, int)[] pairs = [.. Enumerable.Range(0, d).SelectMany(i => Enumerable.Range(i + 1, d - i - 1).Select(j => (i, j)))];
        return pairs.Length > 0 && Polynomial([.. pairs.Select(r => pairs.Select(c => p[r.Item1][c.Item1] * p[r.Item2][c.Item2] - p[r.Item1][c.Item2] * p[r.Item2][c.Item1]).ToArray())], t * t).Sign <= 0;
    }

    private void ClosePolytope(int[][] words)
    {
        double[][] scaled = [.. given.Select(a => DenseMatrix.Scaled(a, 1 / lower))];
        bool isComplex = false;
        List<double[]>? roots = LeadingVectors.Balanced(scaled, d, words);
        if (roots is null && words.Length == 1)
        {
            roots = LeadingVectors.ComplexOf(scaled, d, words[0]);
            isComplex = true;
        }
        if (roots is null) return;
        PolytopeClosure closure = new(scaled, d, isComplex, 3000, () => Expired(0.85));
        if (!closure.Run(roots) || closure.Bases() is not var (bases, phases)) return;
        Rational[][] vertices = [.. closure.Vertices.Select(v => Array.ConvertAll(v, Rational.FromDouble))];
        Rational[][]? tangents = phases is null ? null : [.. phases.Select(row => Array.ConvertAll(row, Rational.FromDouble))];
        Rational gamma = 0;
        for (int image = 0; image < bases.Length; image++)
        {
            Rational[] vertex = vertices[image / exact.Length];
            Rational[][] a = exact[image % exact.Length];
            Rational[] y = isComplex ? [.. ExactVector.Apply(a, vertex[..d]), .. ExactVector.Apply(a, vertex[d..])] : ExactVector.Apply(a, vertex);
            Rational[][] columns = [.. bases[image].Select((j, place) => tangents is null ? vertices[j] : Turned(vertices[j], tangents[image][place]))];
            RationalMatrix system = ExactVector.ToMatrix([.. Enumerable.Range(0, y.Length).Select(r => columns.Select(column => column[r]).ToArray())]);
            if (system.Solve(y) is not { } c || Expired(2)) return;
            gamma = Rational.Max(gamma, c.Select((x, place) => Rational.Abs(x) * (tangents is null ? 1 : 1 + (tangents[image][place] * tangents[image][place]))).Aggregate((s, x) => s + x));
        }
        PolytopeNorm body = new(vertices, bases, tangents);
        Offer((body, Rational.FromDouble(Interval.FromRational(gamma).Upper)), $"{(isComplex ? "complex " : "")}polytope of {vertices.Length} vertices");
        isExact = closure.IsExact && IsClosed;
    }

    /// <summary>(1 + t²)e^{iθ}v for a vector of real and imaginary parts, t = tan θ/2.</summary>
    private static Rational[] Turned(Rational[] v, Rational t)
    {
        Rational cos = 1 - (t * t), sin = 2 * t;
        int half = v.Length / 2;
        return [.. v.Select((x, i) => i < half ? (cos * x) - (sin * v[half + i]) : (sin * v[i - half]) + (cos * x))];
    }

    private void CloseBoxHull(double share)
    {
        double[] w = DenseMatrix.Scaled(given[0], 1 / lower);
        // The body is invariant under W I_S; its roots are the vectors before a mask is applied.
        double[][] set = [.. word.Select(mask => MaskWordSearch.Masked(w, mask, d))];
        if (LeadingVectors.Of(set, d, [.. Enumerable.Range(0, word.Length)]) is not { } masked) return;
        List<double[]> roots = [.. masked.Select(v => DenseMatrix.Apply(w, v))];
        double size = roots.Max(r => r.Max(Math.Abs));
        for (int i = 0; i < d; i++)
        {
            // A small box makes the body span the space; it disappears when it is not needed.
            double[] unit = new double[d];
            unit[i] = size * 1e-3;
            roots.Add(unit);
        }
        const double tolerance = 2e-10;
        BoxHullClosure closure = new(w, d, tolerance, 4000, () => Expired(share));
        if (!closure.Run(roots)) return;
        Rational[][] vertices = [.. closure.Vertices.Select(v => Array.ConvertAll(v, Rational.FromDouble))];
        // The gauges are floating; covering is an inequality, and a margin ten times the tolerance of the programs is left.
        Offer((new BoxHullNorm(vertices), Rational.FromDouble(lower * (1 + 6e-10))), $"anti-blocking polytope of {vertices.Length} vertices");
    }

    private void GrowTree(double[][] set, double[] q, double gamma, double share)
    {
        double delta = Math.Max((gamma / lower - 1) * 0.5, options.RelativeGap);
        int failures = 0;
        while (delta >= options.RelativeGap * 0.5 && failures < 2 && !Expired(share))
        {
            double level = lower * (1 + delta);
            ProductTree tree = new(set, q, d, level * (1 - 2e-8), 100, () => Expired(share));
            if (tree.Run())
            {
                Offer((new QuadraticTree(Rationalise(q), tree.Depth + 2, (tree.Nodes * 2) + 100), Rational.FromDouble(level)), $"ellipsoid and a tree of {tree.Nodes} products");
                if (IsClosed) return;
                delta *= 0.6;
            }
            else
            {
                failures++;
                delta *= 1.5;
            }
        }
    }
}
