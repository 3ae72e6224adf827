namespace Orthant.Numerics;

/// <summary>The eigenvalues and eigenvectors of a symmetric matrix, by cyclic Jacobi rotations: A = V diag(values) Vᵀ.</summary>
/// <remarks>Complexity: about ten sweeps of 6 n³ operations; meant for n up to a few hundred. Source: Golub and Van Loan, section 8.5.</remarks>
internal sealed class SymmetricEigen
{
    /// <param name="size">n.</param>
    /// <param name="matrix">n × n, row-major and symmetric; overwritten.</param>
    public SymmetricEigen(int size, double[] matrix)
    {
        // Rows of this array are the eigenvectors.
        Vectors = new double[size * size];
        for (int i = 0; i < size; i++) Vectors[(i * size) + i] = 1;
        double norm = matrix.Sum(v => v * v);
        for (int sweep = 0; sweep < 60 && OffDiagonal(size, matrix) > 1e-32 * norm; sweep++)
        {
            for (int p = 0; p < size; p++)
            {
                for (int q = p + 1; q < size; q++) Rotate(size, matrix, p, q);
            }
        }
        Values = [.. Enumerable.Range(0, size).Select(i => matrix[(i * size) + i])];
    }

    public double[] Values { get; }

    /// <summary>Row j is the eigenvector of value j.</summary>
    public double[] Vectors { get; }

    private static double OffDiagonal(int size, double[] a)
    {
        double sum = 0;
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < i; j++) sum += 2 * a[(i * size) + j] * a[(i * size) + j];
        }
        return sum;
    }

    private void Rotate(int size, double[] a, int p, int q)
    {
        double off = a[(p * size) + q];
        if (off == 0) return;
        double theta = (a[(q * size) + q] - a[(p * size) + p]) / (2 * off);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1)), c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int k = 0; k < size; k++)
        {
            (double x, double y) = (a[(k * size) + p], a[(k * size) + q]);
            (a[(k * size) + p], a[(k * size) + q]) = ((c * x) - (s * y), (s * x) + (c * y));
        }
        TurnRows(size, a, p, q, c, s);
        TurnRows(size, Vectors, p, q, c, s);
    }

    private static void TurnRows(int size, double[] a, int p, int q, double c, double s)
    {
        Span<double> first = a.AsSpan(p * size, size), second = a.AsSpan(q * size, size);
        for (int k = 0; k < size; k++) (first[k], second[k]) = ((c * first[k]) - (s * second[k]), (s * first[k]) + (c * second[k]));
    }
}
