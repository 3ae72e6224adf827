using System.Runtime.Intrinsics;
using Orthant.Geometry.Cutting;

namespace Orthant.Geometry.Verification;

/// <summary>Lower bounds of the conditions as affine functions of the scaled inputs.</summary>
internal sealed unsafe partial class Relaxation
{
    private readonly int conditions;
    private readonly double*[] pulled;
    private readonly double* bounds;
    private readonly double* weights;
    private readonly double[] lowestValue;
    private readonly int[] lowestAt;
    private readonly List<int> wanted = [];

    /// <summary>The conditions that the last backward pass was for.</summary>
    public IReadOnlyList<int> Conditions => wanted;

    /// <summary>A lower bound of a condition's left side over the cell.</summary>
    public double LowerBound(int condition) => lowestValue[condition];

    /// <summary>Whether a condition's left side is positive all over the cell, by more than a hair.</summary>
    public bool IsPositive(int condition)
    {
        double size = 0;
        double* bound = bounds + ((long)condition * (d + 2));
        for (int q = 0; q <= d; q++) size += Math.Abs(bound[q]);
        return lowestValue[condition] > 1e-9 * size;
    }

    /// <summary>The vertex of the cell where a condition's bound is lowest.</summary>
    public int LowestVertex(int condition) => lowestAt[condition];

    /// <summary>Minus a condition's affine lower bound, rounded up: where this is negative, the condition is positive.</summary>
    public void NegatedBound(int condition, double* form, int constantAt)
    {
        double* bound = bounds + ((long)condition * (d + 2));
        for (int q = 0; q < d; q++) form[q] = -bound[q];
        form[constantAt] = Math.BitIncrement(bound[d + 1] - bound[d]);
    }

    /// <summary>Pulls the conditions that count back to the inputs through the lines that <see cref="Forward"/> found.</summary>
    public void Backward(int stage, in Cell cell, double* map, int[][] alternatives, bool[] alive)
    {
        Want(alternatives, alive);
        foreach (int c in wanted) Pull(c, stage, cell, map);
    }

    /// <summary>Lets only the conditions of alternatives that are not refuted count.</summary>
    public void Want(int[][] alternatives, bool[] alive)
    {
        wanted.Clear();
        for (int c = 0; c < conditions; c++)
        {
            for (int a = 0; a < alternatives.Length; a++)
            {
                if (!alive[a] || Array.IndexOf(alternatives[a], c) < 0) continue;
                wanted.Add(c);
                break;
            }
        }
    }

    private void Pull(int condition, int stage, in Cell cell, double* map)
    {
        // The functional w · (activations of stage k) + constant bounds the condition from below, but for the slack.
        double* w = pulled[0], x = pulled[1];
        int inputs = table.Stages[last - 1].Padded;
        Buffer.MemoryCopy(stages.Rows(last) + ((long)condition * inputs), w, inputs * sizeof(double), inputs * sizeof(double));
        double constant = table.Stages[last].Bias[condition], magnitude = Math.Abs(constant), error = 0;
        for (int k = last - 1; ; k--)
        {
            Stage now = table.Stages[k];
            double* target = weights + ((long)condition * now.Padded);
            if (k == stage) Buffer.MemoryCopy(w, target, now.Padded * sizeof(double), now.Padded * sizeof(double));
            Lines line = lines[k];
            if (k <= stages.LastKinked)
            {
                for (int i = 0; i < now.Units; i++)
                {
                    double v = w[i], offset;
                    if (v == 0) continue;
                    if (v > 0)
                    {
                        w[i] = v * line.LowerSlope[i];
                        offset = v * line.LowerOffset[i];
                    }
                    else
                    {
                        w[i] = v * line.UpperSlope[i];
                        offset = v * line.UpperOffset[i];
                    }
                    constant += offset;
                    magnitude += Math.Abs(offset);
                }
            }
            if (k == stage) break;
            double[] sizes = stages.Sizes(k);
            int before = table.Stages[k - 1].Padded;
            new Span<double>(x, before).Clear();
            double sum = 0;
            int terms = 0;
            for (int i = 0; i < now.Units; i++)
            {
                double v = w[i];
                if (v == 0) continue;
                terms++;
                sum += Math.Abs(v) * sizes[i];
                double offset = v * now.Bias[i];
                constant += offset;
                magnitude += Math.Abs(offset);
                DenseStages.AddScaled(v, stages.Rows(k) + ((long)i * before), x, before);
            }
            error += (terms + 8) * Rounding.Unit * sum;
            double* swap = w;
            w = x;
            x = swap;
        }
        Finish(condition, stage, cell, map, w, constant, magnitude, error);
    }

    /// <summary>The functional of the stage's pre-activations becomes one of the scaled inputs; then its least value over the vertices.</summary>
    private void Finish(int condition, int stage, in Cell cell, double* map, double* w, double constant, double magnitude, double error)
    {
        Stage now = table.Stages[stage];
        double* bound = bounds + ((long)condition * (d + 2));
        int terms = 0;
        double size = 0, total = 0;
        Span<double> sums = stackalloc double[d + 1];
        sums.Clear();
        for (int i = 0; i < now.Units; i++)
        {
            double v = w[i];
            if (v == 0) continue;
            terms++;
            double absolute = Math.Abs(v);
            error += absolute * map[((d + 1) * now.Padded) + i];
            for (int q = 0; q <= d; q++)
            {
                double term = v * map[(q * now.Padded) + i];
                sums[q] += term;
                total += Math.Abs(term);
            }
        }
        sums[d] += constant;
        int steps = table.Stages.Sum(s => s.Units) + 16;
        error += (terms + 8) * Rounding.Unit * (total + Math.Abs(constant));
        error += 2 * steps * Rounding.Unit * magnitude;
        error = (error * (1 + (2 * steps * Rounding.Unit)) * (1 + 1e-9)) + (steps * double.Epsilon);
        for (int q = 0; q <= d; q++)
        {
            bound[q] = sums[q];
            size += Math.Abs(sums[q]);
        }
        bound[d + 1] = error;
        double least = double.PositiveInfinity;
        int at = 0;
        Vector512<double> offset = Vector512.Create(sums[d]);
        for (int b = 0; b < cell.Stride; b += 8)
        {
            Vector512<double> v = offset;
            for (int q = 0; q < d; q++) v = Vector512.FusedMultiplyAdd(Vector512.Create(sums[q]), Vector512.Load(cell.X + (q * cell.Stride) + b), v);
            for (int lane = 0; lane < 8; lane++)
            {
                if (v[lane] >= least) continue;
                least = v[lane];
                at = b + lane;
            }
        }
        lowestAt[condition] = at < cell.Count ? at : 0;
        lowestValue[condition] = least - (((error + (size * (cell.LargestRadius + ((d + 4) * Rounding.Unit)))) * (1 + 1e-9)) + double.Epsilon);
    }
}
