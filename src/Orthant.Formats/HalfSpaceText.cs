using System.Globalization;
using Orthant.Geometry;
using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>Reads a half-space written as an inequality, such as <c>x0 + 2*x1 &lt;= 1/2</c>.</summary>
/// <remarks>Both sides are sums of terms: a number, an input <c>x0</c>, <c>x1</c>, …, or a number times an input, with or without <c>*</c>. Numbers are
/// integers, decimals or fractions, read exactly.</remarks>
public static class HalfSpaceText
{
    /// <summary>Reads an inequality.</summary>
    /// <param name="text">The inequality, with &lt;= or &gt;=.</param>
    /// <param name="inputs">The number of inputs.</param>
    /// <param name="source">Where the text comes from, for the error: a file or "command line".</param>
    /// <param name="place">The place in it.</param>
    /// <exception cref="OrthantInputException">The text is no such inequality, or names an input that there is not.</exception>
    public static HalfSpace Parse(string text, int inputs, string source, string place)
    {
        ArgumentNullException.ThrowIfNull(text);
        int less = text.IndexOf("<=", StringComparison.Ordinal), more = text.IndexOf(">=", StringComparison.Ordinal), at = Math.Max(less, more);
        if (at < 0 || (less >= 0 && more >= 0)) throw new OrthantInputException(source, place, $"\"{text}\"", "an inequality with <= or >=, such as x0 + 2*x1 <= 1/2");
        Rational[] normal = new Rational[inputs];
        Rational offset = Rational.Zero;
        int sign = more >= 0 ? 1 : -1;
        Add(text, 0, at, sign);
        Add(text, at + 2, text.Length, -sign);
        if (Array.TrueForAll(normal, n => n.IsZero)) throw new OrthantInputException(source, place, $"\"{text}\"", "an inequality that an input takes part in");
        return new HalfSpace([.. normal], offset);

        void Add(string whole, int from, int to, int side)
        {
            int i = from;
            bool first = true;
            while (true)
            {
                while (i < to && char.IsWhiteSpace(whole[i])) i++;
                if (i == to && !first) return;
                int factor = side;
                if (i < to && whole[i] is '+' or '-')
                {
                    if (whole[i++] == '-') factor = -factor;
                }
                else if (!first)
                {
                    throw Wrong(i, "+ or -");
                }
                first = false;
                int start = i;
                while (i < to && whole[i] is not ('+' or '-' or 'x' or '*') || (i > start && i < to && whole[i] is '+' or '-' && whole[i - 1] is 'e' or 'E')) i++;
                string number = whole[start..i].Trim();
                Rational value = Rational.One;
                if (number.Length > 0 && !Rational.TryParse(number, out value)) throw Wrong(start, "a number, or an input such as x0");
                if (i < to && whole[i] == '*')
                {
                    if (number.Length == 0) throw Wrong(i, "a number before *");
                    i++;
                    while (i < to && char.IsWhiteSpace(whole[i])) i++;
                    if (i == to || whole[i] != 'x') throw Wrong(i, "an input such as x0");
                }
                if (i < to && whole[i] == 'x')
                {
                    start = ++i;
                    while (i < to && char.IsAsciiDigit(whole[i])) i++;
                    if (!int.TryParse(whole.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out int input) || input >= inputs) throw Wrong(start - 1, $"an input x0 to x{inputs - 1}");
                    normal[input] += value * factor;
                }
                else if (number.Length == 0)
                {
                    throw Wrong(i, "a number, or an input such as x0");
                }
                else
                {
                    offset += value * factor;
                }
            }
        }

        OrthantInputException Wrong(int position, string expected) =>
            new(source, place, position >= text.Length ? $"\"{text}\"; it ends" : $"\"{text}\"; character {position + 1} is '{text[position]}'", expected);
    }
}
