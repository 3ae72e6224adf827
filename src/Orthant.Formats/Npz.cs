using System.IO.Compression;

namespace Orthant.Formats;

/// <summary>NumPy's archive of arrays: a zip file with one <c>.npy</c> file an array.</summary>
/// <remarks>On the command line <c>file.npz:NAME</c> is one array, and <c>file.npz:X,Y</c> inputs and targets; without names the only array, or the only
/// pair whose second is a vector, is taken.</remarks>
public static class Npz
{
    private const string Ending = ".npz";

    /// <summary>Whether a text of the command line names an archive, perhaps with arrays in it.</summary>
    public static bool Is(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Split(text).Path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The names of the arrays of an archive, in its order.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="OrthantInputException">The file cannot be read or is no archive.</exception>
    public static IReadOnlyList<string> Names(string path) => In(path, archive => (IReadOnlyList<string>)[.. archive.Entries.Select(e => NameOf(e.FullName))]);

    /// <summary>Reads one array of an archive.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The array's name.</param>
    /// <exception cref="OrthantInputException">The file cannot be read, is no archive, lacks the array, or the array is not one that <see cref="Npy"/> reads.</exception>
    public static NpyArray Read(string path, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return In(path, archive =>
        {
            ZipArchiveEntry entry = archive.Entries.FirstOrDefault(e => NameOf(e.FullName) == name)
                ?? throw new OrthantInputException(path, "", $"no array '{name}'", $"one of {string.Join(", ", archive.Entries.Select(e => NameOf(e.FullName)))}");
            using Stream packed = entry.Open();
            return Npy.Parse($"{path}:{name}", Whole(path, name, packed, entry.Length));
        });
    }

    /// <summary>Reads the array that a text names, <c>file.npz:NAME</c> or <c>file.npz</c> with one array, as a table.</summary>
    /// <exception cref="OrthantInputException">As for <see cref="Read"/>, or the archive has several arrays and none is named.</exception>
    public static NumberTable ReadTable(string text)
    {
        (string path, string[] chosen) = Split(text);
        IReadOnlyList<string> names = chosen.Length > 0 ? chosen : Names(path);
        if (names.Count != 1) throw new OrthantInputException(path, "", $"arrays {string.Join(", ", names)}", $"one, as in {path}:{(names.Count > 0 ? names[0] : "NAME")}");
        return Read(path, names[0]).ToTable($"{path}:{names[0]}");
    }

    /// <summary>Reads inputs and targets, <c>file.npz:X,Y</c> or <c>file.npz</c> with one such pair.</summary>
    /// <exception cref="OrthantInputException">As for <see cref="Read"/>, or there is no one pair.</exception>
    public static (NpyArray Inputs, NpyArray Targets) ReadPair(string text)
    {
        (string path, string[] chosen) = Split(text);
        IReadOnlyList<string> names = chosen.Length > 0 ? chosen : Names(path);
        if (names.Count != 2) throw new OrthantInputException(path, "", $"arrays {string.Join(", ", names)}", $"inputs and targets, as in {path}:X,Y");
        NpyArray x = Read(path, names[0]), y = Read(path, names[1]);
        if (chosen.Length == 0 && IsVector(x) && !IsVector(y)) (x, y) = (y, x);
        if (x.Shape.Length < 2 || !IsVector(y)) throw new OrthantInputException(path, "", $"shapes {Shape(x)} and {Shape(y)}", "inputs with a row a sample, and one target each");
        if (x.Shape[0] != y.Shape[0]) throw new OrthantInputException(path, "", $"{x.Shape[0]} inputs and {y.Shape[0]} targets", "as many of both");
        return (x, y);

        static bool IsVector(NpyArray a) => a.Shape.Length == 1 || (a.Shape.Length == 2 && a.Shape[1] == 1);

        static string Shape(NpyArray a) => $"({string.Join(", ", a.Shape)})";
    }

    private static (string Path, string[] Names) Split(string text)
    {
        int at = text.LastIndexOf(Ending + ":", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? (text, []) : (text[..(at + Ending.Length)], text[(at + Ending.Length + 1)..].Split(',', StringSplitOptions.TrimEntries));
    }

    private static string NameOf(string entry) => entry.EndsWith(".npy", StringComparison.Ordinal) ? entry[..^4] : entry;

    private static T In<T>(string path, Func<ZipArchive, T> read)
    {
        byte[] file = InputFile.ReadAllBytes(path);
        try
        {
            using ZipArchive archive = new(new MemoryStream(file, writable: false), ZipArchiveMode.Read);
            return read(archive);
        }
        catch (InvalidDataException e)
        {
            throw new OrthantInputException(path, "", $"a file that is no zip archive ({e.Message.TrimEnd('.')})", "an .npz archive", e);
        }
    }

    /// <summary>An entry, unpacked: what comes is compared with what was claimed while it comes.</summary>
    private static byte[] Whole(string path, string name, Stream packed, long claimed)
    {
        if (claimed > InputFile.LargestUnpacked) throw new OrthantInputException(path, name, $"{claimed} bytes unpacked", $"at most {InputFile.LargestUnpacked}");
        using MemoryStream whole = new();
        byte[] chunk = new byte[1 << 16];
        for (int read; (read = packed.Read(chunk)) > 0;)
        {
            whole.Write(chunk, 0, read);
            if (whole.Length > claimed) throw new OrthantInputException(path, name, $"more than the {claimed} bytes that its entry claims", "an undamaged archive");
        }
        if (whole.Length < claimed) throw new OrthantInputException(path, name, $"{whole.Length} bytes", $"the {claimed} that its entry claims");
        return whole.ToArray();
    }
}
