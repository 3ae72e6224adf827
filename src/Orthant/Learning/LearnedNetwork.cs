using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Learning;

/// <summary>What one family of filters showed in one round.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Filter">What was sliced: y, |y|, residual, |residual|, residual by cell.</param>
/// <param name="Eigenvalue">The largest eigenvalue of the statistic in the complement of what had been found.</param>
/// <param name="NullQuantile">The critical value that it had to exceed.</param>
/// <param name="NullMean">Its mean where there is nothing to find.</param>
/// <param name="Z">(eigenvalue − mean)/deviation under the null hypothesis.</param>
/// <param name="Probability">The probability of such a z under the null hypothesis.</param>
/// <param name="Significant">How many eigenvalues exceed the critical value.</param>
/// <param name="Accepted">Whether directions of this family were taken, and the fit with them predicted held-out rows better.</param>
public sealed record FilterEvidence(
    int Round, string Filter, double Eigenvalue, double NullQuantile, double NullMean, double Z, double Probability, int Significant,
    bool Accepted)
{
    /// <summary>All eigenvalues, descending.</summary>
    public ImmutableArray<double> Spectrum { get; init; } = [];
}

/// <summary>A hidden direction, and how sure it is.</summary>
/// <param name="Row">d numbers of a unit vector in the given inputs.</param>
/// <param name="GradientShare">The share of the squared gradient along it, in whitened inputs; the shares sum to 1.</param>
/// <param name="ErrorWithout">The error on held-out rows when the fit does not see this direction (it is replaced by another row's), over
/// the targets' standard deviation.</param>
public sealed record LearnedDirection(ImmutableArray<double> Row, double GradientShare, double ErrorWithout)
{
    /// <summary>The root mean square of its angle to the hidden subspace, in radians, to first order and in whitened inputs.</summary>
    /// <remarks>From the covariance of least squares that allows for noise of any size in each row. It knows of noise, not of what the
    /// network misses.</remarks>
    public double StandardAngle { get; init; }

    /// <summary>A bound that the angle keeps with a probability of 95 %, in radians.</summary>
    public double Angle95 { get; init; }
}

/// <summary>What was learned from samples: directions, a network, and the evidence for both.</summary>
public sealed record LearnedNetwork
{
    /// <summary>The number of hidden directions; 0 where none is significant or no fit was validated.</summary>
    public int Dimension => Basis.Length;

    /// <summary>An orthonormal basis of the hidden directions in the given inputs, k rows of d numbers, by falling share of the
    /// gradient.</summary>
    public ImmutableArray<ImmutableArray<double>> Basis { get; init; } = [];

    /// <summary>The standard deviation of the inputs along each row of the basis.</summary>
    public ImmutableArray<double> BasisSpread { get; init; } = [];

    /// <summary>The inputs' mean where it differs from 0 significantly, else 0: d numbers.</summary>
    public ImmutableArray<double> Centre { get; init; } = [];

    /// <summary>The directions with their evidence, in whitened inputs and brought back; not orthogonal where the inputs are
    /// correlated.</summary>
    public ImmutableArray<LearnedDirection> Directions { get; init; } = [];

    /// <summary>The network on the given inputs; the targets' mean where nothing was learned.</summary>
    public required ReluNetwork Network { get; init; }

    /// <summary>The root mean squared error on rows that took no part in the fit, over the targets' standard deviation; null at dimension
    /// 0.</summary>
    public double? HeldOutError { get; init; }

    /// <summary>How many rows the error was measured on.</summary>
    public int HeldOutRows { get; init; }

    /// <summary>What each round showed.</summary>
    public ImmutableArray<FilterEvidence> Rounds { get; init; } = [];

    /// <summary>Whether directions are significant that no fit confirmed on held-out rows: there are not enough samples.</summary>
    public bool IsSignificantButNotValidated { get; init; }

    /// <summary>Whether the function looks positively homogeneous, and was fitted without biases.</summary>
    public bool IsHomogeneous { get; init; }

    /// <summary>Whether the fit is exact to the limit asked for; otherwise what is left is noise, or was not learned.</summary>
    public bool IsExact { get; init; }

    /// <summary>What a reader should know: in words.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The network as a function of the coordinates in <see cref="Basis"/>, k inputs.</summary>
    /// <exception cref="InvalidOperationException">The dimension is 0.</exception>
    public ReluNetwork OnBasis()
    {
        if (Dimension == 0) throw new InvalidOperationException("Nothing was learned.");
        AffineLayer first = (AffineLayer)Network.Layers[0];
        int d = first.Inputs, k = Dimension;
        // The first layer's rows lie in the span of the basis: W = (W Bᵀ) B.
        double[] rows = [.. Basis.SelectMany(b => b)], products = new double[k * first.Outputs];
        first.Linear.Apply<double>(k, rows, products);
        double[,] weights = new double[first.Outputs, k];
        for (int j = 0; j < k; j++)
        {
            for (int o = 0; o < first.Outputs; o++) weights[o, j] = products[(j * first.Outputs) + o];
        }
        AffineLayer narrow = new AffineLayer(new DenseOperator(weights), first.Bias).With(first.Activations);
        return new ReluNetwork([narrow, .. Network.Layers[1..]], Network.ElementType, Network.Name);
    }

    /// <summary>The hidden widths of the network.</summary>
    public ImmutableArray<int> HiddenWidths => Network.HiddenWidths;
}

/// <summary>How inputs are brought to covariance I.</summary>
public enum WhiteningKind
{
    /// <summary>By the covariance of the samples.</summary>
    Sample,

    /// <summary>Not at all: they are known to have mean 0 and covariance I.</summary>
    None,

    /// <summary>By <see cref="FilteredPcaOptions.Covariance"/>.</summary>
    Known,
}

/// <summary>How <see cref="FilteredPca"/> learns.</summary>
public sealed record FilteredPcaOptions
{
    /// <summary>The most directions; at least 1.</summary>
    public int MostDirections { get; init; } = 8;

    /// <summary>The probability of a false direction in one round.</summary>
    public double Level { get; init; } = 3e-4;

    /// <summary>An error on held-out rows, over the targets' standard deviation, at which the fit counts as exact and the search
    /// ends.</summary>
    public double Exact { get; init; } = 3e-4;

    /// <summary>How inputs are whitened.</summary>
    public WhiteningKind Whitening { get; init; } = WhiteningKind.Sample;

    /// <summary>The known covariance, d × d row-major, for <see cref="WhiteningKind.Known"/>.</summary>
    public ImmutableArray<double> Covariance { get; init; } = [];

    /// <summary>The seed of everything random; the result is the same at any number of threads.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads to use; 0 for all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Rows used to fit networks, at most; moments always use all rows.</summary>
    public int FitRows { get; init; } = 120_000;

    /// <summary>How many further stages are tried at the end while the fit is not exact.</summary>
    public int FinalStages { get; init; } = 2;

    internal Action<string>? Trace { get; init; }
}
