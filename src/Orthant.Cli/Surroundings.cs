using System.Text;

namespace Orthant.Cli;

/// <summary>What a run of the command line writes to, so that tests can stand in for a terminal.</summary>
/// <param name="Output">Standard output: results.</param>
/// <param name="Error">Standard error: progress, notes and errors.</param>
/// <param name="OutputIsTerminal">Whether a person reads the output on a terminal.</param>
/// <param name="ErrorIsTerminal">Whether a person reads progress on a terminal.</param>
/// <param name="Width">Columns of the terminal; 80 where there is none.</param>
/// <param name="Colours">Whether colours may be used.</param>
internal sealed record Surroundings(TextWriter Output, TextWriter Error, bool OutputIsTerminal, bool ErrorIsTerminal, int Width, bool Colours)
{
    /// <summary>Standard input.</summary>
    public TextReader Input { get; init; } = Console.In;

    public static Surroundings OfProcess()
    {
        bool terminal = !Console.IsOutputRedirected;
        int width = 80;
        if (terminal)
        {
            try
            {
                width = Math.Clamp(Console.WindowWidth, 20, 400);
            }
            catch (IOException)
            {
                // A terminal that does not tell its size gets the usual one.
            }
        }
        UTF8Encoding utf8 = new(false);
        StreamWriter output = new(Console.OpenStandardOutput(), utf8, 1 << 14) { AutoFlush = false, NewLine = "\n" };
        StreamWriter error = new(Console.OpenStandardError(), utf8, 1 << 10) { AutoFlush = true, NewLine = "\n" };
        bool colours = terminal && Environment.GetEnvironmentVariable("NO_COLOR") is null && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
        return new Surroundings(output, error, terminal, !Console.IsErrorRedirected, width, colours);
    }
}
