using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>The penalised mean negative log-likelihood of logits under z ↦ A z + b, as a function of the free numbers of (A, b).</summary>
internal sealed class ScaledLikelihood(double[] logits, int[] labels, int classes, double penalty, bool isDiagonal)
{
    private int OffsetAt => isDiagonal ? classes : classes * classes;

    public static void Map(ReadOnlySpan<double> a, ReadOnlySpan<double> b, ReadOnlySpan<double> z, Span<double> y)
    {
        for (int k = 0; k < y.Length; k++) y[k] = b[k] + TensorPrimitives.Dot(a.Slice(k * y.Length, y.Length), z);
    }

    public double[] Start()
    {
        double[] start = new double[OffsetAt + classes];
        for (int k = 0; k < classes; k++) start[isDiagonal ? k : (k * classes) + k] = 1;
        return start;
    }

    public (double[] A, double[] B) Unpack(double[] free)
    {
        double[] a = new double[classes * classes];
        if (isDiagonal)
        {
            for (int k = 0; k < classes; k++) a[(k * classes) + k] = free[k];
        }
        else
        {
            free.AsSpan(0, OffsetAt).CopyTo(a);
        }
        return (a, free[OffsetAt..]);
    }

    public double Evaluate(double[] free, double[] gradient)
    {
        double[] start = Start(), y = new double[classes];
        (double[] a, double[] b) = Unpack(free);
        double loss = 0;
        Array.Clear(gradient);
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<double> z = logits.AsSpan(i * classes, classes);
            Map(a, b, z, y);
            double right = y[labels[i]], top = TensorPrimitives.Max<double>(y), sum = 0;
            for (int k = 0; k < classes; k++) sum += y[k] = Math.Exp(y[k] - top);
            loss += top + Math.Log(sum) - right;
            for (int k = 0; k < classes; k++)
            {
                double error = (y[k] / sum) - (k == labels[i] ? 1 : 0);
                gradient[OffsetAt + k] += error;
                if (isDiagonal) gradient[k] += error * z[k];
                else TensorPrimitives.MultiplyAdd(z, error, gradient.AsSpan(k * classes, classes), gradient.AsSpan(k * classes, classes));
            }
        }
        loss /= labels.Length;
        for (int j = 0; j < free.Length; j++)
        {
            double d = free[j] - start[j];
            loss += penalty / 2 * d * d;
            gradient[j] = (gradient[j] / labels.Length) + (penalty * d);
        }
        return loss;
    }
}
