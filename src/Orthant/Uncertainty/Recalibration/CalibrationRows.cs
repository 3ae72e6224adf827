namespace Orthant.Uncertainty;

/// <summary>What every method that learns from labelled predictions asks of them.</summary>
internal static class CalibrationRows
{
    public static void CheckLabels(ReadOnlySpan<int> labels, int samples, int classes)
    {
        if (labels.Length != samples) throw new OrthantInputException("labels", "", $"{labels.Length} labels", $"{samples}, one a sample");
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes) throw new OrthantInputException("labels", $"sample {i}", $"class {labels[i]}",
                $"classes from 0 to {classes - 1}");
        }
    }

    /// <summary>Labels of more than one class, and as many rows as classes: below that a map of each class's own has nothing to learn
    /// from.</summary>
    public static void CheckFit(ReadOnlySpan<int> labels, int samples, int classes)
    {
        CheckLabels(labels, samples, classes);
        if (samples < classes) throw new OrthantInputException("calibration data", "", $"{samples} rows",
            $"at least {classes}, as many as classes");
        if (!labels.ContainsAnyExcept(labels[0])) throw new OrthantInputException("calibration data", "labels", $"class {labels[0]} alone",
            "samples of at least two classes");
    }

    public static void CheckLevel(double alpha)
    {
        if (!(alpha > 0 && alpha < 1)) throw new OrthantInputException("conformal prediction", "alpha", $"{alpha}",
            "a number between 0 and 1");
    }
}
