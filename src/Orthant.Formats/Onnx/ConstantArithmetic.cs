namespace Orthant.Formats.Onnx;

/// <summary>Arithmetic between constants of a file, done once while it is read, with a bound on what it rounds.</summary>
internal static class ConstantArithmetic
{
    /// <summary>Relative errors are added; their products, below 1e-30, are covered by this.</summary>
    private const double Margin = 1 + 1e-9;

    /// <summary>a + sign·b.</summary>
    public static ConstantValue Add(NodeContext node, ConstantValue a, ConstantValue b, int sign)
    {
        if (Integers(node, a, b, (x, y) => checked(x + (sign * y))) is { } integers) return integers;
        if (a.RelativeError + b.RelativeError > 0)
        {
            throw node.Error("a sum of constants that were rounded", "constants that the file states");
        }
        return Numbers(node, a, b, (double x, double y, out double sum) => ExactArithmetic.TryAdd(x, sign * y, out sum));
    }

    /// <summary>a · b.</summary>
    public static ConstantValue Multiply(NodeContext node, ConstantValue a, ConstantValue b) =>
        Integers(node, a, b, (x, y) => checked(x * y)) ?? Numbers(node, a, b, ExactArithmetic.TryMultiply);

    /// <summary>a / b; integers are cut off towards zero.</summary>
    public static ConstantValue Divide(NodeContext node, ConstantValue a, ConstantValue b)
    {
        if (Array.Exists(b.Numbers, n => n == 0)) throw node.Error("a division by zero", "a divisor other than zero");
        return Integers(node, a, b, (x, y) => checked(x / y)) ?? Numbers(node, a, b, ExactArithmetic.TryDivide);
    }

    private delegate bool Operation(double x, double y, out double result);

    private static ConstantValue? Integers(NodeContext node, ConstantValue a, ConstantValue b, Func<long, long, long> operation)
    {
        if (a.Integers is null || b.Integers is null) return null;
        int[] shape = SignalAlgebra.BroadcastShape(node, a.Shape, b.Shape);
        long[] x = SignalAlgebra.Broadcast(node, a, shape).Integers!, y = SignalAlgebra.Broadcast(node, b, shape).Integers!;
        try
        {
            return ConstantValue.OfIntegers(shape, [.. x.Zip(y, operation)]);
        }
        catch (OverflowException e)
        {
            throw node.Error("integers beyond 64 bits", "smaller ones", e);
        }
    }

    private static ConstantValue Numbers(NodeContext node, ConstantValue a, ConstantValue b, Operation operation)
    {
        int[] shape = SignalAlgebra.BroadcastShape(node, a.Shape, b.Shape);
        double[] x = SignalAlgebra.Finite(node, SignalAlgebra.Broadcast(node, a, shape));
        double[] y = SignalAlgebra.Finite(node, SignalAlgebra.Broadcast(node, b, shape));
        double[] results = new double[x.Length];
        bool exact = true;
        for (int i = 0; i < results.Length; i++)
        {
            bool one = operation(x[i], y[i], out results[i]);
            if (!double.IsFinite(results[i])) throw node.Error("constants whose result overflows", "a finite result");
            if (!one && Math.Abs(results[i]) < 1e-290) throw node.Error("constants whose result underflows", "a result that is not tiny");
            exact &= one;
        }
        double error = (a.RelativeError + b.RelativeError + (exact ? 0 : SignalAlgebra.UnitRoundoff)) * Margin;
        return ConstantValue.OfNumbers(shape, results) with { RelativeError = error };
    }
}
