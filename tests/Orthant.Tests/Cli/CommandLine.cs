using System.Text.Json;
using Orthant.Cli;

namespace Orthant.Tests.Cli;

/// <summary>Runs the command line in the test's own process, as from the root of a clone.</summary>
internal static class CommandLine
{
    /// <summary>The exit status and what was written to both outputs.</summary>
    public static (int Status, string Output, string Error) Run(params string[] args) => Run(default, args);

    public static (int Status, string Output, string Error) Run(CancellationToken cancellation, params string[] args)
    {
        Environment.CurrentDirectory = Repository.Root;
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        int status = Application.Run(args, new Surroundings(output, error, false, false, 80, false), cancellation);
        return (status, output.ToString(), error.ToString());
    }

    /// <summary>The document that a call with <c>--json</c> prints; the call has to succeed.</summary>
    public static JsonElement Json(params string[] args)
    {
        (int status, string output, string error) = Run([.. args, "--json"]);
        Assert.True(status is 0 or 3, $"status {status}: {error}");
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    /// <summary>A call that has to end with status 2 and one line; returns the line.</summary>
    public static string Refused(params string[] args)
    {
        (int status, string output, string error) = Run(args);
        Assert.Equal(2, status);
        Assert.Equal("", output);
        Assert.Equal(1, error.Count(c => c == '\n'));
        Assert.DoesNotContain(error.TrimEnd('\n'), char.IsControl);
        return error.TrimEnd('\n');
    }
}

/// <summary>A folder that is deleted at the end of a test.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orthant-test-");

    public string this[string name] => Path.Combine(folder.FullName, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => folder.Delete(recursive: true);
}
