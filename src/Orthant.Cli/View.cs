using System.Globalization;
using Spectre.Console;

namespace Orthant.Cli;

/// <summary>What a person sees: short tables and lines that fit the terminal, without a control character or a colour tag that came from
/// a file.</summary>
internal sealed class View
{
    private readonly IAnsiConsole console;

    public View(Surroundings surroundings)
    {
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

    /// <summary>One line of text.</summary>
    public void Line(string text = "") => console.MarkupLine(Escape(text));

    /// <summary>A line that stands out.</summary>
    public void Heading(string text) => console.MarkupLine($"[bold]{Escape(text)}[/]");

    /// <summary>Names and values beneath each other.</summary>
    public void Facts(params IEnumerable<(string Name, string Value)> facts)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn();
        foreach ((string name, string value) in facts) grid.AddRow($"[dim]{Escape(name)}[/]", Escape(value));
        console.Write(grid);
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
    public void Next(string command) => console.MarkupLine($"[dim]next:[/] {Escape(command)}");

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

    private static string Escape(string text) => Markup.Escape(Plain(text));
}
