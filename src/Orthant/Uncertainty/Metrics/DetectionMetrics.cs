namespace Orthant.Uncertainty;

/// <summary>How well a score tells samples from outside the distribution, the positive class, from those inside.</summary>
/// <param name="Auroc">The probability that a sample from outside has the larger score, ties counted half.</param>
/// <param name="AuprOut">The average precision with outside as the positive class (steps, not trapezoids).</param>
/// <param name="AuprIn">The average precision with inside as the positive class and the negated score.</param>
/// <param name="Fpr95">The part of inside samples that are flagged when the threshold is as high as it can be with 95 % of outside samples
/// flagged.</param>
/// <param name="Fpr95InPositive">The same with the roles exchanged: the part of outside samples that pass when 95 % of inside samples pass.
/// Much of the
/// literature means this one.</param>
/// <param name="DetectionError">The least mean of both error rates over all thresholds.</param>
/// <remarks>Source: Hendrycks and Gimpel, ICLR 2017; Liang, Li and Srikant, ICLR 2018.</remarks>
public sealed record DetectionMetrics(double Auroc, double AuprOut, double AuprIn, double Fpr95, double Fpr95InPositive,
    double DetectionError)
{
    private const double Sensitivity = 0.95;

    /// <summary>Compares two sets of scores.</summary>
    /// <param name="inside">Scores of samples from inside, at least one, none NaN.</param>
    /// <param name="outside">Scores of samples from outside, at least one, none NaN; larger should mean outside.</param>
    /// <exception cref="ArgumentException">A set is empty, or a score is NaN.</exception>
    public static DetectionMetrics Of(ReadOnlySpan<double> inside, ReadOnlySpan<double> outside)
    {
        if (inside.IsEmpty || outside.IsEmpty) throw new ArgumentException("Both sets of scores need at least one.");
        List<Step> forward = Steps(outside.ToArray(), inside.ToArray());
        List<Step> backward = Steps([.. inside.ToArray().Select(s => -s)], [.. outside.ToArray().Select(s => -s)]);
        return new DetectionMetrics(
            Area(forward), Precision(forward), Precision(backward), FalsePositives(forward), FalsePositives(backward),
            forward.Min(s => (1 - s.TruePositive + s.FalsePositive) / 2));
    }

    /// <summary>How well confidence tells right samples from wrong ones: the probability that a right one has the larger
    /// confidence.</summary>
    /// <param name="confidences">One number a sample.</param>
    /// <param name="correct">Whether each sample was right.</param>
    /// <returns>NaN when all are right, or all wrong.</returns>
    public static double MisclassificationAuroc(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct)
    {
        List<double> right = [], wrong = [];
        for (int i = 0; i < confidences.Length; i++) (correct[i] ? right : wrong).Add(confidences[i]);
        return right.Count == 0 || wrong.Count == 0 ? double.NaN : Area(Steps([.. right], [.. wrong]));
    }

    /// <summary>What is flagged at one threshold, ties together.</summary>
    private readonly record struct Step(double TruePositive, double FalsePositive, double Precision);

    /// <summary>Every threshold from the highest score down, begun with the one that flags nothing.</summary>
    private static List<Step> Steps(double[] positive, double[] negative)
    {
        if (Array.Exists(positive, double.IsNaN)
            || Array.Exists(negative, double.IsNaN)) throw new ArgumentException("A score is not a number.");
        Array.Sort(positive, static (a, b) => b.CompareTo(a));
        Array.Sort(negative, static (a, b) => b.CompareTo(a));
        List<Step> steps = [new(0, 0, 1)];
        int p = 0, n = 0;
        while (p < positive.Length || n < negative.Length)
        {
            double threshold = Math.Max(p < positive.Length ? positive[p] : double.NegativeInfinity, n < negative.Length ? negative[n]
                : double.NegativeInfinity);
            while (p < positive.Length && positive[p] >= threshold) p++;
            while (n < negative.Length && negative[n] >= threshold) n++;
            steps.Add(new Step((double)p / positive.Length, (double)n / negative.Length, (double)p / (p + n)));
        }
        return steps;
    }

    private static double Area(List<Step> steps)
    {
        double area = 0;
        for (int i = 1; i < steps.Count; i++) area += (steps[i].FalsePositive - steps[i - 1].FalsePositive) * (steps[i].TruePositive
            + steps[i - 1].TruePositive) / 2;
        return area;
    }

    private static double Precision(List<Step> steps)
    {
        double area = 0;
        for (int i = 1; i < steps.Count; i++) area += (steps[i].TruePositive - steps[i - 1].TruePositive) * steps[i].Precision;
        return area;
    }

    // A quotient of counts that is 0.95 exactly may be rounded to less.
    private static double FalsePositives(List<Step> steps) => steps.First(s => s.TruePositive >= Sensitivity - 1e-12).FalsePositive;
}
