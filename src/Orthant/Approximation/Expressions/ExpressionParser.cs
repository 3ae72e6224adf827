using System.Globalization;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>Reads expressions by recursive descent, at most <see cref="MostNested"/> brackets, signs and powers deep.</summary>
/// <remarks><code>
/// sum      = product { ("+" | "-") product }
/// product  = signed { ("*" | "/") signed }
/// signed   = { "-" | "+" } power
/// power    = atom [ "^" signed ]
/// atom     = number | "x" | "pi" | "e" | name "(" arguments ")" | "(" sum ")"
/// </code></remarks>
internal sealed class ExpressionParser(string text)
{
    public const int MostNested = 256;
    private const int MostCharacters = 100_000;
    private static readonly string[] ManyArguments = ["min", "max", "pow", "piecewise", "weierstrass"];
    private int at;
    private int depth;

    public ExpressionNode Parse()
    {
        if (text.Length > MostCharacters) throw Error(0, $"{text.Length} characters", $"at most {MostCharacters}");
        ExpressionNode all = Sum();
        if (!AtEnd) throw Error(at, Here(), "an operator such as + - * / ^, or the end");
        return all;
    }

    private bool AtEnd
    {
        get
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            return at >= text.Length;
        }
    }

    private ExpressionNode Sum()
    {
        List<(bool, ExpressionNode)> terms = [(false, Product())];
        while (TryTake('+', '-') is char sign) terms.Add((sign == '-', Product()));
        return terms.Count == 1 ? terms[0].Item2 : Folded(new SumNode(terms));
    }

    private ExpressionNode Product()
    {
        List<(bool, ExpressionNode)> factors = [(false, Signed())];
        while (TryTake('*', '/') is char sign) factors.Add((sign == '/', Signed()));
        return factors.Count == 1 ? factors[0].Item2 : Folded(new ProductNode(factors));
    }

    private ExpressionNode Signed()
    {
        bool negative = false;
        while (TryTake('-', '+') is char sign) negative ^= sign == '-';
        ExpressionNode power = Power();
        return negative ? Folded(new SumNode([(true, power)])) : power;
    }

    private ExpressionNode Power()
    {
        ExpressionNode operand = Atom();
        if (TryTake('^', '^') is null) return operand;
        Enter();
        ExpressionNode exponent = Signed();
        depth--;
        return PowerOf(operand, exponent);
    }

    private ExpressionNode Atom()
    {
        if (AtEnd) throw Error(text.Length, "the end", "a number, x, a function or a bracket");
        int start = at;
        char c = text[at];
        if (c == '(')
        {
            at++;
            Enter();
            ExpressionNode inner = Sum();
            depth--;
            Expect(')');
            return inner;
        }
        if (char.IsAsciiDigit(c) || c == '.') return Number();
        if (!char.IsAsciiLetter(c)) throw Error(at, Here(), "a number, x, a function or a bracket");
        while (at < text.Length && char.IsAsciiLetterOrDigit(text[at])) at++;
        string name = text[start..at];
        switch (name)
        {
            case "x":
                return new VariableNode();
            case "pi":
                return new ConstantNode(Interval.Pi, Math.PI);
            case "e":
                return new ConstantNode(Interval.Exp(1), Math.E);
        }
        bool known = NamedFunction.All.ContainsKey(name) || ManyArguments.Contains(name);
        if (!known)
        {
            IEnumerable<string> names = NamedFunction.All.Keys.Concat(ManyArguments).Append("pi");
            string expected = Spelling.Nearest(name, names) is string near ? $"perhaps {near}" : $"x, pi, e or one of {string.Join(", ", names)}";
            throw Error(start, $"the name '{Short(name)}'", expected);
        }
        if (AtEnd || text[at] != '(') throw Error(at, Here(), $"a bracket after {name}");
        at++;
        Enter();
        ExpressionNode call = NamedFunction.All.TryGetValue(name, out NamedFunction? function) ? new CallNode(function, Sum()) : Call(name, start);
        depth--;
        Expect(')');
        return Folded(call);
    }

    private ExpressionNode Call(string name, int start)
    {
        if (name == "piecewise") return Piecewise();
        List<ExpressionNode> arguments = [Sum()];
        while (TryTake(',', ',') is not null) arguments.Add(Sum());
        switch (name)
        {
            case "min" or "max" when arguments.Count >= 2:
                ExpressionNode result = arguments[0];
                foreach (ExpressionNode next in arguments.Skip(1))
                {
                    Enter();
                    result = new ExtremeNode(result, next, name == "max");
                }
                depth -= arguments.Count - 1;
                return result;
            case "pow" when arguments.Count == 2:
                return PowerOf(arguments[0], arguments[1]);
            case "weierstrass" when arguments.Count is 1 or 3:
                return Weierstrass(arguments, start);
            default:
                throw Error(start, $"{arguments.Count} arguments of {name}", name switch { "pow" => "2", "weierstrass" => "1 or 3: weierstrass(x, a, b)", _ => "at least 2" });
        }
    }

    /// <summary>piecewise(condition, value, condition, value, …, otherwise).</summary>
    private ExpressionNode Piecewise()
    {
        ExpressionNode left = Sum();
        string comparison = AtEnd ? "" : text[at] is '<' or '>' ? text[at..Math.Min(text.Length, at + 2)] : "";
        if (comparison.Length == 0) return left;
        bool strict = comparison is not ("<=" or ">=");
        at += strict ? 1 : 2;
        ExpressionNode right = Sum();
        // left < right becomes left - right < 0, and left > right becomes right - left < 0.
        ExpressionNode difference = comparison[0] == '<' ? new SumNode([(false, left), (true, right)]) : new SumNode([(false, right), (true, left)]);
        Expect(',');
        ExpressionNode value = Sum();
        Expect(',');
        Enter();
        ExpressionNode otherwise = Piecewise();
        depth--;
        return new ChoiceNode(difference, strict, value, otherwise);
    }

    private WeierstrassNode Weierstrass(List<ExpressionNode> arguments, int start)
    {
        if (arguments.Count == 1) return new WeierstrassNode(arguments[0], 0.5, 3);
        if (arguments[1] is not ConstantNode a || !(a.Enclosure.Magnitude < 1)) throw Error(start, "a second argument of weierstrass that is no constant between -1 and 1", "weierstrass(x, a, b) with |a| < 1");
        if (arguments[2] is not ConstantNode b || !b.Enclosure.IsPoint || b.Enclosure.Lower is < 2 or > 1000 || !double.IsInteger(b.Enclosure.Lower))
        {
            throw Error(start, "a third argument of weierstrass that is no whole number", "weierstrass(x, a, b) with b from 2 to 1000");
        }
        return new WeierstrassNode(arguments[0], a.Enclosure, (int)b.Enclosure.Lower);
    }

    private static ExpressionNode PowerOf(ExpressionNode operand, ExpressionNode exponent)
    {
        if (exponent is ConstantNode constant)
        {
            Interval p = constant.Enclosure;
            if (p.IsPoint && double.IsInteger(p.Lower) && Math.Abs(p.Lower) <= 1_000_000) return Folded(new WholePowerNode(operand, (int)p.Lower));
            return Folded(new RealPowerNode(operand, p, constant.Value(0)));
        }
        // A variable exponent: exp(exponent · log(base)).
        return new CallNode(NamedFunction.All["exp"], new ProductNode([(false, exponent), (false, new CallNode(NamedFunction.All["log"], operand))]));
    }

    private ConstantNode Number()
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.')) at++;
        // An exponent only where digits follow: 2*e is a product with e, 2e is not a number.
        int mark = at;
        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            if (at < text.Length && text[at] is '+' or '-') at++;
            int digits = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            if (at == digits) at = mark;
        }
        string number = text[start..at];
        if (!Rational.TryParse(number, out Rational exact) || !double.IsFinite(exact.ToDouble())) throw Error(start, $"'{Short(number)}'", "a decimal number");
        return new ConstantNode(Interval.FromRational(exact), exact.ToDouble());
    }

    /// <summary>A node without the variable becomes a constant where its value is known to be finite.</summary>
    private static ExpressionNode Folded(ExpressionNode node)
    {
        if (!node.IsConstant) return node;
        Interval value = node.Range(0);
        double nearest = node.Value(0);
        return value.IsBounded && double.IsFinite(nearest) ? new ConstantNode(value, nearest) : node;
    }

    private char? TryTake(char a, char b)
    {
        if (AtEnd || (text[at] != a && text[at] != b)) return null;
        return text[at++];
    }

    private void Expect(char c)
    {
        if (TryTake(c, c) is null) throw Error(at, Here(), c == ')' ? "a closing bracket" : $"'{c}'");
    }

    private void Enter()
    {
        if (++depth > MostNested) throw Error(at, $"nesting deeper than {MostNested}", $"at most {MostNested} brackets, powers and functions within each other");
    }

    private string Here() => at >= text.Length ? "the end" : $"'{text[at]}'";

    private static string Short(string name) => name.Length <= 40 ? name : name[..40] + "…";

    /// <summary>The place is told as a column, and shown by a caret beneath what stands around it.</summary>
    private OrthantInputException Error(int column, string found, string expected)
    {
        int from = column <= 60 ? 0 : column - 40, to = Math.Min(text.Length, Math.Max(from + 76, column + 20));
        string start = from > 0 ? "…" : "", shown = string.Concat(text[from..to].Select(c => char.IsControl(c) ? ' ' : c));
        return new OrthantInputException("expression", string.Create(CultureInfo.InvariantCulture, $"column {column + 1}"), found, expected)
        {
            Excerpt = $"{start}{shown}{(to < text.Length ? "…" : "")}\n{new string(' ', start.Length + column - from)}^",
        };
    }
}

/// <summary>Weierstrass's function of an operand.</summary>
internal sealed class WeierstrassNode(ExpressionNode operand, Interval a, int b) : ExpressionNode
{
    public override bool IsConstant => operand.IsConstant;

    public override double Value(double x) => FractalFunctions.Weierstrass(operand.Value(x), a.Midpoint, b);

    public override Interval Range(Interval x) => FractalFunctions.Weierstrass(operand.Range(x), a, b);

    public override Jet Enclose(Interval x) => Jet.Rough(Range(x));

    public override bool Write(List<string> steps) => Write(operand, string.Create(CultureInfo.InvariantCulture, $"weierstrass:{a.Lower:R}:{a.Upper:R}:{b}"), steps);
}
