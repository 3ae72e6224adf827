using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>One operation of an <see cref="Expression"/> on its operands.</summary>
internal abstract class ExpressionNode
{
    /// <summary>Whether the variable does not occur below this node.</summary>
    public virtual bool IsConstant => false;

    public abstract double Value(double x);

    public abstract Interval Range(Interval x);

    public abstract Jet Enclose(Interval x);

    /// <summary>Writes the node as steps on a stack, the way certificates hold formulas.</summary>
    /// <returns>False where there are no such steps for it.</returns>
    public virtual bool Write(List<string> steps) => false;

    /// <summary>Writes a step after its operand.</summary>
    protected static bool Write(ExpressionNode operand, string step, List<string> steps)
    {
        if (!operand.Write(steps)) return false;
        steps.Add(step);
        return true;
    }
}

/// <summary>A number as written: its enclosure, and the nearest double.</summary>
internal sealed class ConstantNode(Interval value, double nearest) : ExpressionNode
{
    private readonly Jet jet = Jet.Constant(value);

    public Interval Enclosure => value;

    public override bool IsConstant => true;

    public override double Value(double x) => nearest;

    public override Interval Range(Interval x) => value;

    public override Jet Enclose(Interval x) => jet;

    public override bool Write(List<string> steps)
    {
        steps.Add(FormattableString.Invariant($"{value.Lower:R};{value.Upper:R}"));
        return true;
    }
}

internal sealed class VariableNode : ExpressionNode
{
    public override double Value(double x) => x;

    public override Interval Range(Interval x) => x;

    public override Jet Enclose(Interval x) => Jet.Variable(x);

    public override bool Write(List<string> steps)
    {
        steps.Add("x");
        return true;
    }
}

/// <summary>A sum of signed terms: one node for a long sum, so that evaluation never nests deeper than brackets do.</summary>
internal sealed class SumNode(IReadOnlyList<(bool Negative, ExpressionNode Term)> terms) : ExpressionNode
{
    public override bool IsConstant => terms.All(t => t.Term.IsConstant);

    public override double Value(double x)
    {
        double sum = 0;
        foreach ((bool negative, ExpressionNode term) in terms) sum += negative ? -term.Value(x) : term.Value(x);
        return sum;
    }

    public override Interval Range(Interval x)
    {
        Interval sum = 0;
        foreach ((bool negative, ExpressionNode term) in terms) sum = negative ? sum - term.Range(x) : sum + term.Range(x);
        return sum;
    }

    public override Jet Enclose(Interval x)
    {
        Jet sum = Jet.Constant(0);
        foreach ((bool negative, ExpressionNode term) in terms) sum = negative ? sum - term.Enclose(x) : sum + term.Enclose(x);
        return sum;
    }

    public override bool Write(List<string> steps)
    {
        for (int i = 0; i < terms.Count; i++)
        {
            if (!terms[i].Term.Write(steps)) return false;
            if (i > 0) steps.Add(terms[i].Negative ? "-" : "+");
            else if (terms[i].Negative) steps.Add("neg");
        }
        return true;
    }
}

/// <summary>A product of factors and divisors.</summary>
internal sealed class ProductNode(IReadOnlyList<(bool Divides, ExpressionNode Factor)> factors) : ExpressionNode
{
    public override bool IsConstant => factors.All(t => t.Factor.IsConstant);

    public override double Value(double x)
    {
        double product = 1;
        foreach ((bool divides, ExpressionNode factor) in factors) product = divides ? product / factor.Value(x) : product * factor.Value(x);
        return product;
    }

    public override Interval Range(Interval x)
    {
        Interval product = 1;
        foreach ((bool divides, ExpressionNode factor) in factors) product = divides ? product / factor.Range(x) : product * factor.Range(x);
        return product;
    }

    public override Jet Enclose(Interval x)
    {
        Jet product = Jet.Constant(1);
        bool first = true;
        foreach ((bool divides, ExpressionNode factor) in factors)
        {
            Jet next = factor.Enclose(x);
            Interval value = divides ? product.Value / next.Value : product.Value * next.Value;
            if (divides) next = Functions.Reciprocal(next);
            product = first ? next : product * next;
            product = product with { Value = value };
            first = false;
        }
        return product;
    }

    public override bool Write(List<string> steps)
    {
        if (factors[0].Divides) steps.Add("1;1");
        for (int i = 0; i < factors.Count; i++)
        {
            if (!factors[i].Factor.Write(steps)) return false;
            if (i > 0 || factors[i].Divides) steps.Add(factors[i].Divides ? "/" : "*");
        }
        return true;
    }
}

/// <summary>base ^ exponent with a whole exponent.</summary>
internal sealed class WholePowerNode(ExpressionNode operand, int exponent) : ExpressionNode
{
    public override bool IsConstant => operand.IsConstant;

    public override double Value(double x) => exponent == 2 ? operand.Value(x) * operand.Value(x) : Math.Pow(operand.Value(x), exponent);

    public override Interval Range(Interval x) => Interval.Pow(operand.Range(x), exponent);

    public override Jet Enclose(Interval x)
    {
        Jet u = operand.Enclose(x);
        double n = exponent;
        return exponent switch
        {
            0 => Jet.Constant(1),
            1 => u,
            2 => u.Through(Interval.Square(u.Value), 2 * u.Value, 2),
            _ => u.Through(Interval.Pow(u.Value, exponent), n * Interval.Pow(u.Value, exponent - 1), (Interval)n * (n - 1) * Interval.Pow(u.Value, exponent - 2)),
        };
    }

    public override bool Write(List<string> steps) => Write(operand, FormattableString.Invariant($"^{exponent}"), steps);
}

/// <summary>base ^ exponent with a constant that is not whole: defined for a base that is not negative.</summary>
internal sealed class RealPowerNode(ExpressionNode operand, Interval exponent, double nearest) : ExpressionNode
{
    public override bool IsConstant => operand.IsConstant;

    public override double Value(double x) => Math.Pow(operand.Value(x), nearest);

    public override Interval Range(Interval x) => Functions.RealPower(operand.Range(x), exponent);

    public override Jet Enclose(Interval x)
    {
        Jet u = operand.Enclose(x);
        return u.Through(
            Functions.RealPower(u.Value, exponent), exponent * Functions.RealPower(u.Value, exponent - 1),
            exponent * (exponent - 1) * Functions.RealPower(u.Value, exponent - 2));
    }

    public override bool Write(List<string> steps) => exponent.IsPoint && Write(operand, FormattableString.Invariant($"^{exponent.Lower:R}"), steps);
}

/// <summary>A named function of one operand.</summary>
internal sealed class CallNode(NamedFunction function, ExpressionNode operand) : ExpressionNode
{
    public NamedFunction Function => function;

    public bool IsOfTheVariable => operand is VariableNode;

    public override bool IsConstant => operand.IsConstant;

    public override double Value(double x) => function.Value(operand.Value(x));

    public override Interval Range(Interval x) => function.Range(operand.Range(x));

    public override Jet Enclose(Interval x)
    {
        Jet u = operand.Enclose(x);
        return u.Value.IsBounded ? function.Enclose(u) : new Jet(function.Range(u.Value), Interval.Entire, Interval.Entire);
    }

    public override bool Write(List<string> steps)
    {
        string name = NamedFunction.All.First(f => ReferenceEquals(f.Value, function)).Key;
        if (name is "log2" or "log10")
        {
            if (!Write(operand, "log", steps)) return false;
            Interval scale = Functions.Log(name == "log2" ? 2 : 10);
            steps.AddRange([FormattableString.Invariant($"{scale.Lower:R};{scale.Upper:R}"), "/"]);
            return true;
        }
        return name is "abs" or "relu" or "exp" or "log" or "sqrt" or "sin" or "cos" or "tan" or "atan" or "sinh" or "cosh" or "tanh" or "sigmoid" or "softplus"
            or "erf" or "silu" or "gelu" or "runge" or "ln" or "takagi" && Write(operand, name == "ln" ? "log" : name, steps);
    }
}

/// <summary>The larger or the smaller of two.</summary>
internal sealed class ExtremeNode(ExpressionNode left, ExpressionNode right, bool larger) : ExpressionNode
{
    public override bool IsConstant => left.IsConstant && right.IsConstant;

    public override double Value(double x) => larger ? Math.Max(left.Value(x), right.Value(x)) : Math.Min(left.Value(x), right.Value(x));

    public override Interval Range(Interval x) =>
        larger ? Interval.Max(left.Range(x), right.Range(x)) : Interval.Min(left.Range(x), right.Range(x));

    public override Jet Enclose(Interval x)
    {
        Jet a = left.Enclose(x), b = right.Enclose(x);
        (Jet high, Jet low) = larger ? (a, b) : (-a, -b);
        if (high.Value.Lower >= low.Value.Upper) return a;
        if (low.Value.Lower >= high.Value.Upper) return b;
        return Jet.Either(a, b, continuous: true) with { Value = larger ? Interval.Max(a.Value, b.Value) : Interval.Min(a.Value, b.Value) };
    }

    public override bool Write(List<string> steps) => left.Write(steps) && Write(right, larger ? "max" : "min", steps);
}

/// <summary>One of two expressions, by the sign of a third: <c>piecewise(x &lt; 0, a, b)</c>.</summary>
internal sealed class ChoiceNode(ExpressionNode difference, bool strict, ExpressionNode whenNegative, ExpressionNode otherwise) : ExpressionNode
{
    public override bool IsConstant => difference.IsConstant && whenNegative.IsConstant && otherwise.IsConstant;

    public override double Value(double x)
    {
        double d = difference.Value(x);
        return d < 0 || (!strict && d == 0) ? whenNegative.Value(x) : otherwise.Value(x);
    }

    public override Interval Range(Interval x)
    {
        Interval d = difference.Range(x);
        if (IsNegative(d)) return whenNegative.Range(x);
        return IsNotNegative(d) ? otherwise.Range(x) : Interval.Hull(whenNegative.Range(x), otherwise.Range(x));
    }

    public override Jet Enclose(Interval x)
    {
        Interval d = difference.Range(x);
        if (IsNegative(d)) return whenNegative.Enclose(x);
        return IsNotNegative(d) ? otherwise.Enclose(x) : Jet.Either(whenNegative.Enclose(x), otherwise.Enclose(x), continuous: false);
    }

    private bool IsNegative(Interval d) => d.Upper < 0 || (!strict && d.Upper == 0);

    private bool IsNotNegative(Interval d) => d.Lower > 0 || (strict && d.Lower == 0);
}
