using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Orthant.Geometry.Cutting;
using Orthant.Networks;

namespace Orthant.Geometry.Verification;

/// <summary>What bounds need of the stages beside their columns: the matrices by rows, and how large everything can get on the domain.</summary>
/// <remarks>Read only after construction.</remarks>
internal sealed unsafe class DenseStages : IDisposable
{
    private readonly List<nint> owned = [];
    private readonly double*[] rows;
    private readonly double[][] sizes;

    public DenseStages(StageTable table)
    {
        Table = table;
        int count = table.Stages.Length;
        rows = new double*[count];
        sizes = new double[count][];
        double[] lower = Array.ConvertAll([.. table.Domain.Lower], r => Math.BitDecrement(r.ToDouble()));
        double[] upper = Array.ConvertAll([.. table.Domain.Upper], r => Math.BitIncrement(r.ToDouble()));
        double[] largest = new double[lower.Length];
        for (int j = 0; j < largest.Length; j++) largest[j] = Math.Max(Math.Abs(lower[j]), Math.Abs(upper[j]));
        LastKinked = -1;
        for (int s = 0; s < count; s++)
        {
            NormalStage stage = table.Stages[s].Source;
            if (!stage.Activations.IsIdentity) LastKinked = s;
            // |A|·|y| + |b|, rounded up: what one unit's terms add up to at most, anywhere in the domain.
            double[] size = new double[stage.Units];
            stage.Linear.ApplyAbsolute(1, largest, size);
            double grow = 1 + ((stage.Linear.LongestRow + 8) * 4 * Rounding.Unit);
            for (int i = 0; i < size.Length; i++) size[i] = (size[i] + Math.Abs(stage.Bias[i])) * grow;
            sizes[s] = size;
            largest = new double[size.Length];
            for (int i = 0; i < size.Length; i++) largest[i] = size[i] * Math.Max(1, Math.Abs(stage.Activations[i].LeftSlope));
            if (s > 0) rows[s] = ByRows(stage.Linear);
        }
    }

    public StageTable Table { get; }

    /// <summary>The last stage with a kink; -1 when no stage has any.</summary>
    public int LastKinked { get; }

    /// <summary>Row i of a stage's matrix at i times the padded number of units of the stage before; stages from the second on.</summary>
    public double* Rows(int stage) => rows[stage];

    /// <summary>For each unit an upper bound on what the absolute terms of its pre-activation add up to in the domain.</summary>
    public double[] Sizes(int stage) => sizes[stage];

    private double* ByRows(LinearOperator linear)
    {
        int padded = (linear.Inputs + 7) & ~7;
        nuint bytes = (nuint)((long)linear.Outputs * padded * sizeof(double));
        double* made = (double*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(made, bytes);
        owned.Add((nint)made);
        for (int i = 0; i < linear.Outputs; i++)
        {
            SparseRow row = linear.Row(i);
            for (int k = 0; k < row.Count; k++) made[((long)i * padded) + row.Columns[k]] = row.Values[k];
        }
        return made;
    }

    public void Dispose()
    {
        foreach (nint memory in owned) NativeMemory.AlignedFree((void*)memory);
        owned.Clear();
    }

    /// <summary>y += f·x for padded arrays.</summary>
    public static void AddScaled(double f, double* x, double* y, int padded)
    {
        Vector512<double> factor = Vector512.Create(f);
        for (int b = 0; b < padded; b += 8) Vector512.FusedMultiplyAdd(Vector512.Load(x + b), factor, Vector512.Load(y + b)).Store(y + b);
    }
}
