using StbImageSharp;

namespace Orthant.Formats;

/// <summary>Images in a folder of class folders, or laid out as TinyImageNet is.</summary>
/// <remarks>
/// <para>Classes are the folders in ordinal order of their names, and images their <c>.png</c>, <c>.jpg</c> and <c>.jpeg</c> files in
/// ordinal order; also those
/// in a folder <c>images</c> inside, as in TinyImageNet's training part. Its validation part is recognised by <c>val_annotations.txt</c>,
/// whose lines name a
/// file of <c>images</c> and its class. Classes are numbered by all names of <c>wnids.txt</c> in the folder above, where there is one, so
/// that parts that lack a
/// class agree; else by those that occur. All images are of one size and are read as colour.</para>
/// </remarks>
public static class ImageFolder
{
    private const string Annotations = "val_annotations.txt", Names = "wnids.txt";
    private const int Channels = 3;

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    /// <summary>Reads all images.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="OrthantInputException">The folder has no images, a class has none, a file is no image, or sizes differ.</exception>
    public static ImageSet Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        List<(string File, int Label)> files = File.Exists(Path.Combine(path, Annotations)) ? Annotated(path) : Classes(path);
        if (files.Count == 0) throw new OrthantInputException(path, "", "no class folders",
            "a folder for each class, with .png or .jpg images");
        (int height, int width) = (0, 0);
        byte[] pixels = [];
        for (int i = 0; i < files.Count; i++)
        {
            ImageResult image = Decode(files[i].File);
            if (i == 0)
            {
                (height, width) = (image.Height, image.Width);
                long size = (long)files.Count * Channels * height * width;
                if (size > Array.MaxLength) throw new OrthantInputException(path, "", $"{files.Count} images of {width}×{height}",
                    "at most 2 GB of pixels");
                pixels = new byte[size];
            }
            if (image.Height != height || image.Width != width)
            {
                throw new OrthantInputException(files[i].File, "", $"{image.Width}×{image.Height} pixels",
                    $"{width}×{height}, as in {files[0].File}");
            }
            Span<byte> to = pixels.AsSpan(i * Channels * height * width, Channels * height * width);
            for (int p = 0; p < height * width; p++)
            {
                for (int c = 0; c < Channels; c++) to[(c * height * width) + p] = image.Data[(p * Channels) + c];
            }
        }
        return new ImageSet(files.Count, Channels, height, width, pixels, [.. files.Select(f => f.Label)]);
    }

    private static List<(string File, int Label)> Classes(string path)
    {
        List<(string, int)> files = [];
        string[] folders = List(path, Directory.GetDirectories), classes = AllClasses(path)
            ?? [.. folders.Select(f => Path.GetFileName(f)!)];
        foreach (string folder in folders)
        {
            string inner = Path.Combine(folder, "images");
            string[] found = Images(Directory.Exists(inner) ? inner : folder);
            if (found.Length == 0) throw new OrthantInputException(folder, "", "a class without images", "at least one .png or .jpg");
            int label = LabelOf(folder, Path.GetFileName(folder), classes);
            files.AddRange(found.Select(f => (f, label)));
        }
        return files;
    }

    private static List<(string File, int Label)> Annotated(string path)
    {
        string list = Path.Combine(path, Annotations);
        string[][] rows = [.. File.ReadLines(list).Where(l => l.Length > 0).Select(l => l.Split('\t'))];
        int bad = Array.FindIndex(rows, r => r.Length < 2);
        if (bad >= 0) throw new OrthantInputException(list, $"line {bad + 1}", "one column", "a file name and a class");
        string[] classes = AllClasses(path) ?? [.. rows.Select(r => r[1]).Distinct().Order(StringComparer.Ordinal)];
        return [.. rows.OrderBy(r => r[0],
            StringComparer.Ordinal).Select(r => (Path.Combine(path, "images", Path.GetFileName(r[0])), LabelOf(list, r[1], classes)))];
    }

    /// <summary>The names in the list of classes beside a part, in ordinal order; null without a list.</summary>
    private static string[]? AllClasses(string path)
    {
        string list = Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))) ?? path, Names);
        return File.Exists(list) ? [.. InputFile.ReadAllText(list).Split('\n',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal)] : null;
    }

    private static int LabelOf(string source, string name, string[] classes)
    {
        int label = Array.BinarySearch(classes, name, StringComparer.Ordinal);
        return label >= 0 ? label : throw new OrthantInputException(source, "", $"the class '{name}'",
            $"one of the {classes.Length} of {Names}");
    }

    private static string[] Images(string folder) =>
        [.. List(folder, Directory.GetFiles).Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))];

    private static string[] List(string folder, Func<string, string[]> entries)
    {
        try
        {
            return [.. entries(folder).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OrthantInputException(folder, "", "a folder that cannot be read", "one that can", e);
        }
    }

    private static ImageResult Decode(string file)
    {
        byte[] content = InputFile.ReadAllBytes(file);
        try
        {
            return ImageResult.FromMemory(content, ColorComponents.RedGreenBlue);
        }
#pragma warning disable CA1031 // The decoder throws whatever its C original would have crashed with.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw new OrthantInputException(file, "", "a file that is no image", "a PNG or JPEG image", e);
        }
    }
}
