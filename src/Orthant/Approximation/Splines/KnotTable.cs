using System.Globalization;
using System.Text;

namespace Orthant.Approximation;

/// <summary>A spline as source code for programs that have no networks.</summary>
public static class KnotTable
{
    /// <summary>A C header with the knots, the values and a function that looks them up; numbers are hexadecimal, so that they are the same bits.</summary>
    /// <param name="spline">The spline.</param>
    /// <param name="title">What it approximates; stands in a comment.</param>
    public static string ToCHeader(LinearSpline spline, string title)
    {
        ArgumentNullException.ThrowIfNull(spline);
        ArgumentNullException.ThrowIfNull(title);
        string plain = string.Concat(title.Where(c => !char.IsControl(c))).Replace("*/", "* /", StringComparison.Ordinal).Replace("\\", "/", StringComparison.Ordinal);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"/* {plain}: {spline.Pieces} pieces on {spline.Domain}, straight on beyond. */\n");
        text.Append("#ifndef ORTHANT_SPLINE_H\n#define ORTHANT_SPLINE_H\n\n");
        text.Append(CultureInfo.InvariantCulture, $"#define ORTHANT_SPLINE_KNOTS {spline.Knots.Length}\n\n");
        Array("knots", spline.Knots);
        Array("values", spline.Values);
        text.Append("""
            static double orthant_spline(double x)
            {
                int low = 0, high = ORTHANT_SPLINE_KNOTS - 1;
                while (high - low > 1) {
                    int middle = (low + high) / 2;
                    if (x < orthant_spline_knots[middle]) high = middle;
                    else low = middle;
                }
                return orthant_spline_values[low] + (x - orthant_spline_knots[low])
                    * ((orthant_spline_values[high] - orthant_spline_values[low]) / (orthant_spline_knots[high] - orthant_spline_knots[low]));
            }

            #endif

            """.ReplaceLineEndings("\n"));
        return text.ToString();

        void Array(string name, IEnumerable<double> numbers)
        {
            text.Append(CultureInfo.InvariantCulture, $"static const double orthant_spline_{name}[ORTHANT_SPLINE_KNOTS] = {{\n");
            foreach (double v in numbers) text.Append("    ").Append(Hexadecimal(v)).Append(",\n");
            text.Append("};\n\n");
        }
    }

    /// <summary>A double as a hexadecimal literal of C99.</summary>
    internal static string Hexadecimal(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value), fraction = bits & 0xFFFFFFFFFFFFF;
        int exponent = (int)((bits >> 52) & 0x7FF);
        string sign = bits < 0 ? "-" : "";
        if (exponent == 0 && fraction == 0) return $"{sign}0x0p+0";
        int power = exponent == 0 ? -1022 : exponent - 1023;
        return string.Create(CultureInfo.InvariantCulture, $"{sign}0x{(exponent == 0 ? 0 : 1)}.{fraction:x13}p{(power < 0 ? "" : "+")}{power}");
    }
}
