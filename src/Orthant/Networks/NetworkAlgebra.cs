namespace Orthant.Networks;

/// <summary>Sums, compositions and other combinations of networks, exact in real arithmetic: no weight is multiplied or added, layers are
/// only put together.</summary>
public static class NetworkAlgebra
{
    /// <summary>The composition x ↦ outer(inner(x)).</summary>
    /// <param name="outer">Reads as many numbers as <paramref name="inner"/> returns.</param>
    /// <param name="inner">The network that is applied first.</param>
    /// <exception cref="ArgumentException">The networks do not follow one another.</exception>
    public static ReluNetwork Compose(ReluNetwork outer, ReluNetwork inner)
    {
        ArgumentNullException.ThrowIfNull(outer);
        ArgumentNullException.ThrowIfNull(inner);
        return new ReluNetwork([.. inner.Layers, .. outer.Layers], Wider(outer, inner));
    }

    /// <summary>The sum x ↦ f(x) + g(x).</summary>
    /// <param name="f">A network.</param>
    /// <param name="g">A network with as many inputs and outputs.</param>
    /// <exception cref="ArgumentException">The networks differ in inputs or outputs.</exception>
    public static ReluNetwork Add(ReluNetwork f, ReluNetwork g) => Join(f, g, BranchJoin.Sum);

    /// <summary>The network x ↦ (f(x), g(x)).</summary>
    /// <param name="f">A network.</param>
    /// <param name="g">A network with as many inputs.</param>
    /// <exception cref="ArgumentException">The networks differ in inputs.</exception>
    public static ReluNetwork Stack(ReluNetwork f, ReluNetwork g) => Join(f, g, BranchJoin.Concatenation);

    /// <summary>The multiple x ↦ factor · f(x), by a last layer that multiplies.</summary>
    /// <param name="f">A network.</param>
    /// <param name="factor">A finite number.</param>
    public static ReluNetwork Scale(ReluNetwork f, double factor)
    {
        ArgumentNullException.ThrowIfNull(f);
        double[] diagonal = new double[f.Outputs];
        Array.Fill(diagonal, factor);
        return new ReluNetwork([.. f.Layers, new AffineLayer(new DiagonalOperator(diagonal), [])], f.ElementType);
    }

    /// <summary>The same function with more hidden ReLU layers.</summary>
    /// <param name="f">A network.</param>
    /// <param name="layers">The number of hidden layers to add, not negative.</param>
    /// <remarks>After a layer of ReLUs everything is at least zero, so a further layer of ReLUs with the identity matrix changes nothing.
    /// A network without such a layer is extended at its end by y = ReLU(y) - ReLU(-y).</remarks>
    public static ReluNetwork PadDepth(ReluNetwork f, int layers)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentOutOfRangeException.ThrowIfNegative(layers);
        if (layers == 0) return f;
        int last = f.Layers.Length - 1;
        while (last >= 0 && f.Layers[last].Activations is not { Shared.IsRelu: true }) last--;
        if (last >= 0)
        {
            return new ReluNetwork([.. f.Layers[..(last + 1)], .. Carry(f.Layers[last].Outputs, layers), .. f.Layers[(last + 1)..]], f.ElementType, f.Name, f.Metadata);
        }
        int n = f.Outputs;
        double[] minus = new double[n];
        Array.Fill(minus, -1);
        AffineLayer split = new(new ConcatenationOperator([new IdentityOperator(n), new DiagonalOperator(minus)]), [], ActivationFunction.Relu);
        AffineLayer join = new(SparseOperator.FromRows(2 * n, Enumerable.Range(0, n).Select(i => new[] { (i, 1.0), (n + i, -1.0) })), []);
        return new ReluNetwork([.. f.Layers, split, .. Carry(2 * n, layers - 1), join], f.ElementType, f.Name, f.Metadata);
    }

    private static IEnumerable<Layer> Carry(int width, int layers) =>
        Enumerable.Range(0, layers).Select(_ => new AffineLayer(new IdentityOperator(width), [], ActivationFunction.Relu));

    private static ReluNetwork Join(ReluNetwork f, ReluNetwork g, BranchJoin join)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(g);
        if (f.Inputs != g.Inputs) throw new ArgumentException($"Networks of {f.Inputs} and {g.Inputs} inputs cannot read the same vector.");
        return new ReluNetwork([new ParallelLayer(f.Inputs, [f.Layers, g.Layers], join)], Wider(f, g));
    }

    private static ElementType Wider(ReluNetwork f, ReluNetwork g) => f.ElementType > g.ElementType ? f.ElementType : g.ElementType;
}
