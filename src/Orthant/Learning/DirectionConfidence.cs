using System.Numerics.Tensors;
using MathNet.Numerics.Distributions;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>How far the directions of a fit may be from the hidden subspace.</summary>
/// <remarks>
/// <para>The refinement is nonlinear least squares in the student's parameters and a matrix Δ perpendicular to U; so its estimate is
/// asymptotically normal about the best one with covariance H⁻¹ G H⁻¹/n, H being the mean of g gᵀ and G that of r² g gᵀ (the sandwich of
/// P. Huber, 5th Berkeley Symposium, 1967, and H. White, Econometrica 48, 1980), which allows for noise that differs from row to row. Row
/// j of Δ is the part of direction j off the subspace: to first order its length is the angle. |Δ_j|² is a sum of squared normal numbers;
/// F. Satterthwaite's multiple of a χ² law of the same mean and variance stands for it (Biometrics Bulletin 2, 1946).</para>
/// <para>Parameters that a positive scaling of units makes redundant are held fixed: those that a pivoted Cholesky factorisation leaves.
/// What a student of this shape cannot express is not part of the figure.</para>
/// </remarks>
internal static class DirectionConfidence
{
    /// <summary>Pivots of the correlation matrix below this are taken for redundant: sums of float32 products are good to some
    /// 10⁻⁶.</summary>
    private const double SmallestPivot = 1e-4;

    private const int MostRows = 40_000;

    /// <summary>The root mean square of each direction's angle to the hidden subspace, and a bound that it keeps with 95 %, in
    /// radians.</summary>
    /// <param name="rows">The rows that were fitted to.</param>
    /// <param name="student">The student.</param>
    /// <param name="subspace">What it looks at.</param>
    /// <param name="fitted">How many rows the last refinement used.</param>
    /// <param name="random">Chooses rows where there are many.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static (double Root, double Bound)[] Angles(
        FitRows rows, Student student, Subspace subspace, int fitted, RandomStream random, int threads, CancellationToken cancellation)
    {
        int p = student.Parameters.Length, d = subspace.Inputs, k = subspace.Dimension;
        Subspace complement = subspace.Complement();
        int m = complement.Dimension, size = p + (k * m);
        (double[] curvature, double[] spread, double square, int used) = StudentRefinement.Information(
            rows, student, subspace, MostRows, random, threads, cancellation);
        double[] h = OnComplement(curvature, p, k, complement), g = OnComplement(spread, p, k, complement);
        // Columns of H⁻¹ that belong to Δ, with H brought to diagonal 1.
        double[] scales = [.. Enumerable.Range(0, size).Select(i => h[(i * size) + i] > 0 ? 1 / Math.Sqrt(h[(i * size) + i]) : 0)];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++) h[(i * size) + j] *= scales[i] * scales[j];
        }
        // A redundant parameter's row becomes that of a unit that nothing depends on.
        bool[] kept = Independent(h, size, p);
        for (int i = 0; i < p; i++)
        {
            if (kept[i]) continue;
            for (int j = 0; j < size; j++) h[(Math.Max(i, j) * size) + Math.Min(i, j)] = i == j ? 1 : 0;
        }
        Cholesky factor = new(size, h, SmallestPivot);
        double[] inverse = new double[k * m * size], half = new double[k * m * size], covariance = new double[k * m * k * m];
        for (int c = 0; c < k * m; c++)
        {
            double[] column = new double[size];
            column[p + c] = scales[p + c];
            factor.Solve(column);
            for (int i = 0; i < p; i++) column[i] = kept[i] ? column[i] : 0;
            TensorPrimitives.Multiply(column, scales, inverse.AsSpan(c * size, size));
        }
        ReadOnlyMatrixSpan<double> a = new(inverse, k * m, size);
        MatrixMultiply.Into(a, new ReadOnlyMatrixSpan<double>(g, size, size), new MatrixSpan<double>(half, k * m, size));
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>(half, k * m, size), a.Transposed(),
            new MatrixSpan<double>(covariance, k * m, k * m));
        double unit = square / Math.Max(1, Math.Min(fitted, rows.Count) - kept.Count(i => i) - (k * m));
        return [.. Enumerable.Range(0, k).Select(j =>
        {
            double trace = 0, squares = 0;
            for (int i = 0; i < m; i++)
            {
                ReadOnlySpan<double> row = covariance.AsSpan((((j * m) + i) * k * m) + (j * m), m);
                trace += row[i];
                squares += TensorPrimitives.SumOfSquares(row);
            }
            if (m == 0 || !(trace > 0)) return (0.0, 0.0);
            double freedom = trace * trace / squares;
            return (Math.Sqrt(unit * trace), Math.Sqrt(unit * trace / freedom * ChiSquared.InvCDF(freedom, 0.95)));
        })];
    }

    /// <summary>Which of the first unknowns a Cholesky factorisation with the largest pivot first takes before pivots are too
    /// small.</summary>
    private static bool[] Independent(double[] lower, int size, int count)
    {
        bool[] kept = new bool[count];
        double[] rest = new double[count * count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++) rest[(i * count) + j] = lower[(Math.Max(i, j) * size) + Math.Min(i, j)];
        }
        while (true)
        {
            int pivot = -1;
            for (int i = 0; i < count; i++)
            {
                if (!kept[i] && rest[(i * count) + i] > (pivot < 0 ? SmallestPivot : rest[(pivot * count) + pivot])) pivot = i;
            }
            if (pivot < 0) return kept;
            kept[pivot] = true;
            double[] row = rest.AsSpan(pivot * count, count).ToArray();
            double largest = row[pivot];
            for (int i = 0; i < count; i++)
            {
                Span<double> other = rest.AsSpan(i * count, count);
                if (!kept[i]) TensorPrimitives.MultiplyAdd(row, -row[i] / largest, other, other);
            }
        }
    }

    /// <summary>A symmetric matrix over parameters and Δ, both triangles, with the rows of Δ in coordinates of the complement.</summary>
    private static double[] OnComplement(double[] lower, int p, int k, Subspace complement)
    {
        int d = complement.Inputs, m = complement.Dimension, from = p + (k * d) + 1, size = p + (k * m);
        double[] full = [.. lower], map = new double[size * from], half = new double[size * from], result = new double[size * size];
        SymmetricRankUpdate.Mirror(new MatrixSpan<double>(full, from, from));
        for (int i = 0; i < p; i++) map[(i * from) + i] = 1;
        for (int j = 0; j < k; j++)
        {
            for (int i = 0; i < m; i++) complement.Row(i).CopyTo(map.AsSpan(((p + (j * m) + i) * from) + p + (j * d), d));
        }
        ReadOnlyMatrixSpan<double> t = new(map, size, from);
        MatrixMultiply.Into(t, new ReadOnlyMatrixSpan<double>(full, from, from), new MatrixSpan<double>(half, size, from));
        MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>(half, size, from), t.Transposed(), new MatrixSpan<double>(result, size, size));
        return result;
    }
}
