using System.Collections.Immutable;
using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>The classical one-round methods of sufficient dimension reduction, which are given the number of directions.</summary>
public enum ReductionMethod
{
    /// <summary>Sliced inverse regression: means of slices (K.-C. Li, JASA 86, 1991). Blind to even functions.</summary>
    Sir,

    /// <summary>Sliced average variance estimation: covariances of slices (R. Cook, Communications in Statistics 29, 2000).</summary>
    Save,

    /// <summary>Directional regression: both (B. Li and S. Wang, JASA 102, 2007).</summary>
    Dr,

    /// <summary>Principal Hessian directions: E[r x xᵀ] (K.-C. Li, JASA 87, 1992). Blind where Hermite moments of degree 2
    /// vanish.</summary>
    Phd,
}

/// <summary>Finds directions by <see cref="ReductionMethod"/>s, for comparison with <see cref="FilteredPca"/>.</summary>
public static class DimensionReduction
{
    private const int Slices = 20;

    /// <summary>An orthonormal basis of the directions found, in the given inputs.</summary>
    /// <param name="samples">The samples; at most 200,000 rows of them are used.</param>
    /// <param name="method">The method.</param>
    /// <param name="directions">How many, from 1 to d.</param>
    /// <param name="seed">Chooses the rows.</param>
    /// <returns>k rows of d numbers.</returns>
    /// <exception cref="OrthantInputException">The samples are refused as by <see cref="FilteredPca.Fit"/>.</exception>
    public static ImmutableArray<ImmutableArray<double>> Find(SampleSource samples, ReductionMethod method, int directions, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(directions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(directions, samples.Inputs);
        int threads = Environment.ProcessorCount;
        LearningRows rows = LearningRows.Of(samples, new FilteredPcaOptions { Seed = seed, FitRows = 200_000 }, threads, null, default);
        (double[] matrix, _) = rows.Whitening.Unwhiten(Find(rows.Training, method, directions));
        Subspace given = Subspace.Span(samples.Inputs, matrix);
        return [.. Enumerable.Range(0, directions).Select(j => given.Row(j).ToArray().ToImmutableArray())];
    }

    /// <summary>In whitened inputs.</summary>
    internal static Subspace Find(FitRows rows, ReductionMethod method, int directions)
    {
        int d = rows.Inputs;
        Matrix<double> kernel = method == ReductionMethod.Phd ? Hessian(rows) : Sliced(rows, method);
        MathNet.Numerics.LinearAlgebra.Factorization.Evd<double> evd = kernel.Evd(Symmetricity.Symmetric);
        int[] order = [.. Enumerable.Range(0, d).OrderByDescending(i => Math.Abs(evd.EigenValues[i].Real))];
        double[] basis = new double[directions * d];
        for (int j = 0; j < directions; j++)
        {
            for (int i = 0; i < d; i++) basis[(j * d) + i] = evd.EigenVectors[i, order[j]];
        }
        return Subspace.Span(d, basis);
    }

    private static Matrix<double> Sliced(FitRows rows, ReductionMethod method)
    {
        int d = rows.Inputs;
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        Array.Sort((double[])rows.Targets.Clone(), order);
        Matrix<double> identity = Matrix<double>.Build.DenseIdentity(d), kernel = Matrix<double>.Build.Dense(d, d), means = kernel.Clone();
        double lengths = 0;
        for (int s = 0; s < Slices; s++)
        {
            int first = (int)((long)rows.Count * s / Slices), end = (int)((long)rows.Count * (s + 1) / Slices);
            if (end == first) continue;
            (double[] mean, Matrix<double> square) = Moments(rows, order.AsSpan(first, end - first), null);
            double share = (end - first) / (double)rows.Count;
            Vector<double> m = Vector<double>.Build.Dense(mean);
            Matrix<double> outer = m.OuterProduct(m);
            if (method == ReductionMethod.Save)
            {
                Matrix<double> a = identity - (square - outer);
                kernel += share * (a * a);
                continue;
            }
            means += share * outer;
            lengths += share * (m * m);
            if (method != ReductionMethod.Dr) continue;
            Matrix<double> rest = square - identity;
            kernel += 2 * share * (rest * rest);
        }
        return method switch
        {
            ReductionMethod.Save => kernel,
            ReductionMethod.Sir => means,
            _ => kernel + (2 * (means * means)) + (2 * lengths * means),
        };
    }

    /// <summary>E[r z zᵀ] with r what a linear regression leaves.</summary>
    private static Matrix<double> Hessian(FitRows rows)
    {
        double mean = rows.Targets.Average();
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        (double[] slope, _) = Moments(rows, order, r => rows.Targets[r] - mean);
        double[] rest = new double[rows.Count];
        double[] row = new double[rows.Inputs];
        for (int r = 0; r < rest.Length; r++)
        {
            TensorPrimitives.ConvertTruncating<float, double>(rows.Values.AsSpan(r * rows.Inputs, rows.Inputs), row);
            rest[r] = rows.Targets[r] - mean - TensorPrimitives.Dot<double>(row, slope);
        }
        return Moments(rows, order, r => rest[r]).Square;
    }

    /// <summary>Means of w z and of w z zᵀ over rows.</summary>
    private static (double[] Mean, Matrix<double> Square) Moments(FitRows rows, ReadOnlySpan<int> chosen, Func<int, double>? weight)
    {
        const int block = 512;
        int d = rows.Inputs;
        double[] mean = new double[d], square = new double[d * d], packed = new double[block * d], weighted = new double[block * d];
        for (int first = 0; first < chosen.Length; first += block)
        {
            int count = Math.Min(block, chosen.Length - first);
            for (int r = 0; r < count; r++)
            {
                int number = chosen[first + r];
                Span<double> row = packed.AsSpan(r * d, d), other = weighted.AsSpan(r * d, d);
                TensorPrimitives.ConvertTruncating<float, double>(rows.Values.AsSpan(number * d, d), row);
                TensorPrimitives.Multiply(row, weight?.Invoke(number) ?? 1, other);
                TensorPrimitives.Add(mean, other, mean);
            }
            MatrixMultiply.AddInto(
                new ReadOnlyMatrixSpan<double>(packed, count, d).Transposed(), new ReadOnlyMatrixSpan<double>(weighted, count, d),
                new MatrixSpan<double>(square, d, d));
        }
        TensorPrimitives.Divide(mean, chosen.Length, mean);
        return (mean, Matrix<double>.Build.DenseOfColumnMajor(d, d, square) / chosen.Length);
    }
}
