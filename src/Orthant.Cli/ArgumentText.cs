using System.Globalization;
using Orthant.Geometry;
using Orthant.Numerics;

namespace Orthant.Cli;

/// <summary>Numbers and boxes as they are written on the command line.</summary>
internal static class ArgumentText
{
    /// <summary>Numbers separated by commas.</summary>
    public static double[] Numbers(string text, string option, int? count = null)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (count is int expected && parts.Length != expected)
        {
            throw new OrthantInputException("command line", option, $"{parts.Length} numbers", $"{expected}, one an input");
        }
        return parts.Select((part, i) => Number(part, option, i)).ToArray();
    }

    /// <summary>Numbers separated by commas, as written: decimals and fractions.</summary>
    public static Rational[] ExactNumbers(string text, string option) => [.. text.Split(',', StringSplitOptions.TrimEntries).Select((part, i) =>
        Rational.TryParse(part, out Rational value) && double.IsFinite(value.ToDouble())
            ? value
            : throw new OrthantInputException("command line", $"{option}, number {i}", $"'{part}'", "a finite number such as 0.5, 1e-3 or 7/10"))];

    /// <summary>A box in doubles, see <see cref="ExactBox"/>.</summary>
    public static (double[] Lower, double[] Upper) Box(string text, int inputs, string option = "--box")
    {
        InputDomain box = ExactBox(text, inputs, option);
        return (box.Lower.Select(r => r.ToDouble()).ToArray(), box.Upper.Select(r => r.ToDouble()).ToArray());
    }

    /// <summary>A box: <c>lo,hi</c> for every input alike, or <c>lo,hi;lo,hi;…</c> for each. A decimal means the number as written, and
    /// fractions such as 7/10 are numbers too.</summary>
    public static InputDomain ExactBox(string text, int inputs, string option = "--box")
    {
        string[] sides = text.Split(';', StringSplitOptions.TrimEntries);
        if (sides.Length != 1 && sides.Length != inputs)
        {
            throw new OrthantInputException("command line", option, $"{sides.Length} sides", $"{inputs} (lo,hi;lo,hi;…), or one for all inputs (lo,hi)");
        }
        Rational[] lower = new Rational[inputs], upper = new Rational[inputs];
        for (int j = 0; j < inputs; j++)
        {
            string side = sides[sides.Length == 1 ? 0 : j];
            if (side.Split(',', StringSplitOptions.TrimEntries) is not [string lo, string hi])
            {
                throw new OrthantInputException("command line", $"{option}, side {j}", $"'{side}'", "two numbers, lo,hi");
            }
            (lower[j], upper[j]) = (Exact(lo, option, j), Exact(hi, option, j));
            if (lower[j] > upper[j])
            {
                throw new OrthantInputException("command line", $"{option}, side {j}", $"{lo} > {hi}", "the lower end first");
            }
        }
        return InputDomain.ExactBox(lower, upper);
    }

    private static Rational Exact(string text, string option, int side) =>
        Rational.TryParse(text, out Rational value) && double.IsFinite(value.ToDouble())
            ? value
            : throw new OrthantInputException("command line", $"{option}, side {side}", $"'{text}'", "a finite number such as -0.5, 1e-3 or 7/10");

    private static double Number(string text, string option, int index)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)) return value;
        throw new OrthantInputException("command line", $"{option}, number {index}", $"'{text}'", "a finite number such as -0.5 or 1e-3");
    }
}
