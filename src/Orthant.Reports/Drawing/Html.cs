using System.Globalization;
using System.Text;

namespace Orthant.Reports;

/// <summary>Text on its way into HTML and SVG.</summary>
internal static class Html
{
    /// <summary>Escapes markup, and replaces control characters and those that reverse the reading direction.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (char c in text)
        {
            _ = c switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                '\n' or '\t' => escaped.Append(' '),
                >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => escaped.Append('\uFFFD'),
                _ => escaped.Append(char.IsControl(c) ? '\uFFFD' : c),
            };
        }
        return escaped.ToString();
    }

    /// <summary>A number for people: six significant digits, a real minus sign.</summary>
    public static string Number(double value) => (value == 0 ? 0 : value).ToString("G6", CultureInfo.InvariantCulture).Replace('-', '\u2212');

    /// <summary>A count with its thousands apart.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture).Replace(',', '\u202F');

    /// <summary>A share in percent with one decimal.</summary>
    public static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + "\u202F%";
}
