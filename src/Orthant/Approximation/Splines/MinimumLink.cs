using System.Numerics.Tensors;

namespace Orthant.Approximation;

/// <summary>Three samples that no straight line can serve: <paramref name="A"/> and <paramref name="V"/> on one side,
/// <paramref name="B"/> between them on the other.</summary>
/// <param name="A">Index of the first contact of the extreme line.</param>
/// <param name="B">Index of its second contact, on the other side of the tunnel.</param>
/// <param name="V">Index of the sample that the extreme line misses.</param>
/// <param name="Sign">+1 where the line passes below the lower end at V, -1 where it passes above the upper end.</param>
internal readonly record struct LinkWindow(int A, int B, int V, int Sign);

/// <summary>A straight line by a point and a slope.</summary>
internal readonly record struct StraightLine(double X, double Y, double Slope)
{
    public double At(double x) => Y + (Slope * (x - X));
}

/// <summary>The fewest straight links of a continuous line that passes between a lower and an upper end at every abscissa, in linear
/// time.</summary>
/// <remarks>
/// <para>Minimum-link path by windows (Imai and Iri 1986; Guibas, Hershberger, Mitchell and Snoeyink on ordered stabbing), with O'Rourke's
/// on-line extreme lines: while samples arrive, the steepest and the flattest line that stab everything so far are kept, each by one contact
/// with a lower and one with an upper end.</para>
/// <code>
///        u       u    ╱ B (upper)      the steepest line touches A from above and B from below;
///    ──────────────╱────── u           sample V lies above it: the next link crosses the
///        l      ╱                      line between B and V, so it stays below B's upper end
///    ── A (lower)      l      V l      and above V's lower end, and nothing older binds it.
/// </code>
/// <para>All contacts are samples, so the count depends on orientations of samples alone. Every sample is met at most twice.</para>
/// </remarks>
internal ref struct MinimumLink
{
    private readonly ReadOnlySpan<double> x;
    private readonly ReadOnlySpan<double> lower;
    private readonly ReadOnlySpan<double> upper;
    private readonly bool continuous;
    private readonly Span<int> lowerHull;
    private readonly Span<int> upperHull;
    private int lowerFirst, lowerCount, upperFirst, upperCount;
    private bool haveSteepest, haveFlattest;
    private int steepA, steepB, flatA, flatB;
    private double steepSlope, flatSlope;

    private MinimumLink(ReadOnlySpan<double> x, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, bool continuous, Span<int> scratch)
    {
        this.x = x;
        this.lower = lower;
        this.upper = upper;
        this.continuous = continuous;
        lowerHull = scratch[..x.Length];
        upperHull = scratch.Slice(x.Length, x.Length);
    }

    /// <summary>Counts links.</summary>
    /// <param name="x">Abscissae, strictly increasing, at least one.</param>
    /// <param name="lower">What the line may not pass below at each abscissa.</param>
    /// <param name="upper">What it may not pass above, nowhere below <paramref name="lower"/>.</param>
    /// <param name="most">Gives up when more links than this are needed.</param>
    /// <param name="continuous">Whether links have to meet; if not, each begins anew at the sample that the one before missed.</param>
    /// <param name="scratch">At least twice as long as x.</param>
    /// <param name="windows">Receives one window for each link but the last.</param>
    /// <param name="lines">Receives the lines of the links.</param>
    /// <returns>The number of links, or <paramref name="most"/> + 1.</returns>
    public static int Count(
        ReadOnlySpan<double> x, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, int most, bool continuous, Span<int> scratch,
        List<LinkWindow>? windows = null, List<StraightLine>? lines = null)
    {
        MinimumLink path = new(x, lower, upper, continuous, scratch);
        return path.Run(most, windows, lines);
    }

    /// <summary>Counts links that pass all samples (x, y) to within one tolerance.</summary>
    public static int Count(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double epsilon, int most, bool continuous)
    {
        double[] low = new double[x.Length], high = new double[x.Length];
        TensorPrimitives.Subtract(y, epsilon, low);
        TensorPrimitives.Add(y, epsilon, high);
        return Count(x, low, high, most, continuous, new int[2 * x.Length]);
    }

    private int Run(int most, List<LinkWindow>? windows, List<StraightLine>? lines)
    {
        windows?.Clear();
        lines?.Clear();
        int lowerStart = 0, upperStart = 0;
        for (int links = 1; ; links++)
        {
            lowerFirst = lowerCount = upperFirst = upperCount = 0;
            haveSteepest = haveFlattest = false;
            int sign = 0, i = Math.Min(lowerStart, upperStart);
            for (; i < x.Length; i++)
            {
                bool hasLower = i >= lowerStart, hasUpper = i >= upperStart;
                double low = lower[i], high = upper[i];
                if (hasLower && haveSteepest && low > Steepest(x[i]))
                {
                    sign = 1;
                    break;
                }
                if (hasUpper && haveFlattest && high < Flattest(x[i]))
                {
                    sign = -1;
                    break;
                }
                // A lower end turns the flattest line, an upper end the steepest.
                if (hasLower && upperCount > 0 && (!haveFlattest || low > Flattest(x[i]))) TurnFlattest(i, low);
                if (hasUpper && lowerCount > 0 && (!haveSteepest || high < Steepest(x[i]))) TurnSteepest(i, high);
                if (hasLower) PushLower(i);
                if (hasUpper) PushUpper(i);
            }
            if (sign == 0)
            {
                lines?.Add(MiddleLine(lowerStart, upperStart));
                return links;
            }
            (int a, int b) = sign > 0 ? (steepA, steepB) : (flatA, flatB);
            lines?.Add(sign > 0 ? new StraightLine(x[a], lower[a], steepSlope) : new StraightLine(x[a], upper[a], flatSlope));
            windows?.Add(new LinkWindow(a, b, i, sign));
            if (links >= most) return most + 1;
            (lowerStart, upperStart) = !continuous ? (i, i) : sign > 0 ? (i, b) : (b, i);
        }
    }

    private readonly double Steepest(double at) => lower[steepA] + (steepSlope * (at - x[steepA]));

    private readonly double Flattest(double at) => upper[flatA] + (flatSlope * (at - x[flatA]));

    /// <summary>The upper end at i becomes the steepest line's contact; the other is the tangent point on the lower ends' hull.</summary>
    private void TurnSteepest(int i, double high)
    {
        int k = lowerFirst;
        double slope = SlopeTo(lower, lowerHull[k], i, high);
        while (k + 1 < lowerCount)
        {
            double next = SlopeTo(lower, lowerHull[k + 1], i, high);
            if (next > slope) break;
            slope = next;
            k++;
        }
        (lowerFirst, steepA, steepB, steepSlope, haveSteepest) = (k, lowerHull[k], i, slope, true);
    }

    private void TurnFlattest(int i, double low)
    {
        int k = upperFirst;
        double slope = SlopeTo(upper, upperHull[k], i, low);
        while (k + 1 < upperCount)
        {
            double next = SlopeTo(upper, upperHull[k + 1], i, low);
            if (next < slope) break;
            slope = next;
            k++;
        }
        (upperFirst, flatA, flatB, flatSlope, haveFlattest) = (k, upperHull[k], i, slope, true);
    }

    private readonly double SlopeTo(ReadOnlySpan<double> ends, int from, int to, double height) => (height - ends[from]) / (x[to] - x[from]);

    /// <summary>Adds a lower end to the hull that is seen from above: concave.</summary>
    private void PushLower(int i)
    {
        while (lowerCount > lowerFirst + 1 && Turn(lower, lowerHull[lowerCount - 2], lowerHull[lowerCount - 1], i) >= 0) lowerCount--;
        lowerHull[lowerCount++] = i;
    }

    private void PushUpper(int i)
    {
        while (upperCount > upperFirst + 1 && Turn(upper, upperHull[upperCount - 2], upperHull[upperCount - 1], i) <= 0) upperCount--;
        upperHull[upperCount++] = i;
    }

    /// <summary>Positive where c lies above the line from a to b.</summary>
    private readonly double Turn(ReadOnlySpan<double> ends, int a, int b, int c) =>
        ((x[b] - x[a]) * (ends[c] - ends[a])) - ((ends[b] - ends[a]) * (x[c] - x[a]));

    /// <summary>The last link may be any line between the extreme ones; this one passes their crossing with the mean slope.</summary>
    private readonly StraightLine MiddleLine(int lowerStart, int upperStart)
    {
        if (haveSteepest && haveFlattest)
        {
            double difference = steepSlope - flatSlope;
            if (!(difference > 0)) return new StraightLine(x[steepA], lower[steepA], steepSlope);
            // Where they cross: measured from the steepest line's first contact.
            double crossing = x[steepA] + ((Flattest(x[steepA]) - Steepest(x[steepA])) / difference);
            return new StraightLine(crossing, Steepest(crossing), 0.5 * (steepSlope + flatSlope));
        }
        if (haveSteepest) return new StraightLine(x[steepA], lower[steepA], steepSlope);
        if (haveFlattest) return new StraightLine(x[flatA], upper[flatA], flatSlope);
        double middle = 0.5 * (lower[lowerStart] + upper[upperStart]);
        return new StraightLine(x[Math.Max(lowerStart, upperStart)], middle, 0);
    }
}
