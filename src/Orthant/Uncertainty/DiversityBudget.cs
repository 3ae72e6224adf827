using System.Collections.Immutable;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>How much randomness a law would bring into a network, site by site, before any random pass is made.</summary>
/// <remarks>
/// <para>To first order the covariance of the outputs is Σ_sites J diag(r (h⁺)² + v (h⁻)²) Jᵀ, with J the Jacobian from the site's activations to the outputs at
/// the mean slopes. It is exact for the last hidden layer of a dense network, needs one forward and one backward pass a sample, and no draw. Shared draws
/// (<see cref="RandomGranularity.Channel"/>, <see cref="RandomGranularity.Layer"/>) add up within their group before they are squared. Changes that are rare and large, such as
/// dropout before a max pooling, reach the outputs less than the first order says.</para>
/// <para>The two families work on different units, dropout on active ones and the others on inactive ones: what each would bring is kept apart, so that the
/// strength that matches another law follows by division. Idea of relating strength and diversity: Xia et al., arXiv 2107.07197; formulas derived here.</para>
/// </remarks>
public sealed class DiversityBudget
{
    private readonly double[] variance;

    private DiversityBudget(ActivationLaw law, ImmutableArray<SiteBudget> sites, double[] variance, int samples, int outputs)
    {
        Law = law;
        Sites = sites;
        this.variance = variance;
        Samples = samples;
        Outputs = outputs;
    }

    /// <summary>The law.</summary>
    public ActivationLaw Law { get; }

    /// <summary>The sites, from the input.</summary>
    public ImmutableArray<SiteBudget> Sites { get; }

    /// <summary>The number of samples that were looked at.</summary>
    public int Samples { get; }

    /// <summary>The number of outputs.</summary>
    public int Outputs { get; }

    /// <summary>The first-order variance of every output of every sample over the law's draws, samples × outputs.</summary>
    public ReadOnlyMemory<double> OutputVariance => variance;

    /// <summary>The mean over samples of the sum over outputs of the first-order variance.</summary>
    public double MeanOutputVariance => variance.Sum() / Samples;

    /// <summary>Looks at a network.</summary>
    /// <param name="network">The network with its law.</param>
    /// <param name="inputs">Samples; a few hundred tell the budget.</param>
    /// <param name="threads">The number of threads.</param>
    /// <param name="cancellation">Stops between samples.</param>
    /// <exception cref="OrthantInputException">The inputs do not fit the network.</exception>
    public static DiversityBudget Of(UncertainNetwork network, InputRows inputs, int threads = 1, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Width != network.Network.Inputs)
        {
            throw new OrthantInputException("data", "", $"{inputs.Width} inputs a sample", $"{network.Network.Inputs}, as many as the network reads");
        }
        FirstOrderVariance work = new(network, inputs);
        SampleBudget[] all = new SampleBudget[inputs.Count];
        Parallel.For(0, all.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, i => all[i] = work.Of(i));
        ImmutableArray<SiteBudget>.Builder sites = ImmutableArray.CreateBuilder<SiteBudget>();
        for (int s = 0; s < network.Sites.Length; s++)
        {
            double active = all.Average(a => a.ActiveSquare[s]), inactive = all.Average(a => a.InactiveSquare[s]);
            sites.Add(new SiteBudget(
                network.Sites[s].Index,
                network.Sites[s].Units,
                all.Average(a => a.ActivePart[s]),
                active,
                inactive,
                (network.Law.RightVariance * active) + (network.Law.SlopeVariance * inactive),
                all.Average(a => a.ActiveOutput[s]),
                all.Average(a => a.InactiveOutput[s]),
                network.Law));
        }
        return new DiversityBudget(network.Law, sites.DrainToImmutable(), [.. all.SelectMany(a => a.OutputVariance)], all.Length, network.Network.Outputs);
    }

    /// <summary>The law of another family that brings as much variance into the outputs, to first order.</summary>
    /// <param name="family">Dropout, DropRelu, SymmetricDrop, or RandomizedLeaky for slopes uniform on (−s, s).</param>
    /// <returns>The law, or null where even the family's largest variance is too small.</returns>
    /// <remarks>Slopes of other means move the point at which Jacobians are taken; for <see cref="ActivationLawKind.DropRelu"/> the match is rougher for it.</remarks>
    public ActivationLaw? Match(ActivationLawKind family)
    {
        double target = Sites.Sum(s => s.OutputVariance), active = Sites.Sum(s => s.ActiveOutput), inactive = Sites.Sum(s => s.InactiveOutput);
        if (target == 0) return ActivationLaw.Relu;
        double v = target / (family == ActivationLawKind.Dropout ? active : inactive);
        return family switch
        {
            _ when !double.IsFinite(v) => null,
            ActivationLawKind.Dropout => ActivationLaw.Dropout(v / (1 + v)),
            // p(1 − p) = v, on the side of the rectifier.
            ActivationLawKind.DropRelu => v <= 0.25 ? ActivationLaw.DropRelu((1 + Math.Sqrt(1 - (4 * v))) / 2) : null,
            ActivationLawKind.SymmetricDrop => v <= 1 ? ActivationLaw.SymmetricDropRelu(v) : null,
            ActivationLawKind.RandomizedLeaky => ActivationLaw.RandomizedLeaky(-Math.Sqrt(3 * v), Math.Sqrt(3 * v)),
            _ => throw new ArgumentException($"{family} has no strength to be matched.", nameof(family)),
        };
    }
}

/// <summary>What a law would bring in at one site: means over samples.</summary>
/// <param name="Site">The number of the site, from the input.</param>
/// <param name="Units">The number of units.</param>
/// <param name="ActivePart">The part of units with a positive pre-activation.</param>
/// <param name="ActiveSquare">The mean over units of (h⁺)².</param>
/// <param name="InactiveSquare">The mean over units of (h⁻)².</param>
/// <param name="InjectedVariance">The mean over units of the variance that the law gives a unit's output.</param>
/// <param name="ActiveOutput">Σ over outputs and units of (J h⁺)²: the outputs' variance for a right slope of variance 1.</param>
/// <param name="InactiveOutput">Σ over outputs and units of (J h⁻)²: the outputs' variance for a left slope of variance 1.</param>
/// <param name="Law">The law.</param>
public sealed record SiteBudget(
    int Site, int Units, double ActivePart, double ActiveSquare, double InactiveSquare, double InjectedVariance, double ActiveOutput, double InactiveOutput,
    ActivationLaw Law)
{
    /// <summary>E(h⁻)²/E(h⁺)²; null where no unit is ever active.</summary>
    public double? InactiveRatio => ActiveSquare > 0 ? InactiveSquare / ActiveSquare : null;

    /// <summary>The first-order variance that reaches the outputs from this site, summed over outputs.</summary>
    public double OutputVariance => (Law.RightVariance * ActiveOutput) + (Law.SlopeVariance * InactiveOutput);
}
