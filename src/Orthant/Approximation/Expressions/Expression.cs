using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A formula in one variable x, such as <c>exp(-x^2)</c>: parsed once, evaluated in doubles and in intervals, and differentiated
/// automatically.</summary>
/// <remarks>
/// <para>Immutable and safe to share. Operators <c>+ - * / ^</c> and brackets; decimals, which mean the number as written; <c>pi</c>, <c>e</c>;
/// functions abs, acos, asin, atan, cbrt, cos, cosh, erf, exp, gelu, ln, log, log10, log2, relu, runge, sigmoid, silu, sin, sinh, softplus,
/// sqrt, takagi, tan, tanh; min and max of two or more; <c>pow(a, b)</c>; <c>weierstrass(x)</c> or <c>weierstrass(x, a, b)</c> = Σ aⁿ cos(bⁿπx) (a = 1/2,
/// b = 3); and <c>piecewise(x &lt; 0, -x, x &lt; 1, x^2, 1)</c>. There is no multiplication without its sign.</para>
/// <para>A power with a whole constant exponent is defined everywhere, any other for bases that are not negative.</para>
/// </remarks>
public sealed class Expression : TargetFunction
{
    private readonly ExpressionNode root;

    private Expression(string text, ExpressionNode root)
    {
        Text = text;
        this.root = root;
    }

    /// <summary>The formula as it was written.</summary>
    public string Text { get; }

    /// <summary>The value where the variable does not occur; null where it does.</summary>
    internal Interval? Constant => root.IsConstant ? root.Range(0) : null;

    /// <inheritdoc/>
    public override bool HasEnclosures => true;

    /// <summary>Reads a formula.</summary>
    /// <param name="text">At most 100,000 characters, nested at most 256 deep.</param>
    /// <exception cref="OrthantInputException">The text is no formula; the place is the column, from 1.</exception>
    public static Expression Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Expression(text, new ExpressionParser(text).Parse());
    }

    /// <inheritdoc/>
    public override double Value(double x) => root.Value(x);

    /// <inheritdoc/>
    public override Interval Range(Interval x) => root.Range(x);

    /// <inheritdoc/>
    internal override Interval RangeAlong(Interval x, Interval slope) =>
        root is CallNode { IsOfTheVariable: true } call && call.Function == NamedFunction.All["takagi"] ? FractalFunctions.Takagi(x, slope) : base.RangeAlong(x, slope);

    /// <inheritdoc/>
    public override Jet Enclose(Interval x) => root.Enclose(x);

    /// <summary>The formula as steps on a stack; null where certificates have no steps for it.</summary>
    internal string[]? Steps => new List<string>() is var steps && root.Write(steps) ? [.. steps] : null;

    /// <summary>The formula as it was written.</summary>
    public override string ToString() => Text;
}
