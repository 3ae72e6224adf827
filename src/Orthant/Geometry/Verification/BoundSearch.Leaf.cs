using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry.Verification;

/// <summary>Nodes where every unit has its sign: a linear program in the inputs.</summary>
internal sealed partial class BoundSearch
{
    /// <summary>Largest powers of ten that a contradiction between assumed signs is multiplied by, to outweigh the conditions.</summary>
    private const int MostTens = 9;

    /// <summary>Least t with all conditions of the alternative ≤ t where the assumed signs hold. Its multipliers make the bound, its point is tried.</summary>
    /// <returns>Whether the point is a counterexample.</returns>
    private bool Leaf(BoundNode node, BoundBatch batch)
    {
        cancellation.ThrowIfCancellationRequested();
        int n = form.Inputs;
        int[] conditions = alternatives[node.Alternative];
        sbyte[][] signs = Signs(node);
        double[] lower = [.. chain.Lower, double.NegativeInfinity], upper = [.. chain.Upper, double.PositiveInfinity], cost = new double[n + 1];
        DenseSimplex program = new(lower, upper);
        cost[n] = 1;
        program.SetObjective(cost);
        foreach (AssumedSign a in node.Assumed)
        {
            (double[] row, double constant) = Affine(signs, a.Stage, a.Unit);
            if (a.Sign > 0) program.AddRow(row, -constant, double.PositiveInfinity);
            else program.AddRow(row, double.NegativeInfinity, -constant);
        }
        foreach (int c in conditions)
        {
            (double[] row, double constant) = Affine(signs, last, c);
            row[n] = -1;
            program.AddRow(row, double.NegativeInfinity, -constant);
        }
        SimplexStatus status = program.Solve();
        double[] multipliers = new double[node.Assumed.Length], weighing = (double[])node.Weighing.Clone();
        if (status == SimplexStatus.Infeasible)
        {
            if (RefutesBy(program.FarkasRay(), [.. Enumerable.Range(0, multipliers.Length)], node, batch)) return false;
        }
        else if (status == SimplexStatus.Optimal)
        {
            for (int k = 0; k < multipliers.Length; k++) multipliers[k] = Math.Abs(program.Dual(k));
            double sum = 0;
            for (int k = 0; k < conditions.Length; k++) sum += weighing[k] = Math.Max(0, -program.Dual(multipliers.Length + k));
            if (sum > 0 && Refutes(batch, node, multipliers, weighing)) return false;
            if (test.ConfirmInputs(program.Point[..n])) return true;
        }
        undecided = true;
        return false;
    }

    /// <summary>Whether the assumed signs of the stages up to the first one with an open unit contradict each other: they are affine in the inputs.</summary>
    private bool IsEmpty(BoundNode node, BoundBatch batch)
    {
        int first = 0;
        while (first < last && chain.Open[first].All(i => node.Assumed.Any(a => a.Stage == first && a.Unit == i))) first++;
        int[] known = [.. Enumerable.Range(0, node.Assumed.Length).Where(k => node.Assumed[k].Stage <= first)];
        if (known.Length == 0) return false;
        sbyte[][] signs = Signs(node);
        DenseSimplex program = new(chain.Lower, chain.Upper);
        foreach (int k in known)
        {
            AssumedSign a = node.Assumed[k];
            (double[] row, double constant) = Affine(signs, a.Stage, a.Unit);
            if (a.Sign > 0) program.AddRow(row.AsSpan(0, form.Inputs), -constant, double.PositiveInfinity);
            else program.AddRow(row.AsSpan(0, form.Inputs), double.NegativeInfinity, -constant);
        }
        return program.Solve() == SimplexStatus.Infeasible && RefutesBy(program.FarkasRay(), known, node, batch);
    }

    /// <summary>Whether a contradiction between assumed signs, multiplied until it outweighs the conditions, gives a positive bound.</summary>
    private bool RefutesBy(double[] ray, int[] rows, BoundNode node, BoundBatch batch)
    {
        double[] multipliers = new double[node.Assumed.Length];
        double size = ray.Take(rows.Length).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int tens = 0; size > 0 && tens <= MostTens; tens++)
        {
            for (int k = 0; k < rows.Length; k++) multipliers[rows[k]] = Math.Abs(ray[k]) / size * Math.Pow(10, tens);
            if (Refutes(batch, node, multipliers, node.Weighing)) return true;
        }
        return false;
    }

    private bool Refutes(BoundBatch batch, BoundNode node, double[] multipliers, double[] weighing)
    {
        Load(batch, 0, node, node.Assumed);
        for (int k = 0; k < multipliers.Length; k++)
        {
            AssumedSign a = node.Assumed[k];
            batch.Multipliers[a.Stage][a.Unit] = multipliers[k];
        }
        Weigh(batch, 0, node.Alternative, weighing);
        return batch.Bound(1)[0] > 0;
    }

    /// <summary>The piece that each unit keeps to in a node without open units.</summary>
    private sbyte[][] Signs(BoundNode node)
    {
        sbyte[][] signs = Array.ConvertAll(chain.Lines, lines => Array.ConvertAll(lines, l => l.Sign));
        foreach (AssumedSign a in node.Assumed) signs[a.Stage][a.Unit] = a.Sign;
        return signs;
    }

    /// <summary>A unit's pre-activation as a function of the inputs: a coefficient each and a place for one more, and the constant.</summary>
    private (double[] Row, double Constant) Affine(sbyte[][] signs, int stage, int unit)
    {
        double[] w = new double[chain.Stages[stage].Units];
        w[unit] = 1;
        double constant = 0;
        for (int s = stage; ; s--)
        {
            NormalStage now = chain.Stages[s];
            for (int i = 0; i < w.Length; i++) constant += w[i] * now.Bias[i];
            double[] x = new double[now.Linear.Inputs];
            now.Linear.ApplyTranspose<double>(1, w, x);
            w = x;
            if (s == 0) return ([.. w, 0], constant);
            for (int i = 0; i < w.Length; i++)
            {
                if (signs[s - 1][i] < 0) w[i] *= chain.Lines[s - 1][i].Left;
            }
        }
    }
}
