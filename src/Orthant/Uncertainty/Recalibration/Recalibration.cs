namespace Orthant.Uncertainty;

/// <summary>The kinds of maps from predicted probabilities to calibrated ones.</summary>
public enum RecalibrationMap
{
    /// <summary>One factor for all logits: <see cref="LogitScaling.FitTemperature"/>.</summary>
    Temperature,

    /// <summary>A factor and an offset a class: <see cref="LogitScaling.FitVector"/>.</summary>
    Vector,

    /// <summary>A matrix and offsets: <see cref="LogitScaling.FitMatrix"/>.</summary>
    Matrix,

    /// <summary>A non-decreasing curve a class: <see cref="ClasswiseCalibration.FitIsotonic"/>.</summary>
    Isotonic,

    /// <summary>A step function a class: <see cref="ClasswiseCalibration.FitHistogram"/>.</summary>
    Histogram,
}

/// <summary>A calibration of probabilities that was learned on labelled predictions, of any kind: what stands for <see
/// cref="LogitScaling"/> and
/// <see cref="ClasswiseCalibration"/> where the kind is chosen at run time.</summary>
/// <remarks>Scalings read logarithms of probabilities as logits: those differ from a network's logits by one number a row, which no softmax
/// sees. So the mean of
/// several passes or members can be scaled as well. Immutable, safe to share.</remarks>
public sealed class Recalibration
{
    private readonly Func<ClassProbabilities, ClassProbabilities> apply;

    private Recalibration(RecalibrationMap map, double? temperature, Func<ClassProbabilities, ClassProbabilities> apply)
    {
        Map = map;
        Temperature = temperature;
        this.apply = apply;
    }

    /// <summary>The kind.</summary>
    public RecalibrationMap Map { get; }

    /// <summary>The temperature; null for the other kinds.</summary>
    public double? Temperature { get; }

    /// <summary>Learns a map.</summary>
    /// <param name="map">Its kind.</param>
    /// <param name="probabilities">The probabilities of data that the network was not trained on.</param>
    /// <param name="labels">Its classes, at least two of them.</param>
    /// <exception cref="OrthantInputException">Labels do not fit, there are fewer rows than classes, or one class only.</exception>
    public static Recalibration Fit(RecalibrationMap map, ClassProbabilities probabilities, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        if (map is RecalibrationMap.Isotonic or RecalibrationMap.Histogram)
        {
            ClasswiseCalibration curves = map == RecalibrationMap.Isotonic ? ClasswiseCalibration.FitIsotonic(probabilities, labels)
                : ClasswiseCalibration.FitHistogram(probabilities, labels);
            return new Recalibration(map, null, curves.Apply);
        }
        double[] z = Logarithms(probabilities);
        LogitScaling scaling = map switch
        {
            RecalibrationMap.Temperature => LogitScaling.FitTemperature(z, labels, probabilities.Classes),
            RecalibrationMap.Vector => LogitScaling.FitVector(z, labels, probabilities.Classes),
            _ => LogitScaling.FitMatrix(z, labels, probabilities.Classes),
        };
        return new Recalibration(map, scaling.Temperature, p => scaling.Apply(Logarithms(p)));
    }

    /// <summary>The calibrated probabilities.</summary>
    /// <param name="probabilities">Probabilities of as many classes.</param>
    /// <exception cref="OrthantInputException">The number of classes differs.</exception>
    public ClassProbabilities Apply(ClassProbabilities probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        return apply(probabilities);
    }

    /// <summary>ln p, and where p is 0 a number that no other logarithm of a double goes below: a scaling needs finite numbers.</summary>
    private static double[] Logarithms(ClassProbabilities p)
    {
        double[] z = new double[p.Samples * p.Classes];
        for (int j = 0; j < z.Length; j++) z[j] = Math.Max(p.LogOf(j / p.Classes, j % p.Classes), LeastLogarithm);
        return z;
    }

    /// <summary>ln 2⁻¹⁰⁷⁵, below the smallest positive double; logits of a network may go further down, and are then taken as
    /// this.</summary>
    private const double LeastLogarithm = -745.2;
}
