using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>What many passes say about each sample: the mean of their probabilities, and how far they disagree.</summary>
/// <remarks>
/// <para>With p_t the softmax of pass t and p̄ their mean (probabilities are averaged, never logits):</para>
/// <code>
///     entropy                H(p̄)                       the whole uncertainty, in nats
///     expected entropy       mean of H(p_t)              the part within a pass (aleatoric)
///     mutual information     H(p̄) − mean of H(p_t)      the part between passes (epistemic), ≥ 0
///     variance               Σ_k Var_t p_t,k             population variance, over T
/// </code>
/// <para>Source: Houlsby, Huszár, Ghahramani and Lengyel, arXiv 1112.5745 (mutual information); Gal, "Uncertainty in deep learning", 2016. Immutable, safe to
/// share.</para>
/// </remarks>
public sealed class PredictiveDistribution
{
    private readonly PassMeans means;
    private readonly PassMeans[] without;
    private readonly double[] classSquare;
    private readonly double[] logarithm;
    private readonly int[] votes;
    private readonly double[] entropy;
    private readonly double[] information;

    internal PredictiveDistribution(PassMeans means, int passes, PassMeans[] without, double[] classSquare, double[] logarithm, int[] votes)
    {
        this.means = means;
        this.without = without;
        this.classSquare = classSquare;
        this.logarithm = logarithm;
        this.votes = votes;
        Passes = passes;
        entropy = [.. Enumerable.Range(0, Samples).Select(Mean.Entropy)];
        information = [.. entropy.Select((h, i) => passes == 1 ? 0 : h - means.ExpectedEntropy[i])];
    }

    private PredictiveDistribution(PredictiveDistribution whole, PassMeans part)
        : this(part, part.Passes, [], whole.classSquare, whole.logarithm, whole.votes)
    {
    }

    /// <summary>The number of passes.</summary>
    public int Passes { get; }

    /// <summary>The number of samples.</summary>
    public int Samples => means.Probabilities.Samples;

    /// <summary>The number of classes.</summary>
    public int Classes => means.Probabilities.Classes;

    /// <summary>The mean probabilities p̄.</summary>
    public ClassProbabilities Mean => means.Probabilities;

    /// <summary>H(p̄) of each sample, in nats.</summary>
    public ReadOnlyMemory<double> Entropy => entropy;

    /// <summary>The mean of H(p_t) of each sample, in nats.</summary>
    public ReadOnlyMemory<double> ExpectedEntropy => means.ExpectedEntropy;

    /// <summary>The mutual information of each sample, in nats; −1e-12 or more where rounding leaves less than nothing.</summary>
    public ReadOnlyMemory<double> MutualInformation => information;

    /// <summary>Σ_k Var_t p_t,k of each sample, over T; times T/(T − 1) for the unbiased one.</summary>
    public ReadOnlyMemory<double> Variance => means.Variance;

    /// <summary>The statistics of logits that were computed elsewhere.</summary>
    /// <param name="logits">passes × samples × classes finite numbers.</param>
    /// <param name="passes">At least 1: passes of one network, or members of an ensemble.</param>
    /// <param name="classes">At least 2.</param>
    /// <exception cref="OrthantInputException">The numbers do not fit, or one is not finite.</exception>
    public static PredictiveDistribution FromLogits(ReadOnlySpan<double> logits, int passes, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        if (classes < 2) throw new OrthantInputException("logits", "", $"{classes} class", "at least 2 classes");
        int samples = logits.Length / passes / classes;
        if (samples == 0 || logits.Length != (long)samples * passes * classes)
        {
            throw new OrthantInputException("logits", "", $"{logits.Length} numbers", $"{passes} passes of whole rows of {classes}, at least one");
        }
        if (!TensorPrimitives.IsFiniteAll(logits)) throw new OrthantInputException("logits", "", "a number that is not finite", "finite numbers");
        PassSums sums = new(samples, classes, passes);
        for (int t = 0; t < passes; t++) sums.Add(t, 0, samples, logits.Slice(t * samples * classes, samples * classes));
        return sums.ToDistribution();
    }

    /// <summary>Joins the predictions of several networks on the same samples: the members of an ensemble.</summary>
    /// <param name="members">At least one, each samples × classes logits.</param>
    /// <param name="classes">At least 2.</param>
    /// <exception cref="OrthantInputException">Members differ in size.</exception>
    public static PredictiveDistribution FromMembers(IReadOnlyList<float[]> members, int classes)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentOutOfRangeException.ThrowIfZero(members.Count);
        if (members.FirstOrDefault(m => m.Length != members[0].Length) is float[] odd)
        {
            throw new OrthantInputException("ensemble", "members", $"{odd.Length} and {members[0].Length} outputs in all", "members of one shape");
        }
        PassSums sums = new(members[0].Length / classes, classes, members.Count);
        for (int t = 0; t < members.Count; t++) sums.Add(t, 0, members[t].Length / classes, members[t]);
        return sums.ToDistribution();
    }

    /// <summary>Joins probabilities that were computed elsewhere: passes of one network, or members of an ensemble.</summary>
    /// <param name="members">At least one, of the same samples and classes.</param>
    /// <exception cref="OrthantInputException">Members differ in size.</exception>
    public static PredictiveDistribution FromProbabilities(IReadOnlyList<ClassProbabilities> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentOutOfRangeException.ThrowIfZero(members.Count);
        ClassProbabilities first = members[0];
        if (members.FirstOrDefault(m => m.Samples != first.Samples || m.Classes != first.Classes) is ClassProbabilities odd)
        {
            throw new OrthantInputException("ensemble", "members", $"{odd.Samples} × {odd.Classes} beside {first.Samples} × {first.Classes}", "members of one shape");
        }
        PassSums sums = new(first.Samples, first.Classes, members.Count);
        for (int t = 0; t < members.Count; t++) sums.Add(t, members[t]);
        return sums.ToDistribution();
    }

    /// <summary>The standard deviation over passes (over T) of the probability of the sample's predicted class.</summary>
    public double ConfidenceDeviation(int sample)
    {
        int winner = Mean.Winner(sample);
        double mean = Mean.Row(sample)[winner];
        return Math.Sqrt(Math.Max(0, (classSquare[(sample * Classes) + winner] / Passes) - (mean * mean)));
    }

    /// <summary>The part of passes whose most probable class is not the predicted one, that of the mean.</summary>
    public double VariationRatio(int sample) => 1 - ((double)votes[(sample * Classes) + Mean.Winner(sample)] / Passes);

    /// <summary>How often two passes differ in their most probable class, over all pairs and samples; 0 for one pass.</summary>
    public double PairwiseDisagreement()
    {
        if (Passes < 2) return 0;
        double pairs = (double)Passes * (Passes - 1), agreeing = 0;
        foreach (int v in votes) agreeing += (double)v * (v - 1);
        return 1 - (agreeing / pairs / Samples);
    }

    /// <summary>The mean of KL(p_s ‖ p_t) over all ordered pairs of passes s ≠ t and all samples, in nats; 0 for one pass.</summary>
    /// <remarks>From sums alone: Σ_{s≠t} Σ_k p_s ln p_s − p_s ln p_t = T Σ_s Σ_k p_s ln p_s − Σ_k (Σ_s p_s)(Σ_t ln p_t).</remarks>
    public double MeanPairwiseDivergence()
    {
        if (Passes < 2) return 0;
        double total = 0;
        for (int i = 0; i < Samples; i++)
        {
            double cross = 0;
            ReadOnlySpan<double> row = Mean.Row(i);
            for (int k = 0; k < row.Length; k++) cross += row[k] > 0 ? row[k] * Passes * logarithm[(i * Classes) + k] : 0;
            total += (-(double)Passes * Passes * means.ExpectedEntropy[i]) - cross;
        }
        return total / ((double)Passes * (Passes - 1)) / Samples;
    }

    /// <summary>The Monte-Carlo standard error of a number that was computed from the passes: how far another seed would move it.</summary>
    /// <param name="statistic">The number as a function of the means; called on everything but one group of passes at a time.</param>
    /// <returns>0 for a single pass.</returns>
    /// <remarks>The jackknife over up to ten groups of passes (pass t in group t mod 10): √((G − 1)/G Σ (s_g − s̄)²). For statistics that are linear in the
    /// passes this is the standard error by batch means.</remarks>
    public double MonteCarloError(Func<PredictiveDistribution, double> statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        return Jackknife(d => [statistic(d)])[0];
    }

    /// <summary>The standard errors of several numbers at once.</summary>
    internal double[] Jackknife(Func<PredictiveDistribution, double[]> statistics) => Jackknife(this, null, (d, _) => statistics(d));

    /// <summary>The standard errors of numbers that follow from two distributions of the same passes, the second of which may be absent.</summary>
    internal static double[] Jackknife(
        PredictiveDistribution first, PredictiveDistribution? second, Func<PredictiveDistribution, PredictiveDistribution?, double[]> statistics)
    {
        int groups = Math.Min(first.without.Length, second?.without.Length ?? first.without.Length);
        if (groups < 2) return new double[statistics(first, second).Length];
        double[][] values = [.. Enumerable.Range(0, groups).Select(g => statistics(
            new PredictiveDistribution(first, first.without[g]), second is null ? null : new PredictiveDistribution(second, second.without[g])))];
        return [.. values[0].Select((_, j) =>
        {
            double mean = values.Average(v => v[j]);
            if (!double.IsFinite(mean)) return double.PositiveInfinity;
            return Math.Sqrt((groups - 1.0) / groups * values.Sum(v => (v[j] - mean) * (v[j] - mean)));
        })];
    }
}
