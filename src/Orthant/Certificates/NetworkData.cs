using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>One stage of a network's normal form: z = weights·x + bias, then every unit takes z where it is positive, else slope·z.</summary>
/// <param name="Weights">Rows of the matrix (units × inputs).</param>
/// <param name="Bias">One number a unit.</param>
/// <param name="LeftSlopes">One number a unit; 1 for a unit without a kink.</param>
public sealed record StageData(double[][] Weights, double[] Bias, double[] LeftSlopes);

/// <summary>A network as a chain of stages, as in its normal form.</summary>
/// <param name="Stages">At least one; the last one's units are the outputs.</param>
public sealed record NetworkData(StageData[] Stages)
{
    /// <summary>The normal form of a network, entry by entry.</summary>
    public static NetworkData Of(ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new NetworkData([.. network.NormalForm.Stages.Select(s => new StageData(
            [.. Enumerable.Range(0, s.Units).Select(i => DenseRow(s.Linear, i))], [.. s.Bias], [.. Enumerable.Range(0, s.Units).Select(i => s.Activations[i].LeftSlope)]))]);
    }

    private static double[] DenseRow(LinearOperator linear, int index)
    {
        double[] dense = new double[linear.Inputs];
        SparseRow row = linear.Row(index);
        for (int k = 0; k < row.Count; k++) dense[row.Columns[k]] = row.Values[k];
        return dense;
    }

    /// <summary>Refuses data that do not fit together, or that are not the model's.</summary>
    internal void Check(Verification v)
    {
        for (int s = 0; s < Stages.Length; s++)
        {
            StageData stage = Stages[s];
            int units = stage.Bias.Length, inputs = s == 0 ? stage.Weights[0].Length : Stages[s - 1].Bias.Length;
            v.Require(stage.Weights.Length == units && stage.LeftSlopes.Length == units && stage.Weights.All(row => row.Length == inputs), $"the sizes of stage {s} fit");
        }
        if (v.Model is null) return;
        StageData[] model = Of(v.Model).Stages;
        v.Require(model.Length == Stages.Length, "it is about the model: as many stages");
        for (int s = 0; s < model.Length; s++)
        {
            v.Require(model[s].Bias.SequenceEqual(Stages[s].Bias) && model[s].LeftSlopes.SequenceEqual(Stages[s].LeftSlopes)
                && model[s].Weights.Zip(Stages[s].Weights, (a, b) => a.SequenceEqual(b)).All(same => same), $"it is about the model: the same stage {s}");
        }
    }
}

/// <summary>A polytope, and proved lower bounds of affine forms on it: any multipliers not below zero give one, so those of a linear program
/// that nobody needs to trust will do.</summary>
/// <remarks>A form is its coefficients and then its constant; a form with interval entries stands for every form within.</remarks>
internal sealed class PolytopeProof
{
    private readonly Interval[] box;
    private readonly List<Interval[]> constraints = [];
    private readonly DenseSimplex program;

    public PolytopeProof(Rational[] lower, Rational[] upper)
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
