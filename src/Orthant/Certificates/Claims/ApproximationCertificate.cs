using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A formula stays within an error of a spline, and no continuous spline of few pieces comes nearer than a bound.</summary>
/// <param name="Function">The formula for people.</param>
/// <param name="Steps">The same as a calculation, see <see cref="FormulaSteps"/>.</param>
/// <param name="Knots">The spline's knots with both ends, increasing.</param>
/// <param name="Values">A value each.</param>
/// <param name="Error">No point is farther from the spline than this.</param>
/// <param name="Pieces">The pieces of the second claim.</param>
/// <param name="LowerBound">No continuous spline of so many pieces has a smaller error; 0 for no claim.</param>
/// <param name="Windows">Rows of a, b, v and sign: three points that prove a kink of one sign between a and v.</param>
public sealed record ApproximationCertificate(
    string Function, string[] Steps, double[] Knots, double[] Values, double Error, int Pieces, double LowerBound, double[][] Windows) : Certificate
{
    private const int MostCells = 20_000_000;

    /// <inheritdoc/>
    public override string Claim => FormattableString.Invariant(
        $"{Function} on [{Knots[0]:R}, {Knots[^1]:R}] stays within {Error:R} of a spline of {Knots.Length - 1} pieces; no continuous spline of {Pieces} pieces stays within less than {LowerBound:R}");

    internal override bool IsRational => false;

    internal override void Verify(Verification verification)
    {
        verification.Require(verification.Model is null, "this certificate is about a spline, not about a network");
        FormulaSteps formula = new(Steps);
        verification.Require(Knots.Length >= 2 && Knots.Length == Values.Length && Knots.Concat(Values).All(double.IsFinite) && double.IsFinite(Error), "the spline is one");
        int cells = 0;
        for (int i = 0; i + 1 < Knots.Length; i++)
        {
            verification.Require(Knots[i] < Knots[i + 1], "the knots increase");
            Interval slope = ((Interval)Values[i + 1] - Values[i]) / ((Interval)Knots[i + 1] - Knots[i]);
            Stack<(double A, double B)> open = new([(Knots[i], Knots[i + 1])]);
            while (open.TryPop(out var cell))
            {
                verification.Require(++cells < MostCells, "the error can be shown with a bearable number of cells");
                double middle = cell.A + (0.5 * (cell.B - cell.A));
                if (Distance(formula, cell.A, cell.B, middle, Knots[i], Values[i], slope) <= Error) continue;
                verification.Require(middle > cell.A && middle < cell.B, FormattableString.Invariant($"the function is within the error at {cell.A:R}"));
                open.Push((middle, cell.B));
                open.Push((cell.A, middle));
            }
        }
        if (LowerBound > 0) VerifyWindows(verification, formula);
    }

    /// <summary>Bounds |f - line| on a cell by the range and by the mean value form.</summary>
    private static double Distance(FormulaSteps formula, double a, double b, double middle, double x0, double y0, Interval slope)
    {
        Interval x = new(a, b);
        (Interval value, Interval derivative) = formula.Evaluate(x);
        double direct = (value - (y0 + (slope * (x - x0)))).Magnitude;
        if (!value.IsBounded || !derivative.IsBounded) return direct;
        Interval centre = formula.Evaluate(middle).Value - (y0 + (slope * ((Interval)middle - x0)));
        return Math.Min(direct, (centre + ((derivative - slope) * (x - middle))).Magnitude);
    }

    /// <summary>Kinks of one sign stand in windows that do not overlap, so they are different ones; there are more than the pieces leave room
    /// for.</summary>
    private void VerifyWindows(Verification verification, FormulaSteps formula)
    {
        verification.Require(Windows.Length >= Pieces, "there is a window for every piece");
        double convex = Knots[0], concave = Knots[0];
        foreach (double[] w in Windows)
        {
            verification.Require(w.Length == 4 && w[3] is 1 or -1 && w[0] < w[1] && w[1] < w[2] && w[2] <= Knots[^1], "a window is one");
            verification.Require(w[0] >= (w[3] > 0 ? convex : concave), "windows of one sign do not overlap");
            if (w[3] > 0) convex = w[2];
            else concave = w[2];
            Interval t = ((Interval)w[2] - w[0]) / ((Interval)w[1] - w[0]);
            Interval turn = formula.Evaluate(w[2]).Value - ((1 - t) * formula.Evaluate(w[0]).Value) - (t * formula.Evaluate(w[1]).Value);
            verification.Require((w[3] * turn / (2 * t)).Lower >= LowerBound, "a window proves the bound");
        }
    }
}
