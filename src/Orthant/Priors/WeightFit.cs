using System.Collections.Immutable;
using MathNet.Numerics;
using Orthant.Networks;

namespace Orthant.Priors;

/// <summary>How well the weights of one dense layer agree with a normal law of a claimed deviation: their scale and their shape.</summary>
/// <param name="Number">The layer's number in its network, from 1.</param>
/// <param name="Inputs">Fan-in.</param>
/// <param name="Width">Number of units.</param>
/// <param name="ClaimedStd">Deviation of a weight by the initialiser.</param>
/// <param name="MeasuredStd">Root mean square of the weights.</param>
/// <param name="ScalePValue">Two-sided: n times the squared ratio of the deviations is chi-squared with n degrees of freedom.</param>
/// <param name="Kolmogorov">Kolmogorov–Smirnov distance of the weights from the claimed normal law.</param>
/// <param name="KolmogorovPValue">Its p-value.</param>
/// <param name="AndersonDarling">Anderson–Darling statistic A².</param>
/// <param name="AndersonDarlingPValue">Its p-value.</param>
public sealed record WeightFit(
    int Number,
    int Inputs,
    int Width,
    double ClaimedStd,
    double MeasuredStd,
    double ScalePValue,
    double Kolmogorov,
    double KolmogorovPValue,
    double AndersonDarling,
    double AndersonDarlingPValue)
{
    /// <summary>Tests the dense layers of a network against an initialiser.</summary>
    /// <param name="network">The network; layers that are not dense are passed over.</param>
    /// <param name="initializer">Names the deviation of each layer's weights. The tests are those of normal weights, whatever its law.</param>
    /// <param name="source">The file's name, for errors.</param>
    /// <exception cref="OrthantInputException">No layer is dense.</exception>
    public static ImmutableArray<WeightFit> Test(ReluNetwork network, WeightInitializer initializer, string source = "network")
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(initializer);
        ImmutableArray<WeightFit>.Builder fits = ImmutableArray.CreateBuilder<WeightFit>();
        for (int l = 0; l < network.Layers.Length; l++)
        {
            if (network.Layers[l] is AffineLayer { Linear: DenseOperator dense } layer) fits.Add(Of(layer, dense, l + 1, initializer));
        }
        return fits.Count > 0 ? fits.ToImmutable() : throw new OrthantInputException(source, "layers", "no dense one", "dense layers, whose weights can be tested");
    }

    private static WeightFit Of(AffineLayer layer, DenseOperator dense, int number, WeightInitializer initializer)
    {
        double claimed = Math.Sqrt(initializer.Variance(layer.Inputs, layer.Outputs)), squares = 0;
        double[] sorted = dense.Entries.ToArray();
        int n = sorted.Length;
        foreach (double w in sorted) squares += w * w / n;
        Array.Sort(sorted);
        double measured = Math.Sqrt(squares);
        NormalLimit normal = new(claimed);
        (double distance, double square) = PriorFit.Statistics([.. sorted.Select(normal.Cdf)], [.. sorted.Select(w => normal.Cdf(-w))]);
        double scaled = distance * (Math.Sqrt(n) + 0.12 + 0.11 / Math.Sqrt(n));
        return new(number, layer.Inputs, layer.Outputs, claimed, measured, ScaleTail(n, squares / (claimed * claimed)),
            distance, PriorFit.KolmogorovTail(scaled), square, PriorFit.AndersonDarlingTail(square));
    }

    /// <summary>Twice the smaller tail of a chi-squared number over its degrees of freedom; by the cube root's normal law for many (E. B. Wilson
    /// and M. M. Hilferty, 1931).</summary>
    private static double ScaleTail(int n, double ratio)
    {
        if (n <= 200)
        {
            double lower = SpecialFunctions.GammaLowerRegularized(0.5 * n, 0.5 * n * ratio);
            return Math.Min(1, 2 * Math.Min(lower, 1 - lower));
        }
        double spread = Math.Sqrt(2 / (9.0 * n));
        return SpecialFunctions.Erfc(Math.Abs(Math.Cbrt(ratio) - 1 + 2 / (9.0 * n)) / spread / Constants.Sqrt2);
    }
}
