using System.Numerics;
using System.Numerics.Tensors;

namespace Orthant.Approximation;

/// <summary>The best spline through a long table by way of few of its rows.</summary>
/// <remarks>
/// <para>The best spline through a part of the rows is nowhere worse there than the best through all. So a part is fitted, one pass over all rows
/// looks for those that lie farther away, block by block, and they join the part until there are none: then the fit is the best through all rows.</para>
/// <code>
///     rows    ················································   one vectorised pass a round
///     blocks  [  max  min ][ min   max ][ …                      at most two rows a block join
///     part      ·    ·       ·      ·       ·                    bisection runs on these alone
/// </code>
/// </remarks>
internal sealed class TableExchange(double[] x, double[] y, CancellationToken cancellation)
{
    private const int LongTable = 32_768, Blocks = 4096, Rounds = 40;
    private readonly int block = Math.Max(64, (x.Length + Blocks - 1) / Blocks);

    /// <summary>The links of the best path.</summary>
    /// <param name="pieces">At least 1.</param>
    public Links Best(int pieces)
    {
        if (x.Length <= LongTable || pieces > x.Length / 64) return Whole(pieces, 0, 0);
        int[] part = Start();
        double guess = 0, spread = 0;
        for (int round = 1; ; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (round > Rounds || part.Length > x.Length / 4) return Whole(pieces, guess, spread);
            Links links = OfPart(part).Best(pieces, guess, spread, true, cancellation);
            List<int> violators = [];
            double worst = Check(links.Connect(x[0], x[^1], []), (links.Epsilon * (1 + 1e-12)) + double.Epsilon, violators);
            int[] joined = Merge(part, violators);
            if (joined.Length == part.Length) return links;
            (part, guess, spread) = (joined, links.Epsilon, (worst - links.Epsilon) / links.Epsilon);
        }
    }

    /// <summary>The path with the fewest links within an error of all rows, and the tunnel of the rows that prove it.</summary>
    /// <param name="error">Not negative.</param>
    public (LinearSpline Spline, double Reached, int Links, Tunnel Tunnel) Within(double error)
    {
        int[] part = x.Length <= LongTable ? [.. Enumerable.Range(0, x.Length)] : Start();
        List<StraightLine> lines = [];
        List<KinkWindow> windows = [];
        // A hair below, so that the rounding of the knots does not lead out again.
        for (double hair = 1e-12; ; hair *= 100)
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                Tunnel tunnel = OfPart(part);
                int links = tunnel.Count(error * (1 - Math.Min(hair, 1e-3)), x.Length, true, windows, lines);
                LinearSpline spline = new Links(error, 0, lines, windows).Connect(x[0], x[^1], []);
                List<int> violators = [];
                if (part.Length < x.Length) Check(spline, error, violators);
                int[] joined = part.Length + violators.Count > x.Length / 4 && part.Length < x.Length && violators.Count > 0 ? [.. Enumerable.Range(0, x.Length)] : Merge(part, violators);
                if (joined.Length > part.Length)
                {
                    part = joined;
                    continue;
                }
                double reached = TableFit.Largest(spline, x, y);
                if (reached > error && hair < 1e-3) break;
                return (spline, reached, links, tunnel);
            }
        }
    }

    /// <summary>Both ends, and the highest and the lowest row of every block.</summary>
    private int[] Start()
    {
        SortedSet<int> start = [0, x.Length - 1];
        for (int from = 0; from < x.Length; from += block)
        {
            ReadOnlySpan<double> values = y.AsSpan(from, Math.Min(block, x.Length - from));
            start.Add(from + TensorPrimitives.IndexOfMax(values));
            start.Add(from + TensorPrimitives.IndexOfMin(values));
        }
        return [.. start];
    }

    private Tunnel OfPart(int[] part) => part.Length == x.Length
        ? new Tunnel(x, y, SplineFitOptions.Default, polygonal: false)
        : new Tunnel(Array.ConvertAll(part, i => x[i]), Array.ConvertAll(part, i => y[i]), SplineFitOptions.Default, polygonal: false);

    private Links Whole(int pieces, double guess, double spread) =>
        new Tunnel(x, y, SplineFitOptions.Default, polygonal: false).Best(pieces, guess, spread, true, cancellation);

    /// <summary>The largest distance; the rows of every block that lie farthest beyond the tolerance on either side join the list in order.</summary>
    private double Check(LinearSpline spline, double epsilon, List<int> violators)
    {
        double largest = 0;
        for (int piece = 0, from = 0; piece < spline.Pieces; piece++)
        {
            int end = piece == spline.Pieces - 1 ? x.Length : Array.BinarySearch(x, spline.Knots[piece + 1]);
            if (end < 0) end = ~end;
            double x0 = spline.Knots[piece], value = spline.Values[piece], slope = spline.Slope(piece);
            while (from < end)
            {
                int to = Math.Min(end, ((from / block) + 1) * block);
                (double low, double high) = Extremes(from, to, x0, value, slope);
                largest = Math.Max(largest, Math.Max(high, -low));
                if (high > epsilon || -low > epsilon) Note(from, to, x0, value, slope, epsilon, violators);
                from = to;
            }
        }
        return largest;
    }

    /// <summary>The smallest and the largest of y - (value + slope (x - x0)) over rows, as many at once as a vector holds.</summary>
    private (double Low, double High) Extremes(int from, int to, double x0, double value, double slope)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        int i = from, lanes = Vector<double>.Count;
        if (to - from >= lanes)
        {
            Vector<double> lows = new(low), highs = new(high), origin = new(x0), at = new(value);
            for (; i <= to - lanes; i += lanes)
            {
                Vector<double> distance = new Vector<double>(y, i) - (at + (slope * (new Vector<double>(x, i) - origin)));
                lows = Vector.Min(lows, distance);
                highs = Vector.Max(highs, distance);
            }
            for (int k = 0; k < lanes; k++) (low, high) = (Math.Min(low, lows[k]), Math.Max(high, highs[k]));
        }
        for (; i < to; i++)
        {
            double distance = y[i] - (value + (slope * (x[i] - x0)));
            (low, high) = (Math.Min(low, distance), Math.Max(high, distance));
        }
        return (low, high);
    }

    private void Note(int from, int to, double x0, double value, double slope, double epsilon, List<int> violators)
    {
        int lowest = from, highest = from;
        double low = -epsilon, high = epsilon;
        for (int i = from; i < to; i++)
        {
            double distance = y[i] - (value + (slope * (x[i] - x0)));
            if (distance < low) (low, lowest) = (distance, i);
            if (distance > high) (high, highest) = (distance, i);
        }
        if (low < -epsilon) violators.Add(lowest);
        if (high > epsilon) violators.Add(highest);
    }

    private static int[] Merge(int[] part, List<int> more)
    {
        SortedSet<int> all = [.. part, .. more];
        return [.. all];
    }
}
