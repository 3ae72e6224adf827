namespace Orthant.Numerics;

/// <summary>A polytope, and proved lower bounds of affine forms on it: any multipliers not below zero give one, so those of a linear program
/// that nobody needs to trust will do.</summary>
/// <remarks>A form is its coefficients and then its constant; a form with interval entries stands for every form within.</remarks>
internal sealed class PolytopeBounds
{
    private readonly Interval[] box;
    private readonly List<Interval[]> constraints = [];
    private readonly DenseSimplex program;

    public PolytopeBounds(Rational[] lower, Rational[] upper)
    {
        box = [.. lower.Zip(upper, (l, u) => Interval.Hull(Interval.FromRational(l), Interval.FromRational(u)))];
        program = new DenseSimplex([.. box.Select(b => b.Lower)], [.. box.Select(b => b.Upper)]);
    }

    public int Count => constraints.Count;

    /// <summary>Keeps the points where a form is not negative.</summary>
    public void Add(Interval[] form)
    {
        constraints.Add(form);
        program.AddRow([.. form[..^1].Select(c => c.Midpoint)], -form[^1].Midpoint, double.PositiveInfinity);
    }

    public void Truncate(int count)
    {
        constraints.RemoveRange(count, constraints.Count - count);
        program.TruncateRows(count);
    }

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
