using System.Collections.Immutable;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Best continuous splines through tables: the largest distance to the rows counts, and nothing between them.</summary>
/// <remarks>The minimum-link path by vertical stabbing, in linear time; for a piece count, bisection on the tolerance.</remarks>
public static class TableFit
{
    /// <summary>Checks and copies a table.</summary>
    /// <param name="source">The table's name for errors.</param>
    /// <param name="x">Abscissae; they have to increase.</param>
    /// <param name="y">One value each.</param>
    /// <exception cref="OrthantInputException">There are fewer than two rows, or abscissae repeat or fall.</exception>
    public static void Check(string source, ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length || x.Length < 2) throw new OrthantInputException(source, "", $"{x.Length} rows", "two rows or more, x and y");
        for (int i = 0; i < x.Length; i++)
        {
            if (!double.IsFinite(x[i]) || !double.IsFinite(y[i])) throw new OrthantInputException(source, $"row {i + 1}", "a number that is not finite", "finite numbers");
            if (i == 0 || x[i] > x[i - 1]) continue;
            string found = x[i] == x[i - 1] ? FormattableString.Invariant($"the abscissa {x[i]:R} again") : FormattableString.Invariant($"the abscissa {x[i]:R} after {x[i - 1]:R}");
            throw new OrthantInputException(source, $"row {i + 1}", found, "abscissae that increase from row to row, each once");
        }
    }

    /// <summary>The best spline with at most so many pieces.</summary>
    /// <param name="x">Increasing abscissae.</param>
    /// <param name="y">One value each.</param>
    /// <param name="pieces">At least 1.</param>
    /// <param name="options">Wishes; null for none. Pins stand at abscissae of the table.</param>
    /// <param name="cancellation">Stops the fit.</param>
    public static FittedSpline WithPieces(double[] x, double[] y, int pieces, SplineFitOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieces, 1);
        options ??= SplineFitOptions.Default;
        bool free = options is { Shape: SplineShape.Free, Pins.Count: 0 };
        Links links = free
            ? new TableExchange(x, y, cancellation).Best(pieces)
            : new Tunnel(x, y, options, polygonal: false).Best(pieces, 0, 0, true, cancellation);
        LinearSpline spline = links.Connect(x[0], x[^1], options.Pins);
        double error = Largest(spline, x, y);
        ImmutableArray<KinkWindow> windows = [.. links.Windows];
        return new FittedSpline(spline, error, error, Math.Min(error, Bound(x, y, options, windows)), pieces, 0, windows, []);
    }

    /// <summary>The spline with the fewest pieces that stays within an error of all rows.</summary>
    /// <param name="x">Increasing abscissae.</param>
    /// <param name="y">One value each.</param>
    /// <param name="error">Not negative.</param>
    /// <param name="options">Wishes; null for none. Pins stand at abscissae of the table.</param>
    /// <param name="cancellation">Stops the fit.</param>
    /// <exception cref="OrthantInputException">No spline of the shape is as near.</exception>
    public static FittedSpline WithError(double[] x, double[] y, double error, SplineFitOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentOutOfRangeException.ThrowIfNegative(error);
        options ??= SplineFitOptions.Default;
        if (options is { Shape: SplineShape.Free, Pins.Count: 0 })
        {
            (LinearSpline best, double largest, int least, Tunnel rows) = new TableExchange(x, y, cancellation).Within(error);
            List<KinkWindow> proof = [];
            // At the tolerance itself, not the hair below it: only what the windows there prove is impossible.
            int cannot = least > 1 && rows.Count(error, least - 1, true, proof) > least - 1 && Bound(x, y, options, proof) > error ? least - 1 : 0;
            return new FittedSpline(best, largest, largest, 0, best.Pieces, cannot, [], [.. proof]);
        }
        Tunnel tunnel = new(x, y, options, polygonal: false);
        if (tunnel.Narrowest > error) throw new OrthantInputException("command line", "--error", FormattableString.Invariant($"{error:R}"), FormattableString.Invariant($"at least {tunnel.Narrowest:R}, what the shape or the pins cost"));
        List<KinkWindow> windows = [];
        List<StraightLine> lines = [];
        // A hair below, so that the rounding of the knots does not lead out again.
        for (double hair = 1e-12; ; hair *= 100)
        {
            cancellation.ThrowIfCancellationRequested();
            int links = tunnel.Count(error * (1 - Math.Min(hair, 1e-3)), x.Length, true, windows, lines);
            LinearSpline spline = new Links(error, 0, lines, windows).Connect(x[0], x[^1], options.Pins);
            double reached = Largest(spline, x, y);
            if (reached > error && hair < 1e-3) continue;
            // At the tolerance itself, not the hair below it: only what the windows there prove is impossible.
            int impossible = links > 1 && tunnel.Count(error, links - 1, true, windows) > links - 1 && Bound(x, y, options, windows) > error ? links - 1 : 0;
            return new FittedSpline(spline, reached, reached, 0, spline.Pieces, impossible, [], [.. windows]);
        }
    }

    /// <summary>Bounds the error of any spline at the rows.</summary>
    /// <param name="x">Increasing abscissae.</param>
    /// <param name="y">One value each.</param>
    /// <param name="spline">The spline.</param>
    public static FittedSpline Certify(double[] x, double[] y, LinearSpline spline)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(spline);
        double error = Largest(spline, x, y);
        return new FittedSpline(spline, error, error, 0, spline.Pieces, 0, [], []);
    }

    /// <summary>The fewest straight pieces within an error of all rows when they need not meet.</summary>
    /// <param name="x">Increasing abscissae.</param>
    /// <param name="y">One value each.</param>
    /// <param name="error">Not negative.</param>
    public static int DisconnectedPieces(double[] x, double[] y, double error)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        return MinimumLink.Count(x, y, error, x.Length, false);
    }

    /// <summary>The largest distance between rows and spline, rounded up.</summary>
    internal static double Largest(LinearSpline spline, ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double worst = 0;
        for (int piece = 0, i = 0; piece < spline.Pieces; piece++)
        {
            double from = spline.Knots[piece], to = spline.Knots[piece + 1], value = spline.Values[piece], slope = spline.Slope(piece);
            double scale = Math.Abs(value) + Math.Abs(spline.Values[piece + 1]);
            for (; i < x.Length && (x[i] <= to || piece == spline.Pieces - 1); i++)
            {
                double distance = Math.Abs(y[i] - (value + (slope * (x[i] - from))));
                if (distance <= worst) continue;
                // Four roundings of numbers no larger than these.
                worst = distance + (1e-15 * (scale + Math.Abs(y[i])));
            }
        }
        return worst;
    }

    /// <summary>What windows prove of splines through a table.</summary>
    internal static double Bound(double[] x, double[] y, SplineFitOptions options, IReadOnlyList<KinkWindow> windows)
    {
        TableFunction table = new(x, y);
        if (options is { Shape: SplineShape.Free, Pins.Count: 0 }) return LowerBound.Of(table, windows);
        ConstrainedBound bound = new(table, x, y, options);
        return Math.Max(bound.OfAnyPieces(), bound.Of(windows));
    }

    /// <summary>A table as a function that is defined at its abscissae alone.</summary>
    private sealed class TableFunction(double[] x, double[] y) : TargetFunction
    {
        public override bool HasEnclosures => true;

        public override double Value(double at) => y[Array.BinarySearch(x, at)];

        public override Interval Range(Interval at) => Value(at.Lower);

        public override Jet Enclose(Interval at) => Jet.Unknown;
    }
}
