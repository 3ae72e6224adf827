using System.Numerics.Tensors;

namespace Orthant.Numerics;

/// <summary>The factorisation A = L Lᵀ of a symmetric positive definite matrix, in panels whose update runs on <see cref="MatrixMultiply"/>'s kernels.</summary>
/// <remarks>Right-looking, panels of 64 columns; only the lower triangle is read. Positions whose pivot is not positive are taken out of the system: their
/// unknowns stay zero, and <see cref="IsDetermined"/> says so.</remarks>
internal sealed class Cholesky
{
    private const int Panel = 64;

    private readonly double[] l;
    private readonly bool[] determined;

    /// <summary>Factorises; the array is overwritten and kept.</summary>
    /// <param name="size">n.</param>
    /// <param name="matrix">n × n, row-major, of which the lower triangle is read.</param>
    /// <param name="smallestPivot">Pivots below this count as zero.</param>
    public Cholesky(int size, double[] matrix, double smallestPivot)
    {
        Size = size;
        l = matrix;
        determined = new bool[size];
        double[] left = new double[Math.Min(size, Panel) * size];
        for (int first = 0; first < size; first += Panel)
        {
            int width = Math.Min(Panel, size - first), next = first + width, below = size - next;
            FactorPanel(first, width, smallestPivot);
            if (below == 0) break;
            // The trailing matrix loses P Pᵀ, P being the panel's rows below its square. Tiles of the lower triangle only.
            for (int i = 0; i < below; i++) TensorPrimitives.Negate(l.AsSpan(((next + i) * size) + first, width), left.AsSpan(i * width, width));
            double[] positive = new double[below * width];
            TensorPrimitives.Negate<double>(left.AsSpan(0, below * width), positive);
            const int Tile = 256;
            for (int r = 0; r < below; r += Tile)
            {
                int rows = Math.Min(Tile, below - r), columns = r + rows;
                MatrixMultiply.AddInto(
                    new ReadOnlyMatrixSpan<double>(left.AsSpan(r * width, rows * width), rows, width),
                    new ReadOnlyMatrixSpan<double>(positive.AsSpan(0, columns * width), columns, width).Transposed(),
                    new MatrixSpan<double>(l.AsSpan(((next + r) * size) + next), rows, columns, size));
            }
        }
    }

    public int Size { get; }

    /// <summary>Whether an unknown is determined by the system.</summary>
    public bool IsDetermined(int index) => determined[index];

    /// <summary>ln det A, over the positions that are determined.</summary>
    public double LogDeterminant()
    {
        double sum = 0;
        for (int i = 0; i < Size; i++)
        {
            if (determined[i]) sum += 2 * Math.Log(l[(i * Size) + i]);
        }
        return sum;
    }

    /// <summary>Solves A x = b in place.</summary>
    public void Solve(Span<double> b)
    {
        for (int i = 0; i < Size; i++)
        {
            b[i] = determined[i] ? (b[i] - TensorPrimitives.Dot(l.AsSpan(i * Size, i), b[..i])) / l[(i * Size) + i] : 0;
        }
        for (int i = Size - 1; i >= 0; i--)
        {
            if (!determined[i]) continue;
            b[i] /= l[(i * Size) + i];
            TensorPrimitives.MultiplyAdd(l.AsSpan(i * Size, i), -b[i], b[..i], b[..i]);
        }
    }

    /// <summary>The diagonal of A⁻¹: the sums of squares of the columns of L⁻¹.</summary>
    public double[] InverseDiagonal()
    {
        double[] result = new double[Size], x = new double[Size];
        for (int j = 0; j < Size; j++)
        {
            if (!determined[j])
            {
                result[j] = double.PositiveInfinity;
                continue;
            }
            // Column j of L⁻¹, downward; rows before j are zero.
            Array.Clear(x);
            x[j] = 1 / l[(j * Size) + j];
            double sum = x[j] * x[j];
            for (int i = j + 1; i < Size; i++)
            {
                if (!determined[i]) continue;
                x[i] = -TensorPrimitives.Dot<double>(l.AsSpan((i * Size) + j, i - j), x.AsSpan(j, i - j)) / l[(i * Size) + i];
                sum += x[i] * x[i];
            }
            result[j] = sum;
        }
        return result;
    }

    private void FactorPanel(int first, int width, double smallestPivot)
    {
        for (int j = first; j < first + width; j++)
        {
            Span<double> row = l.AsSpan((j * Size) + first, j - first + 1);
            double pivot = row[^1] - TensorPrimitives.Dot<double>(row[..^1], row[..^1]);
            determined[j] = pivot > smallestPivot;
            double root = determined[j] ? Math.Sqrt(pivot) : 0;
            row[^1] = root;
            for (int i = j + 1; i < Size; i++)
            {
                Span<double> other = l.AsSpan((i * Size) + first, j - first + 1);
                other[^1] = determined[j] ? (other[^1] - TensorPrimitives.Dot<double>(other[..^1], row[..^1])) / root : 0;
            }
        }
    }
}
