using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Uncertainty;

/// <summary>The posterior of the numbers (w₁, b₁, w₂, b₂, …) of a last layer, in one of the structures of <see cref="LaplaceStructure"/>.</summary>
internal abstract class LaplacePosterior(double prior)
{
    public double Prior { get; } = prior;

    public abstract double[] Precision();

    public abstract double LogDeterminant();

    /// <summary>(I ⊗ φ)ᵀ Precision⁻¹ (I ⊗ φ), classes × classes.</summary>
    public abstract double[] Covariance(double[] phi);

    /// <summary>One row (x, 1) a sample.</summary>
    protected static double[] WithOnes(double[] features, int samples)
    {
        int width = features.Length / samples;
        double[] phi = new double[samples * (width + 1)];
        for (int i = 0; i < samples; i++)
        {
            features.AsSpan(i * width, width).CopyTo(phi.AsSpan(i * (width + 1)));
            phi[(i * (width + 1)) + width] = 1;
        }
        return phi;
    }

    /// <summary>Adds weight · v vᵀ to a square block of a larger matrix.</summary>
    protected static void AddSquare(Span<double> block, int stride, double weight, ReadOnlySpan<double> v)
    {
        for (int r = 0; r < v.Length; r++)
        {
            if (v[r] == 0) continue;
            Span<double> row = block.Slice(r * stride, v.Length);
            TensorPrimitives.MultiplyAdd(v, weight * v[r], row, row);
        }
    }
}

/// <summary>The whole precision.</summary>
internal sealed class FullPosterior(double prior, double[] precision, int classes) : LaplacePosterior(prior)
{
    private readonly int size = (int)Math.Sqrt(precision.Length);
    private readonly Lazy<Cholesky> factor = new(() => new Cholesky((int)Math.Sqrt(precision.Length), [.. precision], 0));
    private double[]? inverse;

    public static Func<double, LaplacePosterior> Family(double[] features, ClassProbabilities p)
    {
        double[] phi = WithOnes(features, p.Samples), h = [];
        int classes = p.Classes, width = phi.Length / p.Samples, size = classes * width;
        h = new double[checked(size * size)];
        for (int i = 0; i < p.Samples; i++)
        {
            ReadOnlySpan<double> row = p.Row(i), v = phi.AsSpan(i * width, width);
            for (int k = 0; k < classes; k++)
            {
                for (int l = 0; l <= k; l++) AddSquare(h.AsSpan((k * width * size) + (l * width)), size, k == l ? row[k] * (1 - row[k]) : -row[k] * row[l], v);
            }
        }
        for (int r = 0; r < size; r++)
        {
            for (int c = 0; c < r; c++) h[(c * size) + r] = h[(r * size) + c];
        }
        return prior =>
        {
            double[] own = [.. h];
            for (int j = 0; j < size; j++) own[(j * size) + j] += prior;
            return new FullPosterior(prior, own, classes);
        };
    }

    public override double[] Precision() => [.. precision];

    public override double LogDeterminant() => factor.Value.LogDeterminant();

    public override double[] Covariance(double[] phi)
    {
        double[] whole = inverse ??= Inverse(), result = new double[classes * classes];
        int width = phi.Length;
        for (int k = 0; k < classes; k++)
        {
            for (int l = 0; l <= k; l++)
            {
                double sum = 0;
                for (int r = 0; r < width; r++) sum += phi[r] * TensorPrimitives.Dot(whole.AsSpan((((k * width) + r) * size) + (l * width), width), phi);
                result[(k * classes) + l] = result[(l * classes) + k] = sum;
            }
        }
        return result;
    }

    // Row by row: the inverse is symmetric.
    private double[] Inverse()
    {
        double[] all = new double[size * size];
        for (int j = 0; j < size; j++)
        {
            all[(j * size) + j] = 1;
            factor.Value.Solve(all.AsSpan(j * size, size));
        }
        return all;
    }
}

/// <summary>The diagonal of the precision.</summary>
internal sealed class DiagonalPosterior(double prior, double[] diagonal, int classes) : LaplacePosterior(prior)
{
    public static Func<double, LaplacePosterior> Family(double[] features, ClassProbabilities p)
    {
        double[] phi = WithOnes(features, p.Samples);
        int classes = p.Classes, width = phi.Length / p.Samples;
        double[] d = new double[classes * width];
        for (int i = 0; i < p.Samples; i++)
        {
            for (int k = 0; k < classes; k++)
            {
                double weight = p.Row(i)[k] * (1 - p.Row(i)[k]);
                for (int j = 0; j < width; j++) d[(k * width) + j] += weight * phi[(i * width) + j] * phi[(i * width) + j];
            }
        }
        return prior => new DiagonalPosterior(prior, [.. d.Select(v => v + prior)], classes);
    }

    public override double[] Precision()
    {
        double[] all = new double[diagonal.Length * diagonal.Length];
        for (int j = 0; j < diagonal.Length; j++) all[(j * diagonal.Length) + j] = diagonal[j];
        return all;
    }

    public override double LogDeterminant() => diagonal.Sum(Math.Log);

    public override double[] Covariance(double[] phi)
    {
        double[] result = new double[classes * classes];
        for (int k = 0; k < classes; k++)
        {
            for (int j = 0; j < phi.Length; j++) result[(k * classes) + k] += phi[j] * phi[j] / diagonal[(k * phi.Length) + j];
        }
        return result;
    }
}

/// <summary>C ⊗ F + prior · I, through the eigenvectors of C, of classes, and F, of features.</summary>
internal sealed class KroneckerPosterior(double prior, SymmetricEigen ofClasses, SymmetricEigen ofFeatures) : LaplacePosterior(prior)
{
    private readonly int classes = ofClasses.Values.Length;
    private readonly int width = ofFeatures.Values.Length;

    public static Func<double, LaplacePosterior> Family(double[] features, ClassProbabilities p)
    {
        double[] phi = WithOnes(features, p.Samples), c = new double[p.Classes * p.Classes];
        int width = phi.Length / p.Samples;
        double[] f = new double[width * width];
        for (int i = 0; i < p.Samples; i++)
        {
            ReadOnlySpan<double> row = p.Row(i);
            AddSquare(c, p.Classes, -1.0 / p.Samples, row);
            for (int k = 0; k < row.Length; k++) c[(k * p.Classes) + k] += row[k] / p.Samples;
            AddSquare(f, width, 1, phi.AsSpan(i * width, width));
        }
        SymmetricEigen ofClasses = new(p.Classes, c), ofFeatures = new(width, f);
        return prior => new KroneckerPosterior(prior, ofClasses, ofFeatures);
    }

    public override double[] Precision()
    {
        int size = classes * width;
        double[] all = new double[checked(size * size)], v = new double[size];
        for (int a = 0; a < classes; a++)
        {
            for (int b = 0; b < width; b++)
            {
                for (int j = 0; j < size; j++) v[j] = ofClasses.Vectors[(a * classes) + (j / width)] * ofFeatures.Vectors[(b * width) + (j % width)];
                AddSquare(all, size, Value(a, b), v);
            }
        }
        return all;
    }

    public override double LogDeterminant()
    {
        double sum = 0;
        for (int a = 0; a < classes; a++)
        {
            for (int b = 0; b < width; b++) sum += Math.Log(Value(a, b));
        }
        return sum;
    }

    public override double[] Covariance(double[] phi)
    {
        double[] turned = new double[width], result = new double[classes * classes];
        for (int b = 0; b < width; b++) turned[b] = TensorPrimitives.Dot<double>(ofFeatures.Vectors.AsSpan(b * width, width), phi);
        for (int a = 0; a < classes; a++)
        {
            double sum = 0;
            for (int b = 0; b < width; b++) sum += turned[b] * turned[b] / Value(a, b);
            AddSquare(result, classes, sum, ofClasses.Vectors.AsSpan(a * classes, classes));
        }
        return result;
    }

    // Eigenvalues of matrices that have none below 0 but for rounding.
    private double Value(int a, int b) => (Math.Max(0, ofClasses.Values[a]) * Math.Max(0, ofFeatures.Values[b])) + Prior;
}
