namespace Orthant.Approximation;

/// <summary>The expansion of a function in the hats of all dyadic levels, after Faber and Schauder: the hat of a cell carries what the middle deviates
/// from the chord.</summary>
internal sealed class HierarchicalHats
{
    private const int Levels = 13;
    private readonly TargetFunction function;
    private readonly double a;
    private readonly double b;
    private readonly (int Level, int Cell, double Coefficient)[] terms;

    public HierarchicalHats(TargetFunction function, double a, double b)
    {
        (this.function, this.a, this.b) = (function, a, b);
        List<(int Level, int Cell, double Coefficient)> all = [];
        double[] values = [.. Enumerable.Range(0, (1 << Levels) + 1).Select(i => function.Value(At(i)))];
        for (int level = 0; level < Levels; level++)
        {
            int width = 1 << (Levels - level);
            for (int cell = 0; cell < 1 << level; cell++)
            {
                double left = values[cell * width], right = values[(cell + 1) * width];
                all.Add((level, cell, values[(cell * width) + (width / 2)] - (0.5 * (left + right))));
            }
        }
        terms = [.. all.OrderByDescending(t => Math.Abs(t.Coefficient))];
    }

    private double At(int place) => place == 1 << Levels ? b : a + ((b - a) * ((double)place / (1 << Levels)));

    /// <summary>The sum of the chord over the whole interval and the largest terms.</summary>
    /// <param name="count">How many terms, at least 1.</param>
    public LinearSpline Largest(int count)
    {
        SortedSet<int> knots = [0, 1 << Levels];
        (int Level, int Cell, double Coefficient)[] kept = [.. terms.Take(count).Where(t => t.Coefficient != 0)];
        foreach ((int level, int cell, _) in kept)
        {
            int width = 1 << (Levels - level);
            knots.UnionWith([cell * width, (cell * width) + (width / 2), (cell + 1) * width]);
        }
        double left = function.Value(a), right = function.Value(b);
        return new LinearSpline([.. knots.Select(At)], [.. knots.Select(Sum)]);

        double Sum(int place)
        {
            double t = (double)place / (1 << Levels), sum = left + ((right - left) * t);
            foreach ((int level, int cell, double c) in kept)
            {
                double from = Math.ScaleB(t, level) - cell;
                if (from > 0 && from < 1) sum += c * (1 - Math.Abs((2 * from) - 1));
            }
            return sum;
        }
    }
}
