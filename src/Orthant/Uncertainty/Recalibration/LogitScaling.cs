using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>An affine map of logits, z ↦ A z + b, that makes the likelihood of labelled data largest: temperature, vector or matrix
/// scaling.</summary>
/// <remarks>
/// <para>All three minimise the mean negative log-likelihood, which is convex in (A, b). Vector and matrix scaling add penalty/2 · ‖(A, b)
/// − (I, 0)‖², so that
/// the minimum exists and is one even on data that can be separated; temperature keeps 1/T within 10⁻⁴ to 10⁴ instead.</para>
/// <para>Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017. Immutable, safe to share. Unlike
/// <see cref="ClasswiseCalibration"/> it needs logits, and a temperature changes no decision.</para>
/// </remarks>
public sealed class LogitScaling
{
    /// <summary>The penalty of vector and matrix scaling unless said otherwise.</summary>
    public const double UsualPenalty = 1e-3;

    private const double LargestInverse = 1e4;

    private readonly double[] matrix;
    private readonly double[] offset;

    private LogitScaling(int classes, double[] matrix, double[] offset, double? temperature)
    {
        Classes = classes;
        this.matrix = matrix;
        this.offset = offset;
        Temperature = temperature;
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>T of a temperature scaling, A = I/T; null for the others.</summary>
    public double? Temperature { get; }

    /// <summary>A, classes × classes, row-major.</summary>
    public ReadOnlyMemory<double> Matrix => matrix;

    /// <summary>b, one number a class.</summary>
    public ReadOnlyMemory<double> Offset => offset;

    /// <summary>The temperature of the largest likelihood.</summary>
    /// <param name="logits">samples × classes finite numbers, row-major.</param>
    /// <param name="labels">The class of each sample, of at least two classes in all.</param>
    /// <param name="classes">At least 2.</param>
    /// <remarks>Newton's method in 1/T, kept in a bracket. Where all logits of each row are equal, no temperature matters, and it is
    /// 1.</remarks>
    /// <exception cref="OrthantInputException">The numbers do not fit, there are fewer rows than classes, or one class only.</exception>
    public static LogitScaling FitTemperature(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes)
    {
        Check(logits, labels, classes);
        double low = 1 / LargestInverse, high = LargestInverse, s = 1;
        double[] p = new double[classes];
        for (int step = 0; step < 200; step++)
        {
            (double slope, double curvature) = Derivatives(logits, labels, classes, s, p);
            if (slope == 0) break;
            if (slope > 0) high = s;
            else low = s;
            double next = curvature > 0 ? s - (slope / curvature) : double.NaN;
            if (!(next > low && next < high)) next = Math.Sqrt(low * high);
            if (Math.Abs(next - s) <= 4e-16 * s) break;
            s = next;
        }
        double[] a = new double[classes * classes];
        for (int k = 0; k < classes; k++) a[(k * classes) + k] = s;
        return new LogitScaling(classes, a, new double[classes], 1 / s);
    }

    /// <summary>A diagonal A and a b of the largest penalised likelihood.</summary>
    /// <param name="logits">samples × classes finite numbers, row-major.</param>
    /// <param name="labels">The class of each sample, of at least two classes in all.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="penalty">The strength of the pull towards A = I and b = 0, positive.</param>
    /// <exception cref="OrthantInputException">The numbers do not fit, there are fewer rows than classes, or one class only.</exception>
    public static LogitScaling FitVector(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes,
        double penalty = UsualPenalty) =>
        Fit(logits, labels, classes, penalty, isDiagonal: true);

    /// <summary>A full A and a b of the largest penalised likelihood.</summary>
    /// <param name="logits">samples × classes finite numbers, row-major.</param>
    /// <param name="labels">The class of each sample, of at least two classes in all.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="penalty">The strength of the pull towards A = I and b = 0, positive.</param>
    /// <exception cref="OrthantInputException">The numbers do not fit, there are fewer rows than classes, or one class only.</exception>
    public static LogitScaling FitMatrix(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes,
        double penalty = UsualPenalty) =>
        Fit(logits, labels, classes, penalty, isDiagonal: false);

    /// <summary>The scaled logits, samples × classes.</summary>
    /// <param name="logits">samples × classes numbers, row-major.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows.</exception>
    public double[] Scale(ReadOnlySpan<double> logits)
    {
        if (logits.Length % Classes != 0) throw new OrthantInputException("logits", "", $"{logits.Length} numbers",
            $"whole rows of {Classes}");
        double[] scaled = new double[logits.Length];
        for (int first = 0; first < scaled.Length; first += Classes)
        {
            ScaledLikelihood.Map(matrix, offset, logits.Slice(first, Classes), scaled.AsSpan(first, Classes));
        }
        return scaled;
    }

    /// <summary>The softmax of the scaled logits.</summary>
    /// <param name="logits">samples × classes finite numbers, row-major.</param>
    /// <exception cref="OrthantInputException">The numbers are not whole rows, or one is not finite.</exception>
    public ClassProbabilities Apply(ReadOnlySpan<double> logits) => ClassProbabilities.FromLogits(Scale(logits), Classes);

    private static LogitScaling Fit(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes, double penalty, bool isDiagonal)
    {
        Check(logits, labels, classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        ScaledLikelihood likelihood = new(logits.ToArray(), labels.ToArray(), classes, penalty, isDiagonal);
        (double[] a, double[] b) = likelihood.Unpack(LimitedMemoryDescent.Minimize(likelihood.Evaluate, likelihood.Start()));
        return new LogitScaling(classes, a, b, null);
    }

    // The slope of the mean of lse(s z) − s z_y in s is the mean of E_p z − z_y, its curvature that of Var_p z.
    private static (double Slope, double Curvature) Derivatives(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes,
        double s, double[] p)
    {
        double slope = 0, curvature = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<double> z = logits.Slice(i * classes, classes);
            double top = TensorPrimitives.Max(z), sum = 0, mean = 0, square = 0;
            for (int k = 0; k < classes; k++) sum += p[k] = Math.Exp(s * (z[k] - top));
            for (int k = 0; k < classes; k++) mean += p[k] / sum * (z[k] - top);
            for (int k = 0; k < classes; k++) square += p[k] / sum * (z[k] - top - mean) * (z[k] - top - mean);
            slope += mean - (z[labels[i]] - top);
            curvature += square;
        }
        return (slope / labels.Length, curvature / labels.Length);
    }

    private static void Check(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes)
    {
        ClassProbabilities.CheckRows("logits", logits, classes);
        CalibrationRows.CheckFit(labels, logits.Length / classes, classes);
    }
}
