namespace Orthant.Numerics;

// Directed rounding. Each operation takes the nearest double and its exact error; the sign of the error says whether the nearest
// double is already on the wanted side, and a step to the neighbour is taken only if it is not.
public readonly partial struct Interval
{
    /// <summary>Below this magnitude the error of a product, quotient or root may not be a double: a step is always taken.</summary>
    private const double ExactErrors = 1e-290;

    private static double AddUp(double a, double b)
    {
        double s = a + b;
        // Operands that are finite but overflow downwards are above the largest negative number's neighbour -infinity.
        if (double.IsInfinity(s)) return s > 0 || double.IsInfinity(a) || double.IsInfinity(b) ? s : -double.MaxValue;
        return DoubleDouble.TwoSum(a, b).Lo > 0 ? Math.BitIncrement(s) : s;
    }

    private static double AddDown(double a, double b) => -AddUp(-a, -b);

    private static double SubtractUp(double a, double b) => AddUp(a, -b);

    private static double MultiplyUp(double a, double b)
    {
        // Zero times unbounded is zero: the numbers themselves are finite, only their bound is not.
        if (a == 0 || b == 0) return 0;
        double p = a * b;
        if (double.IsInfinity(p)) return p > 0 || double.IsInfinity(a) || double.IsInfinity(b) ? p : -double.MaxValue;
        if (Math.Abs(p) < ExactErrors) return StepUp(p, a < 0 != b < 0);
        return Math.FusedMultiplyAdd(a, b, -p) > 0 ? Math.BitIncrement(p) : p;
    }

    /// <summary>The next double, but not above zero for a number known to be negative, though it may have been rounded to zero.</summary>
    private static double StepUp(double value, bool negative) => negative ? Math.Min(Math.BitIncrement(value), 0) : Math.BitIncrement(value);

    private static double MultiplyDown(double a, double b) => -MultiplyUp(-a, b);

    /// <summary>a / b rounded up, b positive.</summary>
    private static double DivideUp(double a, double b)
    {
        if (a == 0 || double.IsInfinity(a)) return a;
        if (double.IsInfinity(b)) return 0;
        double q = a / b;
        if (double.IsInfinity(q)) return q > 0 ? q : -double.MaxValue;
        if (Math.Abs(q) < ExactErrors || Math.Abs(a) < ExactErrors) return StepUp(q, a < 0);
        // a - q b is a double; its sign is that of the error.
        return Math.FusedMultiplyAdd(-q, b, a) > 0 ? Math.BitIncrement(q) : q;
    }

    private static double DivideDown(double a, double b) => -DivideUp(-a, b);

    private static double SqrtUp(double a)
    {
        double root = Math.Sqrt(a);
        if (a == 0 || double.IsInfinity(a)) return root;
        if (a < ExactErrors) return Math.BitIncrement(root);
        return Math.FusedMultiplyAdd(-root, root, a) > 0 ? Math.BitIncrement(root) : root;
    }

    private static double SqrtDown(double a)
    {
        double root = Math.Sqrt(a);
        if (a == 0 || double.IsInfinity(a)) return root;
        if (a < ExactErrors) return Math.BitDecrement(root);
        return Math.FusedMultiplyAdd(-root, root, a) < 0 ? Math.BitDecrement(root) : root;
    }

    /// <summary>The doubles around value (1 ± error · 2⁻¹⁰⁶ · 2⁻¹²).</summary>
    /// <param name="value">An approximation, normal.</param>
    /// <param name="error">The bound of its relative error in units of 2⁻¹¹⁸ (so 2¹² stands for 2⁻¹⁰⁶).</param>
    private static Interval Enclose(DoubleDouble value, double error)
    {
        double slack = Math.Abs(value.Hi) * (error * 3.009265538105056e-36);
        return EncloseAbsolute(value, slack);
    }

    /// <summary>The doubles around value ± error.</summary>
    private static Interval EncloseAbsolute(DoubleDouble value, double error)
    {
        // The sums' own rounding (2u^2) is covered by widening the error by 1 % and 4u^2.
        double slack = error * 1.01 + Math.Abs(value.Hi) * 5e-32;
        DoubleDouble low = value - slack, high = value + slack;
        return new(low.Lo < 0 ? Math.BitDecrement(low.Hi) : low.Hi, high.Lo > 0 ? Math.BitIncrement(high.Hi) : high.Hi);
    }
}
