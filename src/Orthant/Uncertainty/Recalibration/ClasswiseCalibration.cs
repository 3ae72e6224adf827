using System.Collections.Immutable;

namespace Orthant.Uncertainty;

/// <summary>A map from each class's probability to how often that class was right, one class against the rest; rows are then divided by
/// their sum.</summary>
/// <remarks>Sources: Zadrozny and Elkan, ICML 2001 (histogram binning) and KDD 2002 (isotonic regression, one against the rest). Immutable,
/// safe to share.
/// Unlike <see cref="LogitScaling"/> it needs probabilities only, and may change decisions.</remarks>
public sealed class ClasswiseCalibration
{
    private readonly ImmutableArray<CalibrationCurve> curves;

    private ClasswiseCalibration(ImmutableArray<CalibrationCurve> curves) => this.curves = curves;

    /// <summary>One curve a class.</summary>
    public ImmutableArray<CalibrationCurve> Curves => curves;

    /// <summary>The non-decreasing maps of least squared error.</summary>
    /// <param name="probabilities">The probabilities of the calibration data.</param>
    /// <param name="labels">Its classes, at least two of them.</param>
    /// <exception cref="OrthantInputException">Labels do not fit, there are fewer rows than classes, or one class only.</exception>
    public static ClasswiseCalibration FitIsotonic(ClassProbabilities probabilities, ReadOnlySpan<int> labels) =>
        Fit(probabilities, labels, (x, y) => CalibrationCurve.Isotonic(x, y));

    /// <summary>Maps that are constant on bins of equal width: the frequency of the class in the bin, or the bin's middle where it is
    /// empty.</summary>
    /// <param name="probabilities">The probabilities of the calibration data.</param>
    /// <param name="labels">Its classes, at least two of them.</param>
    /// <param name="bins">The number of bins, at least 1.</param>
    /// <exception cref="OrthantInputException">Labels do not fit, there are fewer rows than classes, or one class only.</exception>
    public static ClasswiseCalibration FitHistogram(ClassProbabilities probabilities, ReadOnlySpan<int> labels,
        int bins = ClassificationMetrics.UsualBins) =>
        Fit(probabilities, labels, (x, y) => CalibrationCurve.Histogram(x, y, bins));

    /// <summary>The calibrated probabilities; a row whose numbers all become 0 is left as it was.</summary>
    /// <param name="probabilities">Probabilities of as many classes.</param>
    /// <exception cref="OrthantInputException">The number of classes differs.</exception>
    public ClassProbabilities Apply(ClassProbabilities probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        int classes = curves.Length;
        if (probabilities.Classes != classes) throw new OrthantInputException("probabilities", "", $"{probabilities.Classes} classes",
            $"{classes}, as in the calibration data");
        double[] mapped = new double[probabilities.Samples * classes];
        for (int i = 0; i < probabilities.Samples; i++)
        {
            ReadOnlySpan<double> row = probabilities.Row(i);
            Span<double> to = mapped.AsSpan(i * classes, classes);
            for (int k = 0; k < classes; k++) to[k] = curves[k].At(row[k]);
            double sum = ClassProbabilities.Total(to);
            if (sum > 0)
            {
                foreach (ref double value in to) value /= sum;
            }
            else
            {
                row.CopyTo(to);
            }
        }
        return ClassProbabilities.FromProbabilities(mapped, classes);
    }

    private static ClasswiseCalibration Fit(ClassProbabilities probabilities, ReadOnlySpan<int> labels, Func<double[], double[],
        CalibrationCurve> fit)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        CalibrationRows.CheckFit(labels, probabilities.Samples, probabilities.Classes);
        ImmutableArray<CalibrationCurve>.Builder curves = ImmutableArray.CreateBuilder<CalibrationCurve>(probabilities.Classes);
        for (int k = 0; k < probabilities.Classes; k++)
        {
            double[] x = new double[labels.Length], y = new double[labels.Length];
            for (int i = 0; i < x.Length; i++) (x[i], y[i]) = (probabilities.Row(i)[k], labels[i] == k ? 1 : 0);
            curves.Add(fit(x, y));
        }
        return new ClasswiseCalibration(curves.MoveToImmutable());
    }
}
