namespace Orthant.Approximation;

/// <summary>Continuous splines with free knots and a small sum of squares over samples: not proved to be the best, as the problem has many local
/// minima.</summary>
/// <remarks>Given knots, the values are a tridiagonal least squares problem (variable projection). Knots start from the best discontinuous pieces on
/// a grid, by dynamic programming over prefix sums, and from those of the sup norm, and are moved until nothing improves.</remarks>
public static class LeastSquaresFit
{
    private const int Grid = 301, Sweeps = 60;

    /// <summary>Fits a function by 2001 evenly spaced samples.</summary>
    /// <param name="function">Finite on the interval.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end.</param>
    /// <param name="pieces">1 to 500.</param>
    /// <param name="cancellation">Stops the fit.</param>
    public static LinearSpline OfFunction(TargetFunction function, double a, double b, int pieces, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        double[] x = [.. Enumerable.Range(0, 2001).Select(i => i == 2000 ? b : a + ((b - a) * (i / 2000.0)))], y = Array.ConvertAll(x, function.Value);
        int bad = Array.FindIndex(y, v => !double.IsFinite(v));
        if (bad >= 0) throw new OrthantInputException(function.ToString() ?? "function", FormattableString.Invariant($"x = {x[bad]:R}"), "a pole or no value", "a function that is finite on the whole interval");
        return OfSamples(x, y, pieces, cancellation);
    }

    /// <summary>Fits samples.</summary>
    /// <param name="x">Increasing abscissae, at least two.</param>
    /// <param name="y">One value each.</param>
    /// <param name="pieces">1 to 500.</param>
    /// <param name="cancellation">Stops the fit.</param>
    /// <exception cref="OrthantInputException">More than 500 pieces are asked for.</exception>
    public static LinearSpline OfSamples(double[] x, double[] y, int pieces, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (pieces is < 1 or > 500) throw new OrthantInputException("command line", "--pieces", $"{pieces}", "1 to 500 with the norm l2");
        double[]? best = null;
        double least = double.PositiveInfinity;
        LinearSpline sup = TableFit.WithPieces(x, y, pieces, null, cancellation).Spline;
        foreach (double[] start in new[] { ByProgramming(x, y, pieces), Resampled(sup, pieces) })
        {
            double[] knots = start;
            double sum = Descend(x, y, knots, cancellation);
            if (sum < least) (best, least) = (knots, sum);
        }
        double[] values = new double[best!.Length];
        Squares(x, y, best, values);
        return new LinearSpline(best, values);
    }

    private static double[] Resampled(LinearSpline spline, int pieces)
    {
        double[] knots = new double[pieces + 1];
        for (int i = 0; i <= pieces; i++)
        {
            double at = (double)i * spline.Pieces / pieces;
            int k = Math.Min((int)at, spline.Pieces - 1);
            knots[i] = spline.Knots[k] + ((at - k) * (spline.Knots[k + 1] - spline.Knots[k]));
        }
        return knots;
    }

    /// <summary>The ends of the best pieces that need not meet, on a grid of samples.</summary>
    private static double[] ByProgramming(double[] x, double[] y, int pieces)
    {
        int g = Math.Min(x.Length, Math.Max(Grid, (4 * pieces) + 1));
        int[] at = [.. Enumerable.Range(0, g).Select(i => (int)((long)i * (x.Length - 1) / (g - 1)))];
        double[] st = new double[x.Length + 1], stt = new double[x.Length + 1], sy = new double[x.Length + 1], sty = new double[x.Length + 1], syy = new double[x.Length + 1];
        double centre = 0.5 * (x[0] + x[^1]), scale = x[^1] - x[0];
        for (int i = 0; i < x.Length; i++)
        {
            double t = (x[i] - centre) / scale;
            (st[i + 1], stt[i + 1], sy[i + 1], sty[i + 1], syy[i + 1]) = (st[i] + t, stt[i] + (t * t), sy[i] + y[i], sty[i] + (t * y[i]), syy[i] + (y[i] * y[i]));
        }
        double Cost(int from, int to)
        {
            double n = at[to] - at[from], t = st[at[to]] - st[at[from]], tt = stt[at[to]] - stt[at[from]] - (t * t / n), v = sy[at[to]] - sy[at[from]];
            double tv = sty[at[to]] - sty[at[from]] - (t * v / n), vv = syy[at[to]] - syy[at[from]] - (v * v / n);
            return Math.Max(0, tt > 1e-13 * n ? vv - (tv * tv / tt) : vv);
        }
        double[] cost = [.. Enumerable.Range(0, g).Select(j => j == 0 ? double.PositiveInfinity : Cost(0, j))];
        int[][] from = new int[pieces][];
        for (int k = 1; k < pieces; k++)
        {
            double[] next = new double[g];
            from[k] = new int[g];
            for (int j = 0; j < g; j++)
            {
                next[j] = double.PositiveInfinity;
                for (int i = k; i < j; i++)
                {
                    if (cost[i] >= next[j]) continue;
                    double c = cost[i] + Cost(i, j);
                    if (c < next[j]) (next[j], from[k][j]) = (c, i);
                }
            }
            cost = next;
        }
        double[] knots = new double[pieces + 1];
        knots[pieces] = x[^1];
        for (int k = pieces - 1, j = g - 1; k >= 1; k--)
        {
            j = from[k][j];
            knots[k] = x[at[j]];
        }
        knots[0] = x[0];
        for (int k = 1; k < pieces; k++) knots[k] = Math.Max(knots[k], knots[k - 1] + (1e-6 * scale / pieces));
        return knots;
    }

    /// <summary>Moves one knot after the other, with steps that grow on success and shrink on failure.</summary>
    private static double Descend(double[] x, double[] y, double[] knots, CancellationToken cancellation)
    {
        int n = knots.Length - 1;
        double[] values = new double[n + 1], steps = new double[n + 1];
        for (int k = 1; k < n; k++) steps[k] = 0.2 * Math.Min(knots[k + 1] - knots[k], knots[k] - knots[k - 1]);
        double best = Squares(x, y, knots, values);
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            cancellation.ThrowIfCancellationRequested();
            double before = best;
            for (int k = 1; k < n; k++)
            {
                double at = knots[k], least = Math.Max(1e-9 * (x[^1] - x[0]), double.Epsilon);
                bool moved = false;
                foreach (double step in (ReadOnlySpan<double>)[steps[k], -steps[k]])
                {
                    double to = Math.Clamp(at + step, knots[k - 1] + least, knots[k + 1] - least);
                    knots[k] = to;
                    double sum = Squares(x, y, knots, values);
                    if (sum < best)
                    {
                        (best, at, moved) = (sum, to, true);
                        break;
                    }
                    knots[k] = at;
                }
                steps[k] *= moved ? 1.6 : 0.4;
            }
            if (before - best <= 1e-9 * best && sweep > 12) break;
        }
        return best;
    }

    /// <summary>The best values at knots, by the normal equations of hats, and the sum of squares that is left.</summary>
    private static double Squares(double[] x, double[] y, double[] knots, double[] values)
    {
        int n = knots.Length;
        Span<double> diagonal = stackalloc double[n], next = stackalloc double[n];
        Array.Clear(values);
        for (int i = 0, k = 0; i < x.Length; i++)
        {
            while (k < n - 2 && x[i] >= knots[k + 1]) k++;
            double t = (x[i] - knots[k]) / (knots[k + 1] - knots[k]), s = 1 - t;
            diagonal[k] += s * s;
            diagonal[k + 1] += t * t;
            next[k] += s * t;
            values[k] += s * y[i];
            values[k + 1] += t * y[i];
        }
        for (int k = 0; k < n; k++) diagonal[k] += 1e-10;
        for (int k = 1; k < n; k++)
        {
            double f = next[k - 1] / diagonal[k - 1];
            diagonal[k] -= f * next[k - 1];
            values[k] -= f * values[k - 1];
        }
        values[n - 1] /= diagonal[n - 1];
        for (int k = n - 2; k >= 0; k--) values[k] = (values[k] - (next[k] * values[k + 1])) / diagonal[k];
        double sum = 0;
        for (int i = 0, k = 0; i < x.Length; i++)
        {
            while (k < n - 2 && x[i] >= knots[k + 1]) k++;
            double r = y[i] - (values[k] + ((values[k + 1] - values[k]) * ((x[i] - knots[k]) / (knots[k + 1] - knots[k]))));
            sum += r * r;
        }
        return sum;
    }
}
