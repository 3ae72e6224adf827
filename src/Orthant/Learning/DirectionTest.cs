using System.Numerics.Tensors;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Whether slices of labels differ in their moments of the inputs' direction, in more than chance, and along which
/// directions.</summary>
/// <remarks>
/// <para>K = Σ p (2 m mᵀ + D²) over slices, with m the slice's mean of sphere-normalised inputs less that of all rows, and D its second
/// moment less that of all rows, less the median of its eigenvalues. It is zero off the hidden subspace for every filter (S. Chen, A.
/// Klivans and R. Meka, arXiv 2009.13512; A. Damian, J. Lee and J. Bruna, arXiv 2506.05500). Subtracting the moments of all rows makes K
/// insensitive to an error of the whitening, which all slices share.</para>
/// <para>Under the null hypothesis, inputs that are elliptical given what is found so far, the law of K depends on the slices' sizes and
/// the dimension alone. It is drawn without a pass over the data: a slice's second moment is a Wishart matrix by Bartlett's factorisation,
/// brought to the trace and the variance of the sphere.</para>
/// </remarks>
internal static class DirectionTest
{
    private const int Draws = 60;
    private const double LogShape = 46.44604884, TracyScale = 0.18605402228, TracyShift = 9.84801;
    private const double TracyMean = -1.2065335745820;
    private static readonly double TracyDeviation = Math.Sqrt(1.607781034581);

    /// <summary>What one family of filters shows.</summary>
    /// <param name="Eigenvalues">Of K, descending.</param>
    /// <param name="Vectors">Their directions in all d coordinates, row by row.</param>
    /// <param name="NullMean">The mean of the largest eigenvalue where there is nothing to find.</param>
    /// <param name="NullDeviation">Its standard deviation.</param>
    /// <param name="Threshold">The critical value.</param>
    public readonly record struct Result(double[] Eigenvalues, double[] Vectors, double NullMean, double NullDeviation, double Threshold)
    {
        public double Score => (Eigenvalues[0] - NullMean) / NullDeviation;

        public int Significant
        {
            get
            {
                double threshold = Threshold;
                return Eigenvalues.TakeWhile(e => e > threshold).Count();
            }
        }
    }

    public static Result Evaluate(
        SliceMoments moments, Subspace found, double level, NullTable table, int threads, CancellationToken cancellation)
    {
        Subspace complement = found.Complement();
        int d = found.Inputs, m = complement.Dimension;
        (double mean, double deviation) = table.Of(moments.Counts, m, Draws, threads, cancellation);
        Matrix<double> k = Statistic(Slices(moments, complement, threads), threads);
        MathNet.Numerics.LinearAlgebra.Factorization.Evd<double> evd = k.Evd(Symmetricity.Symmetric);
        double[] values = new double[m], vectors = new double[m * d];
        for (int i = 0; i < m; i++)
        {
            values[i] = evd.EigenValues[m - 1 - i].Real;
            Span<double> row = vectors.AsSpan(i * d, d);
            for (int j = 0; j < m; j++) TensorPrimitives.MultiplyAdd(complement.Row(j), evd.EigenVectors[j, m - 1 - i], row, row);
        }
        return new Result(values, vectors, mean, deviation, mean + (CriticalScore(level, Draws) * deviation));
    }

    /// <summary>The critical value of (λ − mean)/deviation when both come from a number of draws.</summary>
    /// <remarks>The largest eigenvalue is near the Tracy-Widom law, for which M. Chiani's shifted gamma law stands (J. Multivariate
    /// Analysis 129, 2014); its quantile is widened as Student's prediction interval is beside the normal one.</remarks>
    public static double CriticalScore(double level, int draws)
    {
        double quantile = (Gamma.InvCDF(LogShape, 1, 1 - level) * TracyScale) - TracyShift;
        double widening = StudentT.InvCDF(0, 1, draws - 1, 1 - level) * Math.Sqrt(1 + (1.0 / draws)) / Normal.InvCDF(0, 1, 1 - level);
        return (quantile - TracyMean) / TracyDeviation * widening;
    }

    /// <summary>The probability of a score as large under the null hypothesis, by the same law.</summary>
    public static double Probability(double score)
    {
        double tracy = (score * TracyDeviation) + TracyMean;
        return tracy <= -TracyShift ? 1 : 1 - Gamma.CDF(LogShape, 1, (tracy + TracyShift) / TracyScale);
    }

    /// <summary>The moments of each slice in the complement.</summary>
    private static Slice[] Slices(SliceMoments moments, Subspace complement, int threads)
    {
        int d = moments.Inputs, m = complement.Dimension;
        long total = moments.Counts.Sum();
        Slice[] slices = new Slice[moments.Counts.Length];
        Parallel.For(0, slices.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, s =>
        {
            long count = moments.Counts[s];
            double[] mean = new double[m], square = new double[m * m];
            if (count > 0)
            {
                double[] full = [.. moments.Squares[s]], half = new double[m * d];
                SymmetricRankUpdate.Mirror(new MatrixSpan<double>(full, d, d));
                MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>(complement.Rows, m, d), new ReadOnlyMatrixSpan<double>(full, d, d),
                    new MatrixSpan<double>(half, m, d));
                MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>(half, m, d),
                    new ReadOnlyMatrixSpan<double>(complement.Rows, m, d).Transposed(), new MatrixSpan<double>(square, m, m));
                TensorPrimitives.Divide(square, count, square);
                for (int i = 0; i < m; i++) mean[i] = TensorPrimitives.Dot(complement.Row(i), moments.Sums.AsSpan(s * d, d)) / count;
            }
            slices[s] = new Slice(count / (double)total, mean, square);
        });
        return slices;
    }

    /// <summary>K of slices.</summary>
    private static Matrix<double> Statistic(Slice[] slices, int threads)
    {
        int m = slices[0].Mean.Length;
        Slice.Centre(slices);
        double[][] parts = new double[slices.Length][];
        Parallel.For(0, slices.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, s => parts[s] = slices[s].Contribution());
        double[] sum = new double[m * m];
        foreach (double[] part in parts) TensorPrimitives.Add(sum, part, sum);
        return Matrix<double>.Build.DenseOfColumnMajor(m, m, sum);
    }

    /// <summary>Share of the rows, mean and second moment (both triangles) of a slice.</summary>
    private sealed class Slice(double share, double[] mean, double[] square)
    {
        public double[] Mean => mean;

        /// <summary>Takes the moments of all rows off.</summary>
        public static void Centre(Slice[] slices)
        {
            double[] mean = new double[slices[0].Mean.Length], square = new double[mean.Length * mean.Length];
            foreach (Slice s in slices) s.AddTo(mean, square);
            foreach (Slice s in slices) s.Subtract(mean, square);
        }

        /// <summary>p (2 m mᵀ + D²).</summary>
        public double[] Contribution()
        {
            int m = mean.Length;
            double[] result = new double[m * m];
            if (share == 0) return result;
            double median = Tridiagonal.Reduce(m, square).Eigenvalue(m / 2);
            double[] deviation = [.. square];
            for (int i = 0; i < m; i++) deviation[(i * m) + i] -= median;
            SymmetricRankUpdate.Into(new ReadOnlyMatrixSpan<double>(deviation, m, m), new MatrixSpan<double>(result, m, m));
            for (int i = 0; i < m; i++)
            {
                Span<double> row = result.AsSpan(i * m, m);
                TensorPrimitives.MultiplyAdd(mean, 2 * mean[i], row, row);
            }
            TensorPrimitives.Multiply(result, share, result);
            return result;
        }

        private void AddTo(double[] totalMean, double[] totalSquare)
        {
            TensorPrimitives.MultiplyAdd(mean, share, totalMean, totalMean);
            TensorPrimitives.MultiplyAdd(square, share, totalSquare, totalSquare);
        }

        private void Subtract(double[] totalMean, double[] totalSquare)
        {
            TensorPrimitives.Subtract(mean, totalMean, mean);
            TensorPrimitives.Subtract(square, totalSquare, square);
        }
    }

    /// <summary>Null laws that have been drawn; families of nearly the same slice sizes share one.</summary>
    public sealed class NullTable(RandomStream random)
    {
        private readonly List<(long[] Counts, int Dimension, double Mean, double Deviation)> known = [];
        private ulong stream = random.Stream;

        public (double Mean, double Deviation) Of(long[] counts, int dimension, int draws, int threads, CancellationToken cancellation)
        {
            foreach ((long[] sizes, int m, double mean, double deviation) in known)
            {
                if (m == dimension && sizes.Length == counts.Length && sizes.Zip(counts)
                    .All(p => Math.Abs(p.First - p.Second) <= 0.01 * p.First)) return (mean, deviation);
            }
            ulong first = stream;
            stream += (ulong)draws;
            double[] tops = new double[draws];
            Parallel.For(0, draws, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, b =>
            {
                RandomStream own = random.Other(first + (ulong)b);
                long total = counts.Sum();
                Slice[] slices = [.. counts.Select(h => Draw(h, total, dimension, own))];
                double[] k = Statistic(slices, 1).ToColumnMajorArray();
                tops[b] = Tridiagonal.Reduce(dimension, k).Eigenvalue(dimension - 1);
            });
            double average = tops.Average(), spread = Math.Sqrt(tops.Sum(t => (t - average) * (t - average)) / (draws - 1));
            known.Add((counts, dimension, average, spread));
            return (average, spread);
        }

        /// <summary>The moments of h points of the sphere of radius √m.</summary>
        private static Slice Draw(long h, long total, int m, RandomStream random)
        {
            double[] mean = new double[m], square = new double[m * m];
            if (h == 0) return new Slice(0, mean, square);
            for (int i = 0; i < m; i++) mean[i] = random.NextNormal() / Math.Sqrt(h);
            int columns = (int)Math.Min(m, h - 1);
            double[] factor = new double[m * Math.Max(1, columns)];
            bool isFull = h - 1 >= m;
            for (int i = 0; i < m; i++)
            {
                // Bartlett: L(i, i)² ~ χ²(h − 1 − i), below it standard normal numbers; fewer points than dimensions are drawn one by one.
                int end = isFull ? i : columns;
                for (int j = 0; j < end; j++) factor[(i * columns) + j] = random.NextNormal();
                if (isFull) factor[(i * columns) + i] = Math.Sqrt(ChiSquare(h - 1 - i, random));
            }
            if (columns > 0)
            {
                SymmetricRankUpdate.Into(new ReadOnlyMatrixSpan<double>(factor, m, columns), new MatrixSpan<double>(square, m, m));
            }
            double trace = 0;
            for (int i = 0; i < m; i++)
            {
                Span<double> row = square.AsSpan(i * m, m);
                TensorPrimitives.Divide(row, h, row);
                TensorPrimitives.MultiplyAdd(mean, mean[i], row, row);
                trace += row[i];
            }
            double narrow = Math.Sqrt(m / (m + 2.0));
            TensorPrimitives.Multiply(square, m / trace * narrow, square);
            for (int i = 0; i < m; i++) square[(i * m) + i] += 1 - narrow;
            return new Slice(h / (double)total, mean, square);
        }

        /// <summary>χ² by G. Marsaglia and W. Tsang's method for gamma variables (ACM TOMS 26, 2000).</summary>
        private static double ChiSquare(double freedom, RandomStream random)
        {
            double shape = freedom / 2, boost = 1;
            if (shape < 1)
            {
                boost = Math.Pow(random.NextOpenDouble(), 1 / shape);
                shape++;
            }
            double d = shape - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
            while (true)
            {
                double x = random.NextNormal(), v = 1 + (c * x);
                if (v <= 0) continue;
                v = v * v * v;
                if (Math.Log(random.NextOpenDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v))) return 2 * d * v * boost;
            }
        }
    }
}
