using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>One hidden layer, oriented outwards from the middle knot, which halves the cancellation.</summary>
internal static class ShallowForm
{
    /// <summary>f = y_m + s_m ReLU(x - t_m) - s_{m-1} ReLU(t_m - x) + Σ_{i&gt;m} J_i ReLU(x - t_i) + Σ_{i&lt;m} J_i ReLU(t_i - x).</summary>
    public static ReluNetwork Compile(LinearSpline spline, ElementType type, string name)
    {
        LayerStack stack = new(type);
        int n = spline.InnerKnots, middle = n == 0 ? 0 : (n / 2) + 1;
        double y = stack.Round(spline.Values[middle]);
        double[] right = SlopeFeedback.Jumps(spline, middle, +1, y, stack.Round), left = SlopeFeedback.Jumps(spline, middle, -1, y, stack.Round);
        List<(int, double)> output = [];
        for (int i = 1; i <= n; i++)
        {
            if (i == middle) continue;
            double sign = i < middle ? -1 : 1, jump = i < middle ? left[middle - i] : right[i - middle];
            output.Add((stack.Neuron(-sign * spline.Knots[i], (0, sign)), jump));
        }
        output.Add((stack.Neuron(-spline.Knots[middle], (0, 1)), right.Length > 0 ? right[0] : 0));
        // At the left end nothing lies to the left: the piece goes on as a straight line.
        output.Add((stack.Neuron(spline.Knots[middle], (0, -1)), left.Length > 0 ? left[0] : -right[0]));
        stack.EndLayer();
        stack.Neuron(y, [.. output]);
        return stack.ToNetwork(name);
    }
}

/// <summary>Jumps of slopes, rounded so that errors do not add up: each makes good at the next knot what those before it left.</summary>
internal static class SlopeFeedback
{
    /// <summary>The slope of the first piece and the jumps at the following knots, walking from a knot to an end.</summary>
    /// <param name="spline">The spline.</param>
    /// <param name="start">The knot to start from.</param>
    /// <param name="direction">+1 to the right, -1 to the left; slopes are taken along the walk.</param>
    /// <param name="value">The value at the first knot that the network has.</param>
    /// <param name="round">Rounds to what weights can hold.</param>
    public static double[] Jumps(LinearSpline spline, int start, int direction, double value, Func<double, double> round)
    {
        int count = direction > 0 ? spline.Pieces - start : start;
        double[] jumps = new double[count];
        DoubleDouble v = value, slope = 0;
        double at = round(spline.Knots[start]);
        for (int i = 0; i < count; i++)
        {
            int next = start + (direction * (i + 1));
            // The network's knots are the rounded ones; there it aims at the spline.
            double to = i + 1 < count ? round(spline.Knots[next]) : spline.Knots[next];
            DoubleDouble distance = DoubleDouble.Abs(DoubleDouble.TwoSum(to, -at));
            DoubleDouble target = spline.Values[next] + (DoubleDouble.TwoSum(to, -spline.Knots[next]) * spline.Slope(direction > 0 ? next - 1 : next));
            if (distance.Sign > 0)
            {
                jumps[i] = round(Jump((target - v) / distance, slope));
                slope += jumps[i];
                v += slope * distance;
            }
            at = to;
        }
        return jumps;
    }

    /// <summary>The difference of two slopes; what is only rounding of the quotient is no jump.</summary>
    public static double Jump(DoubleDouble wanted, DoubleDouble slope)
    {
        double jump = (wanted - slope).Hi;
        return Math.Abs(jump) <= 1e-29 * Math.Abs(slope.Hi) ? 0 : jump;
    }
}
