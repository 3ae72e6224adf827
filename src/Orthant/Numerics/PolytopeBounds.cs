namespace Orthant.Numerics;

/// <summary>A polytope, and proved lower bounds of affine forms on it: any multipliers not below zero give one, so those of a linear program
/// that nobody needs to trust will do.</summary>
/// <remarks>A form is its coefficients and then its constant; a form with interval entries stands for every form within.</remarks>
internal sealed class PolytopeBounds
{
    private readonly Interval[] box;
    private readonly Rational[] lower;
    private readonly Rational[] upper;
    private readonly List<Interval[]> constraints = [];
    private readonly List<Rational[]?> exactly = [];
    private readonly DenseSimplex program;

    /// <summary>A box.</summary>
    /// <param name="lower">The lower corner.</param>
    /// <param name="upper">The upper corner.</param>
    public PolytopeBounds(Rational[] lower, Rational[] upper)
    {
        this.lower = lower;
        this.upper = upper;
        box = [.. lower.Zip(upper, (l, u) => Interval.Hull(Interval.FromRational(l), Interval.FromRational(u)))];
        program = new DenseSimplex([.. box.Select(b => b.Lower)], [.. box.Select(b => b.Upper)]);
    }

    /// <summary>The number of forms that cut the box.</summary>
    public int Count => constraints.Count;

    /// <summary>Keeps the points where a form is not negative.</summary>
    public void Add(Interval[] form) => Add(form, null);

    /// <summary>Keeps the points where a form is not negative; its size does not matter.</summary>
    public void Add(Rational[] form) => Add(Enclose(form), form);

    private void Add(Interval[] form, Rational[]? exact)
    {
        constraints.Add(form);
        exactly.Add(exact);
        program.AddRow([.. form[..^1].Select(c => c.Midpoint)], -form[^1].Midpoint, double.PositiveInfinity);
    }

    /// <summary>Takes off the forms from a number on.</summary>
    public void Truncate(int count)
    {
        constraints.RemoveRange(count, constraints.Count - count);
        exactly.RemoveRange(count, exactly.Count - count);
        program.TruncateRows(count);
    }

    private static Interval[] Enclose(Rational[] form) => [.. form.Select(Interval.FromRational)];

    /// <summary>A number that the form is nowhere below; infinite when nothing is left of the polytope.</summary>
    public double Lower(Rational[] form) => Lower(Enclose(form));

    /// <summary>A number that the form is nowhere below; infinite when nothing is left of the polytope.</summary>
    public double Lower(Interval[] form)
    {
        program.SetObjective([.. form[..^1].Select(c => c.Midpoint)]);
        SimplexStatus status = program.Solve();
        if (status == SimplexStatus.Optimal) return Combined(form, program.Dual);
        if (status == SimplexStatus.Infeasible && IsEmpty(program.FarkasRay())) return double.PositiveInfinity;
        // Cells thinner than the program's tolerance: once more in rationals.
        VerifiedOptimum exact = program.Verify();
        if (exact.Status == SimplexStatus.Optimal) return Combined(form, i => exact.RowDuals[i].ToDouble());
        return exact.Status == SimplexStatus.Infeasible && IsEmpty([.. exact.FarkasRay.Select(r => r.ToDouble())]) ? double.PositiveInfinity : Combined(form, _ => 0);
    }

    /// <summary>Whether a form is proved to be nowhere negative; forms that only touch zero are told exactly, where all constraints are exact.</summary>
    public bool IsNowhereNegative(Rational[] form)
    {
        double bound = Lower(form);
        if (bound >= 0) return true;
        double size = form.Max(c => Math.Abs(c.ToDouble()));
        if (bound < -1e-6 * size || exactly.Contains(null) || program.Status != SimplexStatus.Optimal) return false;
        return IsCombination(form);
    }

    /// <summary>Whether the form is a combination, with multipliers not below zero, of the constraints that bind at its least point, and a constant not
    /// below zero: multipliers by exact elimination over those that the program uses.</summary>
    private bool IsCombination(Rational[] form)
    {
        int n = box.Length;
        List<Rational[]> binding = [];
        for (int i = 0; i < constraints.Count; i++)
        {
            if (program.Dual(i) > 1e-9) binding.Add(exactly[i]!);
        }
        for (int j = 0; j < n; j++)
        {
            double reduced = program.ReducedCost(j);
            if (Math.Abs(reduced) <= 1e-9 && lower[j] < upper[j]) continue;
            // A fixed input's side may be used either way.
            Rational[] side = new Rational[n + 1];
            bool low = reduced > 0;
            side[j] = low ? 1 : -1;
            side[n] = low ? -lower[j] : upper[j];
            binding.Add(side);
        }
        // Columns: the binding forms' coefficients; right side: the form's. Gauss-Jordan, one row an input.
        int m = binding.Count;
        Rational[][] rows = [.. Enumerable.Range(0, n).Select(q => binding.Select(b => b[q]).Append(form[q]).ToArray())];
        int[] pivotOf = new int[m];
        Array.Fill(pivotOf, -1);
        int used = 0;
        for (int c = 0; c < m && used < n; c++)
        {
            int at = Array.FindIndex(rows, used, r => !r[c].IsZero);
            if (at < 0) continue;
            (rows[used], rows[at]) = (rows[at], rows[used]);
            Rational inverse = Rational.One / rows[used][c];
            for (int k = 0; k <= m; k++) rows[used][k] *= inverse;
            for (int r = 0; r < n; r++)
            {
                Rational factor = rows[r][c];
                if (r == used || factor.IsZero) continue;
                for (int k = 0; k <= m; k++) rows[r][k] -= factor * rows[used][k];
            }
            pivotOf[c] = used++;
        }
        for (int r = used; r < n; r++)
        {
            if (!rows[r][m].IsZero) return false;
        }
        Rational rest = form[n];
        for (int c = 0; c < m; c++)
        {
            if (pivotOf[c] < 0) continue;
            Rational multiplier = rows[pivotOf[c]][m];
            bool isFixed = c >= m - n && IsFixedSide(binding[c]);
            if (multiplier.Sign < 0 && !isFixed) return false;
            rest -= multiplier * binding[c][n];
        }
        return rest.Sign >= 0;
    }

    private bool IsFixedSide(Rational[] form)
    {
        int only = -1;
        for (int q = 0; q < box.Length; q++)
        {
            if (form[q].IsZero) continue;
            if (only >= 0) return false;
            only = q;
        }
        return only >= 0 && lower[only] == upper[only] && Rational.Abs(form[only]) == 1 && form[box.Length] == -form[only] * lower[only];
    }

    /// <summary>Whether a point is proved to lie strictly inside all forms, and inside all sides of the box that are not fixed.</summary>
    public bool HasInteriorPoint()
    {
        int n = box.Length;
        DenseSimplex widest = new([.. box.Select(b => b.Lower), 0], [.. box.Select(b => b.Upper), 1e9]);
        foreach (Interval[] form in constraints)
        {
            double norm = Math.Sqrt(form[..^1].Sum(c => c.Midpoint * c.Midpoint));
            if (norm == 0) return false;
            widest.AddRow([.. form[..^1].Select(c => c.Midpoint / norm), -1], -form[^1].Midpoint / norm, double.PositiveInfinity);
        }
        for (int j = 0; j < n; j++)
        {
            if (lower[j] == upper[j]) continue;
            double[] side = new double[n + 1];
            (side[j], side[n]) = (1, -1);
            widest.AddRow(side, box[j].Lower, double.PositiveInfinity);
            side[j] = -1;
            widest.AddRow(side, -box[j].Upper, double.PositiveInfinity);
        }
        double[] goal = new double[n + 1];
        goal[n] = -1;
        widest.SetObjective(goal);
        if (widest.Solve() != SimplexStatus.Optimal) return false;
        Rational[] x = [.. Enumerable.Range(0, n).Select(j => lower[j] == upper[j] ? lower[j] : Rational.FromDouble(widest.Point[j]))];
        for (int j = 0; j < n; j++)
        {
            if (lower[j] < upper[j] && !(x[j] > lower[j] && x[j] < upper[j])) return false;
        }
        return exactly.TrueForAll(form =>
        {
            if (form is null) return false;
            Rational sum = form[n];
            for (int q = 0; q < n; q++) sum += form[q] * x[q];
            return sum.Sign > 0;
        });
    }

    /// <summary>Whether multipliers of either sign show that no point of the box satisfies all constraints.</summary>
    private bool IsEmpty(double[] ray)
    {
        Interval[] nothing = new Interval[box.Length + 1];
        return Math.Max(Combined(nothing, i => ray[i]), Combined(nothing, i => -ray[i])) > 0;
    }

    /// <summary>Form minus multipliers times constraints, at its least over the box.</summary>
    private double Combined(Interval[] form, Func<int, double> multiplier)
    {
        Interval[] rest = [.. form];
        for (int i = 0; i < constraints.Count; i++)
        {
            double y = multiplier(i);
            if (!(y > 0)) continue;
            for (int q = 0; q < rest.Length; q++) rest[q] -= constraints[i][q] * y;
        }
        Interval least = rest[^1];
        for (int q = 0; q < box.Length; q++) least += rest[q] * box[q];
        return least.Lower;
    }
}
