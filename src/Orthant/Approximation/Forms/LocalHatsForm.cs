using Orthant.Networks;

namespace Orthant.Approximation;

/// <summary>Hats of two hidden layers: unit weights first, so that x - t is exact near a knot, whatever the slopes are.</summary>
/// <remarks>hat_i = ReLU(1 - ReLU(x - t_i)/d_{i+1} - ReLU(t_i - x)/d_i). Exact on the domain.</remarks>
internal static class LocalHatsForm
{
    public static ReluNetwork Compile(LinearSpline spline, ElementType type, string name)
    {
        LayerStack stack = new(type);
        int n = spline.Knots.Length;
        for (int i = 0; i < n; i++) stack.Neuron(-spline.Knots[i], (0, 1));
        for (int i = 0; i < n; i++) stack.Neuron(spline.Knots[i], (0, -1));
        stack.EndLayer();
        for (int i = 0; i < n; i++)
        {
            double right = i + 1 < n ? -1 / (spline.Knots[i + 1] - spline.Knots[i]) : 0, left = i > 0 ? -1 / (spline.Knots[i] - spline.Knots[i - 1]) : 0;
            stack.Neuron(1, (i, right), (n + i, left));
        }
        stack.EndLayer();
        stack.Neuron(0, [.. Enumerable.Range(0, n).Select(i => (i, spline.Values[i]))]);
        return stack.ToNetwork(name);
    }
}
