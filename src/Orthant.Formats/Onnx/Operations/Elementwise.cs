using Orthant.Networks;

namespace Orthant.Formats.Onnx.Operations;

/// <summary>Add, Sub, Mul, Div, Neg, Sum, Max and Min, with broadcasting: affine where one side is constant, joins and maxima of
/// branches.</summary>
internal static class Elementwise
{
    public static GraphValue Add(NodeContext node) => Sum(node, Pair(node), 1);

    public static GraphValue Sub(NodeContext node) => Sum(node, Pair(node), -1);

    public static GraphValue SumOfAll(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(1, int.MaxValue);
        GraphValue[] terms = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        if (terms.Length > 1 && Array.TrueForAll(terms, t => t is SignalValue)) return Join(node, terms);
        return terms.Aggregate((a, b) => Sum(node, (a, b), 1));
    }

    public static GraphValue Neg(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(1, 1);
        return Negated(node, node.Input(0));
    }

    public static GraphValue Mul(NodeContext node)
    {
        (GraphValue a, GraphValue b) = Pair(node);
        if (a is ConstantValue x && b is ConstantValue y) return ConstantArithmetic.Multiply(node, x, y);
        if (a is SignalValue && b is SignalValue)
        {
            throw node.Error("a product of two tensors that depend on the input", "one constant factor");
        }
        return Scaled(node, a as SignalValue ?? (SignalValue)b, a as ConstantValue ?? (ConstantValue)b);
    }

    public static GraphValue Div(NodeContext node)
    {
        (GraphValue a, GraphValue b) = Pair(node);
        if (b is not ConstantValue divisor) throw node.Error("a division by a tensor that depends on the input", "a constant divisor");
        if (a is ConstantValue dividend) return ConstantArithmetic.Divide(node, dividend, divisor);
        ConstantValue one = ConstantValue.OfNumbers([], [1]);
        return Scaled(node, (SignalValue)a, ConstantArithmetic.Divide(node, one, divisor));
    }

    public static GraphValue Max(NodeContext node) => Extremum(node, largest: true);

    public static GraphValue Min(NodeContext node) => Extremum(node, largest: false);

    /// <summary>a + sign·b.</summary>
    internal static GraphValue Sum(NodeContext node, (GraphValue A, GraphValue B) terms, int sign)
    {
        switch (terms)
        {
            case (ConstantValue a, ConstantValue b):
                return ConstantArithmetic.Add(node, a, b, sign);
            case (SignalValue a, ConstantValue b):
                return Shifted(node, a, b, 1, sign);
            case (ConstantValue a, SignalValue b):
                return Shifted(node, b, a, sign, 1);
            default:
                return Join(node, [terms.A, sign < 0 ? Negated(node, terms.B) : terms.B]);
        }
    }

    /// <summary>A signal times constant factors.</summary>
    internal static SignalValue Scaled(NodeContext node, SignalValue x, ConstantValue factors)
    {
        int[] shape = SignalAlgebra.BroadcastShape(node, x.Shape, factors.Shape);
        SignalValue wide = SignalAlgebra.Broadcast(node, x, shape);
        double[] numbers = SignalAlgebra.Finite(node, SignalAlgebra.Broadcast(node, factors, shape));
        return SignalAlgebra.Scale(node, wide, numbers, factors.RelativeError);
    }

    private static (GraphValue A, GraphValue B) Pair(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(2, 2);
        return (node.Input(0), node.Input(1));
    }

    /// <summary>signalSign·x + constantSign·c, one affine map.</summary>
    private static SignalValue Shifted(NodeContext node, SignalValue x, ConstantValue c, int signalSign, int constantSign)
    {
        int[] shape = SignalAlgebra.BroadcastShape(node, x.Shape, c.Shape);
        SignalValue wide = SignalAlgebra.Broadcast(node, x, shape);
        double[] bias = SignalAlgebra.Finite(node, SignalAlgebra.Broadcast(node, c, shape));
        if (constantSign < 0) bias = Array.ConvertAll(bias, static b => -b);
        LinearOperator? linear = signalSign < 0 ? Minus(wide.Count) : null;
        return SignalAlgebra.Affine(node, wide, shape, linear, bias, new ConstantRounding(0, c.RelativeError, 0));
    }

    private static SignalValue Join(NodeContext node, GraphValue[] terms)
    {
        int[] shape = terms.Select(t => t.Shape).Aggregate((a, b) => SignalAlgebra.BroadcastShape(node, a, b));
        Signal[] wide = [.. terms.Select(t => SignalAlgebra.Broadcast(node, (SignalValue)t, shape).Signal)];
        return new SignalValue(shape, new JoinSignal(wide, BranchJoin.Sum) { Group = node.Group });
    }

    private static GraphValue Negated(NodeContext node, GraphValue x) => x switch
    {
        ConstantValue c => Negated(c),
        _ => SignalAlgebra.Affine(node, (SignalValue)x, x.Shape, Minus(x.Count)),
    };

    private static ConstantValue Negated(ConstantValue c) => c.Integers is { } integers
        ? ConstantValue.OfIntegers(c.Shape, Array.ConvertAll(integers, static i => unchecked(-i)))
        : ConstantValue.OfNumbers(c.Shape, Array.ConvertAll(c.Numbers, static n => -n)) with { RelativeError = c.RelativeError };

    private static DiagonalOperator Minus(int size)
    {
        double[] minus = new double[size];
        Array.Fill(minus, -1);
        return new DiagonalOperator(minus);
    }

    /// <summary>The largest or smallest of several tensors: a pooling over the signals, then a bound by the constants.</summary>
    private static GraphValue Extremum(NodeContext node, bool largest)
    {
        node.RequireAttributes();
        node.RequireInputs(1, ushort.MaxValue);
        GraphValue[] terms = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        int[] shape = terms.Select(t => t.Shape).Aggregate((a, b) => SignalAlgebra.BroadcastShape(node, a, b));
        double[]? bound = null;
        foreach (ConstantValue constant in terms.OfType<ConstantValue>())
        {
            double[] numbers = SignalAlgebra.Broadcast(node, constant, shape).Numbers;
            if (constant.RelativeError != 0) throw node.Error("a bound that was computed with rounding", "a bound that the file states");
            bound = bound is null ? numbers : [.. bound.Zip(numbers, (a, b) => largest ? Math.Max(a, b) : Math.Min(a, b))];
        }
        SignalValue[] signals = [.. terms.OfType<SignalValue>().Select(s => SignalAlgebra.Broadcast(node, s, shape))];
        if (signals.Length == 0) return ConstantValue.OfNumbers(shape, bound!);
        SignalValue winner = signals.Length == 1 ? signals[0] : Pooled(node, shape, signals, largest);
        if (bound is null) return winner;
        return SignalAlgebra.Activate(node, winner, UnitActivations.PerUnit(bound.Select(b => Bound(node, b, largest))));
    }

    private static ActivationFunction Bound(NodeContext node, double bound, bool lower)
    {
        if (bound == (lower ? double.PositiveInfinity : double.NegativeInfinity))
        {
            throw node.Error($"{bound} as a bound", "a bound that leaves values");
        }
        return lower ? ActivationFunction.Clip(bound, double.PositiveInfinity) : ActivationFunction.Clip(double.NegativeInfinity, bound);
    }

    /// <summary>Signals stacked as the rows of an image, each column then pooled; a minimum is minus the maximum of the negated.</summary>
    private static SignalValue Pooled(NodeContext node, int[] shape, SignalValue[] signals, bool largest)
    {
        GraphValue[] terms = largest ? signals : [.. signals.Select(s => Negated(node, s))];
        int size = signals[0].Count;
        SignalAlgebra.Checked(node, [terms.Length, size]);
        JoinSignal stacked = new([.. terms.Select(t => ((SignalValue)t).Signal)], BranchJoin.Concatenation) { Group = node.Group };
        MaxPoolLayer pool = new(new ImageShape(1, terms.Length, size), new SlidingWindow(terms.Length, 1));
        SignalValue winner = new(shape, new MaxPoolSignal(stacked, pool) { Group = node.Group });
        return largest ? winner : (SignalValue)Negated(node, winner);
    }
}
