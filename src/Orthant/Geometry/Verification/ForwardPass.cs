using Orthant.Geometry.Cutting;

namespace Orthant.Geometry.Verification;

/// <summary>The values of a property's conditions at points of the scaled box, in doubles, and which way they fall.</summary>
/// <remarks>Not safe to share between threads.</remarks>
internal sealed unsafe class ForwardPass
{
    private readonly DenseStages stages;
    private readonly StageTable table;
    private readonly double[][] before;
    private readonly double[] weights;
    private readonly double[] pulled;

    public ForwardPass(DenseStages stages)
    {
        this.stages = stages;
        table = stages.Table;
        before = Array.ConvertAll(table.Stages, s => GC.AllocateArray<double>(s.Padded, pinned: true));
        int widest = table.Stages.Max(s => s.Padded);
        weights = GC.AllocateArray<double>(widest, pinned: true);
        pulled = GC.AllocateArray<double>(widest, pinned: true);
    }

    /// <summary>The values of the conditions; overwritten by the next call.</summary>
    /// <param name="t">A point of the scaled box, one number a free input.</param>
    public ReadOnlySpan<double> At(ReadOnlySpan<double> t)
    {
        int d = table.Dimension;
        for (int s = 0; s < table.Stages.Length; s++)
        {
            Stage now = table.Stages[s];
            fixed (double* z = before[s])
            {
                if (s == 0)
                {
                    Buffer.MemoryCopy(table.FirstMap + (d * now.Padded), z, now.Padded * sizeof(double), now.Padded * sizeof(double));
                    for (int q = 0; q < d; q++) DenseStages.AddScaled(t[q], table.FirstMap + (q * now.Padded), z, now.Padded);
                    continue;
                }
                Stage last = table.Stages[s - 1];
                Buffer.MemoryCopy(now.Bias, z, now.Padded * sizeof(double), now.Padded * sizeof(double));
                double[] from = before[s - 1];
                for (int j = 0; j < last.Units; j++)
                {
                    double y = Activate(last, j, from[j]);
                    if (y != 0) DenseStages.AddScaled(y, now.Columns + ((long)j * now.Padded), z, now.Padded);
                }
            }
        }
        return before[^1].AsSpan(0, table.Stages[^1].Units);
    }

    /// <summary>The gradient of one condition where <see cref="At"/> was last asked, by the scaled free inputs.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="gradient">One number a free input, overwritten.</param>
    public void Gradient(int condition, Span<double> gradient)
    {
        int d = table.Dimension, last = table.Stages.Length - 1;
        fixed (double* w = weights, p = pulled)
        {
            new Span<double>(w, weights.Length).Clear();
            w[condition] = 1;
            for (int s = last; s > 0; s--)
            {
                Stage now = table.Stages[s], prior = table.Stages[s - 1];
                new Span<double>(p, prior.Padded).Clear();
                for (int i = 0; i < now.Units; i++)
                {
                    if (w[i] != 0) DenseStages.AddScaled(w[i], stages.Rows(s) + ((long)i * prior.Padded), p, prior.Padded);
                }
                new Span<double>(w, weights.Length).Clear();
                for (int j = 0; j < prior.Units; j++) w[j] = p[j] * Slope(prior, j, before[s - 1][j]);
            }
            for (int q = 0; q < d; q++)
            {
                double sum = 0;
                double* row = table.FirstMap + (q * table.Stages[0].Padded);
                for (int i = 0; i < table.Stages[0].Units; i++) sum += w[i] * row[i];
                gradient[q] = sum;
            }
        }
    }

    private static double Activate(Stage stage, int unit, double z) => z > 0 || !HasKink(stage, unit) ? z : z * stage.LeftSlope[unit];

    private static double Slope(Stage stage, int unit, double z) => z > 0 || !HasKink(stage, unit) ? 1 : stage.LeftSlope[unit];

    private static bool HasKink(Stage stage, int unit) => ((stage.Kinks[unit >> 3] >> (unit & 7)) & 1) != 0;
}
