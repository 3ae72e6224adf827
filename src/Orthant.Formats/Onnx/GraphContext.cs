namespace Orthant.Formats.Onnx;

/// <summary>What all nodes of one graph share while it is read.</summary>
/// <param name="source">The file's path.</param>
/// <param name="isOwnFile">Whether Orthant wrote the file, so that node names tell which nodes make up one layer.</param>
internal sealed class GraphContext(string source, bool isOwnFile)
{
    private readonly Dictionary<(object, string), object> made = new(new ByReference());

    /// <summary>The file's path.</summary>
    public string Source { get; } = source;

    /// <summary>Whether Orthant wrote the file.</summary>
    public bool IsOwnFile { get; } = isOwnFile;

    /// <summary>What the reader has to say about the file.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>What was made from a constant once already, so that weights that several nodes share are held once.</summary>
    public T Once<T>(object constant, string purpose, Func<T> make)
        where T : class
    {
        if (made.TryGetValue((constant, purpose), out object? known)) return (T)known;
        T value = make();
        made.Add((constant, purpose), value);
        return value;
    }

    private sealed class ByReference : IEqualityComparer<(object, string)>
    {
        public bool Equals((object, string) x, (object, string) y) => ReferenceEquals(x.Item1, y.Item1) && x.Item2 == y.Item2;

        public int GetHashCode((object, string) key) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key.Item1), key.Item2);
    }
}
