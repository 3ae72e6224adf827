using System.Globalization;
using Spectre.Console;

namespace Orthant.Cli;

/// <summary>What a person sees: short tables and lines that fit the terminal, without a control character or a colour tag that came from
/// a file.</summary>
internal sealed class View
{
    private readonly IAnsiConsole console;
    private readonly Surroundings surroundings;

    public View(Surroundings surroundings)
    {
        this.surroundings = surroundings;
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = surroundings.Colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = surroundings.Colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(surroundings.Output),
        });
        console.Profile.Width = surroundings.Width;
        console.Profile.Capabilities.Unicode = true;
    }

    /// <summary>One line of text; the terminal wraps it, a pipe does not.</summary>
    public void Line(string text = "") => surroundings.Output.WriteLine(Plain(text));

    /// <summary>A line that stands out.</summary>
    public void Heading(string text) => surroundings.Output.WriteLine(Styled("1", Plain(text)));

    /// <summary>Names and values beneath each other.</summary>
    public void Facts(params IReadOnlyList<(string Name, string Value)> facts)
    {
        int width = facts.Max(f => f.Name.Length);
        foreach ((string name, string value) in facts) surroundings.Output.WriteLine($"{Styled("2", Plain(name).PadRight(width))}  {Plain(value)}");
    }

    /// <summary>A table with the first column on the left and the others on the right.</summary>
    public void Table(IEnumerable<string> columns, IEnumerable<IEnumerable<string>> rows)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string column in columns)
        {
            TableColumn added = new($"[dim]{Escape(column)}[/]");
            table.AddColumn(table.Columns.Count == 0 ? added : added.RightAligned());
        }
        foreach (IEnumerable<string> row in rows) table.AddRow(row.Select(Escape).ToArray());
        console.Write(table);
    }

    /// <summary>What to try next.</summary>
    public void Next(string command) => surroundings.Output.WriteLine($"{Styled("2", "next:")} {Plain(command)}");

    /// <summary>A number in six significant digits.</summary>
    public static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    /// <summary>A count with thousands apart.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Text on one line in which control characters, and those that reverse the reading direction, are replaced.</summary>
    public static string Plain(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            char c = source[i];
            bool reverses = c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069';
            span[i] = char.IsControl(c) || reverses ? '\uFFFD' : c;
        }
    });

    private string Styled(string code, string text) => surroundings.Colours ? $"\u001b[{code}m{text}\u001b[0m" : text;

    private static string Escape(string text) => Markup.Escape(Plain(text));
}
