using System.IO.Compression;
using System.Text;
using System.Text.Unicode;

namespace Orthant.Formats;

/// <summary>The only way by which Orthant opens a path for reading: a plain file, or a gzip file that is unpacked on the way.</summary>
/// <remarks>Gzip is told by its first two bytes, not by the name. Whatever goes wrong, from a missing file to a damaged archive, is an
/// <see cref="OrthantInputException"/> that names the path; streams go on translating while they are read.</remarks>
public static class InputFile
{
    /// <summary>The most bytes that a file may hold, unpacked: the length of the longest array, a little under 2 GiB.</summary>
    public const int LargestUnpacked = 0x7FFFFFC7;

    // Without this switch, .NET takes an archive that is cut off for one that ends there.
    static InputFile() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>Opens a file for reading from its beginning.</summary>
    /// <param name="path">A file, gzipped or not; a pipe will do.</param>
    /// <exception cref="OrthantInputException">There is no such file, it is a folder, it cannot be read, or it is empty.</exception>
    public static Stream Open(string path) => Open(path, LargestUnpacked);

    /// <summary>Reads a whole file, unpacked.</summary>
    /// <param name="path">A file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file cannot be read, is empty, is a damaged archive or is too large.</exception>
    public static byte[] ReadAllBytes(string path) => ReadAllBytes(path, LargestUnpacked);

    /// <summary>Reads a whole text file in UTF-8, unpacked, without its byte order mark.</summary>
    /// <param name="path">A file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">The file cannot be read, is empty or is not UTF-8.</exception>
    public static string ReadAllText(string path) => Encoding.UTF8.GetString(WithoutMark(path, ReadAllBytes(path)));

    internal static Stream Open(string path, long limit)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0) throw new OrthantInputException("input", "", "an empty path", "the path of a file");
        if (Directory.Exists(path)) throw new OrthantInputException(path, "", "a folder", "a file");
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            return Unpacked(path, file, limit);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new OrthantInputException(path, "", "no such file", "a file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OrthantInputException(path, "", $"a file that cannot be opened ({e.Message})", "a readable file", e);
        }
    }

    internal static byte[] ReadAllBytes(string path, long limit)
    {
        using Stream stream = Open(path, limit);
        List<byte[]> full = [];
        byte[] chunk = new byte[1 << 16];
        int used = 0, total = 0;
        while (true)
        {
            int read = stream.Read(chunk, used, chunk.Length - used);
            if (read == 0) break;
            used += read;
            total += read;
            if (used < chunk.Length) continue;
            full.Add(chunk);
            chunk = new byte[Math.Min(chunk.Length * 2, 1 << 26)];
            used = 0;
        }
        byte[] all = new byte[total];
        int at = 0;
        foreach (byte[] part in full)
        {
            part.CopyTo(all, at);
            at += part.Length;
        }
        chunk.AsSpan(0, used).CopyTo(all.AsSpan(at));
        return all;
    }

    /// <summary>The bytes of a text after its byte order mark.</summary>
    /// <exception cref="OrthantInputException">The bytes are not UTF-8.</exception>
    internal static ReadOnlySpan<byte> WithoutMark(string source, ReadOnlySpan<byte> text)
    {
        if (text is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw new OrthantInputException(source, "byte 0", "the mark of a UTF-16 text", "a text in UTF-8");
        }
        if (!Utf8.IsValid(text))
        {
            int line = 1 + text[..FirstInvalid(text)].Count((byte)'\n');
            throw new OrthantInputException(source, $"line {line}", "bytes that are not UTF-8", "a text in UTF-8");
        }
        return text is [0xEF, 0xBB, 0xBF, ..] ? text[3..] : text;
    }

    private static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out int length) == System.Buffers.OperationStatus.Done) at += length;
        return at;
    }

    private static GuardedStream Unpacked(string path, FileStream file, long limit)
    {
        byte[] head = new byte[2];
        int length = file.ReadAtLeast(head, 2, throwOnEndOfStream: false);
        if (length == 0)
        {
            file.Dispose();
            throw new OrthantInputException(path, "", "an empty file", "a file with content");
        }
        PrefixedStream whole = new(head.AsMemory(0, length), file);
        bool packed = length == 2 && head[0] == 0x1F && head[1] == 0x8B;
        return new GuardedStream(path, packed ? new GZipStream(whole, CompressionMode.Decompress) : whole, limit);
    }

    /// <summary>Some bytes that were already read, and then the rest of the stream that they came from: a pipe cannot be rewound.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ReadingStream
    {
        private ReadOnlyMemory<byte> prefix = prefix;

        public override int Read(Span<byte> buffer)
        {
            if (prefix.IsEmpty) return rest.Read(buffer);
            int count = Math.Min(prefix.Length, buffer.Length);
            prefix.Span[..count].CopyTo(buffer);
            prefix = prefix[count..];
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) rest.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Counts what it hands out against the limit and turns every failure into one that names the file.</summary>
    private sealed class GuardedStream(string path, Stream inner, long limit) : ReadingStream
    {
        private long count;

        public override int Read(Span<byte> buffer)
        {
            int read;
            try
            {
                read = inner.Read(buffer);
            }
            catch (InvalidDataException e)
            {
                throw new OrthantInputException(path, $"byte {count} unpacked", $"a damaged gzip archive ({e.Message})", "a whole one", e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new OrthantInputException(path, $"byte {count}", $"a failure to read ({e.Message})", "a readable file", e);
            }
            count += read;
            if (count == 0 && !buffer.IsEmpty)
            {
                throw new OrthantInputException(path, "", "an archive that is empty or cut off", "a file with content");
            }
            if (count > limit) throw new OrthantInputException(path, "", $"more than {limit} bytes unpacked", "at most that many");
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>A stream that can be read forwards and do nothing else.</summary>
    private abstract class ReadingStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public abstract override int Read(Span<byte> buffer);

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
