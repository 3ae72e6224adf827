namespace Orthant.Formats.Onnx;

/// <summary>Floating-point operations that say whether they rounded.</summary>
internal static class ExactArithmetic
{
    /// <summary>Below this magnitude the rounding error of a product may not be a double itself.</summary>
    private const double SmallestChecked = 1e-290;

    /// <summary>a + b, and whether the double is the sum itself.</summary>
    public static bool TryAdd(double a, double b, out double sum)
    {
        sum = a + b;
        double ofB = sum - a, ofA = sum - ofB;
        return double.IsFinite(sum) && a - ofA == 0 && b - ofB == 0;
    }

    /// <summary>a · b, and whether the double is the product itself.</summary>
    public static bool TryMultiply(double a, double b, out double product)
    {
        product = a * b;
        if (a == 0 || b == 0) return true;
        return double.IsFinite(product) && Math.Abs(product) > SmallestChecked && Math.FusedMultiplyAdd(a, b, -product) == 0;
    }

    /// <summary>a / b, and whether the double is the quotient itself.</summary>
    public static bool TryDivide(double a, double b, out double quotient)
    {
        quotient = a / b;
        if (a == 0) return b != 0;
        return double.IsFinite(quotient) && Math.Abs(quotient) > SmallestChecked && Math.Abs(a) > SmallestChecked
            && Math.FusedMultiplyAdd(quotient, b, -a) == 0;
    }
}
