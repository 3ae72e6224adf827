using Orthant.Numerics;

namespace Orthant.Priors;

public sealed partial class PriorPredictive
{
    private const double GridStep = 0.05;

    private readonly Lazy<List<(double Y, double Log)>> _variance;

    /// <summary>The r with P(|X| ≤ r) = p; 0 up to the atom's probability.</summary>
    /// <param name="p">Between 0 and 1, both excluded.</param>
    /// <exception cref="OrthantInputException">The level is not between 0 and 1.</exception>
    public double Quantile(double p)
    {
        RefuseLevel(p);
        if (IsAtom || Math.Log(p) <= LogAtomAtZero) return 0;
        double above = 1 - p, below = p - AtomAtZero;
        return below <= 0 ? 0 : below < above ? SolveLower(Math.Log(below)) : SolveUpper(Math.Log(above));
    }

    /// <summary>The r with P(|X| > r) = p, for levels too near 1 for <see cref="Quantile"/>; 0 where even P(X ≠ 0) is smaller.</summary>
    /// <param name="p">Between 0 and 1, both excluded.</param>
    /// <exception cref="OrthantInputException">The level is not between 0 and 1.</exception>
    public double UpperQuantile(double p)
    {
        RefuseLevel(p);
        if (IsAtom || Math.Log(p) >= LogAlive) return 0;
        double below = Math.Exp(LogAlive) - p;
        return below < p ? SolveLower(Math.Log(below)) : SolveUpper(Math.Log(p));
    }

    /// <summary>The x with P(X ≤ x) = p for the quantity with its sign; 0 within the atom.</summary>
    /// <param name="p">Between 0 and 1, both excluded.</param>
    /// <exception cref="OrthantInputException">The level is not between 0 and 1.</exception>
    public double SignedQuantile(double p)
    {
        RefuseLevel(p);
        if (!IsSymmetric) return Quantile(p);
        double tail = 2 * Math.Min(p, 1 - p);
        if (tail >= 1 || IsAtom || Math.Log(tail) >= LogAlive) return 0;
        double r = UpperQuantile(tail);
        return p < 0.5 ? -r : r;
    }

    private static void RefuseLevel(double p)
    {
        if (!(p > 0 && p < 1)) throw new OrthantInputException("prior", "level", FormattableString.Invariant($"{p}"), "a number between 0 and 1");
    }

    private double SolveUpper(double log) => Solve(log, y => _law!.LogSurvival(y).Hi + _logShare, -1);

    private double SolveLower(double log) => Solve(log, y => _law!.LogLower(y).Hi + _logShare, 1);

    /// <summary>Newton's method for log P against log r, whose slope is ± density/probability, inside a bracket that only shrinks.</summary>
    private double Solve(double target, Func<DoubleDouble, double> log, int direction)
    {
        double y = _law!.LogMean, low = double.NegativeInfinity, high = double.PositiveInfinity;
        double spread = Math.Sqrt(_law.LogVariance);
        for (int step = 0; step < 200; step++)
        {
            double value = log(y), gap = target - value;
            if (direction * gap > 0) low = y;
            else high = y;
            double slope = direction * Math.Exp(Math.Min(700, _law.LogDensity(y).Hi + _logShare - value));
            double next = slope != 0 ? y + gap / slope : double.NaN;
            if (Math.Abs(next - y) <= 2e-16 * Math.Max(1, Math.Abs(y))) break;
            // In the far tail log P bends: a step is held to a few spreads of log r until both sides are known.
            double reach = spread * (1 << Math.Min(step, 20));
            if (!(Math.Abs(next - y) <= reach)) next = direction * gap > 0 ? y + reach : y - reach;
            if (!(next > low && next < high))
            {
                next = double.IsInfinity(low) ? high - reach : double.IsInfinity(high) ? low + reach : 0.5 * (low + high);
            }
            if (next == y) break;
            y = next;
        }
        DoubleDouble result = DoubleDouble.Exp(_logScale + y);
        return result.Hi;
    }

    private List<(double Y, double Log)> DensityGrid() => Grid(_law!);

    /// <summary>log g on a grid that leaves out nothing above 10⁻²⁰ of the mass; sums over it are trapezoid rules of spectral accuracy.</summary>
    private static List<(double Y, double Log)> Grid(MellinLaw law)
    {
        List<(double, double)> grid = [];
        int centre = (int)Math.Round(law.LogMean / GridStep);
        for (int direction = -1; direction <= 1; direction += 2)
        {
            for (int i = direction < 0 ? centre - 1 : centre; ; i += direction)
            {
                double y = i * GridStep, log = law.LogDensity(y).Hi;
                if (log - law.LogAlive < -48) break;
                grid.Add((y, log));
            }
        }
        return grid;
    }
}
