namespace Orthant.Networks;

/// <summary>A plane in the space of inputs: x = origin + s·u + t·v.</summary>
public sealed class InputSlice
{
    private readonly double[] origin;
    private readonly double[] u;
    private readonly double[] v;

    /// <summary>Creates a slice.</summary>
    /// <param name="origin">A point of the plane.</param>
    /// <param name="u">The direction of s.</param>
    /// <param name="v">The direction of t, not parallel to <paramref name="u"/>.</param>
    /// <exception cref="ArgumentException">Lengths differ, a number is not finite, or the directions are parallel.</exception>
    public InputSlice(ReadOnlySpan<double> origin, ReadOnlySpan<double> u, ReadOnlySpan<double> v)
    {
        if (origin.Length != u.Length || origin.Length != v.Length) throw new ArgumentException($"Origin and directions have {origin.Length}, {u.Length} and {v.Length} numbers.");
        this.origin = origin.ToArray();
        this.u = u.ToArray();
        this.v = v.ToArray();
        if (this.origin.Concat(this.u).Concat(this.v).Any(c => !double.IsFinite(c))) throw new ArgumentException("A slice has finite numbers only.");
        if (AreParallel(u, v)) throw new ArgumentException("The directions of the slice are parallel.");
    }

    /// <summary>The slice that varies two coordinates of a point.</summary>
    /// <param name="origin">The point; its two coordinates are set to zero, so that s and t are their values.</param>
    /// <param name="first">The coordinate that s stands for.</param>
    /// <param name="second">The coordinate that t stands for.</param>
    public static InputSlice OfCoordinates(ReadOnlySpan<double> origin, int first, int second)
    {
        double[] o = origin.ToArray(), u = new double[o.Length], v = new double[o.Length];
        o[first] = 0;
        o[second] = 0;
        u[first] = 1;
        v[second] = 1;
        return new InputSlice(o, u, v);
    }

    /// <summary>The number of inputs.</summary>
    public int Inputs => origin.Length;

    /// <summary>A point of the plane.</summary>
    public ReadOnlySpan<double> Origin => origin;

    /// <summary>The direction of s.</summary>
    public ReadOnlySpan<double> U => u;

    /// <summary>The direction of t.</summary>
    public ReadOnlySpan<double> V => v;

    /// <summary>The network restricted to the plane: two inputs, s and t, by one more affine layer in front.</summary>
    public ReluNetwork Restrict(ReluNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        double[,] directions = new double[Inputs, 2];
        for (int j = 0; j < Inputs; j++)
        {
            directions[j, 0] = u[j];
            directions[j, 1] = v[j];
        }
        return new ReluNetwork([AffineLayer.Dense(directions, origin), .. network.Layers], network.ElementType, network.Name, network.Metadata);
    }

    /// <summary>Values of all outputs on a grid of the plane.</summary>
    /// <param name="network">A network on this slice's inputs.</param>
    /// <param name="s">Least and largest s.</param>
    /// <param name="t">Least and largest t.</param>
    /// <param name="size">Points along each side, at least 2.</param>
    /// <param name="cancellation">Stops between rows.</param>
    /// <returns>For each output size × size values; row i at the i-th t, column j at the j-th s.</returns>
    public double[][,] Grid(
        ReluNetwork network, (double Lower, double Upper) s, (double Lower, double Upper) t, int size, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2);
        ReluNetwork restricted = Restrict(network);
        int outputs = restricted.Outputs;
        double[] points = new double[2 * size], values = new double[size * outputs];
        double[][,] grids = Enumerable.Range(0, outputs).Select(_ => new double[size, size]).ToArray();
        for (int i = 0; i < size; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int j = 0; j < size; j++)
            {
                points[2 * j] = s.Lower + ((s.Upper - s.Lower) * j / (size - 1));
                points[(2 * j) + 1] = t.Lower + ((t.Upper - t.Lower) * i / (size - 1));
            }
            restricted.Evaluate<double>(size, points, values);
            for (int o = 0; o < outputs; o++)
            {
                for (int j = 0; j < size; j++) grids[o][i, j] = values[(j * outputs) + o];
            }
        }
        return grids;
    }

    /// <summary>Whether the sine of the angle between two vectors is below 1e-9, or one of them is zero.</summary>
    private static bool AreParallel(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double scaleA = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(a), scaleB = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(b);
        if (scaleA == 0 || scaleB == 0) return true;
        double aa = 0, bb = 0, ab = 0;
        for (int j = 0; j < a.Length; j++)
        {
            double p = a[j] / scaleA, q = b[j] / scaleB;
            aa += p * p;
            bb += q * q;
            ab += p * q;
        }
        double rest = 0;
        for (int j = 0; j < a.Length; j++)
        {
            double r = (b[j] / scaleB) - (ab / aa * (a[j] / scaleA));
            rest += r * r;
        }
        return rest <= 1e-18 * bb;
    }
}
