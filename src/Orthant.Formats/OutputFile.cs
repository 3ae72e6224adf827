using System.IO.Compression;
using System.Text;

namespace Orthant.Formats;

/// <summary>The only way by which Orthant writes a file: beside its place, flushed to the disk, and then renamed into it.</summary>
/// <remarks>Who reads the path at any time sees the old file or the whole new one. A name that ends in <c>.gz</c> is packed. A full disk, a
/// folder that is missing or cannot be written, and an output that is also an input are <see cref="OrthantInputException"/>s; what was
/// begun is then removed. Paths under <c>/dev/</c> are written in place, as nothing can be renamed into them.</remarks>
public static class OutputFile
{
    /// <summary>Writes a file by a delegate.</summary>
    /// <param name="path">Where to; a file that is there is replaced.</param>
    /// <param name="write">Writes the content to the stream that it is given.</param>
    /// <param name="inputs">The files that the content was made from, none of which may be <paramref name="path"/>.</param>
    /// <exception cref="OrthantInputException">The file cannot be written there.</exception>
    public static void Write(string path, Action<Stream> write, params ReadOnlySpan<string> inputs)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        if (path.Length == 0) throw new OrthantInputException("output", "", "an empty path", "the path of a file");
        foreach (string input in inputs) RefuseInput(path, input);
        if (Directory.Exists(path)) throw new OrthantInputException(path, "", "a folder", "the path of a file to write");
        try
        {
            if (path.StartsWith("/dev/", StringComparison.Ordinal)) Fill(path, path, FileMode.Open, write);
            else WriteBeside(Final(path), path, write);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new OrthantInputException(path, "", "a folder that does not exist", "a path in a folder that does", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OrthantInputException(
                path, "", $"a place that cannot be written ({e.Message})", "a folder with room that may be written", e);
        }
    }

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    /// <param name="path">Where to; a file that is there is replaced.</param>
    /// <param name="text">The content.</param>
    /// <param name="inputs">The files that the content was made from, none of which may be <paramref name="path"/>.</param>
    /// <exception cref="OrthantInputException">The file cannot be written there.</exception>
    public static void WriteText(string path, string text, params ReadOnlySpan<string> inputs)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), inputs);
    }

    /// <summary>Refuses to write upon a file that is also read, also when one of the two paths is a link to the other.</summary>
    /// <exception cref="OrthantInputException">The two are one file.</exception>
    public static void RefuseInput(string output, string input)
    {
        if (Final(output) != Final(input)) return;
        throw new OrthantInputException(output, "", "the input itself as the output", "a path of its own for what is written");
    }

    private static void WriteBeside(string final, string named, Action<Stream> write)
    {
        string folder = Path.GetDirectoryName(final) ?? throw new IOException("it is the root folder");
        string beside = Path.Combine(folder, $".{Path.GetFileName(final)}.{Environment.ProcessId}-{Path.GetRandomFileName()}");
        try
        {
            Fill(beside, named, FileMode.CreateNew, write);
            File.Move(beside, final, overwrite: true);
        }
        catch
        {
            RemoveQuietly(beside);
            throw;
        }
    }

    private static void Fill(string target, string named, FileMode mode, Action<Stream> write)
    {
        using FileStream file = new(target, mode, FileAccess.Write, FileShare.None, 1 << 16);
        if (named.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            using GZipStream packed = new(file, CompressionLevel.Optimal, leaveOpen: true);
            write(packed);
        }
        else
        {
            write(file);
        }
        file.Flush(flushToDisk: file.CanSeek);
    }

    /// <summary>The first failure is the one to tell of, so a second one here is not.</summary>
    private static void RemoveQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>The full path of the file that a path leads to, links followed where they can be.</summary>
    private static string Final(string path)
    {
        string full = path;
        try
        {
            full = Path.GetFullPath(path);
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return full;
        }
    }
}
