using System.Collections.Immutable;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Best continuous splines with free knots in the largest error, with a certified bracket: no spline of as many pieces does better
/// than <see cref="FittedSpline.LowerBound"/>, and this one stays within <see cref="FittedSpline.Error"/>.</summary>
/// <remarks>
/// <para>On samples the best spline is the minimum-link path in the tunnel of half-width ε, found in linear time, with ε by bisection. Exchange
/// closes the gap between samples and interval: the maxima of the error and the knots become samples, until they show nothing new.</para>
/// <para>The proof is apart from the search: intervals bound the error from above (branch and bound), and three points for each of N kinks bound
/// it from below.</para>
/// </remarks>
public static class SplineFit
{
    /// <summary>The most pieces that may be asked for.</summary>
    public const int MostPieces = 1_000_000;

    /// <summary>The best spline with at most so many pieces.</summary>
    /// <param name="function">Finite on the interval.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end, beyond <paramref name="a"/>.</param>
    /// <param name="pieces">At least 1.</param>
    /// <param name="options">Wishes; null for none.</param>
    /// <param name="cancellation">Stops the fit.</param>
    /// <exception cref="OrthantInputException">The function has a pole or no value in the interval.</exception>
    public static FittedSpline WithPieces(
        TargetFunction function, double a, double b, int pieces, SplineFitOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        Check(a, b);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieces, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pieces, MostPieces);
        return new ExchangeFit(function, a, b, options ?? SplineFitOptions.Default, pieces, cancellation).WithPieces(pieces);
    }

    /// <summary>The spline with the fewest pieces that stays within an error.</summary>
    /// <param name="function">Finite on the interval.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end, beyond <paramref name="a"/>.</param>
    /// <param name="error">Positive.</param>
    /// <param name="options">Wishes; null for none.</param>
    /// <param name="cancellation">Stops the fit.</param>
    /// <exception cref="OrthantInputException">The function has a pole or no value in the interval, or no spline that doubles can hold is
    /// near enough.</exception>
    public static FittedSpline WithError(
        TargetFunction function, double a, double b, double error, SplineFitOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        Check(a, b);
        if (!(error > 0) || !double.IsFinite(error)) throw new ArgumentOutOfRangeException(nameof(error), error, "An error is positive.");
        return new ExchangeFit(function, a, b, options ?? SplineFitOptions.Default, 0, cancellation).WithError(error);
    }

    /// <summary>Bounds the error of any spline.</summary>
    /// <param name="function">The function that it stands for.</param>
    /// <param name="spline">The spline.</param>
    /// <exception cref="OrthantInputException">The function has a pole or no value in the interval.</exception>
    public static FittedSpline Certify(TargetFunction function, LinearSpline spline)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(spline);
        return new ExchangeFit(function, spline.Knots[0], spline.Knots[^1], SplineFitOptions.Default, 0, default).Certified(spline);
    }

    private static void Check(double a, double b)
    {
        if (!double.IsFinite(a) || !double.IsFinite(b) || !(a < b)) throw new ArgumentException($"[{a}, {b}] is no interval.");
    }
}

/// <summary>One fit by exchange.</summary>
internal sealed class ExchangeFit
{
    private const int FewestSamples = 1024, SamplesPerPiece = 24, Rounds = 12;
    private const double RoughGap = 1e-7;
    private readonly TargetFunction function;
    private readonly double a;
    private readonly double b;
    private readonly SplineFitOptions options;
    private readonly CancellationToken cancellation;
    private readonly bool isFree;
    private readonly bool isRough;
    private GradedSamples samples;

    public ExchangeFit(TargetFunction function, double a, double b, SplineFitOptions options, int pieces, CancellationToken cancellation)
    {
        (this.function, this.a, this.b, this.options, this.cancellation) = (function, a, b, options, cancellation);
        isRough = IsRough(function, a, b);
        isFree = options.Shape == SplineShape.Free && options.Pins.Count == 0;
        samples = Samples(pieces);
    }

    /// <summary>Whether slopes are bounded nowhere, as those of Takagi's function: between samples there is ever more to see.</summary>
    public static bool IsRough(TargetFunction function, double a, double b)
    {
        double inside = a + (0.37 * (b - a));
        return function.HasEnclosures && !function.Enclose(new Interval(inside, Math.BitIncrement(inside + (1e-9 * (b - a))))).Slope.IsBounded;
    }

    public FittedSpline WithPieces(int pieces)
    {
        (proved, proof) = (0, []);
        if (samples.X.Length < SamplesPerPiece * pieces) samples = Samples(pieces);
        if (isRough && isFree)
        {
            RoughFit rough = new(function, a, b, samples, Math.Max(options.RelativeGap, RoughGap), cancellation);
            FittedSpline fit = rough.WithPieces(pieces);
            if (!fit.IsCertified) RefusePole(rough.WorstAt);
            return fit;
        }
        Links links = Exchange(pieces, out LinearSpline spline, out double seen);
        (double bound, double attained) = Certify(spline, pieces, links.Epsilon);
        // What the intervals found and the search had not seen becomes a sample.
        for (int again = 0; again < 3 && double.IsFinite(bound) && attained > links.Epsilon * (1 + (4 * Gap(pieces))); again++)
        {
            if (!samples.Insert([attainedAt])) break;
            links = Exchange(pieces, out spline, out seen);
            (bound, attained) = Certify(spline, pieces, links.Epsilon);
        }
        return new FittedSpline(spline, bound, Math.Min(bound, Math.Max(seen, attained)), Math.Min(proved, bound), pieces, 0, proof, []);
    }

    public FittedSpline Certified(LinearSpline spline)
    {
        (double bound, double attained) = Certify(spline, spline.Pieces, 0);
        return new FittedSpline(spline, bound, attained, 0, spline.Pieces, 0, [], []);
    }

    public FittedSpline WithError(double error)
    {
        int impossible = 0;
        ImmutableArray<KinkWindow> disproof = [];
        int pieces = FewestLinks(error);
        while (true)
        {
            FittedSpline fit = WithPieces(pieces);
            double reached = fit.IsCertified ? fit.Error : fit.SeenError;
            if (reached <= error)
            {
                if (impossible < pieces - 1 && pieces > 1) (impossible, disproof) = Disproof(pieces - 1, error);
                return fit with { ImpossiblePieces = impossible, ImpossibleWindows = disproof };
            }
            if (fit.LowerBound > error) (impossible, disproof) = (pieces, fit.Windows);
            int next = Math.Max(pieces + 1, FewestLinks(error));
            if (next > 50_000_000 / SamplesPerPiece || error < 64 * 1.2e-16 * samples.Y.Max(Math.Abs))
            {
                throw new OrthantInputException("command line", "--error", FormattableString.Invariant($"{error}"), FormattableString.Invariant($"an error that doubles can reach, here {reached:G3} with {pieces} pieces or more"));
            }
            pieces = next;
        }
    }

    /// <summary>The count of links at a tolerance, on samples that are dense enough for it.</summary>
    private int FewestLinks(double error)
    {
        while (true)
        {
            Tunnel tunnel = new(samples.X, samples.Y, options, polygonal: !(isRough && isFree));
            if (!isFree && tunnel.Narrowest is double cost && cost > error) throw new OrthantInputException("command line", "--error", FormattableString.Invariant($"{error}"), FormattableString.Invariant($"more than {cost:G6}, what the shape or the pins cost"));
            int links = tunnel.Count(error, SplineFit.MostPieces, true);
            if (links > SplineFit.MostPieces) throw new OrthantInputException("command line", "--error", FormattableString.Invariant($"{error}"), $"an error for which {SplineFit.MostPieces:N0} pieces are enough");
            if (samples.X.Length >= SamplesPerPiece * links) return links;
            samples = Samples(2 * links);
        }
    }

    /// <summary>Shows that so many pieces cannot reach an error, if that can be shown.</summary>
    private (int Pieces, ImmutableArray<KinkWindow> Windows) Disproof(int pieces, double error)
    {
        if (!function.HasEnclosures) return (0, []);
        List<KinkWindow> windows = [];
        // A little above the tolerance, so that every window is open at the tolerance itself, rounding and all.
        for (double slack = 1e-12; slack < 1e-4; slack *= 30)
        {
            if (new Tunnel(samples.X, samples.Y, options, polygonal: !(isRough && isFree)).Count(error * (1 + slack), pieces, true, windows) <= pieces) break;
            ImmutableArray<KinkWindow> found = [.. windows];
            if (Bound(found) > error) return (pieces, found);
        }
        Links links = new Tunnel(samples.X, samples.Y, options, polygonal: !(isRough && isFree)).Best(pieces, error, 0.01, true, cancellation);
        ImmutableArray<KinkWindow> best = [.. links.Windows];
        if (Bound(best) > error) return (pieces, best);
        return pieces > 1 ? Disproof(pieces - 1, error) : (0, []);
    }

    /// <summary>How near to the best is near enough: many pieces and rough functions are dear.</summary>
    private double Gap(int pieces) => Math.Max(options.RelativeGap, isRough ? RoughGap : pieces <= 512 ? 0 : 1e-6);

    private double attainedAt;
    private double proved;
    private ImmutableArray<KinkWindow> proof = [];

    private (double Bound, double Attained) Certify(LinearSpline spline, int pieces, double epsilon)
    {
        if (!function.HasEnclosures) return (double.PositiveInfinity, 0);
        double gap = Gap(pieces);
        if (isRough)
        {
            RoughPeaks peaks = new(function, gap, RoughFit.CellsPerPeak);
            (double above, double seen) = peaks.Of(spline, epsilon > 0 ? epsilon : LargestAtSamples(spline), []);
            if (double.IsInfinity(above)) RefusePole(peaks.WorstAt);
            return (above, Math.Max(seen, epsilon));
        }
        ErrorBound bound = new(function, gap, Math.Max(60_000, 400 * pieces)) { Floor = epsilon };
        (double found, double attained) = bound.Of(spline);
        attainedAt = bound.AttainedAt;
        if (double.IsInfinity(found)) RefusePole(bound.WorstAt);
        return (found, attained);
    }

    private double LargestAtSamples(LinearSpline spline)
    {
        double largest = 0;
        for (int i = 0; i < samples.X.Length; i++) largest = Math.Max(largest, Math.Abs(samples.Y[i] - spline.Evaluate(samples.X[i])));
        return largest;
    }

    /// <summary>An unbounded enclosure at one point is a pole when values beside it grow beyond all others; otherwise it is only not proved.</summary>
    private void RefusePole(double x)
    {
        // Graded samples crowd at a pole, so the usual size is that of even ones.
        double scale = 1 + Enumerable.Range(0, 65).Select(i => Math.Abs(function.Value(a + ((b - a) * (i / 64.0))))).Order().ElementAt(32);
        double[] near = [x, Math.BitIncrement(x), Math.BitDecrement(x), x + (1e-9 * (b - a)), x - (1e-9 * (b - a))];
        double[] values = [.. near.Where(t => t >= a && t <= b).Select(function.Value)];
        if (values.Any(v => !double.IsFinite(v)) || values.Max(Math.Abs) > 1e6 * scale)
        {
            throw new OrthantInputException(function.ToString() ?? "function", FormattableString.Invariant($"x = {x:R}"), "a pole or no value", "a function that is finite on the whole interval");
        }
    }

    private GradedSamples Samples(int pieces)
    {
        GradedSamples taken = new(function, a, b, Math.Max(isRough ? 4 * FewestSamples : FewestSamples, SamplesPerPiece * pieces));
        if (options.Pins.Count > 0) taken.Insert([.. options.Pins.Select(p => p.X)]);
        return taken;
    }

    private Links Exchange(int pieces, out LinearSpline spline, out double seen)
    {
        double guess = 0, spread = 0;
        Links links;
        LinearSpline? best = null;
        double bestSeen = double.PositiveInfinity;
        Links? bestLinks = null;
        for (int round = 1; ; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            Tunnel tunnel = new(samples.X, samples.Y, options, polygonal: !(isRough && isFree));
            links = tunnel.Best(pieces, guess, spread, true, cancellation);
            Prove(links);
            spline = links.Connect(a, b, options.Pins);
            List<double> extremes = [];
            seen = Extremes(spline, links.Epsilon, extremes);
            (guess, spread) = (links.Epsilon, Math.Abs(seen - links.Epsilon) / links.Epsilon);
            if (seen < bestSeen) (best, bestSeen, bestLinks) = (spline, seen, links);
            double noise = 8 * 1.2e-16 * samples.Y.Max(Math.Abs);
            bool closed = isFree && function.HasEnclosures
                ? seen - proved <= (0.5 * Gap(pieces) * seen) + noise
                : seen <= (links.Epsilon * (1 + (0.1 * Gap(pieces)))) + noise;
            if (closed || round == Rounds) break;
            foreach (KinkWindow w in links.Windows) extremes.AddRange([w.A, w.B, w.V]);
            if (!samples.Insert(extremes)) break;
        }
        if (bestSeen < seen)
        {
            spline = best!;
            seen = bestSeen;
            links = links with { Epsilon = Math.Max(links.Epsilon, bestLinks!.Epsilon) };
        }
        return links;
    }

    /// <summary>Keeps the best lower bound of all rounds.</summary>
    private void Prove(Links links)
    {
        if (!function.HasEnclosures) return;
        ImmutableArray<KinkWindow> windows = [.. links.Windows];
        double bound = Bound(windows);
        if (bound > proved) (proved, proof) = (bound, windows);
    }

    private double Bound(IReadOnlyList<KinkWindow> windows)
    {
        if (isFree) return LowerBound.Of(function, windows);
        ConstrainedBound bound = new(function, samples.X, samples.Y, options);
        return Math.Max(bound.OfAnyPieces(), bound.Of(windows));
    }

    /// <summary>The largest error that is seen on the spline, and where the error peaks: what the next round has to know.</summary>
    private double Extremes(LinearSpline spline, double epsilon, List<double> found)
    {
        double worst = 0;
        double[] x = samples.X, y = samples.Y;
        for (int i = 0, k = 0; i < spline.Pieces; i++)
        {
            double from = spline.Knots[i], to = spline.Knots[i + 1], slope = spline.Slope(i), value = spline.Values[i];
            double R(double at) => function.Value(at) - (value + (slope * (at - from)));
            while (k < x.Length && x[k] < from) k++;
            double left = from, rLeft = R(from), middle = double.NaN, rMiddle = 0;
            Note(from, rLeft);
            Note(to, R(to));
            for (int j = k; j <= x.Length; j++)
            {
                bool last = j == x.Length || x[j] >= to;
                double right = last ? to : x[j], rRight = last ? R(to) : y[j] - (value + (slope * (right - from)));
                if (right <= left) continue;
                if (!double.IsNaN(middle) && Math.Abs(rMiddle) >= 0.8 * epsilon)
                {
                    double s = Math.Sign(rMiddle);
                    if (s * rMiddle >= s * rLeft && s * rMiddle >= s * rRight)
                    {
                        double at = Peak.Of(t => s * R(t), left, middle, right);
                        Note(at, R(at));
                    }
                }
                if (!double.IsNaN(middle)) (left, rLeft) = (middle, rMiddle);
                (middle, rMiddle) = (right, rRight);
                if (last) break;
            }
        }
        found.AddRange(spline.Knots.Skip(1).SkipLast(1));
        return worst;

        void Note(double at, double r)
        {
            if (Math.Abs(r) > worst) worst = Math.Abs(r);
            if (Math.Abs(r) > epsilon) found.Add(at);
        }
    }
}

/// <summary>The place of a maximum between two points.</summary>
internal static class Peak
{
    private const double Golden = 0.3819660112501051;

    /// <summary>Brent's search: parabolas where they shrink the bracket, golden sections otherwise.</summary>
    /// <param name="g">The function.</param>
    /// <param name="a">The left end.</param>
    /// <param name="x">A point between with a value not below those of the ends.</param>
    /// <param name="b">The right end.</param>
    public static double Of(Func<double, double> g, double a, double x, double b)
    {
        double w = x, v = x, fx = g(x), fw = fx, fv = fx, step = 0, before = 0;
        for (int i = 0; i < 60; i++)
        {
            double middle = 0.5 * (a + b), tolerance = (1e-9 * Math.Abs(x)) + (1e-7 * (b - a)) + double.Epsilon;
            tolerance = Math.Min(tolerance, 1e-3 * (b - a));
            if (Math.Abs(x - middle) <= (2 * tolerance) - (0.5 * (b - a)) || b - a <= 4 * Math.BitIncrement(Math.Abs(x)) * 1.2e-16) break;
            double p = 0, q = 0;
            if (Math.Abs(before) > tolerance)
            {
                double r = (x - w) * (fx - fv);
                q = (x - v) * (fx - fw);
                p = ((x - v) * q) - ((x - w) * r);
                q = 2 * (q - r);
                if (q > 0) p = -p;
                q = Math.Abs(q);
            }
            if (q > 0 && Math.Abs(p) < Math.Abs(0.5 * q * before) && p > q * (a - x) && p < q * (b - x)) (before, step) = (step, p / q);
            else
            {
                before = x < middle ? b - x : a - x;
                step = Golden * before;
            }
            if (i > 8 && Math.Abs(step) < 1e-5 * (b - a) && Math.Abs(before) < 1e-5 * (b - a)) break;
            double u = x + (Math.Abs(step) >= tolerance ? step : Math.CopySign(tolerance, step)), fu = g(u);
            if (!(u > a && u < b)) break;
            if (fu >= fx)
            {
                if (u < x) b = x;
                else a = x;
                (v, fv, w, fw, x, fx) = (w, fw, x, fx, u, fu);
            }
            else
            {
                if (u < x) a = u;
                else b = u;
                if (fu >= fw || w == x) (v, fv, w, fw) = (w, fw, u, fu);
                else if (fu >= fv || v == x || v == w) (v, fv) = (u, fu);
            }
        }
        return x;
    }
}
