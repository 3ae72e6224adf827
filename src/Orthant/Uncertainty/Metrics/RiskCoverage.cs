namespace Orthant.Uncertainty;

/// <summary>What error remains when only the most confident samples are answered.</summary>
/// <remarks>The curve has one point a sample: among the k most confident (stable order of equals) the part that is wrong. Its mean is the
/// AURC. Source: Geifman,
/// Uziel and El-Yaniv, ICLR 2019.</remarks>
public sealed class RiskCoverage
{
    private readonly double[] risks;

    private RiskCoverage(double[] risks, double oracle)
    {
        this.risks = risks;
        OracleArea = oracle;
    }

    /// <summary>The risk at coverage k/N, for k = 1, …, N.</summary>
    public ReadOnlyMemory<double> Risks => risks;

    /// <summary>The area under the curve: the mean risk.</summary>
    public double Area => risks.Average();

    /// <summary>The area of the best order, all right samples first.</summary>
    public double OracleArea { get; }

    /// <summary>How far the area is above that of the best order.</summary>
    public double ExcessArea => Area - OracleArea;

    /// <summary>The largest coverage whose risk is at most the given one; 0 when there is none.</summary>
    /// <param name="risk">From 0 to 1.</param>
    public double CoverageAt(double risk) => (Array.FindLastIndex(risks, r => r <= risk) + 1.0) / risks.Length;

    /// <summary>The curve of a confidence.</summary>
    /// <param name="confidences">One number a sample, larger for samples that are answered first.</param>
    /// <param name="correct">Whether each sample was right.</param>
    public static RiskCoverage Of(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct)
    {
        if (confidences.IsEmpty || confidences.Length != correct.Length) throw new ArgumentException($"{confidences.Length} confidences were given {correct.Length} outcomes.");
        double[] c = confidences.ToArray();
        bool[] right = correct.ToArray();
        return new RiskCoverage(
            Curve(Enumerable.Range(0, c.Length).OrderByDescending(i => c[i]).Select(i => right[i])),
                Curve(right.OrderByDescending(r => r)).Average());
    }

    /// <summary>The risk at evenly spaced coverages with its bootstrap interval: the band of a risk-coverage curve.</summary>
    /// <param name="confidences">One number a sample, larger for samples that are answered first.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <param name="points">The number of coverages, 1/points to 1.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <param name="resamples">At least 2.</param>
    /// <returns>One a coverage; intervals of 95 %.</returns>
    public static Bootstrap[] Band(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int points = 50, ulong seed = 0,
        int resamples = 200)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(points);
        if (confidences.IsEmpty || confidences.Length != correct.Length) throw new ArgumentException($"{confidences.Length} confidences were given {correct.Length} outcomes.");
        double[] c = confidences.ToArray();
        bool[] right = correct.ToArray();
        // The place of each sample in the order is found once: a resample is then sorted by whole numbers.
        int[] place = new int[c.Length], order = [.. Enumerable.Range(0, c.Length).OrderByDescending(i => c[i])];
        for (int i = 0; i < order.Length; i++) place[order[i]] = i;
        return Bootstrap.Band(c.Length, drawn =>
        {
            int[] ranks = Array.ConvertAll(drawn, i => place[i]);
            Array.Sort(ranks);
            double[] risks = Curve(ranks.Select(r => right[order[r]]));
            return [.. Enumerable.Range(1, points).Select(k => risks[Math.Max((int)Math.Round((double)k * risks.Length / points), 1) - 1])];
        }, seed, resamples);
    }

    private static double[] Curve(IEnumerable<bool> inOrder)
    {
        List<double> risks = [];
        int wrong = 0;
        foreach (bool right in inOrder)
        {
            if (!right) wrong++;
            risks.Add((double)wrong / (risks.Count + 1));
        }
        return [.. risks];
    }
}
