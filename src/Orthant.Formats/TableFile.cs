namespace Orthant.Formats;

/// <summary>Tables of numbers, as .csv or .npy by the name of the file (a .gz ending is read through).</summary>
public static class TableFile
{
    /// <summary>Reads a table.</summary>
    /// <param name="path">A .csv, .txt or .npy file, also .gz, or an array of an archive, <c>file.npz:NAME</c>.</param>
    /// <exception cref="OrthantInputException">The file is of another kind, cannot be read or is not a table.</exception>
    public static NumberTable Read(string path) => Npz.Is(path) ? Npz.ReadTable(path) : Kind(path) switch
    {
        ".npy" => Npy.ReadTable(path),
        ".csv" or ".txt" => Csv.Read(path),
        _ => throw new OrthantInputException(path, "", "a name that ends in neither .csv, .npy nor .npz", "a table of numbers, .csv, .npy or .npz:NAME"),
    };

    /// <summary>Writes a table.</summary>
    /// <param name="path">A .csv or .npy file.</param>
    /// <param name="table">The numbers.</param>
    /// <param name="inputs">Files that were read and must not be overwritten.</param>
    /// <exception cref="OrthantInputException">The file is of another kind, cannot be written, or is one of the inputs.</exception>
    public static void Write(string path, NumberTable table, params ReadOnlySpan<string> inputs)
    {
        foreach (string input in inputs) OutputFile.RefuseInput(path, input);
        switch (Kind(path))
        {
            case ".npy":
                Npy.Write(path, table);
                break;
            case ".csv":
                Csv.Write(path, table);
                break;
            default:
                throw new OrthantInputException(path, "", "a name that ends in neither .csv nor .npy", "a table is written as .csv or .npy");
        }
    }

    private static string Kind(string path)
    {
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Path.GetExtension(name).ToLowerInvariant();
    }
}
