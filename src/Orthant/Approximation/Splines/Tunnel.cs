using System.Numerics.Tensors;

namespace Orthant.Approximation;

/// <summary>Between what a spline has to pass at every sample, as a function of the tolerance ε: from low - ε to high + ε, and through pinned
/// points whatever ε is.</summary>
/// <remarks>
/// <para>Shapes become tunnels: a rising spline within ε of y is one that stays above the largest y - ε so far and below the smallest y + ε to
/// come; a convex one is one below the convex hull of the y + ε. In such a tunnel the minimum-link path has the shape by itself: all its
/// extreme lines rise, or all its windows are convex.</para>
/// <para>Falling and concave ones are rising and convex ones of -y.</para>
/// </remarks>
internal sealed class Tunnel
{
    private readonly double[] low;
    private readonly double[] high;
    private readonly List<(int Index, double Value)> pins = [];
    private readonly double flip;
    private readonly double[] lower;
    private readonly double[] upper;
    private readonly TunnelPath.Corner[]? corners;
    private readonly int[] scratch;
    private readonly bool isMonotone;
    private double[]? scale;

    /// <summary>Creates the tunnel of samples.</summary>
    /// <param name="x">Strictly increasing.</param>
    /// <param name="y">One value each.</param>
    /// <param name="options">The shape and the pins; pins are samples.</param>
    /// <param name="polygonal">Whether the samples stand for a function, so that the tunnel is closed between them; otherwise they are all there
    /// is.</param>
    public Tunnel(double[] x, double[] y, SplineFitOptions options, bool polygonal)
    {
        corners = polygonal ? new TunnelPath.Corner[2 * (x.Length + 1)] : null;
        X = x;
        isMonotone = options.Shape is SplineShape.Increasing or SplineShape.Decreasing;
        flip = options.Shape is SplineShape.Decreasing or SplineShape.Concave ? -1 : 1;
        low = flip > 0 ? y : Array.ConvertAll(y, v => -v);
        high = low;
        if (isMonotone) (low, high) = (LargestSoFar(low), SmallestToCome(low));
        if (options.Shape is SplineShape.Convex or SplineShape.Concave) high = ConvexHull(x, low);
        foreach ((double px, double py) in options.Pins) pins.Add((Array.BinarySearch(x, px), flip * py));
        lower = new double[x.Length];
        upper = new double[x.Length];
        scratch = polygonal ? [] : new int[2 * x.Length];
    }

    public double[] X { get; }

    /// <summary>The least ε for which the tunnel is open at all.</summary>
    public double Narrowest
    {
        get
        {
            double least = 0;
            for (int i = 0; i < low.Length; i++) least = Math.Max(least, 0.5 * (low[i] - high[i]));
            foreach ((int i, double v) in pins) least = Math.Max(least, Math.Max(low[i] - v, v - high[i]));
            return least;
        }
    }

    /// <summary>The ε at which one flat line passes, without pins.</summary>
    public double Widest => pins.Count > 0
        ? 2 * (TensorPrimitives.Max<double>(low) - TensorPrimitives.Min<double>(low) + pins.Max(p => Math.Abs(p.Value)) + TensorPrimitives.MaxMagnitude<double>(low))
        : 0.5 * (TensorPrimitives.Max<double>(low) - TensorPrimitives.Min<double>(low));

    /// <summary>Counts links at a tolerance.</summary>
    public int Count(double epsilon, int most, bool continuous, List<KinkWindow>? windows = null, List<StraightLine>? lines = null)
    {
        TensorPrimitives.Subtract(low, epsilon, lower);
        TensorPrimitives.Add(high, epsilon, upper);
        foreach ((int i, double v) in pins) lower[i] = upper[i] = v;
        int links = corners is not null ? TunnelPath.Count(X, lower, upper, most, corners, windows, lines) : Stab(most, continuous, windows, lines);
        // The last line may take any slope between the extreme ones, and a rising tunnel always has one that does not fall.
        if (isMonotone && lines is [.., StraightLine { Slope: < 0 } last]) lines[^1] = last with { Slope = 0 };
        if (flip < 0 && lines is not null)
        {
            for (int i = 0; i < lines.Count; i++) lines[i] = new StraightLine(lines[i].X, -lines[i].Y, -lines[i].Slope);
        }
        return links;
    }

    private int Stab(int most, bool continuous, List<KinkWindow>? windows, List<StraightLine>? lines)
    {
        if (windows is null) return MinimumLink.Count(X, lower, upper, most, continuous, scratch, null, lines);
        List<LinkWindow> found = [];
        int links = MinimumLink.Count(X, lower, upper, most, continuous, scratch, found, lines);
        windows.Clear();
        windows.AddRange(found.Select(w => new KinkWindow(X[w.A], X[w.B], X[w.V], w.Sign)));
        return links;
    }

    /// <summary>The smallest tolerance that a number of links reaches, to within rounding.</summary>
    /// <param name="pieces">At least 1.</param>
    /// <param name="guess">A tolerance that is probably near, or 0.</param>
    /// <param name="spread">How near, relatively.</param>
    /// <param name="continuous">Whether links have to meet.</param>
    /// <param name="cancellation">Stops the search.</param>
    public Links Best(int pieces, double guess, double spread, bool continuous, CancellationToken cancellation)
    {
        List<KinkWindow> windows = [], kept;
        List<StraightLine> lines = [], best;
        double noise = 4.8e-16 * TensorPrimitives.Max<double>(scale ??= Array.ConvertAll(low, Math.Abs));
        double least = Narrowest is > 0 and double pinch ? (pinch * (1 + 1e-9)) + (16 * noise) : 0, lo = least, hi = Widest * (1 + 1e-12);
        for (double width = Math.Max(2 * spread, 1e-10); guess > 0 && width < 0.5; width *= 8)
        {
            lo = Math.Max(least, guess * (1 - width));
            hi = guess * (1 + width);
            if (Count(hi, pieces, continuous, windows, lines) > pieces) lo = hi;
            else if (lo <= least || Count(lo, pieces, continuous) > pieces) break;
            (lo, hi) = (lo == hi ? hi : least, lo == hi ? Widest * (1 + 1e-12) : hi);
        }
        if (Count(lo, pieces, continuous, windows, lines) <= pieces) return new Links(lo, 0, [.. lines], []);
        kept = [.. windows];
        if (hi <= lo) hi = lo + noise;
        while (Count(hi, pieces, continuous, windows, lines) > pieces)
        {
            (lo, kept) = (hi, [.. windows]);
            hi = (hi * 1.25) + noise;
        }
        best = [.. lines];
        while (hi - lo > (1e-13 * hi) + (0.25 * noise))
        {
            cancellation.ThrowIfCancellationRequested();
            // The geometric mean covers orders of magnitude, halves do the rest.
            double middle = lo <= 0 ? hi * 0.0625 : hi > 4 * lo ? Math.Sqrt(lo * hi) : lo + (0.5 * (hi - lo));
            if (!(middle > lo && middle < hi)) break;
            if (Count(middle, pieces, continuous, windows, lines) <= pieces) (hi, best) = (middle, [.. lines]);
            else (lo, kept) = (middle, [.. windows]);
            if (hi <= noise) break;
        }
        return new Links(hi, lo, best, kept);
    }

    private static double[] LargestSoFar(double[] y)
    {
        double[] result = [.. y];
        for (int i = 1; i < y.Length; i++) result[i] = Math.Max(result[i], result[i - 1]);
        return result;
    }

    private static double[] SmallestToCome(double[] y)
    {
        double[] result = [.. y];
        for (int i = y.Length - 2; i >= 0; i--) result[i] = Math.Min(result[i], result[i + 1]);
        return result;
    }

    private static double[] ConvexHull(double[] x, double[] y)
    {
        List<int> hull = [];
        for (int i = 0; i < x.Length; i++)
        {
            while (hull.Count > 1 && ((x[hull[^1]] - x[hull[^2]]) * (y[i] - y[hull[^2]])) - ((y[hull[^1]] - y[hull[^2]]) * (x[i] - x[hull[^2]])) <= 0) hull.RemoveAt(hull.Count - 1);
            hull.Add(i);
        }
        double[] result = new double[x.Length];
        for (int k = 0, i = 0; i < x.Length; i++)
        {
            while (k + 2 < hull.Count && x[i] > x[hull[k + 1]]) k++;
            double t = (x[i] - x[hull[k]]) / (x[hull[k + 1]] - x[hull[k]]);
            result[i] = Math.Min(y[i], y[hull[k]] + (t * (y[hull[k + 1]] - y[hull[k]])));
        }
        return result;
    }
}

/// <summary>The links that a tolerance needs.</summary>
/// <param name="Epsilon">A tolerance that they keep.</param>
/// <param name="TooSmall">A tolerance that as many links cannot keep.</param>
/// <param name="Lines">One line a link.</param>
/// <param name="Windows">The windows of the path at the tolerance that is too small.</param>
internal sealed record Links(double Epsilon, double TooSmall, List<StraightLine> Lines, List<KinkWindow> Windows)
{
    /// <summary>The continuous spline along the lines.</summary>
    public LinearSpline Connect(double a, double b, IReadOnlyList<(double X, double Y)> pins)
    {
        List<double> x = [a], y = [Lines[0].At(a)];
        for (int i = 1; i < Lines.Count; i++)
        {
            StraightLine left = Lines[i - 1], right = Lines[i];
            double at = right.X + ((left.At(right.X) - right.Y) / (right.Slope - left.Slope));
            // The better conditioned side gives the value.
            double value = Math.Abs(at - left.X) <= Math.Abs(at - right.X) ? left.At(at) : right.At(at);
            if (!double.IsFinite(at) || !double.IsFinite(value) || at <= x[^1] || at >= b) continue;
            x.Add(at);
            y.Add(value);
        }
        x.Add(b);
        y.Add(Lines[^1].At(b));
        foreach ((double px, double py) in pins)
        {
            // A pinned end takes its value as given; inside, the lines pass through it but for rounding.
            if (px == a) y[0] = py;
            else if (px == b) y[^1] = py;
        }
        return new LinearSpline([.. x], [.. y]);
    }
}
