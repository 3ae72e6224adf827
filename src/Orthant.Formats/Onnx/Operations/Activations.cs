using Orthant.Networks;

namespace Orthant.Formats.Onnx.Operations;

/// <summary>Relu, LeakyRelu, PRelu, Abs, Clip and HardSigmoid: functions of one variable with one or two kinks.</summary>
internal static class Activations
{
    public static GraphValue Relu(NodeContext node) => Plain(node, ActivationFunction.Relu);

    public static GraphValue Abs(NodeContext node) => Plain(node, ActivationFunction.Abs);

    public static GraphValue LeakyRelu(NodeContext node)
    {
        node.RequireAttributes("alpha");
        node.RequireInputs(1, 1);
        return Uniform(node, node.Signal(0), ActivationFunction.Leaky(node.Float("alpha", 0.01f)));
    }

    public static GraphValue PRelu(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(2, 2);
        SignalValue x = node.Signal(0);
        ConstantValue slope = SignalAlgebra.Broadcast(
            node, node.Constant(1), SignalAlgebra.BroadcastShape(node, x.Shape, node.Constant(1).Shape));
        if (slope.Count != x.Count || slope.RelativeError != 0)
        {
            throw node.Error($"slopes of shape ({string.Join(", ", slope.Shape)})", "one for each number");
        }
        return SignalAlgebra.Activate(node, x, UnitActivations.PerUnit(SignalAlgebra.Finite(node, slope).Select(ActivationFunction.Leaky)));
    }

    public static GraphValue Clip(NodeContext node)
    {
        node.RequireAttributes("min", "max");
        node.RequireInputs(1, 3);
        double lower = node.HasAttribute("min") ? node.Float("min", 0) : node.Has(1) ? node.Number(1) : double.NegativeInfinity;
        double upper = node.HasAttribute("max") ? node.Float("max", 0) : node.Has(2) ? node.Number(2) : double.PositiveInfinity;
        // The largest float is what a missing bound looks like in older operator sets.
        if (lower <= float.MinValue) lower = double.NegativeInfinity;
        if (upper >= float.MaxValue) upper = double.PositiveInfinity;
        bool inOrder = lower < upper && !double.IsPositiveInfinity(lower) && !double.IsNegativeInfinity(upper);
        if (!inOrder) throw node.Error($"bounds {lower} and {upper}", "a lower bound below the upper one");
        return Uniform(node, node.Signal(0), ActivationFunction.Clip(lower, upper));
    }

    /// <summary>min(max(alpha·x + beta, 0), 1).</summary>
    public static GraphValue HardSigmoid(NodeContext node)
    {
        node.RequireAttributes("alpha", "beta");
        node.RequireInputs(1, 1);
        SignalValue x = node.Signal(0);
        double[] alpha = new double[x.Count], beta = new double[x.Count];
        Array.Fill(alpha, node.Float("alpha", 0.2f));
        Array.Fill(beta, node.Float("beta", 0.5f));
        return Uniform(node, SignalAlgebra.Affine(node, x, x.Shape, new DiagonalOperator(alpha), beta), ActivationFunction.Clip(0, 1));
    }

    private static SignalValue Plain(NodeContext node, ActivationFunction function)
    {
        node.RequireAttributes();
        node.RequireInputs(1, 1);
        return Uniform(node, node.Signal(0), function);
    }

    private static SignalValue Uniform(NodeContext node, SignalValue x, ActivationFunction function) =>
        function.IsIdentity ? x : SignalAlgebra.Activate(node, x, UnitActivations.Uniform(function, x.Count));
}
