using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Orthant.Learning;

/// <summary>Orthonormal directions in the whitened inputs.</summary>
/// <remarks>k rows of d numbers, row-major; u = U z are the coordinates of an input in it.</remarks>
internal sealed class Subspace
{
    private Subspace(int inputs, double[] rows)
    {
        Inputs = inputs;
        Rows = rows;
    }

    public int Inputs { get; }

    public int Dimension => Rows.Length / Inputs;

    public double[] Rows { get; }

    public static Subspace Empty(int inputs) => new(inputs, []);

    public ReadOnlySpan<double> Row(int index) => Rows.AsSpan(index * Inputs, Inputs);

    /// <summary>The span of rows that are linearly independent, and the lower triangle T with rows = T · result.</summary>
    /// <remarks>Gram and Schmidt's method, each row twice.</remarks>
    public static Subspace Span(int inputs, ReadOnlySpan<double> rows, out double[] triangle)
    {
        int k = rows.Length / inputs;
        double[] q = rows.ToArray(), t = new double[k * k];
        for (int j = 0; j < k; j++)
        {
            Span<double> row = q.AsSpan(j * inputs, inputs);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int i = 0; i < j; i++)
                {
                    ReadOnlySpan<double> other = q.AsSpan(i * inputs, inputs);
                    double share = TensorPrimitives.Dot(row, other);
                    t[(j * k) + i] += share;
                    TensorPrimitives.MultiplyAdd(other, -share, row, row);
                }
            }
            double norm = TensorPrimitives.Norm<double>(row);
            t[(j * k) + j] = norm;
            if (norm > 0) TensorPrimitives.Divide(row, norm, row);
        }
        triangle = t;
        return new Subspace(inputs, q);
    }

    public static Subspace Span(int inputs, ReadOnlySpan<double> rows) => Span(inputs, rows, out _);

    /// <summary>This one with further directions.</summary>
    public Subspace With(ReadOnlySpan<double> rows) => Span(Inputs, [.. Rows, .. rows]);

    /// <summary>The directions M U, M being m × k with orthonormal rows.</summary>
    public Subspace Turned(ReadOnlySpan<double> m)
    {
        int k = Dimension, count = m.Length / k;
        double[] rows = new double[count * Inputs];
        for (int i = 0; i < count; i++)
        {
            Span<double> row = rows.AsSpan(i * Inputs, Inputs);
            for (int j = 0; j < k; j++) TensorPrimitives.MultiplyAdd(Row(j), m[(i * k) + j], row, row);
        }
        return Span(Inputs, rows);
    }

    /// <summary>An orthonormal basis of what is perpendicular to all directions: (d − k) rows.</summary>
    public Subspace Complement()
    {
        if (Dimension == 0)
        {
            double[] identity = new double[Inputs * Inputs];
            for (int i = 0; i < Inputs; i++) identity[(i * Inputs) + i] = 1;
            return new Subspace(Inputs, identity);
        }
        Matrix<double> basis = Matrix<double>.Build.Dense(Inputs, Dimension, (i, j) => Rows[(j * Inputs) + i]);
        Matrix<double> q = basis.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Full).Q;
        double[] rows = new double[(Inputs - Dimension) * Inputs];
        for (int j = 0; j < Inputs - Dimension; j++)
        {
            for (int i = 0; i < Inputs; i++) rows[(j * Inputs) + i] = q[i, Dimension + j];
        }
        return Span(Inputs, rows);
    }

    /// <summary>The sine of the largest principal angle from this subspace into another; 1 where the other has fewer dimensions, 0 where
    /// this is empty.</summary>
    public double SineTo(Subspace other)
    {
        if (Dimension == 0) return 0;
        if (other.Dimension == 0) return 1;
        double[] rest = [.. Rows];
        for (int j = 0; j < Dimension; j++)
        {
            Span<double> row = rest.AsSpan(j * Inputs, Inputs);
            for (int i = 0; i < other.Dimension; i++)
            {
                TensorPrimitives.MultiplyAdd(other.Row(i), -TensorPrimitives.Dot(row, other.Row(i)), row, row);
            }
        }
        return Matrix<double>.Build.Dense(Inputs, Dimension, rest).L2Norm();
    }
}
