using System.Text;

namespace Orthant.Store;

/// <summary>Finished results, one a line, appended to a file as they come: whoever is killed loses at most the line that was being written.</summary>
/// <remarks>A line counts once its line break is there; what follows the last one is cut off when the file is opened again. While it is open nobody else can open
/// it, so that two runs do not measure the same. For answers of oracles see <see cref="AnswerStore"/>.</remarks>
public sealed class ResultLog : IDisposable
{
    private readonly FileStream file;
    private readonly List<string> lines = [];
    private readonly string path;

    /// <summary>Opens a file, or creates it.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <exception cref="OrthantInputException">The file cannot be opened, or is in use.</exception>
    public ResultLog(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        this.path = path;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OrthantInputException(path, "", $"a file that cannot be opened, or is in use ({e.Message})", "a file of results that no other run has open", e);
        }
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        int end = Array.LastIndexOf(content, (byte)'\n') + 1;
        file.SetLength(end);
        file.Position = end;
        lines.AddRange(Encoding.UTF8.GetString(content, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>All whole lines, in the order in which they were written.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>Adds a line and hands it to the disk.</summary>
    /// <param name="line">A text without line breaks.</param>
    /// <exception cref="OrthantInputException">The disk is full, or the file cannot be written any more.</exception>
    public void Append(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Contains('\n', StringComparison.Ordinal)) throw new ArgumentException("A line has no line breaks.", nameof(line));
        try
        {
            file.Write(Encoding.UTF8.GetBytes(line + "\n"));
            file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw new OrthantInputException(path, "", $"a place that cannot be written ({e.Message})", "a folder with room that may be written", e);
        }
        lines.Add(line);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
