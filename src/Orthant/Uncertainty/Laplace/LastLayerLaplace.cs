using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Uncertainty;

/// <summary>Which entries of the posterior precision a <see cref="LastLayerLaplace"/> keeps.</summary>
public enum LaplaceStructure
{
    /// <summary>All of them: (classes · (features + 1))² numbers.</summary>
    Full,

    /// <summary>The diagonal.</summary>
    Diagonal,

    /// <summary>A Kronecker product of a matrix of classes and one of features, plus the prior.</summary>
    Kronecker,
}

/// <summary>A normal distribution of the last layer's weights around the trained ones, which gives every sample's logits a covariance.</summary>
/// <remarks>
/// <para>With φ = (x, 1) the features of a sample with a one for the bias, and p its probabilities, the precision over (w₁, b₁, w₂, b₂, …), class by class, is
/// Σ (diag p − p pᵀ) ⊗ φ φᵀ + prior · I, the generalized Gauss-Newton matrix, which is the Hessian here. The Kronecker form is
/// mean(diag p − p pᵀ) ⊗ Σ φ φᵀ + prior · I.</para>
/// <para>Sources: MacKay, Neural Computation 1992; Kristiadi, Hein and Hennig, ICML 2020; Daxberger et al., "Laplace redux", NeurIPS 2021. Immutable, safe to
/// share.</para>
/// </remarks>
public sealed class LastLayerLaplace
{
    private readonly double[] weights;
    private readonly double[] bias;
    private readonly LaplacePosterior posterior;
    private readonly double logLikelihood;

    private LastLayerLaplace(double[] weights, double[] bias, LaplacePosterior posterior, double logLikelihood)
    {
        this.weights = weights;
        this.bias = bias;
        this.posterior = posterior;
        this.logLikelihood = logLikelihood;
    }

    /// <summary>The number of classes.</summary>
    public int Classes => bias.Length;

    /// <summary>The number of features of a sample.</summary>
    public int Features => weights.Length / bias.Length;

    /// <summary>The precision of the prior of every weight and bias.</summary>
    public double PriorPrecision => posterior.Prior;

    /// <summary>The posterior precision, square, of classes · (features + 1) rows in the order (w₁, b₁, w₂, b₂, …), as the structure keeps it.</summary>
    public double[] Precision() => posterior.Precision();

    /// <summary>Laplace's approximation of the logarithm of the marginal likelihood of the training data, in nats.</summary>
    public double LogMarginalLikelihood =>
        logLikelihood - (PriorPrecision / 2 * (TensorPrimitives.SumOfSquares<double>(weights) + TensorPrimitives.SumOfSquares<double>(bias)))
        + (((weights.Length + bias.Length) / 2.0 * Math.Log(PriorPrecision)) - (posterior.LogDeterminant() / 2));

    /// <summary>The posterior of a trained layer.</summary>
    /// <param name="features">samples × features finite numbers: what the last layer reads on the training data.</param>
    /// <param name="labels">The classes of the training data.</param>
    /// <param name="weights">classes × features, row-major.</param>
    /// <param name="bias">One number a class, at least two.</param>
    /// <param name="priorPrecision">Positive; null for the one of the largest marginal likelihood between 10⁻⁴ and 10⁴.</param>
    /// <param name="structure">What is kept.</param>
    /// <exception cref="OrthantInputException">The numbers do not fit together, or one is not finite.</exception>
    public static LastLayerLaplace Fit(
        ReadOnlySpan<double> features, ReadOnlySpan<int> labels, ReadOnlySpan<double> weights, ReadOnlySpan<double> bias, double? priorPrecision = 1,
        LaplaceStructure structure = LaplaceStructure.Full)
    {
        int classes = bias.Length;
        if (classes < 2) throw new OrthantInputException("last layer", "bias", $"{classes} class", "at least 2 classes");
        if (weights.IsEmpty || weights.Length % classes != 0) throw new OrthantInputException("last layer", "weights", $"{weights.Length} numbers", $"{classes} whole rows");
        int width = weights.Length / classes;
        if (priorPrecision is double given && !(given > 0 && double.IsFinite(given))) throw new OrthantInputException("Laplace", "prior precision", $"{given}", "a positive number");
        if (features.IsEmpty || features.Length % width != 0) throw new OrthantInputException("features", "", $"{features.Length} numbers", $"whole rows of {width}, at least one");
        if (!TensorPrimitives.IsFiniteAll(features)) throw new OrthantInputException("features", "", "a number that is not finite", "finite numbers");
        CalibrationRows.CheckLabels(labels, features.Length / width, classes);
        double[] w = weights.ToArray(), b = bias.ToArray();
        ClassProbabilities p = ClassProbabilities.FromLogits(Logits(features, w, b), classes);
        double log = 0;
        for (int i = 0; i < labels.Length; i++) log += p.LogOf(i, labels[i]);
        Func<double, LaplacePosterior> posteriorAt = structure switch
        {
            LaplaceStructure.Full => FullPosterior.Family(features.ToArray(), p),
            LaplaceStructure.Diagonal => DiagonalPosterior.Family(features.ToArray(), p),
            _ => KroneckerPosterior.Family(features.ToArray(), p),
        };
        LastLayerLaplace At(double prior) => new(w, b, posteriorAt(prior), log);
        return At(priorPrecision ?? Math.Pow(10, Largest(x => At(Math.Pow(10, x)).LogMarginalLikelihood)));
    }

    /// <summary>The mean and the covariance of one sample's logits.</summary>
    /// <param name="features">The sample's features.</param>
    /// <returns>classes numbers, and classes × classes numbers.</returns>
    public (double[] Mean, double[] Covariance) Predict(ReadOnlySpan<double> features)
    {
        if (features.Length != Features) throw new OrthantInputException("features", "", $"{features.Length} numbers", $"{Features}");
        return (Logits(features, weights, bias), posterior.Covariance([.. features, 1]));
    }

    /// <summary>The softmax of mean / √(1 + π/8 · variance), class by class: the extended probit approximation of the mean probabilities.</summary>
    /// <param name="features">samples × features numbers.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows.</exception>
    public ClassProbabilities Probit(ReadOnlySpan<double> features)
    {
        int samples = Rows(features);
        double[] z = new double[samples * Classes];
        for (int i = 0; i < samples; i++)
        {
            (double[] mean, double[] covariance) = Predict(features.Slice(i * Features, Features));
            for (int k = 0; k < Classes; k++) z[(i * Classes) + k] = mean[k] / Math.Sqrt(1 + (Math.PI / 8 * covariance[(k * Classes) + k]));
        }
        return ClassProbabilities.FromLogits(z, Classes);
    }

    /// <summary>The predictions of logits drawn from their normal distribution, each sample with draws of its own.</summary>
    /// <param name="features">samples × features numbers.</param>
    /// <param name="draws">The number of draws, at least 1.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows.</exception>
    public PredictiveDistribution Sample(ReadOnlySpan<double> features, int draws, ulong seed)
    {
        int samples = Rows(features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(draws);
        double[] logits = new double[draws * samples * Classes], normals = new double[Classes];
        for (int i = 0; i < samples; i++)
        {
            (double[] mean, double[] covariance) = Predict(features.Slice(i * Features, Features));
            SymmetricEigen eigen = new(Classes, covariance);
            RandomStream random = new(seed, (ulong)i);
            for (int t = 0; t < draws; t++)
            {
                random.FillNormals(normals);
                Span<double> z = logits.AsSpan(((t * samples) + i) * Classes, Classes);
                mean.CopyTo(z);
                for (int j = 0; j < Classes; j++)
                {
                    TensorPrimitives.MultiplyAdd(eigen.Vectors.AsSpan(j * Classes, Classes), Math.Sqrt(Math.Max(0, eigen.Values[j])) * normals[j], z, z);
                }
            }
        }
        return PredictiveDistribution.FromLogits(logits, draws, Classes);
    }

    private int Rows(ReadOnlySpan<double> features)
    {
        if (features.IsEmpty || features.Length % Features != 0) throw new OrthantInputException("features", "", $"{features.Length} numbers", $"whole rows of {Features}, at least one");
        return features.Length / Features;
    }

    private static double[] Logits(ReadOnlySpan<double> features, double[] weights, double[] bias)
    {
        int classes = bias.Length, width = weights.Length / classes, samples = features.Length / width;
        double[] z = new double[samples * classes];
        for (int i = 0; i < samples; i++) ScaledMap(weights, bias, features.Slice(i * width, width), z.AsSpan(i * classes, classes));
        return z;
    }

    private static void ScaledMap(double[] weights, double[] bias, ReadOnlySpan<double> x, Span<double> z)
    {
        for (int k = 0; k < z.Length; k++) z[k] = bias[k] + TensorPrimitives.Dot(weights.AsSpan(k * x.Length, x.Length), x);
    }

    // The decimal logarithm of the prior: a grid first, for the marginal likelihood may have two peaks, then golden sections around the best.
    private static double Largest(Func<double, double> value)
    {
        double best = Enumerable.Range(-4, 9).Select(x => (double)x).MaxBy(value);
        double low = Math.Max(best - 1, -4), high = Math.Min(best + 1, 4), ratio = (Math.Sqrt(5) - 1) / 2;
        while (high - low > 1e-3)
        {
            double left = high - (ratio * (high - low)), right = low + (ratio * (high - low));
            if (value(left) > value(right)) high = right;
            else low = left;
        }
        return (low + high) / 2;
    }
}
