namespace Orthant.Learning;

/// <summary>Fits a sum of hinges ReLU(⟨w, u⟩) in the plane, however nearly parallel they are, by cutting the circle into arcs.</summary>
/// <remarks>
/// <para>A sum of hinges is a linear function and an even one. The even part is linear on each arc of directions between two kinks, and
/// repeats itself after half a turn. Over a fine grid of angles in [0, π) the best cut into M arcs is found exactly by dynamic programming
/// (R. Bellman, "On the approximation of curves by line segments", Comm. ACM 4(6), 1961), each arc's least squares from prefix sums; the
/// number of arcs is the one of least description length. No descent is involved, so no kink can be stuck. A joint refinement then moves
/// kinks and plane, and the cut is made again in the better plane.</para>
/// <code>
///        e(u) = v₀·u │ v₁·u │ v₂·u │ …          at each border:  v₁ − v₀ = c n,  n normal to the ray,
///       ─────────────┴──────┴──────┴──► angle   and  e(u) = Σ c/2 |⟨n, u⟩|
///       0           φ₁     φ₂     φ₃       π
/// </code></remarks>
internal static class HingeFit
{
    private const int Bins = 720, MostArcs = 32, Rounds = 6;

    public static Candidate Run(StudentSearch search, Candidate start)
    {
        Candidate best = start;
        Subspace plane = start.Subspace;
        double before = double.PositiveInfinity;
        for (int round = 0; round < Rounds && best.Error >= search.Exact; round++)
        {
            Candidate cut = search.Judge(new StudentFit(Cut(search.Training, plane), plane, double.NaN));
            Candidate next = search.Refine(cut, new RefinementPlan(40, 8000, true));
            search.Trace?.Invoke($"{cut.Student.Widths[1]} hinges: {cut.Error:G3}, refined {next.Error:G3}");
            if (next.Error < best.Error) best = next;
            if (next.Error > 0.9 * before) break;
            (plane, before) = (next.Subspace, next.Error);
        }
        return best;
    }

    /// <summary>The hinges of a cut of the circle.</summary>
    private static Student Cut(FitRows rows, Subspace plane)
    {
        float[] u = rows.Project(plane);
        (double lx, double ly) = Solve(Moments(u, rows.Targets, (0, 0), 1)[1]);
        ArcMoments[] prefix = Moments(u, rows.Targets, (lx, ly), Bins);
        int[] borders = Borders(prefix, rows.Count);
        List<(double X, double Y, double Weight)> hinges = [];
        (double X, double Y)[] pieces =
            [.. Enumerable.Range(0, borders.Length - 1).Select(s => Solve(prefix[borders[s + 1]] - prefix[borders[s]]))];
        for (int s = 0; s < pieces.Length; s++)
        {
            // After half a turn the first piece comes again with the other sign.
            bool isLast = s == pieces.Length - 1;
            (double X, double Y) next = isLast ? (-pieces[0].X, -pieces[0].Y) : pieces[s + 1];
            double dx = next.X - pieces[s].X, dy = next.Y - pieces[s].Y, border = Math.PI * borders[s + 1] / Bins;
            // The ray on which both pieces agree, unless noise puts it far from the border.
            double angle = Math.Atan2(-dx, dy);
            angle += Math.PI * Math.Round((border - angle) / Math.PI);
            if (Math.Abs(angle - border) > 3 * Math.PI / Bins) angle = border;
            (double sin, double cos) = Math.SinCos(angle);
            double weight = (-sin * dx) + (cos * dy);
            if (Math.Abs(weight) < 1e-9) continue;
            hinges.Add((-sin, cos, weight));
            lx -= 0.5 * weight * -sin;
            ly -= 0.5 * weight * cos;
        }
        double length = Math.Sqrt((lx * lx) + (ly * ly));
        if (length > 0)
        {
            hinges.Add((lx / length, ly / length, length));
            hinges.Add((-lx / length, -ly / length, -length));
        }
        Student student = new([2, hinges.Count, 1], false);
        for (int j = 0; j < hinges.Count; j++)
        {
            // Both layers share a hinge's weight, so that neither is large.
            double root = Math.Sqrt(Math.Abs(hinges[j].Weight));
            student.Weights(0)[2 * j] = root * hinges[j].X;
            student.Weights(0)[(2 * j) + 1] = root * hinges[j].Y;
            student.Weights(1)[j] = Math.CopySign(root, hinges[j].Weight);
        }
        return student;
    }

    /// <summary>Borders of the arcs, 0 and <see cref="Bins"/> included.</summary>
    private static int[] Borders(ArcMoments[] prefix, int rows)
    {
        double[] errors = new double[Bins + 1];
        int[][] from = new int[MostArcs + 1][];
        for (int b = 0; b <= Bins; b++) errors[b] = b == 0 ? 0 : double.PositiveInfinity;
        double least = double.PositiveInfinity;
        int count = 1;
        for (int arcs = 1; arcs <= MostArcs; arcs++)
        {
            double[] next = new double[Bins + 1];
            from[arcs] = new int[Bins + 1];
            next[0] = double.PositiveInfinity;
            for (int end = 1; end <= Bins; end++)
            {
                next[end] = double.PositiveInfinity;
                for (int begin = 0; begin < end; begin++)
                {
                    if (errors[begin] >= next[end]) continue;
                    double error = errors[begin] + Residual(prefix[end] - prefix[begin]);
                    if (error < next[end]) (next[end], from[arcs][end]) = (error, begin);
                }
            }
            errors = next;
            // Three numbers an arc, each told to half the logarithm of the number of rows.
            double length = (0.5 * rows * Math.Log(Math.Max(errors[Bins], 1e-30) / rows)) + (1.5 * arcs * Math.Log(rows));
            if (length < least) (least, count) = (length, arcs);
        }
        int[] borders = new int[count + 1];
        for (int arcs = count, end = Bins; arcs >= 0; arcs--)
        {
            borders[arcs] = end;
            if (arcs > 0) end = from[arcs][end];
        }
        return borders;
    }

    /// <summary>Sums over the rows of all bins before each one, directions taken modulo half a turn, of what a linear function
    /// leaves.</summary>
    private static ArcMoments[] Moments(float[] u, double[] y, (double X, double Y) linear, int bins)
    {
        ArcMoments[] sums = new ArcMoments[bins + 1];
        for (int r = 0; r < y.Length; r++)
        {
            double a = u[2 * r], b = u[(2 * r) + 1], rest = y[r] - (linear.X * a) - (linear.Y * b);
            if (bins > 1 && (b < 0 || (b == 0 && a < 0))) (a, b) = (-a, -b);
            int bin = bins == 1 ? 0 : Math.Min(bins - 1, (int)(Math.Atan2(b, a) / Math.PI * bins));
            sums[bin + 1] += new ArcMoments(a * a, a * b, b * b, a * rest, b * rest, rest * rest);
        }
        for (int b = 0; b < bins; b++) sums[b + 1] += sums[b];
        return sums;
    }

    private static (double X, double Y) Solve(ArcMoments m)
    {
        double determinant = (m.Xx * m.Yy) - (m.Xy * m.Xy);
        return determinant > 1e-12 * m.Xx * m.Yy
            ? (((m.Yy * m.Xt) - (m.Xy * m.Yt)) / determinant, ((m.Xx * m.Yt) - (m.Xy * m.Xt)) / determinant)
            : (0, 0);
    }

    private static double Residual(ArcMoments m)
    {
        (double x, double y) = Solve(m);
        return Math.Max(0, m.Tt - (x * m.Xt) - (y * m.Yt));
    }

    private readonly record struct ArcMoments(double Xx, double Xy, double Yy, double Xt, double Yt, double Tt)
    {
        public static ArcMoments operator +(ArcMoments a, ArcMoments b) =>
            new(a.Xx + b.Xx, a.Xy + b.Xy, a.Yy + b.Yy, a.Xt + b.Xt, a.Yt + b.Yt, a.Tt + b.Tt);

        public static ArcMoments operator -(ArcMoments a, ArcMoments b) =>
            new(a.Xx - b.Xx, a.Xy - b.Xy, a.Yy - b.Yy, a.Xt - b.Xt, a.Yt - b.Yt, a.Tt - b.Tt);
    }
}
