using Orthant.Tests.Cli;

namespace Orthant.Tests.Documentation;

/// <summary>What README and docs show works: command lines are run, C# blocks are parts of compiled tests.</summary>
[Collection("command line")]
public sealed class DocumentationTests
{
    private static IEnumerable<string> Pages =>
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md")).Order(StringComparer.Ordinal);

    public static TheoryData<string, string> Commands { get; } = Collect("sh", block => block.Where(l => l.StartsWith("./orthant ", StringComparison.Ordinal)));

    public static TheoryData<string, string> Examples { get; } = Collect("csharp", block => [string.Join('\n', block)]);

    [Theory]
    [MemberData(nameof(Commands))]
    public void CommandsWork(string page, string command)
    {
        string[] words = Words(command.Split(" #")[0].Trim())[1..];
        (int status, _, string error) = CommandLine.Run(words);
        Assert.True(status == 0, $"{page}: {command}: {error}");
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void ExamplesArePartsOfTests(string page, string block)
    {
        string wanted = Normal(block);
        string folder = Path.Combine(Repository.Root, "tests/Orthant.Tests");
        Assert.True(
            Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories).Any(f => Normal(File.ReadAllText(f)).Contains(wanted, StringComparison.Ordinal)),
            $"{page}: no test in {folder} contains\n{block}");
    }

    [Fact]
    public void EveryLinkToAFileOfTheRepositoryLeadsSomewhere()
    {
        foreach (string page in Pages)
        {
            foreach (System.Text.RegularExpressions.Match m in System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(page), @"\]\((?!https?:|#)([^)#]+)"))
            {
                string target = Path.Combine(Path.GetDirectoryName(page)!, m.Groups[1].Value);
                Assert.True(Path.Exists(target), $"{page} links to {m.Groups[1].Value}");
            }
        }
    }

    private static TheoryData<string, string> Collect(string language, Func<List<string>, IEnumerable<string>> items)
    {
        TheoryData<string, string> data = [];
        foreach (string page in Pages)
        {
            foreach (List<string> block in Blocks(File.ReadAllLines(page), language))
            {
                foreach (string item in items(block)) data.Add(Path.GetFileName(page), item);
            }
        }
        return data;
    }

    private static IEnumerable<List<string>> Blocks(string[] lines, string language)
    {
        List<string>? open = null;
        foreach (string line in lines)
        {
            if (open is null)
            {
                if (line == $"```{language}") open = [];
            }
            else if (line == "```")
            {
                yield return open;
                open = null;
            }
            else
            {
                open.Add(line);
            }
        }
    }

    /// <summary>Splits at spaces outside double quotes.</summary>
    internal static string[] Words(string command) =>
        System.Text.RegularExpressions.Regex.Matches(command, "\"([^\"]*)\"|(\\S+)").Select(m => m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value).ToArray();

    private static string Normal(string code) =>
        string.Join('\n', code.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0));
}
