using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>The minimum of a smooth strictly convex function by L-BFGS with halved steps (Nocedal and Wright, "Numerical optimization",
/// algorithm 7.5).</summary>
internal static class LimitedMemoryDescent
{
    private const int Memory = 12;
    private const int MostSteps = 2000;
    private const double SmallestGradient = 1e-10;

    /// <param name="evaluate">The value at a point; fills the gradient.</param>
    /// <param name="start">Where to begin.</param>
    public static double[] Minimize(Func<double[], double[], double> evaluate, double[] start)
    {
        double[] x = [.. start], g = new double[x.Length];
        double f = evaluate(x, g);
        List<(double[] Step, double[] Change)> pairs = [];
        for (int step = 0; step < MostSteps && TensorPrimitives.Norm<double>(g) > SmallestGradient; step++)
        {
            double[] direction = Direction(g, pairs), next = new double[x.Length], slope = new double[x.Length];
            double descent = TensorPrimitives.Dot<double>(direction, g), length = 1, value = double.NaN;
            bool isLower = false;
            // A decrease below the value's own rounding cannot be seen.
            if (-descent <= 1e-16 * (1 + Math.Abs(f))) break;
            for (int trial = 0; trial < 30 && !isLower; trial++, length /= 2)
            {
                for (int j = 0; j < x.Length; j++) next[j] = x[j] + (length * direction[j]);
                value = evaluate(next, slope);
                isLower = value <= f + (1e-4 * length * descent);
            }
            if (!isLower) break;
            double[] s = new double[x.Length], y = new double[x.Length];
            TensorPrimitives.Subtract(next, x, s);
            TensorPrimitives.Subtract(slope, g, y);
            if (TensorPrimitives.Dot<double>(s, y) > 0) pairs.Add((s, y));
            if (pairs.Count > Memory) pairs.RemoveAt(0);
            (x, g, f) = (next, slope, value);
        }
        return x;
    }

    private static double[] Direction(double[] gradient, List<(double[] Step, double[] Change)> pairs)
    {
        double[] q = [.. gradient.Select(v => -v)], alpha = new double[pairs.Count];
        for (int i = pairs.Count - 1; i >= 0; i--)
        {
            (double[] s, double[] y) = pairs[i];
            alpha[i] = TensorPrimitives.Dot<double>(s, q) / TensorPrimitives.Dot<double>(s, y);
            TensorPrimitives.MultiplyAdd(y, -alpha[i], q, q);
        }
        if (pairs.Count > 0)
        {
            (double[] s, double[] y) = pairs[^1];
            TensorPrimitives.Multiply(q, TensorPrimitives.Dot<double>(s, y) / TensorPrimitives.Dot<double>(y, y), q);
        }
        for (int i = 0; i < pairs.Count; i++)
        {
            (double[] s, double[] y) = pairs[i];
            double beta = TensorPrimitives.Dot<double>(y, q) / TensorPrimitives.Dot<double>(s, y);
            TensorPrimitives.MultiplyAdd(s, alpha[i] - beta, q, q);
        }
        return q;
    }
}
