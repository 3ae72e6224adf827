namespace Orthant;

/// <summary>An error that a user can cause and mend: a file, a value or a call that is not what it has to be.</summary>
/// <remarks>The one exception type for bad input. Its message is a single line that names the source, the place in it,
/// what was found and what was expected; every other exception is a defect of Orthant.</remarks>
public sealed class OrthantInputException : Exception
{
    /// <summary>Creates an error with all four parts of its message.</summary>
    /// <param name="source">What was read: a file's path, or the name of an argument.</param>
    /// <param name="place">Where in it: a line, a node, an index; empty when the whole is meant.</param>
    /// <param name="found">What stands there.</param>
    /// <param name="expected">What should stand there.</param>
    public OrthantInputException(string source, string place, string found, string expected)
        : this(source, place, found, expected, null)
    {
    }

    /// <summary>Creates an error with all four parts of its message and its cause.</summary>
    /// <param name="source">What was read: a file's path, or the name of an argument.</param>
    /// <param name="place">Where in it: a line, a node, an index; empty when the whole is meant.</param>
    /// <param name="found">What stands there.</param>
    /// <param name="expected">What should stand there.</param>
    /// <param name="cause">The exception that showed the error, if any.</param>
    public OrthantInputException(string source, string place, string found, string expected, Exception? cause)
        : base(Compose(source, place, found, expected), cause)
    {
        InputSource = source;
        Place = place;
        Found = found;
        Expected = expected;
    }

    /// <summary>What was read: a file's path, or the name of an argument.</summary>
    public string InputSource { get; }

    /// <summary>Where in the source the error stands; empty when the whole is meant.</summary>
    public string Place { get; }

    /// <summary>What stands there.</summary>
    public string Found { get; }

    /// <summary>What should stand there.</summary>
    public string Expected { get; }

    /// <summary>The text around the place, with a caret on a second line beneath it; empty where the place says enough. Not part of the message,
    /// which is one line.</summary>
    public string Excerpt { get; init; } = "";

    private static string Compose(string source, string place, string found, string expected)
    {
        string head = place.Length == 0 ? source : $"{source}, {place}";
        return OneLine($"{head}: found {found}, expected {expected}");
    }

    /// <summary>Replaces control characters, so that a name taken from a file can break neither the line nor the terminal.</summary>
    private static string OneLine(string text) =>
        string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? '\uFFFD' : source[i];
        });
}
