namespace Orthant.Formats;

/// <summary>The binary batches of CIFAR-10 and CIFAR-100: records of a label and 3 × 32 × 32 pixels.</summary>
/// <remarks>A record of CIFAR-10 has one byte for the class; one of CIFAR-100 has the coarse and the fine class, of which the fine one is taken. Source: the
/// description on A. Krizhevsky's CIFAR page.</remarks>
public static class CifarBatches
{
    private const int Side = 32, Pixels = 3 * Side * Side;

    /// <summary>Reads batches one after the other.</summary>
    /// <param name="paths">At least one <c>.bin</c> file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">A file is not a whole number of records, a label is out of range, or the files are of both kinds.</exception>
    public static ImageSet Read(params IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        List<byte> pixels = [];
        List<int> labels = [];
        int? bytes = null;
        foreach (string path in paths)
        {
            byte[] file = InputFile.ReadAllBytes(path);
            int labelBytes = file.Length > 0 && file.Length % (Pixels + 1) == 0 ? 1 : 2;
            if (file.Length == 0 || file.Length % (Pixels + labelBytes) != 0)
            {
                throw new OrthantInputException(path, "", $"{file.Length} bytes", $"a whole number of records of {Pixels + 1} bytes (CIFAR-10) or {Pixels + 2} (CIFAR-100)");
            }
            if ((bytes ??= labelBytes) != labelBytes) throw new OrthantInputException(path, "", "records of another kind than in the files before it", "one kind");
            for (int at = 0; at < file.Length; at += Pixels + labelBytes)
            {
                int label = file[at + labelBytes - 1], classes = labelBytes == 1 ? 10 : 100;
                if (label >= classes) throw new OrthantInputException(path, $"byte {at + labelBytes - 1}", $"class {label}", $"0 to {classes - 1}");
                labels.Add(label);
                pixels.AddRange(file.AsSpan(at + labelBytes, Pixels));
            }
        }
        return new ImageSet(labels.Count, 3, Side, Side, [.. pixels], [.. labels]);
    }
}
