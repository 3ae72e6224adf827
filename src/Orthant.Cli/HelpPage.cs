using System.CommandLine;

namespace Orthant.Cli;

/// <summary>The help pages, which docs/cli.md repeats word for word.</summary>
internal static class HelpPage
{
    private const int Indent = 2, Column = 26, Width = 100;

    public static void WriteOverview(TextWriter output)
    {
        output.WriteLine("orthant: exact answers about deep ReLU networks, with evidence");
        output.WriteLine();
        output.WriteLine("usage: orthant VERB [arguments] [options]");
        output.WriteLine();
        foreach (Verb verb in Application.Verbs) WriteEntry(output, verb.Name, verb.Summary);
        output.WriteLine();
        WriteEntry(output, "VERB --help", "arguments, options and two examples of a verb");
        WriteEntry(output, "--version", "the program's version");
        output.WriteLine();
        output.WriteLine("exit status: 0 answered, 2 wrong input or call, 3 answered in part, 1 a defect of orthant");
        output.WriteLine();
        output.WriteLine("examples:");
        output.WriteLine("  ./orthant report samples/spiral.onnx --out out");
        output.WriteLine("  ./orthant inspect samples/digits.onnx");
    }

    public static void WriteVerb(Verb verb, TextWriter output)
    {
        output.WriteLine($"orthant {verb.Name}: {verb.Summary}");
        output.WriteLine();
        string arguments = string.Concat(verb.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}]" : $" {a.Name}"));
        output.WriteLine($"usage: orthant {verb.Name}{arguments} [options]");
        output.WriteLine();
        foreach (Argument argument in verb.Arguments) WriteEntry(output, argument.Name, argument.Description ?? "");
        if (verb.Arguments.Count > 0) output.WriteLine();
        foreach (Option option in verb.Options.Concat(new CommonOptions().All))
        {
            WriteEntry(output, option.HelpName is null ? option.Name : $"{option.Name} {option.HelpName}", option.Description ?? "");
        }
        output.WriteLine();
        output.WriteLine("examples:");
        foreach (string example in verb.Examples) output.WriteLine($"  {example}");
    }

    /// <summary>A name and its description, wrapped beside it; below it when the name is long.</summary>
    private static void WriteEntry(TextWriter output, string name, string description)
    {
        string line = new string(' ', Indent) + name;
        if (line.Length > Column - 2)
        {
            output.WriteLine(line);
            line = "";
        }
        line = line.PadRight(Column);
        bool empty = true;
        foreach (string word in description.Split(' '))
        {
            if (!empty && line.Length + 1 + word.Length > Width)
            {
                output.WriteLine(line);
                line = new string(' ', Column);
                empty = true;
            }
            line += empty ? word : $" {word}";
            empty = false;
        }
        output.WriteLine(line.TrimEnd());
    }
}
