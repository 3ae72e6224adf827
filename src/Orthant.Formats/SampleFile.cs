using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Orthant.Learning;

namespace Orthant.Formats;

/// <summary>Samples in a file: a .npy array is mapped into memory piece by piece, a large .csv is streamed once into a temporary
/// one.</summary>
/// <remarks>One column is the target. Numbers are checked as they are read. What is resident is bounded by 32 MB a reading thread,
/// whatever the size of the file.</remarks>
public sealed class SampleFile : SampleSource, IDisposable
{
    private const long LargestInMemory = 64L << 20;

    private readonly MappedRows? mapped;
    private readonly NumberTable? table;
    private readonly int target;
    private readonly string[] names;

    private SampleFile(string path, MappedRows? mapped, NumberTable? table, int columns, long rows, IEnumerable<string> names,
        string? targetName)
    {
        Name = path;
        this.mapped = mapped;
        this.table = table;
        this.names = [.. names];
        Rows = rows;
        target = Target(targetName, columns);
        if (columns < 2) throw new OrthantInputException(path, "", $"{columns} column", "at least one input and a target");
        if (rows == 0) throw new OrthantInputException(path, "", "no rows", "samples");
        Inputs = columns - 1;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override long Rows { get; }

    /// <inheritdoc/>
    public override int Inputs { get; }

    /// <summary>Opens samples.</summary>
    /// <param name="path">A .npy or .csv file, gzipped or not.</param>
    /// <param name="target">The target's name or its number from 1; null for the last column.</param>
    /// <param name="progress">Told how much of a large .csv has been read.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="OrthantInputException">The file is not a table of numbers, or has no such column.</exception>
    public static SampleFile Open(
        string path, string? target = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        bool isNpy = path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase),
            isCsv = path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
        if (isNpy && MappedRows.Open(path) is MappedRows rows) return new SampleFile(path, rows, null, rows.Columns, rows.Rows, [], target);
        if (isCsv && File.Exists(path) && new FileInfo(path).Length > LargestInMemory)
        {
            MappedRows spooled = MappedRows.Spool(path, progress, cancellation, out string[] names);
            return new SampleFile(path, spooled, null, spooled.Columns, spooled.Rows, names, target);
        }
        NumberTable table = TableFile.Read(path);
        return new SampleFile(path, null, table, table.Columns, table.Rows, table.ColumnNames, target);
    }

    /// <summary>An input's name in the header, or its column as c1, c2, ….</summary>
    /// <param name="input">From 0 to d − 1.</param>
    public string ShortName(int input) => names.Length > 0 ? names[Column(input)] : $"c{Column(input) + 1}";

    /// <inheritdoc/>
    public override string InputName(int input)
    {
        int column = Column(input);
        return names.Length > 0 ? $"column {column + 1} ({names[column]})" : $"column {column + 1}";
    }

    /// <inheritdoc/>
    public override void Read(long first, Span<float> inputs, Span<double> targets)
    {
        int columns = Inputs + 1;
        double[] row = new double[columns];
        for (int r = 0; r < targets.Length; r++)
        {
            if (mapped is not null) mapped.Read(first + r, row);
            else
            {
                for (int c = 0; c < columns; c++) row[c] = table![(int)first + r, c];
            }
            for (int c = 0; c < columns; c++)
            {
                if (!double.IsFinite(row[c]) || Math.Abs(row[c]) > float.MaxValue)
                {
                    throw new OrthantInputException(Name, $"row {first + r + 1}, column {c + 1}", $"{row[c]}", "a finite number");
                }
            }
            Span<float> to = inputs.Slice(r * Inputs, Inputs);
            TensorPrimitives.ConvertTruncating<double, float>(row.AsSpan(0, target), to);
            TensorPrimitives.ConvertTruncating<double, float>(row.AsSpan(target + 1), to[target..]);
            targets[r] = row[target];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => mapped?.Dispose();

    private int Column(int input) => input < target ? input : input + 1;

    private int Target(string? wanted, int columns)
    {
        if (wanted is null) return columns - 1;
        int named = Array.IndexOf(names, wanted);
        if (named >= 0) return named;
        if (int.TryParse(wanted, out int number) && number >= 1 && number <= columns) return number - 1;
        string expected = names.Length == 0 ? $"a number from 1 to {columns}"
            : Spelling.Nearest(wanted, names) is string near ? $"perhaps {near}" : "the name of a column";
        throw new OrthantInputException(Name, "target", $"'{wanted}'", expected);
    }

    /// <summary>Rows of float32 or float64 numbers in a file, of which every thread maps a window.</summary>
    private sealed unsafe class MappedRows : IDisposable
    {
        private readonly MemoryMappedFile file;
        private readonly ThreadLocal<Window> window = new(() => new Window(), trackAllValues: true);
        private readonly long offset, size;
        private readonly bool isSingle;
        private readonly string? temporary;

        private MappedRows(string path, long offset, long rows, int columns, bool isSingle, string? temporary)
        {
            this.offset = offset;
            this.isSingle = isSingle;
            this.temporary = temporary;
            Rows = rows;
            Columns = columns;
            size = offset + (rows * RowBytes);
            file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        }

        public long Rows { get; }

        public int Columns { get; }

        private long RowBytes => (long)Columns * (isSingle ? sizeof(float) : sizeof(double));

        /// <summary>Null for an array that has to be converted: integers, Fortran order, another rank.</summary>
        public static MappedRows? Open(string path)
        {
            using Stream stream = InputFile.Open(path);
            byte[] head = new byte[(int)Math.Min(1 << 16, new FileInfo(path).Length)];
            stream.ReadExactly(head);
            (string type, bool isFortran, long[] shape, int offset) = Npy.Head(path, head);
            if (isFortran || shape.Length != 2 || type is not ("<f4" or "<f8") || shape[1] is < 1 or > 1_000_000) return null;
            long needed = offset + (shape[0] * shape[1] * (type == "<f4" ? 4 : 8));
            if (new FileInfo(path).Length < needed)
            {
                throw new OrthantInputException(path, "data", $"{new FileInfo(path).Length} bytes", $"{needed}");
            }
            return shape[0] == 0 ? null : new MappedRows(path, offset, shape[0], (int)shape[1], type == "<f4", null);
        }

        /// <summary>Streams a .csv into a temporary file of doubles.</summary>
        public static MappedRows Spool(string path, IProgress<WorkProgress>? progress, CancellationToken cancellation, out string[] names)
        {
            string temporary = Path.Combine(Path.GetTempPath(), $"orthant-{Guid.NewGuid():N}.rows");
            try
            {
                long rows = 0, length = new FileInfo(path).Length;
                int columns = 0;
                names = [];
                using (FileStream output = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
                {
                    foreach ((NumberTable block, long read) in Csv.ReadBlocks(path))
                    {
                        cancellation.ThrowIfCancellationRequested();
                        if (columns == 0) names = [.. block.ColumnNames];
                        columns = block.Columns;
                        output.Write(MemoryMarshal.AsBytes<double>(block.ToDoubles()));
                        rows += block.Rows;
                        progress?.Report(new WorkProgress("read", read >> 20, length >> 20, "MB"));
                    }
                }
                return new MappedRows(temporary, 0, rows, columns, false, temporary);
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }
        }

        public void Read(long row, Span<double> values)
        {
            byte* data = window.Value!.At(file, offset + (row * RowBytes), RowBytes, size);
            if (isSingle) TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(data, Columns), values);
            else new ReadOnlySpan<double>(data, Columns).CopyTo(values);
        }

        public void Dispose()
        {
            foreach (Window mapped in window.Values) mapped.Dispose();
            window.Dispose();
            file.Dispose();
            if (temporary is not null) File.Delete(temporary);
        }

        /// <summary>The piece of the file that a thread has mapped.</summary>
        private sealed class Window : IDisposable
        {
            private const long Length = 32L << 20;

            private MemoryMappedViewAccessor? view;
            private byte* data;
            private long first, end;

            /// <summary>Bytes of the file; the address is good until the next call.</summary>
            public byte* At(MemoryMappedFile file, long position, long count, long size)
            {
                if (view is null || position < first || position + count > end)
                {
                    Dispose();
                    first = position;
                    end = Math.Min(size, position + Math.Max(Length, count));
                    view = file.CreateViewAccessor(first, end - first, MemoryMappedFileAccess.Read);
                    byte* start = null;
                    view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
                    data = start + view.PointerOffset;
                }
                return data + (position - first);
            }

            public void Dispose()
            {
                if (view is null) return;
                view.SafeMemoryMappedViewHandle.ReleasePointer();
                view.Dispose();
                view = null;
            }
        }
    }
}
