using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Where a function without bounded slopes lies farthest above and below each piece of a spline, with a certified bound.</summary>
/// <remarks>
/// <para>Searches that follow slopes find nothing on Takagi's function; best-first search on ranges does, since a range of Hölder's kind shrinks with
/// its cell by a fixed power, and only cells about as high as the peak stay open.</para>
/// <para>Cells are cut at binary fractions, the places at which self-similar functions of base 2 have exact ranges.</para>
/// </remarks>
internal sealed class RoughPeaks(TargetFunction function, double relativeTolerance, int budget)
{
    private readonly PriorityQueue<(double A, double B), double> open = new();

    /// <summary>The left end of the cell that bounds the last spline's error.</summary>
    public double WorstAt { get; private set; }

    /// <summary>Bounds max |f - s|, and notes every piece's highest and lowest place that leaves the tolerance.</summary>
    /// <param name="spline">The spline.</param>
    /// <param name="epsilon">A distance below which nothing is of interest.</param>
    /// <param name="found">Receives places beyond it.</param>
    /// <returns>The bound, certified, and the largest distance seen.</returns>
    public (double Bound, double Seen) Of(LinearSpline spline, double epsilon, List<double> found)
    {
        double bound = epsilon, seen = 0;
        for (int i = 0; i < spline.Pieces; i++)
        {
            foreach (int sign in (ReadOnlySpan<int>)[1, -1])
            {
                (double top, double peak, double at, double worstAt) = Highest(spline, i, sign, epsilon);
                if (top > bound) WorstAt = worstAt;
                bound = Math.Max(bound, Math.Max(top, peak));
                seen = Math.Max(seen, peak);
                if (peak > epsilon) found.Add(at);
            }
        }
        return (bound, seen);
    }

    private (double Bound, double Peak, double At, double WorstAt) Highest(LinearSpline spline, int piece, int sign, double epsilon)
    {
        double from = spline.Knots[piece], to = spline.Knots[piece + 1], value = spline.Values[piece];
        Interval slope = ((Interval)spline.Values[piece + 1] - value) / ((Interval)to - from);
        double line = slope.Midpoint, peak = double.NegativeInfinity, at = from;
        open.Clear();
        See(from);
        See(to);
        Add(from, to);
        for (int work = 0; open.TryDequeue(out (double A, double B) cell, out double priority); work++)
        {
            double bound = -priority, wanted = Math.Max(peak, epsilon), tolerance = relativeTolerance * epsilon;
            // What already leaves the tolerance becomes a sample; how far exactly matters little.
            if (bound <= wanted + Math.Max(tolerance, 0.02 * (peak - epsilon)) || work > budget) return (bound, peak, at, cell.A);
            double middle = BinaryFractionInside(cell.A, cell.B);
            if (!(middle > cell.A && middle < cell.B)) return (bound, peak, at, cell.A);
            See(middle);
            // Takagi's function peaks at thirds of its cells.
            See(cell.A + ((cell.B - cell.A) / 3));
            Add(cell.A, middle);
            Add(middle, cell.B);
        }
        return (peak, peak, at, at);

        void See(double x)
        {
            double distance = sign * (function.Value(x) - (value + (line * (x - from))));
            if (distance > peak) (peak, at) = (distance, x);
        }

        void Add(double a, double b)
        {
            Interval x = new(a, b), difference = function.RangeAlong(x, slope) - (value + (slope * ((Interval)a - from)));
            double bound = sign > 0 ? difference.Upper : -difference.Lower;
            if (bound > peak && bound > epsilon) open.Enqueue((a, b), -bound);
        }
    }

    /// <summary>A multiple of a power of two in the middle half of a cell.</summary>
    private static double BinaryFractionInside(double a, double b)
    {
        double quarter = 0.25 * (b - a), step = Math.ScaleB(1, Math.ILogB(2 * quarter));
        double at = Math.Ceiling((a + quarter) / step) * step;
        return at > a && at < b ? at : a + (2 * quarter);
    }
}
