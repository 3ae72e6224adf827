using System.Collections.Immutable;
using System.Globalization;
using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>Reads the expressions of a VNN-LIB text into declarations and formulas.</summary>
internal sealed class VnnLibReader(string source, string text)
{
    /// <summary>Brackets may nest so deep.</summary>
    private const int MostDepth = 200;

    /// <summary>Numbers of inputs and outputs are below this.</summary>
    private const int MostVariables = 10_000_000;

    private readonly HashSet<string> declared = new(StringComparer.Ordinal);
    private int at;
    private int line = 1;

    /// <summary>One more than the largest declared number of an input.</summary>
    public int Inputs { get; private set; }

    /// <summary>One more than the largest declared number of an output.</summary>
    public int Outputs { get; private set; }

    /// <summary>The assertions, in order.</summary>
    public List<VnnLibFormula> Assertions { get; } = [];

    /// <summary>Reads the whole text.</summary>
    public void Read()
    {
        while (Peek() is not "")
        {
            Expect("(");
            int where = line;
            switch (Next())
            {
                case "declare-const" or "declare-fun":
                    Declare();
                    break;
                case "assert":
                    Assertions.Add(Formula(0));
                    Expect(")");
                    break;
                case "set-logic" or "set-info" or "set-option" or "check-sat" or "exit" or "get-model":
                    SkipList();
                    break;
                case string other:
                    throw Error(where, Shown(other), "declare-const or assert");
            }
        }
        if (Inputs == 0) throw Error(line, "no variable X_0", "declarations of the inputs, such as (declare-const X_0 Real)");
        if (Outputs == 0) throw Error(line, "no variable Y_0", "declarations of the outputs, such as (declare-const Y_0 Real)");
        if (Assertions.Count == 0) throw Error(line, "no assertion", "bounds of the inputs and conditions on the outputs");
        for (int i = 0; i < Inputs + Outputs; i++)
        {
            string name = i < Inputs ? $"X_{i}" : $"Y_{i - Inputs}";
            if (!declared.Contains(name)) throw Error(line, $"no declaration of {name}", "all variables up to the last one");
        }
    }

    private void Declare()
    {
        int where = line;
        string name = Next();
        if (Peek() is "(")
        {
            Expect("(");
            Expect(")");
        }
        string sort = Next();
        if (sort is not "Real") throw Error(where, $"the sort {Shown(sort)} of {Shown(name)}", "Real");
        Expect(")");
        (bool input, int index) = Variable(name) ?? throw Error(where, Shown(name), "a variable X_i or Y_i");
        if (!declared.Add(name)) throw Error(where, $"a second declaration of {name}", "one");
        if (input) Inputs = Math.Max(Inputs, index + 1);
        else Outputs = Math.Max(Outputs, index + 1);
    }

    private static (bool IsInput, int Index)? Variable(string name)
    {
        if (name.Length < 3 || name[0] is not ('X' or 'Y') || name[1] != '_') return null;
        if (!int.TryParse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= MostVariables) return null;
        return name.Length > 3 && name[2] == '0' ? null : (name[0] == 'X', index);
    }

    private VnnLibFormula Formula(int depth)
    {
        int where = line;
        if (depth > MostDepth) throw Error(where, "brackets nested deeper than the limit", $"at most {MostDepth}");
        Expect("(");
        string head = Next();
        switch (head)
        {
            case "and" or "or":
                List<VnnLibFormula> parts = [];
                while (Peek() is "(") parts.Add(Formula(depth + 1));
                Expect(")");
                if (parts.Count == 0) throw Error(where, $"an empty {head}", "at least one condition");
                return parts.Count == 1 ? parts[0] : new VnnLibFormula(null, [.. parts], head == "or");
            case "<=" or ">=" or "=":
                Sum first = Term(depth + 1), second = Term(depth + 1);
                Expect(")");
                VnnLibFormula below = new(first.Minus(second, where), [], false), above = new(second.Minus(first, where), [], false);
                return head == "<=" ? below : head == ">=" ? above : new VnnLibFormula(null, [below, above], false);
            case "<" or ">":
                throw Error(where, $"the strict comparison {head}", $"{head}=: sets of counterexamples are closed");
            default:
                throw Error(where, Shown(head), "and, or, <=, >= or =");
        }
    }

    /// <summary>A linear term while it is added up.</summary>
    private sealed class Sum
    {
        public Dictionary<int, Rational> Inputs { get; } = [];

        public Dictionary<int, Rational> Outputs { get; } = [];

        public Rational Constant { get; set; }

        public bool IsConstant => Inputs.Count == 0 && Outputs.Count == 0;

        public void Add(Sum other, Rational factor)
        {
            foreach ((int i, Rational c) in other.Inputs) Inputs[i] = Inputs.GetValueOrDefault(i) + (factor * c);
            foreach ((int i, Rational c) in other.Outputs) Outputs[i] = Outputs.GetValueOrDefault(i) + (factor * c);
            Constant += factor * other.Constant;
        }

        public VnnLibAtom Minus(Sum other, int line)
        {
            Sum difference = new();
            difference.Add(this, Rational.One);
            difference.Add(other, -Rational.One);
            return new VnnLibAtom(WithoutZeros(difference.Inputs), WithoutZeros(difference.Outputs), difference.Constant, line);
        }

        private static Dictionary<int, Rational> WithoutZeros(Dictionary<int, Rational> all) => all.Where(p => !p.Value.IsZero).ToDictionary();
    }

    private Sum Term(int depth)
    {
        int where = line;
        if (depth > MostDepth) throw Error(where, "brackets nested deeper than the limit", $"at most {MostDepth}");
        Sum sum = new();
        if (Peek() is not "(")
        {
            string word = Next();
            if (Rational.TryParse(word, out Rational number))
            {
                sum.Constant = number;
                return sum;
            }
            (bool input, int index) = Variable(word) ?? throw Error(where, Shown(word), "a number or a variable X_i or Y_i");
            if (!declared.Contains(word)) throw Error(where, $"the variable {word}, which is not declared", "declarations before use");
            (input ? sum.Inputs : sum.Outputs)[index] = Rational.One;
            return sum;
        }
        Expect("(");
        string head = Next();
        List<Sum> terms = [];
        while (Peek() is not (")" or "")) terms.Add(Term(depth + 1));
        Expect(")");
        if (terms.Count == 0) throw Error(where, $"{Shown(head)} without terms", "at least one");
        switch (head)
        {
            case "+":
                foreach (Sum t in terms) sum.Add(t, Rational.One);
                return sum;
            case "-":
                sum.Add(terms[0], terms.Count == 1 ? -Rational.One : Rational.One);
                foreach (Sum t in terms.Skip(1)) sum.Add(t, -Rational.One);
                return sum;
            case "*":
                Rational factor = Rational.One;
                Sum? variable = null;
                foreach (Sum t in terms)
                {
                    if (t.IsConstant) factor *= t.Constant;
                    else if (variable is null) variable = t;
                    else throw Error(where, "a product of variables", "linear terms");
                }
                if (variable is null) sum.Constant = factor;
                else sum.Add(variable, factor);
                return sum;
            case "/" when terms.Count == 2 && terms[1].IsConstant && !terms[1].Constant.IsZero:
                sum.Add(terms[0], Rational.One / terms[1].Constant);
                return sum;
            default:
                throw Error(where, Shown(head), "+, -, or * by a constant");
        }
    }

    private void SkipList()
    {
        for (int depth = 1; depth > 0;)
        {
            string word = Next();
            if (word == "") throw Error(line, "the end of the text", ")");
            depth += word == "(" ? 1 : word == ")" ? -1 : 0;
        }
    }

    private string Peek()
    {
        (int before, int beforeLine) = (at, line);
        string word = Next();
        (at, line) = (before, beforeLine);
        return word;
    }

    private void Expect(string what)
    {
        string word = Next();
        if (word != what) throw Error(line, Shown(word), what);
    }

    /// <summary>The next bracket or word; empty at the end.</summary>
    private string Next()
    {
        while (at < text.Length)
        {
            char c = text[at];
            if (c == '\n') line++;
            if (c == ';')
            {
                while (at < text.Length && text[at] != '\n') at++;
                continue;
            }
            if (!char.IsWhiteSpace(c)) break;
            at++;
        }
        if (at == text.Length) return "";
        if (text[at] is '(' or ')') return text[at++].ToString();
        int start = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('(' or ')' or ';')) at++;
        return text[start..at];
    }

    private static string Shown(string word) => word.Length == 0 ? "the end of the text" : word.Length <= 40 ? $"'{word}'" : $"'{word[..40]}…'";

    private OrthantInputException Error(int where, string found, string expected) => new(source, $"line {where}", found, expected);
}
