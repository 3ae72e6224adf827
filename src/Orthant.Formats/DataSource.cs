using System.Collections.Immutable;

namespace Orthant.Formats;

/// <summary>Inputs with the class or value that belongs to each: what training, reports and uncertainty read.</summary>
/// <remarks>Images keep their bytes; <see cref="Inputs"/> divides them by 255. Tables keep their numbers. The targets are the labels of
/// images, or the table's target column.</remarks>
public sealed class DataSource
{
    private readonly ImageSet? images;
    private readonly double[]? inputs;

    private DataSource(int rows, int width, ImageSet? images, double[]? inputs, double[] targets, ImmutableArray<string> columns)
    {
        Rows = rows;
        Width = width;
        this.images = images;
        this.inputs = inputs;
        Targets = targets;
        InputNames = columns;
        TargetsAreClasses = targets.Length > 0 && targets.All(t => t >= 0 && t < 100_000 && Math.Floor(t) == t);
    }

    /// <summary>The number of samples.</summary>
    public int Rows { get; }

    /// <summary>The number of inputs of a sample.</summary>
    public int Width { get; }

    /// <summary>The images, when the data are images.</summary>
    public ImageSet? Images => images;

    /// <summary>One number a sample: a class from 0, or a value.</summary>
    public ReadOnlyMemory<double> Targets { get; }

    /// <summary>Whether every target is a whole number from 0, so that it can be a class.</summary>
    public bool TargetsAreClasses { get; }

    /// <summary>The names of the inputs, empty for images and for tables without a header.</summary>
    public ImmutableArray<string> InputNames { get; }

    /// <summary>The number of classes, one more than the largest target; 0 when targets are not classes.</summary>
    public int Classes => TargetsAreClasses ? (int)Targets.Span.ToArray().Max() + 1 : 0;

    /// <summary>All inputs, Rows × Width, row-major; the bytes of images divided by 255.</summary>
    public double[] Inputs() => inputs ?? Array.ConvertAll(images!.Pixels.ToArray(), p => p / 255.0);

    /// <summary>Some of the samples.</summary>
    /// <param name="rows">Their numbers, in any order.</param>
    public DataSource Take(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ReadOnlySpan<double> all = Targets.Span;
        double[] targets = new double[rows.Count], values = inputs is null ? [] : new double[rows.Count * Width];
        byte[] pixels = images is null ? [] : new byte[rows.Count * Width];
        for (int i = 0; i < rows.Count; i++)
        {
            targets[i] = all[rows[i]];
            inputs?.AsSpan(rows[i] * Width, Width).CopyTo(values.AsSpan(i * Width));
            images?.Image(rows[i]).CopyTo(pixels.AsSpan(i * Width));
        }
        ImageSet? some = images is null ? null
            : new ImageSet(rows.Count, images.Channels, images.Height, images.Width, pixels, Array.ConvertAll(targets, t => (int)t));
        return new DataSource(rows.Count, Width, some, inputs is null ? null : values, targets, InputNames);
    }

    /// <summary>The same samples in the shape of other images, where that can be had by averaging whole squares of pixels; else
    /// unchanged.</summary>
    /// <param name="others">What a network reads.</param>
    public DataSource LikeImages(DataSource others)
    {
        ArgumentNullException.ThrowIfNull(others);
        if (images is null || others.images is not ImageSet shape || images.Channels != shape.Channels
            || images.Width == shape.Width) return this;
        int factor = images.Width / shape.Width;
        if (factor < 2 || images.Width != factor * shape.Width || images.Height != factor * shape.Height) return this;
        ImageSet smaller = images.Shrink(factor);
        return new DataSource(Rows, smaller.Size, smaller, null, Targets.ToArray(), []);
    }

    /// <summary>Reads data as the command line names them.</summary>
    /// <param name="text"><c>IMAGES,LABELS</c> for two idx files, CIFAR batches (.bin, several with commas), a folder (see <see
    /// cref="ImageFolder"/>),
    /// <c>FILE.npz:X,Y</c> for two arrays of an archive, or one .csv or .npy table.</param>
    /// <param name="target">The table's target column by name or number (from 0); its last column when null.</param>
    /// <exception cref="OrthantInputException">A file cannot be read or is not of that form.</exception>
    public static DataSource Load(string text, string? target = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (ImagesOf(text) is ImageSet set) return new DataSource(set.Count, set.Size, set, null,
            Array.ConvertAll(set.Labels.ToArray(), l => (double)l), []);
        if (Npz.Is(text)) return OfPair(text);
        NumberTable table = TableFile.Read(text);
        if (table.Columns < 2) throw new OrthantInputException(text, "", $"{table.Columns} column",
            "inputs and a target: at least two columns");
        int column = TargetColumn(text, table, target);
        double[] all = table.ToDoubles(), x = new double[checked(table.Rows * (table.Columns - 1))], y = new double[table.Rows];
        for (int row = 0, at = 0; row < table.Rows; row++)
        {
            for (int j = 0; j < table.Columns; j++)
            {
                double value = all[(row * table.Columns) + j];
                if (j == column) y[row] = value;
                else x[at++] = value;
            }
        }
        ImmutableArray<string> names = table.ColumnNames.Length == table.Columns ? table.ColumnNames.RemoveAt(column) : [];
        return new DataSource(table.Rows, table.Columns - 1, null, x, y, names);
    }

    /// <summary>Inputs and targets of an archive: bytes of two to four dimensions are images, rows × columns, with the channels first or
    /// last.</summary>
    private static DataSource OfPair(string text)
    {
        (NpyArray x, NpyArray y) = Npz.ReadPair(text);
        double[] targets = y.ToTable(text).ToDoubles();
        NumberTable rows = x.ToTable(text);
        if (x.Elements is not byte[] pixels) return new DataSource(rows.Rows, rows.Columns, null, rows.ToDoubles(), targets, []);
        int[] shape = [.. x.Shape];
        (int channels, int height, int width) = shape switch
        {
            [_, int h, int w] => (1, h, w),
            [_, 1 or 3, int h, int w] => (shape[1], h, w),
            [_, int h, int w, 1 or 3] => (shape[3], h, w),
            [_, int size] => (1, 1, size),
            _ => throw new OrthantInputException(text, "", $"bytes of shape ({string.Join(", ", shape)})",
                "images: (n, rows, columns), with 1 or 3 channels before or after"),
        };
        bool channelsLast = shape.Length == 4 && shape[1] is not (1 or 3);
        if (channelsLast) pixels = ChannelsFirst(pixels, shape[0], height * width, channels);
        int bad = Array.FindIndex(targets, t => !(t >= 0 && t < 100_000 && Math.Floor(t) == t));
        if (bad >= 0) throw new OrthantInputException(text, $"target {bad}", FormattableString.Invariant($"{targets[bad]}"),
            "a class from 0");
        return new DataSource(shape[0], rows.Columns,
            new ImageSet(shape[0], channels, height, width, pixels, Array.ConvertAll(targets, t => (int)t)), null, targets, []);
    }

    private static byte[] ChannelsFirst(byte[] last, int count, int size, int channels)
    {
        byte[] first = new byte[last.Length];
        for (int n = 0; n < count; n++)
        {
            for (int p = 0; p < size; p++)
            {
                for (int c = 0; c < channels; c++) first[(((n * channels) + c) * size) + p] = last[(((n * size) + p) * channels) + c];
            }
        }
        return first;
    }

    private static ImageSet? ImagesOf(string text)
    {
        if (Directory.Exists(text)) return ImageFolder.Read(text);
        if (Npz.Is(text)) return null;
        string[] parts = File.Exists(text) ? [text] : text.Split(',');
        if (Array.TrueForAll(parts, p => p.EndsWith(".bin", StringComparison.OrdinalIgnoreCase)
            || p.EndsWith(".bin.gz", StringComparison.OrdinalIgnoreCase))) return CifarBatches.Read(parts);
        return parts is [string pictures, string labels] ? Idx.ReadImages(pictures, labels) : null;
    }

    private static int TargetColumn(string text, NumberTable table, string? target)
    {
        if (target is null) return table.Columns - 1;
        if (table.IndexOf(target) is int named and >= 0) return named;
        if (int.TryParse(target, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int index)
            && index < table.Columns) return index;
        string near = Spelling.Nearest(target, table.ColumnNames) is string name ? $"perhaps {name}"
            : $"a column name, or a number below {table.Columns}";
        throw new OrthantInputException(text, "target", $"no column '{target}'", near);
    }
}
