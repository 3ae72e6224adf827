using System.Globalization;

namespace Orthant.Numerics;

/// <summary>A formula in one variable as a calculation on a stack: <c>x</c>, <c>lo;hi</c> (a constant between two doubles), <c>+ - * / neg</c>,
/// <c>^n</c> and <c>^p</c> (powers by a whole or another double), <c>max</c>, <c>min</c>, names of functions, and
/// <c>weierstrass:lo:hi:b</c>.</summary>
/// <remarks>Values and derivatives are enclosed at once; a derivative that is not known is unbounded.</remarks>
internal sealed class FormulaSteps(string[] steps)
{
    /// <summary>Encloses value and derivative.</summary>
    public (Interval Value, Interval Slope) Evaluate(Interval x)
    {
        Stack<(Interval V, Interval D)> stack = new();
        foreach (string step in steps)
        {
            if (step == "x") stack.Push((x, 1));
            else if (step.Contains(';')) stack.Push((Constant(step), 0));
            else if (step is "+" or "-" or "*" or "/" or "max" or "min")
            {
                (Interval V, Interval D) b = stack.Pop(), a = stack.Pop();
                stack.Push(Binary(step, a, b));
            }
            else
            {
                (Interval v, Interval d) = stack.Pop();
                (Interval value, Interval slope) = step[0] == '^' ? Power(v, double.Parse(step[1..], CultureInfo.InvariantCulture)) : Unary(step, v);
                stack.Push((value, v.IsBounded && value.IsBounded ? slope * d : Interval.Entire));
            }
        }
        return stack.Count == 1 ? stack.Pop() : throw new ArgumentException("The steps leave more than one number.");
    }

    private static Interval Constant(string step)
    {
        string[] ends = step.Split(';');
        return new Interval(double.Parse(ends[0], CultureInfo.InvariantCulture), double.Parse(ends[1], CultureInfo.InvariantCulture));
    }

    private static (Interval, Interval) Binary(string step, (Interval V, Interval D) a, (Interval V, Interval D) b)
    {
        switch (step)
        {
            case "+": return (a.V + b.V, a.D + b.D);
            case "-": return (a.V - b.V, a.D - b.D);
            case "*": return (a.V * b.V, (a.D * b.V) + (a.V * b.D));
            case "/" when b.V.Contains(0): return (Interval.Entire, Interval.Entire);
            case "/": return (a.V / b.V, ((a.D * b.V) - (a.V * b.D)) / Interval.Square(b.V));
            default:
                bool max = step == "max";
                if (max ? a.V.Lower >= b.V.Upper : a.V.Upper <= b.V.Lower) return a;
                if (max ? b.V.Lower >= a.V.Upper : b.V.Upper <= a.V.Lower) return b;
                return (max ? Interval.Max(a.V, b.V) : Interval.Min(a.V, b.V), Interval.Hull(a.D, b.D));
        }
    }

    private static (Interval, Interval) Power(Interval v, double p)
    {
        if (double.IsInteger(p) && Math.Abs(p) <= 1_000_000)
        {
            int n = (int)p;
            return n < 0 && v.Contains(0) ? (Interval.Entire, Interval.Entire) : n == 0 ? (1, 0) : (Interval.Pow(v, n), p * Interval.Pow(v, n - 1));
        }
        return v.Lower < 0 || (p < 0 && v.Lower == 0) ? (Interval.Entire, Interval.Entire)
            : (Interval.Pow(v, p), v.Lower > 0 ? p * Interval.Pow(v, p - 1) : Interval.Entire);
    }

    private static (Interval, Interval) Unary(string step, Interval v)
    {
        switch (step)
        {
            case "neg": return (-v, -1);
            case "abs": return (Interval.Abs(v), v.Lower >= 0 ? 1 : v.Upper <= 0 ? -1 : new Interval(-1, 1));
            case "relu": return (Interval.Max(v, 0), v.Lower >= 0 ? 1 : v.Upper <= 0 ? 0 : new Interval(0, 1));
            case "exp": return (Interval.Exp(v), Interval.Exp(v));
            case "log": return v.Lower > 0 ? (Interval.Log(v), 1 / v) : (Interval.Entire, Interval.Entire);
            // Where the operand's enclosure reaches beyond the domain, what is said holds where the formula has a value.
            case "sqrt": return v.Upper < 0 ? (Interval.Entire, Interval.Entire) : (Interval.Sqrt(Interval.Max(v, 0)), v.Lower > 0 ? 0.5 / Interval.Sqrt(v) : Interval.Entire);
            case "sin": return (Interval.Sin(v), Interval.Cos(v));
            case "cos": return (Interval.Cos(v), -Interval.Sin(v));
            case "tan": return Interval.Cos(v).Contains(0) ? (Interval.Entire, Interval.Entire) : (Interval.Tan(v), 1 / Interval.Square(Interval.Cos(v)));
            case "atan": return (Interval.Atan(v), 1 / (1 + Interval.Square(v)));
            case "sinh": return (Interval.Sinh(v), Interval.Cosh(v));
            case "cosh": return (Interval.Cosh(v), Interval.Sinh(v));
            case "tanh": return (Interval.Tanh(v), 1 / Interval.Square(Interval.Cosh(v)));
            case "sigmoid": return (Interval.Sigmoid(v), Interval.Sigmoid(v) * Interval.Sigmoid(-v));
            case "softplus": return (Interval.Softplus(v), Interval.Sigmoid(v));
            case "erf": return (Interval.Erf(v), 2 / Interval.Sqrt(Interval.Pi) * Interval.Exp(-Interval.Square(v)));
            case "silu":
                Interval s = Interval.Sigmoid(v);
                return (v * s, s + (v * s * Interval.Sigmoid(-v)));
            case "gelu":
                Interval density = Interval.Exp(-0.5 * Interval.Square(v)) / Interval.Sqrt(2 * Interval.Pi);
                return (v * Interval.NormalCdf(v), Interval.NormalCdf(v) + (v * density));
            case "runge":
                Interval q = 1 + (25 * Interval.Square(v));
                return (1 / q, -50 * v / Interval.Square(q));
            case "takagi": return (FractalFunctions.Takagi(v, 0), Interval.Entire);
            case string w when w.Split(':') is ["weierstrass", string low, string high, string b]:
                Interval a = Constant($"{low};{high}");
                if (!(a.Magnitude < 1) || !int.TryParse(b, NumberStyles.None, CultureInfo.InvariantCulture, out int factor) || factor is < 2 or > 1000) goto default;
                return (FractalFunctions.Weierstrass(v, a, factor), Interval.Entire);
            default: throw new ArgumentException($"'{step}' is no step of a formula.");
        }
    }
}
