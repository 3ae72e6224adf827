namespace Orthant.Approximation;

/// <summary>Samples of a function, dense where it bends: the cell whose middle lies farthest from its chord is halved next.</summary>
/// <remarks>All cells end up with about the same deviation, so their density follows √|f″|, also at a singular end, where even a fine uniform grid
/// sees nothing.</remarks>
internal sealed class GradedSamples
{
    private readonly TargetFunction function;
    private readonly string name;

    /// <summary>Takes samples.</summary>
    /// <param name="function">The function.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end.</param>
    /// <param name="count">About how many samples, a quarter of them equally spaced.</param>
    /// <exception cref="OrthantInputException">The function has no finite value at a sample.</exception>
    public GradedSamples(TargetFunction function, double a, double b, int count)
    {
        this.function = function;
        name = function.ToString() ?? "function";
        int even = Math.Max(64, count / 4);
        List<double> xs = new(count + 1), ys = new(count + 1);
        PriorityQueue<(double A, double B, double FA, double FB, double M, double FM), double> cells = new();
        double previous = a, before = Value(a);
        Keep(a, before);
        for (int i = 1; i <= even; i++)
        {
            double x = i == even ? b : a + ((b - a) * ((double)i / even)), fx = Value(x);
            Keep(x, fx);
            Add(cells, previous, x, before, fx);
            (previous, before) = (x, fx);
        }
        while (xs.Count < count && cells.TryDequeue(out var cell, out double priority) && priority < 0)
        {
            Keep(cell.M, cell.FM);
            Add(cells, cell.A, cell.M, cell.FA, cell.FM);
            Add(cells, cell.M, cell.B, cell.FM, cell.FB);
        }
        X = [.. xs];
        Y = [.. ys];
        Array.Sort(X, Y);

        void Keep(double x, double y)
        {
            // Even steps on a few neighbouring doubles may meet.
            if (xs.Count > 0 && xs[^1] == x) return;
            xs.Add(x);
            ys.Add(y);
        }
    }

    /// <summary>Strictly increasing, from end to end.</summary>
    public double[] X { get; private set; }

    /// <summary>The values, in doubles.</summary>
    public double[] Y { get; private set; }

    /// <summary>Adds samples; what is there already is left out.</summary>
    /// <returns>Whether any was new.</returns>
    public bool Insert(List<double> points)
    {
        points.Sort();
        List<double> x = new(X.Length + points.Count), y = new(X.Length + points.Count);
        int i = 0;
        foreach (double p in points)
        {
            while (i < X.Length && X[i] < p) Take();
            if ((i < X.Length && X[i] == p) || (x.Count > 0 && x[^1] == p)) continue;
            x.Add(p);
            y.Add(Value(p));
        }
        while (i < X.Length) Take();
        bool more = x.Count > X.Length;
        (X, Y) = ([.. x], [.. y]);
        return more;

        void Take()
        {
            x.Add(X[i]);
            y.Add(Y[i++]);
        }
    }

    private void Add(PriorityQueue<(double A, double B, double FA, double FB, double M, double FM), double> cells, double a, double b, double fa, double fb)
    {
        double m = a + (0.5 * (b - a));
        if (!(m > a && m < b)) return;
        double fm = Value(m);
        // Narrow cells at a jump deviate for ever; their width is a small reason to prefer others.
        cells.Enqueue((a, b, fa, fb, m, fm), -Math.Abs(fm - (0.5 * (fa + fb))));
    }

    private double Value(double x)
    {
        double value = function.Value(x);
        return double.IsFinite(value) ? value
            : throw new OrthantInputException(name, $"x = {x:R}", double.IsNaN(value) ? "no value (NaN)" : "a pole", "a function that is finite on the whole interval");
    }
}
