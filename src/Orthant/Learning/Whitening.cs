using System.Numerics.Tensors;
using MathNet.Numerics.Distributions;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Coordinates z = L⁻¹(x − μ) in which the inputs have covariance I.</summary>
/// <remarks>The covariance is that of the samples, or one that is known. The mean is taken off only where it differs from 0 significantly
/// (Hotelling's statistic at 10⁻⁴): a function that is homogeneous in x stays so in z. Directions found in z stand for L⁻ᵀ times
/// themselves in x.</remarks>
internal sealed class Whitening
{
    private readonly double[] inverse;
    private readonly float[] single;
    private readonly double[] centre;
    private readonly double[] lower;

    private Whitening(int inputs, double[] lower, double[] centre)
    {
        Inputs = inputs;
        this.centre = centre;
        this.lower = lower;
        single = Array.ConvertAll(InverseOfLower(inputs, lower), v => (float)v);
        // Directions are brought back by the map that rows went through, not by the one that it was rounded from.
        inverse = Array.ConvertAll(single, v => (double)v);
    }

    public int Inputs { get; }

    /// <summary>Whether a mean is taken off.</summary>
    public bool IsCentred => Array.Exists(centre, c => c != 0);

    /// <summary>Nothing to do: the inputs have mean 0 and covariance I.</summary>
    public static Whitening Identity(int inputs)
    {
        double[] lower = new double[inputs * inputs];
        for (int i = 0; i < inputs; i++) lower[(i * inputs) + i] = 1;
        return new Whitening(inputs, lower, new double[inputs]);
    }

    /// <summary>By a known covariance; the mean is 0.</summary>
    /// <exception cref="OrthantInputException">The matrix is not positive definite.</exception>
    public static Whitening Known(int inputs, ReadOnlySpan<double> covariance, string source)
    {
        double[] lower = covariance.ToArray();
        int bad = Factor(inputs, lower, 1e-13);
        if (bad >= 0)
        {
            throw new OrthantInputException(
                source, $"row {bad + 1}", "a covariance that is not positive definite", "a symmetric positive definite matrix");
        }
        return new Whitening(inputs, lower, new double[inputs]);
    }

    /// <summary>By the covariance of the samples.</summary>
    /// <exception cref="OrthantInputException">An input is constant, or says the same as others.</exception>
    public static Whitening Sample(SampleSource source, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int d = source.Inputs;
        InputMoments moments = InputMoments.Of(source, threads, progress, cancellation);
        double[] mean = moments.Mean, covariance = moments.Covariance, deviations = new double[d];
        for (int i = 0; i < d; i++)
        {
            deviations[i] = Math.Sqrt(covariance[(i * d) + i]);
            if (!(deviations[i] > 1e-6 * Math.Abs(mean[i])))
            {
                throw new OrthantInputException(source.Name, source.InputName(i), "one number in all rows", "an input that varies");
            }
        }
        double[] lower = [.. covariance];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++) lower[(i * d) + j] /= deviations[i] * deviations[j];
        }
        double[] correlation = [.. lower];
        int bad = Factor(d, lower, 1e-9);
        if (bad >= 0)
        {
            int twin = Enumerable.Range(0, bad).MaxBy(j => Math.Abs(correlation[(bad * d) + j]));
            bool isCopy = Math.Abs(correlation[(bad * d) + twin]) > 1 - 1e-7;
            throw new OrthantInputException(
                source.Name, source.InputName(bad),
                isCopy ? $"the same as {source.InputName(twin)}, up to scale" : "a combination of the columns before it",
                "inputs that are linearly independent; leave it out");
        }
        for (int i = 0; i < d; i++) TensorPrimitives.Multiply(lower.AsSpan(i * d, i + 1), deviations[i], lower.AsSpan(i * d, i + 1));
        Whitening plain = new(d, lower, new double[d]);
        double[] whitenedMean = new double[d];
        for (int i = 0; i < d; i++)
        {
            whitenedMean[i] = TensorPrimitives.Dot<double>(plain.inverse.AsSpan(i * d, i + 1), mean.AsSpan(0, i + 1));
        }
        double hotelling = source.Rows * TensorPrimitives.SumOfSquares<double>(whitenedMean);
        return hotelling > ChiSquared.InvCDF(d, 1 - 1e-4) ? new Whitening(d, lower, mean) : plain;
    }

    /// <summary>Whitens rows.</summary>
    /// <param name="rows">count × d; overwritten where there is a mean to take off.</param>
    /// <param name="whitened">count × d.</param>
    public void Apply(Span<float> rows, Span<float> whitened)
    {
        int count = rows.Length / Inputs;
        if (IsCentred)
        {
            Span<double> exact = new double[Inputs];
            for (int r = 0; r < count; r++)
            {
                Span<float> row = rows.Slice(r * Inputs, Inputs);
                TensorPrimitives.ConvertTruncating<float, double>(row, exact);
                TensorPrimitives.Subtract(exact, centre, exact);
                TensorPrimitives.ConvertTruncating<double, float>(exact, row);
            }
        }
        MatrixMultiply.Into(
            new ReadOnlyMatrixSpan<float>(rows, count, Inputs), new ReadOnlyMatrixSpan<float>(single, Inputs, Inputs).Transposed(),
            new MatrixSpan<float>(whitened, count, Inputs));
    }

    /// <summary>The mean that is taken off, in the given inputs.</summary>
    public ReadOnlySpan<double> Centre => centre;

    /// <summary>The standard deviation of the given inputs along a direction: ‖Lᵀ b‖.</summary>
    public double Spread(ReadOnlySpan<double> direction)
    {
        double[] turned = new double[Inputs];
        for (int i = 0; i < Inputs; i++) TensorPrimitives.MultiplyAdd(lower.AsSpan(i * Inputs, Inputs), direction[i], turned, turned);
        return TensorPrimitives.Norm<double>(turned);
    }

    /// <summary>Directions of z as maps of x: u = U z = M x + c, M being k × d.</summary>
    public (double[] Matrix, double[] Constant) Unwhiten(Subspace subspace)
    {
        int k = subspace.Dimension;
        double[] matrix = new double[k * Inputs], constant = new double[k];
        for (int j = 0; j < k; j++)
        {
            Span<double> row = matrix.AsSpan(j * Inputs, Inputs);
            for (int i = 0; i < Inputs; i++) TensorPrimitives.MultiplyAdd(inverse.AsSpan(i * Inputs, Inputs), subspace.Row(j)[i], row, row);
            constant[j] = -TensorPrimitives.Dot(row, centre);
        }
        return (matrix, constant);
    }

    /// <summary>L from the lower triangle, in place; the number of the first row that depends on those before it, or −1.</summary>
    private static int Factor(int d, double[] matrix, double smallest)
    {
        for (int j = 0; j < d; j++)
        {
            Span<double> row = matrix.AsSpan(j * d, j + 1);
            double pivot = row[j] - TensorPrimitives.SumOfSquares<double>(row[..j]);
            if (!(pivot > smallest * row[j])) return j;
            row[j] = Math.Sqrt(pivot);
            for (int i = j + 1; i < d; i++)
            {
                Span<double> other = matrix.AsSpan(i * d, j + 1);
                other[j] = (other[j] - TensorPrimitives.Dot<double>(other[..j], row[..j])) / row[j];
            }
        }
        for (int i = 0; i < d; i++) matrix.AsSpan((i * d) + i + 1, d - i - 1).Clear();
        return -1;
    }

    private static double[] InverseOfLower(int d, double[] lower)
    {
        double[] inverse = new double[d * d];
        for (int i = 0; i < d; i++)
        {
            // Row i of L⁻¹: (e_i − Σ_{j<i} L(i, j) · row j)/L(i, i).
            Span<double> row = inverse.AsSpan(i * d, d);
            for (int j = 0; j < i; j++) TensorPrimitives.MultiplyAdd(inverse.AsSpan(j * d, d), -lower[(i * d) + j], row, row);
            row[i] += 1;
            TensorPrimitives.Divide(row, lower[(i * d) + i], row);
        }
        return inverse;
    }
}

/// <summary>Mean and covariance of the inputs, in one pass.</summary>
internal sealed record InputMoments(double[] Mean, double[] Covariance)
{
    private const int Block = 1024, Chunks = 16;

    public static InputMoments Of(SampleSource source, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int d = source.Inputs;
        long rows = source.Rows, done = 0;
        // Sums about a point near the data lose nothing to a mean far from 0.
        float[] head = new float[d * (int)Math.Min(rows, Block)];
        source.Read(0, head, new double[head.Length / d]);
        double[] origin = new double[d];
        for (int i = 0; i < head.Length; i++) origin[i % d] += head[i] / (double)(head.Length / d);
        (double[] Sum, double[] Squares)[] parts = new (double[], double[])[Chunks];
        Parallel.For(0, Chunks, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, c =>
        {
            double[] sum = new double[d], squares = new double[d * d], block = new double[Block * d];
            float[] x = new float[Block * d];
            double[] y = new double[Block];
            for (long first = rows * c / Chunks, end = rows * (c + 1) / Chunks; first < end; first += Block)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(Block, end - first);
                source.Read(first, x.AsSpan(0, count * d), y.AsSpan(0, count));
                TensorPrimitives.ConvertTruncating<float, double>(x.AsSpan(0, count * d), block.AsSpan(0, count * d));
                for (int r = 0; r < count; r++)
                {
                    Span<double> row = block.AsSpan(r * d, d);
                    TensorPrimitives.Subtract(row, origin, row);
                    TensorPrimitives.Add(sum, row, sum);
                }
                SymmetricRankUpdate.AddLowerInto(
                    new ReadOnlyMatrixSpan<double>(block, count, d).Transposed(), new MatrixSpan<double>(squares, d, d));
                progress?.Report(new WorkProgress("covariance", Interlocked.Add(ref done, count), rows, "rows"));
            }
            parts[c] = (sum, squares);
        });
        double[] total = new double[d], covariance = new double[d * d];
        foreach ((double[] sum, double[] squares) in parts)
        {
            TensorPrimitives.Add(total, sum, total);
            TensorPrimitives.Add(covariance, squares, covariance);
        }
        TensorPrimitives.Divide(total, rows, total);
        SymmetricRankUpdate.Mirror(new MatrixSpan<double>(covariance, d, d));
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++) covariance[(i * d) + j] = (covariance[(i * d) + j] / rows) - (total[i] * total[j]);
        }
        TensorPrimitives.Add(total, origin, total);
        return new InputMoments(total, covariance);
    }
}
