namespace Orthant.Formats;

/// <summary>Folders that results are written to.</summary>
public static class OutputFolder
{
    /// <summary>Creates a folder and those above it, unless they exist.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="OrthantInputException">It cannot be created.</exception>
    public static void Create(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OrthantInputException(path, "", File.Exists(path) ? "a file" : "a folder that cannot be created", "a folder to write to", e);
        }
    }

    /// <summary>Creates the folder that a file is to be written in, unless it exists.</summary>
    /// <param name="file">The path of the file.</param>
    /// <exception cref="OrthantInputException">It cannot be created.</exception>
    public static void PrepareFor(string file)
    {
        if (Path.GetDirectoryName(file) is { Length: > 0 } folder) Create(folder);
    }
}
