using System.Collections.Immutable;

namespace Orthant.Approximation;

/// <summary>Straight pieces that need not meet, with what is proved about them.</summary>
/// <param name="Pieces">Splines of one piece each, side by side from end to end; between two of them there is no double.</param>
/// <param name="Error">No point of the interval (or no row of the table) is farther from its piece; infinite where nothing could be proved.</param>
/// <param name="SeenError">The largest error that was seen.</param>
/// <param name="LowerBound">No line of as many straight pieces, with any jumps between them, has a smaller error.</param>
/// <param name="ImpossiblePieces">So many pieces cannot reach the error that was asked for; 0 when none was, or one piece reaches it.</param>
public sealed record DisconnectedSpline(ImmutableArray<LinearSpline> Pieces, double Error, double SeenError, double LowerBound, int ImpossiblePieces);

/// <summary>Best straight pieces with jumps between them, as a table in memory may hold them. No continuous network equals one; what continuity costs
/// is the difference to <see cref="SplineFit"/>.</summary>
/// <remarks>Stabbing from sample to sample, each piece as long as it can be, is best on samples; where the pieces leave the function farthest becomes a
/// sample, as with continuous splines. N windows of three points that no straight line serves need N jumps.</remarks>
public static class DisconnectedFit
{
    private const int SamplesPerPiece = 64, FewestSamples = 2048, Rounds = 20;
    private const double RelativeGap = 1e-7;

    /// <summary>The best pieces of a number.</summary>
    /// <param name="function">Finite on the interval.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end, beyond <paramref name="a"/>.</param>
    /// <param name="pieces">At least 1, at most 100,000.</param>
    /// <param name="cancellation">Stops the fit.</param>
    /// <exception cref="OrthantInputException">The function has a pole or no value in the interval.</exception>
    public static DisconnectedSpline WithPieces(TargetFunction function, double a, double b, int pieces, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieces, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pieces, 100_000);
        if (!double.IsFinite(a) || !double.IsFinite(b) || !(a < b)) throw new ArgumentException($"[{a}, {b}] is no interval.");
        GradedSamples samples = new(function, a, b, Math.Max(FewestSamples, SamplesPerPiece * pieces));
        DisconnectedSpline? best = null;
        double proved = 0, guess = 0, spread = 0;
        for (int round = 1; ; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            Links links = new Tunnel(samples.X, samples.Y, SplineFitOptions.Default, polygonal: false).Best(pieces, guess, spread, false, cancellation);
            if (function.HasEnclosures) proved = Math.Max(proved, LowerBound.Of(function, links.Windows));
            List<double> places = [];
            ImmutableArray<LinearSpline> made = Cut(links, samples.X, samples.Y, function, places);
            (double bound, double seen) = Measure(function, made, links.Epsilon, places);
            if (best is null || (double.IsFinite(bound) ? bound < best.Error : seen < best.SeenError)) best = new DisconnectedSpline(made, bound, Math.Min(seen, bound), 0, 0);
            (guess, spread) = (links.Epsilon, Math.Abs(seen - links.Epsilon) / links.Epsilon);
            if (best.Error - proved <= RelativeGap * best.Error || round == Rounds || !samples.Insert(places)) break;
        }
        return best with { LowerBound = Math.Min(proved, best.Error) };
    }

    /// <summary>The fewest pieces that stay within an error.</summary>
    /// <param name="function">Finite on the interval, with enclosures.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end, beyond <paramref name="a"/>.</param>
    /// <param name="error">Positive.</param>
    /// <param name="cancellation">Stops the fit.</param>
    /// <exception cref="OrthantInputException">The function has a pole or no value in the interval, or needs more than 100,000 pieces.</exception>
    public static DisconnectedSpline WithError(TargetFunction function, double a, double b, double error, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (!(error > 0) || !double.IsFinite(error)) throw new ArgumentOutOfRangeException(nameof(error), error, "An error is positive.");
        int impossible = 0;
        for (int count = FewestSamples; ; count *= 4)
        {
            GradedSamples samples = new(function, a, b, count);
            int pieces = new Tunnel(samples.X, samples.Y, SplineFitOptions.Default, polygonal: false).Count(error, 100_001, false);
            if (pieces > 100_000) throw new OrthantInputException("command line", "--error", FormattableString.Invariant($"{error}"), "an error for which 100,000 pieces are enough");
            if (count < SamplesPerPiece * pieces) continue;
            if (pieces > 1 && impossible == 0 && WithPieces(function, a, b, pieces - 1, cancellation).LowerBound > error) impossible = pieces - 1;
            for (; ; pieces++)
            {
                DisconnectedSpline fit = WithPieces(function, a, b, pieces, cancellation);
                if ((double.IsFinite(fit.Error) ? fit.Error : fit.SeenError) <= error) return fit with { ImpossiblePieces = impossible };
                if (fit.LowerBound > error) impossible = pieces;
            }
        }
    }

    /// <summary>The best pieces of a number through a table: the largest distance to its rows counts.</summary>
    /// <param name="x">Increasing abscissae, two or more.</param>
    /// <param name="y">One value each.</param>
    /// <param name="pieces">At least 1.</param>
    /// <param name="cancellation">Stops the fit.</param>
    public static DisconnectedSpline WithPieces(double[] x, double[] y, int pieces, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieces, 1);
        return OfTable(x, y, new Tunnel(x, y, SplineFitOptions.Default, polygonal: false).Best(pieces, 0, 0, false, cancellation), 0);
    }

    /// <summary>The fewest pieces that stay within an error of all rows.</summary>
    /// <param name="x">Increasing abscissae, two or more.</param>
    /// <param name="y">One value each.</param>
    /// <param name="error">Positive.</param>
    public static DisconnectedSpline WithError(double[] x, double[] y, double error)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (!(error > 0) || !double.IsFinite(error)) throw new ArgumentOutOfRangeException(nameof(error), error, "An error is positive.");
        List<StraightLine> lines = [];
        List<KinkWindow> windows = [];
        Tunnel tunnel = new(x, y, SplineFitOptions.Default, polygonal: false);
        int links = tunnel.Count(error * (1 - 1e-12), x.Length, false, windows, lines);
        // Without the last window's piece: so many cannot do.
        int impossible = links > 1 && TableFit.Bound(x, y, SplineFitOptions.Default, [.. windows.Take(links - 1)]) > error ? links - 1 : 0;
        return OfTable(x, y, new Links(error, 0, lines, windows), impossible) with { LowerBound = 0 };
    }

    private static DisconnectedSpline OfTable(double[] x, double[] y, Links links, int impossible)
    {
        ImmutableArray<LinearSpline> pieces = Cut(links, x, y);
        double error = 0;
        int from = 0;
        foreach (LinearSpline piece in pieces)
        {
            int to = from;
            while (to < x.Length && x[to] <= piece.Knots[^1]) to++;
            error = Math.Max(error, TableFit.Largest(piece, x.AsSpan(from, to - from), y.AsSpan(from, to - from)));
            from = to;
        }
        return new DisconnectedSpline(pieces, error, error, Math.Min(error, TableFit.Bound(x, y, SplineFitOptions.Default, links.Windows)), impossible);
    }

    /// <summary>Pieces from the lines: each ends halfway between the last sample that its line serves and the next; where the function crosses ε
    /// between them is noted.</summary>
    private static ImmutableArray<LinearSpline> Cut(Links links, double[] x, double[] y, TargetFunction? function = null, List<double>? crossings = null)
    {
        List<LinearSpline> pieces = [];
        double from = x[0], scale = y.Max(Math.Abs);
        int sample = 0;
        for (int k = 0; k < links.Lines.Count; k++)
        {
            StraightLine line = links.Lines[k];
            double to = x[^1];
            if (k + 1 < links.Lines.Count)
            {
                double slack = (links.Epsilon * (1 + 1e-9)) + (2e-15 * scale);
                while (sample < x.Length && Math.Abs(y[sample] - line.At(x[sample])) <= slack) sample++;
                if (sample >= x.Length) break;
                if (sample == 0) continue;
                to = x[sample - 1] + (0.5 * (x[sample] - x[sample - 1]));
                if (function is not null) crossings?.Add(Leaves(function, line, links.Epsilon, x[sample - 1], x[sample]));
            }
            if (to <= from) continue;
            pieces.Add(new LinearSpline([from, to], [line.At(from), line.At(to)]));
            from = Math.BitIncrement(to);
        }
        if (from < x[^1]) pieces.Add(new LinearSpline([from, x[^1]], [links.Lines[^1].At(from), links.Lines[^1].At(x[^1])]));
        return [.. pieces];
    }

    /// <summary>The last point served, between one that is and one that is not.</summary>
    private static double Leaves(TargetFunction function, StraightLine line, double epsilon, double served, double missed)
    {
        while (true)
        {
            double middle = served + (0.5 * (missed - served));
            if (!(middle > served && middle < missed)) return served;
            if (Math.Abs(function.Value(middle) - line.At(middle)) <= epsilon) served = middle;
            else missed = middle;
        }
    }

    private static (double Bound, double Seen) Measure(TargetFunction function, ImmutableArray<LinearSpline> pieces, double epsilon, List<double> places)
    {
        double bound = 0, seen = 0;
        bool isRough = ExchangeFit.IsRough(function, pieces[0].Knots[0], pieces[^1].Knots[^1]);
        foreach (LinearSpline piece in pieces)
        {
            if (isRough)
            {
                (double above, double attained) = new RoughPeaks(function, 0.2 * RelativeGap, RoughFit.CellsPerPeak).Of(piece, epsilon, places);
                bound = Math.Max(bound, above);
                seen = Math.Max(seen, attained);
            }
            else if (function.HasEnclosures)
            {
                ErrorBound found = new(function, 0.2 * RelativeGap, 20_000) { Floor = epsilon };
                (double above, double attained) = found.Of(piece);
                bound = Math.Max(bound, above);
                seen = Math.Max(seen, attained);
                if (attained > epsilon) places.Add(found.AttainedAt);
            }
            else
            {
                for (int i = 0; i <= 256; i++)
                {
                    double at = Math.Min(piece.Knots[1], piece.Knots[0] + ((piece.Knots[1] - piece.Knots[0]) * (i / 256.0))), distance = Math.Abs(function.Value(at) - piece.Evaluate(at));
                    if (distance > epsilon) places.Add(at);
                    seen = Math.Max(seen, distance);
                }
            }
            // A cut is sharpened by what lies beside it.
            places.AddRange([piece.Knots[0], piece.Knots[1]]);
        }
        return (function.HasEnclosures ? bound : double.PositiveInfinity, seen);
    }
}
