using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Whitened rows that students are fitted to, or measured on.</summary>
internal sealed class FitRows
{
    public FitRows(int inputs, float[] values, double[] targets)
    {
        Inputs = inputs;
        Values = values;
        Targets = targets;
        double mean = targets.Length == 0 ? 0 : targets.Average();
        Deviation = targets.Length == 0 ? 0 : Math.Sqrt(targets.Average(y => (y - mean) * (y - mean)));
    }

    public int Inputs { get; }

    /// <summary>rows × d, row-major.</summary>
    public float[] Values { get; }

    public double[] Targets { get; }

    public int Count => Targets.Length;

    /// <summary>The targets' standard deviation.</summary>
    public double Deviation { get; }

    /// <summary>The coordinates of all rows in a subspace, rows × k, row-major.</summary>
    public float[] Project(Subspace subspace)
    {
        int k = subspace.Dimension;
        float[] result = new float[Count * k], directions = Array.ConvertAll(subspace.Rows, v => (float)v);
        MatrixMultiply.Into(
            new ReadOnlyMatrixSpan<float>(Values, Count, Inputs), new ReadOnlyMatrixSpan<float>(directions, k, Inputs).Transposed(),
            new MatrixSpan<float>(result, Count, k));
        return result;
    }

    /// <summary>Rows of a block, turned so that each input's values stand beside each other, as doubles: d ×
    /// <see cref="StudentPass.Block"/>.</summary>
    public void Turn(ReadOnlySpan<int> rows, Span<double> block)
    {
        for (int r = 0; r < rows.Length; r++)
        {
            ReadOnlySpan<float> row = Values.AsSpan(rows[r] * Inputs, Inputs);
            for (int i = 0; i < row.Length; i++) block[(i * StudentPass.Block) + r] = row[i];
        }
    }

    /// <summary>A random choice of rows, all of them in order where there are no more.</summary>
    public int[] Choose(int most, RandomStream random)
    {
        if (most >= Count) return [.. Enumerable.Range(0, Count)];
        int[] order = random.Permutation(Count)[..most];
        Array.Sort(order);
        return order;
    }

    /// <summary>The outputs of a student for all rows.</summary>
    public double[] Outputs(Student student, Subspace subspace, int threads)
    {
        double[] outputs = new double[Count];
        int blocks = (Count + StudentPass.Block - 1) / StudentPass.Block;
        Parallel.For(0, blocks, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => new StudentPass(student), (b, _, pass) =>
        {
            int first = b * StudentPass.Block, count = Math.Min(StudentPass.Block, Count - first);
            Coordinates(subspace, Values.AsSpan(first * Inputs, count * Inputs), count, pass.Inputs);
            pass.Forward(student, count).CopyTo(outputs.AsSpan(first));
            return pass;
        }, _ => { });
        return outputs;
    }

    /// <summary>The root mean squared error over the targets' standard deviation.</summary>
    public double RelativeError(Student student, Subspace subspace, int threads)
    {
        double[] outputs = Outputs(student, subspace, threads);
        return TensorPrimitives.Distance<double>(outputs, Targets) / Math.Sqrt(Count) / Deviation;
    }

    /// <summary>Coordinates u = U z of a few rows, k × <see cref="StudentPass.Block"/>, summed in double.</summary>
    public static void Coordinates(Subspace subspace, ReadOnlySpan<float> rows, int count, Span<double> coordinates)
    {
        int d = subspace.Inputs;
        Span<double> row = d <= 512 ? stackalloc double[d] : new double[d];
        for (int r = 0; r < count; r++)
        {
            TensorPrimitives.ConvertTruncating(rows.Slice(r * d, d), row);
            for (int j = 0; j < subspace.Dimension; j++)
            {
                coordinates[(j * StudentPass.Block) + r] = TensorPrimitives.Dot(row, subspace.Row(j));
            }
        }
    }
}
