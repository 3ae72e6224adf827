namespace Orthant.Approximation;

/// <summary>The fewest straight links of a continuous line through a polygonal tunnel: above a lower and below an upper polygon with common
/// abscissae, in linear time.</summary>
/// <remarks>
/// <para>The sister of <see cref="MinimumLink"/>, which binds a line only at samples: here it is bound between them too, so that what is found for a
/// polygon near a function is near the function's own answer to second order. The way is the same, but a link ends where it leaves the
/// tunnel, at Q on an edge, and the next one starts from the window between its last contact B and Q.</para>
/// <code>
///     u ──── B ────── u       the steepest line touches the lower polygon at A and the upper at B and
///          ╱    Q             leaves through the lower edge at Q; the next link crosses it between B and Q.
///       ╱   l ─╱─ l           A, B and Q all lie on the line: they prove a convex kink between A and Q.
///     A ─ l
/// </code>
/// </remarks>
internal ref struct TunnelPath
{
    private readonly ReadOnlySpan<double> x;
    private readonly ReadOnlySpan<double> lower;
    private readonly ReadOnlySpan<double> upper;
    private readonly Span<Corner> lowerHull;
    private readonly Span<Corner> upperHull;
    private int lowerFirst, lowerCount, upperFirst, upperCount;
    private bool haveSteepest, haveFlattest;
    private Corner steepA, steepB, flatA, flatB;
    private double steepSlope, flatSlope;

    private TunnelPath(ReadOnlySpan<double> x, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, Span<Corner> scratch)
    {
        this.x = x;
        this.lower = lower;
        this.upper = upper;
        lowerHull = scratch[..(x.Length + 1)];
        upperHull = scratch.Slice(x.Length + 1, x.Length + 1);
    }

    /// <summary>A corner of the tunnel, or where a link left it.</summary>
    /// <param name="X">Abscissa.</param>
    /// <param name="Y">Ordinate.</param>
    /// <param name="Next">The index of the first sample beyond it.</param>
    internal readonly record struct Corner(double X, double Y, int Next);

    /// <summary>Counts links.</summary>
    /// <param name="x">Abscissae, strictly increasing, at least one.</param>
    /// <param name="lower">The lower polygon.</param>
    /// <param name="upper">The upper polygon, nowhere below the lower.</param>
    /// <param name="most">Gives up when more links than this are needed.</param>
    /// <param name="scratch">At least 2 · (samples + 1).</param>
    /// <param name="windows">Receives one window for each link but the last.</param>
    /// <param name="lines">Receives the lines of the links.</param>
    /// <returns>The number of links, or <paramref name="most"/> + 1.</returns>
    public static int Count(
        ReadOnlySpan<double> x, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, int most, Span<Corner> scratch,
        List<KinkWindow>? windows = null, List<StraightLine>? lines = null)
    {
        TunnelPath path = new(x, lower, upper, scratch);
        return path.Run(most, windows, lines);
    }

    private int Run(int most, List<KinkWindow>? windows, List<StraightLine>? lines)
    {
        windows?.Clear();
        lines?.Clear();
        Corner lowerStart = new(x[0], lower[0], 1), upperStart = new(x[0], upper[0], 1);
        for (int links = 1; ; links++)
        {
            int sign = Extend(lowerStart, upperStart, out Corner before, out int missed);
            if (sign == 0)
            {
                lines?.Add(MiddleLine(lowerStart, upperStart));
                return links;
            }
            (Corner a, Corner b, double slope) = sign > 0 ? (steepA, steepB, steepSlope) : (flatA, flatB, flatSlope);
            StraightLine line = new(a.X, a.Y, slope);
            Corner exit = Exit(line, b, before, missed, sign > 0 ? lower : upper);
            lines?.Add(line);
            windows?.Add(new KinkWindow(a.X, b.X, exit.X, sign));
            if (links >= most) return most + 1;
            (lowerStart, upperStart) = sign > 0 ? (exit, b) : (b, exit);
        }
    }

    /// <summary>Lengthens one link as far as it goes.</summary>
    /// <returns>0 at the end of the tunnel, +1 where even the steepest line passes below a lower corner, -1 where the flattest passes above
    /// an upper one.</returns>
    private int Extend(Corner lowerStart, Corner upperStart, out Corner before, out int missed)
    {
        lowerFirst = lowerCount = upperFirst = upperCount = 0;
        haveSteepest = haveFlattest = false;
        before = default;
        missed = 0;
        Corner low = lowerStart, high = upperStart, lastLow = lowerStart, lastHigh = upperStart;
        while (true)
        {
            bool hasLow = !double.IsPositiveInfinity(low.X), hasHigh = !double.IsPositiveInfinity(high.X);
            if (!hasLow && !hasHigh) return 0;
            if (low.X <= high.X)
            {
                if (haveSteepest && low.Y > Steepest(low.X))
                {
                    (before, missed) = (lastLow, low.Next - 1);
                    return 1;
                }
                if (upperCount > upperFirst && (!haveFlattest || low.Y > Flattest(low.X))) TurnFlattest(low);
                while (lowerCount > lowerFirst + 1 && Turn(lowerHull[lowerCount - 2], lowerHull[lowerCount - 1], low) >= 0) lowerCount--;
                lowerHull[lowerCount++] = low;
                lastLow = low;
                low = CornerAt(low.Next, lower);
            }
            else
            {
                if (haveFlattest && high.Y < Flattest(high.X))
                {
                    (before, missed) = (lastHigh, high.Next - 1);
                    return -1;
                }
                if (lowerCount > lowerFirst && (!haveSteepest || high.Y < Steepest(high.X))) TurnSteepest(high);
                while (upperCount > upperFirst + 1 && Turn(upperHull[upperCount - 2], upperHull[upperCount - 1], high) <= 0) upperCount--;
                upperHull[upperCount++] = high;
                lastHigh = high;
                high = CornerAt(high.Next, upper);
            }
        }
    }

    private readonly Corner CornerAt(int index, ReadOnlySpan<double> polygon) =>
        index < x.Length ? new Corner(x[index], polygon[index], index + 1) : new Corner(double.PositiveInfinity, 0, index);

    /// <summary>Where the line leaves through the edge that ends at the missed corner, not before its last contact.</summary>
    private readonly Corner Exit(StraightLine line, Corner contact, Corner before, int missed, ReadOnlySpan<double> polygon)
    {
        double inside = Math.Abs(line.At(before.X) - before.Y), outside = Math.Abs(line.At(x[missed]) - polygon[missed]);
        double t = inside + outside > 0 ? inside / (inside + outside) : 1;
        double at = Math.Max(contact.X, before.X + (t * (x[missed] - before.X)));
        if (at >= x[missed]) return new Corner(x[missed], polygon[missed], missed + 1);
        return new Corner(at, line.At(at), missed);
    }

    private readonly double Steepest(double at) => steepA.Y + (steepSlope * (at - steepA.X));

    private readonly double Flattest(double at) => flatA.Y + (flatSlope * (at - flatA.X));

    private void TurnSteepest(Corner p)
    {
        int k = lowerFirst;
        if (!(lowerHull[k].X < p.X)) return;
        double slope = Slope(lowerHull[k], p);
        while (k + 1 < lowerCount && lowerHull[k + 1].X < p.X)
        {
            double next = Slope(lowerHull[k + 1], p);
            if (next > slope) break;
            slope = next;
            k++;
        }
        (lowerFirst, steepA, steepB, steepSlope, haveSteepest) = (k, lowerHull[k], p, slope, true);
    }

    private void TurnFlattest(Corner p)
    {
        int k = upperFirst;
        if (!(upperHull[k].X < p.X)) return;
        double slope = Slope(upperHull[k], p);
        while (k + 1 < upperCount && upperHull[k + 1].X < p.X)
        {
            double next = Slope(upperHull[k + 1], p);
            if (next < slope) break;
            slope = next;
            k++;
        }
        (upperFirst, flatA, flatB, flatSlope, haveFlattest) = (k, upperHull[k], p, slope, true);
    }

    private static double Slope(Corner from, Corner to) => (to.Y - from.Y) / (to.X - from.X);

    /// <summary>Positive where c lies above the line from a to b.</summary>
    private static double Turn(Corner a, Corner b, Corner c) => ((b.X - a.X) * (c.Y - a.Y)) - ((b.Y - a.Y) * (c.X - a.X));

    /// <summary>The last link may be any line between the extreme ones; this one passes their crossing with the mean slope.</summary>
    private readonly StraightLine MiddleLine(Corner lowerStart, Corner upperStart)
    {
        if (haveSteepest && haveFlattest)
        {
            double difference = steepSlope - flatSlope;
            if (!(difference > 0)) return new StraightLine(steepA.X, steepA.Y, steepSlope);
            double crossing = steepA.X + ((Flattest(steepA.X) - Steepest(steepA.X)) / difference);
            return new StraightLine(crossing, Steepest(crossing), 0.5 * (steepSlope + flatSlope));
        }
        if (haveSteepest) return new StraightLine(steepA.X, steepA.Y, steepSlope);
        if (haveFlattest) return new StraightLine(flatA.X, flatA.Y, flatSlope);
        return new StraightLine(Math.Max(lowerStart.X, upperStart.X), 0.5 * (lowerStart.Y + upperStart.Y), 0);
    }
}
