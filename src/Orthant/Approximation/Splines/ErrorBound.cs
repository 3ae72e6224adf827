using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A certified bound of the largest distance between a function and a spline, by interval branch and bound.</summary>
/// <remarks>
/// <para>On a cell the difference r = f - ℓ to one straight piece is enclosed by its range, by the mean value form, by the second-order
/// Taylor form, and exactly at the ends where r is monotone or convex; the tightest counts. The cell with the largest bound is split
/// first, until that bound is within the wanted tolerance of a value that |r| takes.</para>
/// <para>Every bound is rounded outwards, so the result holds for the function's own values, whatever the budget was.</para>
/// </remarks>
internal sealed class ErrorBound(TargetFunction function, double relativeTolerance, int budget)
{
    private readonly PriorityQueue<Cell, double> open = new();
    private double attained;
    private double worst;
    private int work;

    /// <summary>Where the attained value stands.</summary>
    public double AttainedAt { get; private set; }

    /// <summary>Where the bound could not be made smaller.</summary>
    public double WorstAt { get; private set; }

    /// <summary>A size of error that is of no interest: what is within the tolerance above it need not be bounded closer.</summary>
    public double Floor { get; init; }

    /// <summary>Bounds max |f - s| on the spline's domain.</summary>
    /// <returns>The bound, and a value that |f - s| certainly takes up to the rounding of doubles. The bound is infinite where the function
    /// could not be shown to be defined and bounded.</returns>
    public (double Bound, double Attained) Of(LinearSpline spline)
    {
        open.Clear();
        attained = 0;
        worst = 0;
        work = 0;
        for (int i = 0; i < spline.Pieces; i++)
        {
            double a = spline.Knots[i], b = spline.Knots[i + 1];
            Interval slope = ((Interval)spline.Values[i + 1] - spline.Values[i]) / ((Interval)b - a);
            Interval left = function.Range(a) - spline.Values[i], right = function.Range(b) - spline.Values[i + 1];
            Line line = new(a, spline.Values[i], slope);
            Note(a, left);
            Note(b, right);
            Add(new Cell(a, b, left, right, line));
        }
        while (open.TryDequeue(out Cell cell, out double priority))
        {
            double bound = -priority;
            if (bound <= Math.Max(attained, Floor) * (1 + relativeTolerance) || work > budget)
            {
                WorstAt = cell.A;
                worst = Math.Max(worst, bound);
                break;
            }
            double middle = Middle(cell.A, cell.B);
            if (middle <= cell.A || middle >= cell.B)
            {
                worst = Math.Max(worst, bound);
                WorstAt = cell.A;
                if (double.IsInfinity(bound)) break;
                continue;
            }
            Interval at = cell.Line.Difference(function.Range(middle), middle);
            Note(middle, at);
            Add(new Cell(cell.A, middle, cell.Left, at, cell.Line));
            Add(new Cell(middle, cell.B, at, cell.Right, cell.Line));
        }
        return (Math.Max(worst, attained), attained);
    }

    private static double Middle(double a, double b) => a + (0.5 * (b - a));

    private void Note(double x, Interval difference)
    {
        double magnitude = difference.Magnitude;
        if (magnitude <= attained || double.IsInfinity(magnitude)) return;
        attained = magnitude;
        AttainedAt = x;
    }

    private void Add(Cell cell)
    {
        work++;
        double bound = Bound(cell);
        // What is certainly below a value that is taken need never be looked at again.
        if (bound > attained) open.Enqueue(cell, -bound);
    }

    private double Bound(Cell cell)
    {
        Interval x = new(cell.A, cell.B);
        Interval ends = Interval.Hull(cell.Left, cell.Right);
        Jet jet = function.Enclose(x);
        Interval slope = jet.Slope - cell.Line.Slope;
        // A function with a pole, as the tangent has, may rise everywhere and yet come back from the other side.
        if (!jet.Value.IsBounded) return double.PositiveInfinity;
        if (slope.Lower >= 0 || slope.Upper <= 0) return ends.Magnitude;
        Interval best = jet.Value - cell.Line.At(x);
        double middle = Middle(cell.A, cell.B);
        Interval step = x - middle;
        if (slope.IsBounded)
        {
            Interval form = cell.Line.Difference(function.Range(middle), middle) + (slope * step);
            best = Interval.Intersect(best, form) ?? best;
        }
        if (jet.Curvature.IsBounded || jet.Curvature.Lower >= 0 || jet.Curvature.Upper <= 0)
        {
            best = Narrow(best, cell, jet.Curvature, ends, middle, step);
        }
        return Math.Max(best.Magnitude, ends.Magnitude);
    }

    /// <summary>What a one-sided or two-sided bound of the curvature adds.</summary>
    private Interval Narrow(Interval best, Cell cell, Interval curvature, Interval ends, double middle, Interval step)
    {
        Interval width = (Interval)cell.B - cell.A;
        // Between the ends r differs from its chord by at most max|r''| w^2 / 8, and on one side only where it is convex or concave.
        double above = curvature.Lower >= 0 ? 0 : double.IsInfinity(curvature.Lower) ? double.PositiveInfinity : (-curvature.Lower * Interval.Square(width) * 0.125).Upper;
        double below = curvature.Upper <= 0 ? 0 : double.IsInfinity(curvature.Upper) ? double.PositiveInfinity : (curvature.Upper * Interval.Square(width) * 0.125).Upper;
        Interval chord = new(double.NegativeInfinity, double.PositiveInfinity);
        if (double.IsFinite(above)) chord = new Interval(chord.Lower, (ends + above).Upper);
        if (double.IsFinite(below)) chord = new Interval((ends - below).Lower, chord.Upper);
        best = Interval.Intersect(best, chord) ?? best;
        Jet centre = function.Enclose(middle);
        if (!centre.Value.IsBounded || !centre.Slope.IsBounded || !curvature.IsBounded) return best;
        Interval taylor = cell.Line.Difference(centre.Value, middle) + ((centre.Slope - cell.Line.Slope) * step)
            + (0.5 * curvature * Interval.Square(step));
        return Interval.Intersect(best, taylor) ?? best;
    }

    private readonly record struct Cell(double A, double B, Interval Left, Interval Right, Line Line);

    /// <summary>The straight piece through (X, Y).</summary>
    private sealed record Line(double X, double Y, Interval Slope)
    {
        public Interval At(Interval x) => Y + (Slope * (x - X));

        public Interval Difference(Interval value, double x) => value - At(x);
    }
}
