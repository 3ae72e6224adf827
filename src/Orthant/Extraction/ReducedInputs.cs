using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>The few directions of many inputs on which a function depends: a deep network whose first layer is narrow is a function of no more numbers than that layer has units.</summary>
/// <remarks>All gradients lie in the span of the first layer's weights. When gradients of neighbouring cells stop to add directions although kinks go on, the span is known, and a gradient costs a
/// row a direction from then on instead of a row an input.</remarks>
internal sealed class ReducedInputs
{
    /// <summary>Below so many inputs a whole gradient is cheap enough.</summary>
    public const int LeastInputs = 256;

    /// <summary>Gradients in a row that have to add nothing.</summary>
    private const int Quiet = 4;

    private const double Negligible = 1e-6;

    private readonly List<double[]> basis = [];
    private readonly HashSet<CellGradient> seen = [];
    private int quiet;

    /// <summary>Orthonormal directions.</summary>
    public IReadOnlyList<double[]> Basis => basis;

    /// <summary>Whether there are much fewer directions than inputs, and no more come.</summary>
    public bool IsSettled(int inputs) => quiet >= Quiet && basis.Count > 0 && 4 * basis.Count <= inputs;

    /// <summary>Adds what a gradient shows.</summary>
    /// <returns>Whether it shows a new direction.</returns>
    public bool Add(CellGradient gradient, int inputs)
    {
        if (!seen.Add(gradient)) return false;
        bool adds = false;
        for (int o = 0; o < gradient.Value.Length; o++)
        {
            double[] g = gradient.Gradient.AsSpan(o * inputs, inputs).ToArray();
            double size = TensorPrimitives.Norm<double>(g);
            if (!(size > 0)) continue;
            TensorPrimitives.Divide(g, size, g);
            // Twice: what the first pass leaves of a long basis is not orthogonal to rounding.
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] b in basis) TensorPrimitives.MultiplyAdd(b, -TensorPrimitives.Dot<double>(g, b), g, g);
            }
            double rest = TensorPrimitives.Norm<double>(g);
            if (rest < Negligible) continue;
            TensorPrimitives.Divide(g, rest, g);
            basis.Add(g);
            adds = true;
        }
        quiet = adds ? 0 : quiet + 1;
        return adds;
    }

    /// <summary>The oracle as a function of the coordinates along the directions.</summary>
    public IOracle Along(QueryMeter meter) => new Reduced(meter, basis);

    /// <summary>A first layer over the directions as one over all inputs.</summary>
    public HiddenLayer Expanded(HiddenLayer layer, int inputs)
    {
        double[] weights = new double[layer.Units * inputs];
        for (int i = 0; i < layer.Units; i++)
        {
            Span<double> row = weights.AsSpan(i * inputs, inputs);
            for (int k = 0; k < basis.Count; k++) TensorPrimitives.MultiplyAdd(basis[k], layer.Row(i)[k], row, row);
        }
        return new HiddenLayer(inputs, weights, layer.Bias);
    }

    private sealed class Reduced(QueryMeter meter, List<double[]> basis) : IOracle
    {
        public int Inputs => basis.Count;

        public int Outputs => meter.Outputs;

        public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
        {
            double[] full = new double[rows * meter.Inputs];
            for (int r = 0; r < rows; r++)
            {
                Span<double> row = full.AsSpan(r * meter.Inputs, meter.Inputs);
                for (int k = 0; k < basis.Count; k++) TensorPrimitives.MultiplyAdd(basis[k], x[(r * basis.Count) + k], row, row);
            }
            meter.Ask(rows, full).CopyTo(y);
        }
    }
}
