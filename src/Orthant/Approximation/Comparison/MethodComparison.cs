using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Approximation;

/// <summary>What is compared.</summary>
public sealed record ComparisonOptions
{
    /// <summary>The most pieces of a spline, at least 4; the other methods get as many parameters as such a spline has.</summary>
    public int MostPieces { get; init; } = 64;

    /// <summary>Passes over the 512 samples of each trained network; 0 for none.</summary>
    public int Epochs { get; init; } = 400;

    /// <summary>The seed of training.</summary>
    public ulong Seed { get; init; }
}

/// <summary>The comparison of Daubechies, DeVore, Foucart, Hanin and Petrova as an experiment: error against parameters for free-knot splines, fixed
/// knots, two dictionaries, deep compositions and a trained network, on one function.</summary>
/// <remarks>
/// <para>All methods end in ReLU networks, and the cost is the number of that network's parameters, zeros counted.</para>
/// <para>Classes show in the picture: where a function is singular in few places (Besov), free knots and terms outrun fixed knots; Takagi's function and
/// squares fall exponentially in depth; copies of one pattern cost a logarithm; analytic functions fall like exp(-c √n) by products.</para>
/// </remarks>
public static class MethodComparison
{
    private const int Grid = 8192, MostTerms = 128, MostHats = 24;

    /// <summary>Compares methods on a function.</summary>
    /// <param name="function">Finite on the interval.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end, beyond <paramref name="a"/>.</param>
    /// <param name="options">Null for the usual ones.</param>
    /// <param name="progress">Told before every method.</param>
    /// <param name="cancellation">Stops the comparison.</param>
    /// <returns>A curve for every method that says anything about this function.</returns>
    /// <exception cref="OrthantInputException">The function has a pole or no value in the interval.</exception>
    public static ImmutableArray<MethodCurve> Of(
        TargetFunction function, double a, double b, ComparisonOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        options ??= new ComparisonOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MostPieces, 4);
        if (!double.IsFinite(a) || !double.IsFinite(b) || !(a < b)) throw new ArgumentException($"[{a}, {b}] is no interval.");
        Subject subject = new(function, a, b, options, cancellation);
        (string Name, Func<MethodCurve?> Make)[] methods =
        [
            ("free knots", subject.FreeKnots), ("fixed knots", subject.FixedKnots), ("wavelets", subject.Wavelets), ("riesz", subject.Riesz),
            ("hats", subject.Hats), ("copies", subject.Copies), ("products", subject.Products), ("trained", subject.Trained),
        ];
        List<MethodCurve> curves = [];
        for (int i = 0; i < methods.Length; i++)
        {
            progress?.Report(new WorkProgress($"comparison: {methods[i].Name}", i, methods.Length, "methods"));
            if (methods[i].Make() is MethodCurve curve && curve.Points.Length > 0) curves.Add(curve);
        }
        return [.. curves];
    }

    /// <summary>The parameters of a shallow network of a spline: three a piece and one.</summary>
    private static long Shallow(int pieces) => (3L * pieces) + 1;

    private sealed class Subject(TargetFunction function, double a, double b, ComparisonOptions options, CancellationToken cancellation)
    {
        private readonly long mostParameters = Shallow(options.MostPieces);

        /// <summary>2, 4, 8, … up to a limit, and the limit.</summary>
        private static IEnumerable<int> Doubling(int from, int most)
        {
            for (int n = from; n < most; n *= 2) yield return n;
            yield return most;
        }

        private static MethodCurve Curve(string name, string what, IEnumerable<MethodPoint> points)
        {
            ImmutableArray<MethodPoint> all = [.. points.GroupBy(p => p.Parameters).Select(g => g.MinBy(p => p.Error)).OrderBy(p => p.Parameters)];
            return new MethodCurve(name, what, all, FittedRate.Of(all));
        }

        private MethodPoint Point(int size, FittedSpline fit) =>
            new(size, Shallow(fit.Spline.Pieces), fit.IsCertified ? fit.Error : Math.Max(fit.SeenError, Seen(fit.Spline.Evaluate)), fit.IsCertified);

        private double Seen(Func<double, double> other)
        {
            cancellation.ThrowIfCancellationRequested();
            double worst = 0;
            for (int i = 0; i <= Grid; i++)
            {
                double x = a + ((b - a) * ((double)i / Grid));
                worst = Math.Max(worst, Math.Abs(function.Value(x) - other(x)));
            }
            return worst;
        }

        public MethodCurve? FreeKnots() => Curve("freeKnots", "the best spline with free knots; size: pieces",
            Doubling(2, options.MostPieces).Select(n => Point(n, SplineFit.WithPieces(function, a, b, n, null, cancellation))));

        public MethodCurve? FixedKnots() => Curve("fixedKnots", "the interpolating spline with equally spaced knots; size: pieces", Doubling(2, options.MostPieces).Select(n =>
        {
            double[] x = [.. Enumerable.Range(0, n + 1).Select(i => i == n ? b : a + ((b - a) * ((double)i / n)))];
            return Point(n, SplineFit.Certify(function, new LinearSpline(x, Array.ConvertAll(x, function.Value))));
        }));

        public MethodCurve? Wavelets()
        {
            HierarchicalHats hats = new(function, a, b);
            return Curve("wavelets", "the largest terms of the hierarchical hats (Faber and Schauder); size: terms",
                Doubling(2, MostTerms).Select(n => hats.Largest(n)).TakeWhile(s => Shallow(s.Pieces) <= mostParameters).Select((s, i) => Point(2 << i, SplineFit.Certify(function, s))));
        }

        public MethodCurve? Riesz()
        {
            // The chord, which the source channel carries, makes the rest periodic.
            double left = function.Value(a), rise = function.Value(b) - left;
            RieszExpansion all = RieszExpansion.Of(TargetFunction.Of(t => function.Value(a + ((b - a) * t)) - left - (rise * t)), MostTerms);
            List<MethodPoint> points = [];
            foreach (int n in Doubling(1, MostTerms))
            {
                RieszExpansion some = all.Largest(n);
                long parameters = FunctionCompiler.DenseParameters(4, some.Depth);
                if (parameters > 4 * mostParameters) break;
                points.Add(new MethodPoint(n, parameters, Seen(x => left + (rise * (x - a) / (b - a)) + some.Evaluate((x - a) / (b - a))), false));
            }
            return Curve("riesz", "the chord and the largest terms C(kx), S(kx) of the Riesz basis of hats, width 4; size: terms", points);
        }

        public MethodCurve? Hats()
        {
            List<MethodPoint> points = [];
            for (int m = 1; m <= MostHats && (12L * m) - 2 <= mostParameters; m++)
            {
                points.Add(new MethodPoint(m, (12L * m) - 2, HatSumFit.Error(t => function.Value(a + ((b - a) * t)), m), false));
            }
            return Curve("hats", "c + λx + Σ a_k H∘ᵏ(x), hats composed with themselves, width 3; size: compositions", points);
        }

        /// <summary>A function that repeats and mirrors one pattern 2ᵏ times is that pattern after k hats.</summary>
        public MethodCurve? Copies()
        {
            int k = 10;
            while (k > 0 && !IsMirrored(k)) k--;
            if (k == 0) return null;
            double end = a + Math.ScaleB(b - a, -k);
            return Curve("copies", $"the best spline of one of {1 << k} mirrored copies after {k} compositions of the hat; size: pieces",
                Doubling(2, Math.Max(4, options.MostPieces >> 1)).Select(n =>
                {
                    FittedSpline fit = SplineFit.WithPieces(function, a, end, n, null, cancellation);
                    // Two neurons a hat, then the pattern's own: 2 → n → 1.
                    return new MethodPoint(n, 4 + (6L * (k - 1)) + (4L * fit.Spline.Pieces) + 1, fit.IsCertified ? fit.Error : fit.SeenError, false);
                }));
        }

        private bool IsMirrored(int k)
        {
            double width = Math.ScaleB(b - a, -k), scale = 0, worst = 0;
            for (int i = 0; i <= 4000; i++)
            {
                double t = i * 0.6180339887498949 % 1, along = t * (1 << k) % 2, folded = a + (width * (along <= 1 ? along : 2 - along));
                double value = function.Value(a + ((b - a) * t));
                scale = Math.Max(scale, Math.Abs(value));
                worst = Math.Max(worst, Math.Abs(value - function.Value(folded)));
            }
            return worst <= 1e-9 * scale;
        }

        public MethodCurve? Products()
        {
            if (!function.HasEnclosures || !function.Enclose(new Numerics.Interval(a, b)).Curvature.IsBounded) return null;
            List<MethodPoint> points = [];
            for (double error = 0.1; error > 1e-11; error *= 0.1)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    ChebyshevNetwork made = ChebyshevNetwork.Of(function, a, b, error, 2400);
                    MethodPoint point = new(made.Degree, made.Network.Layers.Sum(l => ((long)l.Inputs + 1) * l.Outputs), made.Error, true);
                    if (points.Count == 0 || point.Parameters > points[^1].Parameters) points.Add(point);
                    else points[^1] = point;
                }
                catch (OrthantInputException)
                {
                    // No polynomial of the degrees that are tried comes as near.
                    break;
                }
            }
            return Curve("products", "Chebyshev polynomials by Clenshaw's rule and products, width 8; size: degree", points);
        }

        public MethodCurve? Trained()
        {
            if (options.Epochs == 0) return null;
            const int samples = 512;
            float[] x = new float[samples], y = new float[samples];
            double[] values = [.. Enumerable.Range(0, samples).Select(i => function.Value(a + ((b - a) * (i / (samples - 1.0)))))];
            double middle = 0.5 * (values.Min() + values.Max()), half = Math.Max(0.5 * (values.Max() - values.Min()), double.Epsilon);
            for (int i = 0; i < samples; i++) (x[i], y[i]) = ((float)((2.0 * i / (samples - 1)) - 1), (float)((values[i] - middle) / half));
            LabelledData data = LabelledData.Regression(InputRows.OfSingles(x, 1), y, 1);
            TrainingOptions training = new()
            {
                Epochs = options.Epochs,
                BatchSize = 64,
                Optimizer = new Adam(),
                Schedule = LearningRateSchedule.WarmUpCosine(1e-2, 0.05),
                Seed = options.Seed,
            };
            List<MethodPoint> points = [];
            foreach (int width in Doubling(4, 64))
            {
                cancellation.ThrowIfCancellationRequested();
                ReluNetwork network = NetworkTrainer.Train(new TrainingTask([1, width, width, 1], data), training, null, cancellation).Network;
                long parameters = FunctionCompiler.DenseParameters(width, 2);
                points.Add(new MethodPoint(width, parameters, Seen(t => middle + (half * network.Evaluate([(2 * (t - a) / (b - a)) - 1])[0])), false));
                if (parameters > 4 * mostParameters) break;
            }
            return Curve("trained", $"a 1-W-W-1 network trained on {samples} samples by Adam, {options.Epochs} passes, one seed, not tuned; size: W", points);
        }
    }
}
