namespace Orthant.Formats;

/// <summary>The end of an error's "expected" that says what was probably meant.</summary>
internal static class Suggestion
{
    /// <summary>The nearest known name, as <c>; did you mean 'bias'?</c>, or nothing where none is near.</summary>
    public static string For(string name, IEnumerable<string> known) =>
        Spelling.Nearest(name, known) is { } near ? $"; did you mean '{near}'?" : "";
}
