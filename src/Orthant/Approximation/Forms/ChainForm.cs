using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A chain of fixed width: a source channel carries x - A, a collation channel what has been added up, and every layer has W - 2 knots.</summary>
/// <remarks>Exact on the domain; constant to the left of it. The collation channel is kept from zero by one power of two for all layers, so that
/// passing it on rounds nothing but sums.</remarks>
internal static class ChainForm
{
    /// <summary>The hidden layers that N knots take at width W.</summary>
    public static int Depth(int knots, int width) => knots <= width - 1 ? 1 : Math.Max(2, (knots - 2 + width - 3) / (width - 2));

    public static ReluNetwork Compile(LinearSpline spline, int width, ElementType type, string name)
    {
        LayerStack stack = new(type);
        int n = spline.InnerKnots, depth = Depth(n, width);
        double a = spline.Knots[0], origin = stack.Round(a);
        double shift = Shift(LeastPartial(spline, depth, width), spline.LargestValue);
        double first = depth == 1 ? stack.Round(spline.Values[0]) : stack.Round(spline.Values[0] + shift) - shift;
        // Biases of knots behind the source: what the network's knots really are.
        double[] bias = [.. Enumerable.Range(1, n).Select(i => stack.Round(origin - spline.Knots[i]))];
        double[] jumps = Jumps(spline, origin, bias, first, stack.Round);
        int done = 0, source = -1, collation = -1;
        List<(int Neuron, double Jump)> before = [];
        for (int l = 0; l < depth; l++)
        {
            bool last = l == depth - 1;
            int capacity = depth == 1 ? n : (l == 0 || last) ? width - 1 : width - 2, nextSource = -1, nextCollation = -1;
            if (!last || depth == 1) nextSource = l == 0 ? stack.Neuron(-origin, (0, 1)) : stack.Neuron(0, (source, 1));
            if (l > 0)
            {
                List<(int, double)> row = [l == 1 ? (source, jumps[0]) : (collation, 1), .. before];
                nextCollation = stack.Neuron(l == 1 ? first + shift : 0, [.. row]);
            }
            before = [];
            for (int k = 0; k < capacity && done < n; k++, done++)
            {
                int neuron = l == 0 ? stack.Neuron(-spline.Knots[done + 1], (0, 1)) : stack.Neuron(bias[done], (source, 1));
                before.Add((neuron, jumps[done + 1]));
            }
            stack.Pad(width);
            stack.EndLayer();
            (source, collation) = (nextSource, nextCollation);
        }
        if (depth == 1) stack.Neuron(first, [(source, jumps[0]), .. before]);
        else stack.Neuron(-shift, [(collation, 1), .. before]);
        return stack.ToNetwork(name);
    }

    /// <summary>The least value that the collation channel would have: what has been added up so far goes on as a straight line to the end.</summary>
    private static double LeastPartial(LinearSpline spline, int depth, int width)
    {
        double least = spline.Values.Min(), end = spline.Knots[^1];
        for (int l = 1, done = 0; l < depth; l++)
        {
            // The collation channel of this layer holds the knots of all layers before it.
            least = Math.Min(least, spline.Values[done + 1] + (spline.Slope(done) * (end - spline.Knots[done + 1])));
            done = Math.Min(spline.InnerKnots, done + (l == 1 ? width - 1 : width - 2));
            least = Math.Min(least, spline.Values[done + 1] + (spline.Slope(done) * (end - spline.Knots[done + 1])));
        }
        return least;
    }

    /// <summary>A power of two that keeps values from zero, with room for rounding; 0 where none is needed.</summary>
    public static double Shift(double least, double scale) =>
        least >= 0 ? 0 : Math.ScaleB(1, (int)Math.Ceiling(Math.Log2(-least * (1 + 1e-6)))) is double p && p > -least + (1e-6 * scale) ? p : 2 * Math.ScaleB(1, (int)Math.Ceiling(Math.Log2(scale)));

    private static double[] Jumps(LinearSpline spline, double origin, double[] bias, double first, Func<double, double> round)
    {
        double[] jumps = new double[spline.Pieces];
        DoubleDouble value = first, slope = 0;
        DoubleDouble At(int k) => k == 0 ? origin : k <= bias.Length ? DoubleDouble.TwoSum(origin, -bias[k - 1]) : spline.Knots[^1];
        for (int i = 0; i < jumps.Length; i++)
        {
            DoubleDouble from = At(i), to = At(i + 1), distance = to - from;
            DoubleDouble target = spline.Values[i + 1] + ((to - spline.Knots[i + 1]) * spline.Slope(i));
            if (distance.Sign <= 0) continue;
            jumps[i] = round(SlopeFeedback.Jump((target - value) / distance, slope));
            slope += jumps[i];
            value += slope * distance;
        }
        return jumps;
    }
}
