using System.Buffers;
using System.Globalization;
using System.Text;

namespace Orthant.Formats;

/// <summary>Tables of numbers as comma-separated text (RFC 4180) in UTF-8: quoted fields, any line end, with or without a header.</summary>
/// <remarks>Numbers are invariant, with a decimal point. The first row is a header when none of its unquoted fields is a number.
/// Semicolons,
/// tabs and decimal commas are recognised and refused with a line that says what to change.</remarks>
public static class Csv
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n;\t");

    /// <summary>Reads a table of float64 numbers.</summary>
    /// <param name="path">A text file, gzipped or not.</param>
    /// <exception cref="OrthantInputException">A field is not a finite number, or a row is longer or shorter than the first
    /// one.</exception>
    public static NumberTable Read(string path) => Parse(path, InputFile.ReadAllBytes(path));

    /// <summary>Writes a table, with a header when it has column names; the numbers read back bit for bit.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="table">The numbers.</param>
    /// <exception cref="OrthantInputException">The file cannot be written.</exception>
    public static void Write(string path, NumberTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        OutputFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
            if (!table.ColumnNames.IsEmpty) writer.WriteLine(string.Join(',', table.ColumnNames.Select(Quoted)));
            for (int row = 0; row < table.Rows; row++)
            {
                for (int column = 0; column < table.Columns; column++)
                {
                    if (column > 0) writer.Write(',');
                    writer.Write(Number(table[row, column], table.IsSingle));
                }
                writer.WriteLine();
            }
        });
    }

    /// <summary>Reads a table in blocks of about 16 MB, each of whole lines; names stand on the first one. A field with a line end in quotes is an error.</summary>
    internal static IEnumerable<(NumberTable Block, long Read)> ReadBlocks(string path)
    {
        using Stream stream = InputFile.Open(path, long.MaxValue);
        byte[] buffer = new byte[16 << 20];
        int filled = 0, line = 1, columns = 0;
        long total = 0;
        while (true)
        {
            int read = stream.ReadAtLeast(buffer.AsSpan(filled), buffer.Length - filled, throwOnEndOfStream: false);
            filled += read;
            total += read;
            bool isLast = filled < buffer.Length;
            int end = isLast ? filled : buffer.AsSpan(0, filled).LastIndexOf((byte)'\n') + 1;
            if (end == 0 && !isLast) throw new OrthantInputException(path, $"line {line}", "a line of more than 16 MB", "rows of numbers");
            if (end > 0 && (columns == 0 || buffer.AsSpan(0, end).ContainsAnyExcept("\r\n"u8)))
            {
                NumberTable block = Parse(path, buffer.AsSpan(0, end), line, columns);
                columns = block.Columns;
                yield return (block, total);
            }
            line += buffer.AsSpan(0, end).Count((byte)'\n');
            if (isLast) break;
            buffer.AsSpan(end, filled - end).CopyTo(buffer);
            filled -= end;
        }
    }

    internal static NumberTable Parse(string source, ReadOnlySpan<byte> file) => Parse(source, file, 1, 0);

    /// <summary>Reads a table, or the part of one that begins at a line and has columns that are known (0 for the beginning).</summary>
    private static NumberTable Parse(string source, ReadOnlySpan<byte> file, int firstLine, int known)
    {
        CsvCursor cursor = new(source, known == 0 ? InputFile.WithoutMark(source, file) : file, firstLine);
        List<CsvField> row = [];
        if (!cursor.NextRow(row)) throw new OrthantInputException(source, "", "no rows", "a table of numbers");
        int columns = known > 0 ? known : row.Count;
        string[]? names = known > 0 ? null : ReadHeader(source, ref cursor, row);
        // As many numbers as lines could hold, but never more than there are bytes for: a number and its separator take two.
        double[] values = new double[Math.Min((file.Count((byte)'\n') + file.Count((byte)'\r') + 1L) * columns, (file.Length / 2) + 1)];
        int count = 0;
        bool more = names is null || cursor.NextRow(row);
        int rows = 0;
        for (; more; more = cursor.NextRow(row))
        {
            if (row.Count != columns)
            {
                string found = Separators(cursor, row) ?? $"{row.Count} fields";
                throw new OrthantInputException(
                    source, $"line {cursor.Row}", found, $"{columns} as in the first row, with commas between them");
            }
            for (int column = 0; column < columns; column++)
            {
                if (!cursor.TryNumber(row[column], out double value) || !double.IsFinite(value))
                {
                    throw NotANumber(source, cursor.Text(row[column]), cursor.Row, column, names);
                }
                values[count++] = value;
            }
            rows++;
        }
        return new NumberTable(rows, columns, count == values.Length ? values : values[..count], names);
    }

    /// <summary>The names in the first row, or null when it holds numbers; a row that mixes the two is an error, not a header.</summary>
    private static string[]? ReadHeader(string source, ref CsvCursor cursor, List<CsvField> row)
    {
        string[] texts = cursor.Texts(row);
        bool[] numbers = new bool[row.Count];
        for (int column = 0; column < numbers.Length; column++)
        {
            numbers[column] = row[column].Unquoted is null && (cursor.TryNumber(row[column], out _) || IsSpecial(texts[column]));
        }
        if (!numbers.Contains(false)) return null;
        if (Separators(cursor, row) is { } separators)
        {
            throw new OrthantInputException(source, $"line {cursor.Row}", separators, "commas between fields and a decimal point");
        }
        HashSet<string> seen = [];
        for (int column = 0; column < texts.Length; column++)
        {
            string place = $"line {cursor.Row}, column {column + 1}";
            if (!numbers[column] && numbers.Contains(true))
            {
                string found = texts[column].Length == 0 ? "an empty field" : $"'{Short(texts[column])}'";
                throw new OrthantInputException(source, place, $"{found} beside numbers", "a row of numbers, or a header of names alone");
            }
            texts[column] = texts[column].Trim();
            if (!seen.Add(texts[column]))
            {
                throw new OrthantInputException(source, place, $"the name '{Short(texts[column])}' again", "distinct names");
            }
        }
        return texts;
    }

    private static OrthantInputException NotANumber(string source, string text, int line, int column, string[]? names)
    {
        string place = $"line {line}, column {column + 1}" + (names is null ? "" : $" ({Short(names[column])})");
        string expected = text.AsSpan().ContainsAny(';', '\t') ? "commas between fields and a decimal point"
            : text.Contains(',') ? "a decimal point in place of the comma"
            : "a finite number";
        return new OrthantInputException(source, place, text.Length == 0 ? "an empty field" : $"'{Short(text)}'", expected);
    }

    /// <summary>What other programs put between fields, if that stands in a field without quotes.</summary>
    private static string? Separators(CsvCursor cursor, List<CsvField> row)
    {
        foreach (CsvField field in row)
        {
            if (field.Unquoted is not null) continue;
            if (cursor.Text(field).Contains(';')) return "semicolons between fields";
            if (cursor.Text(field).Contains('\t')) return "tabs between fields";
        }
        return null;
    }

    private static bool IsSpecial(string text) => text.Trim().TrimStart('+', '-').ToUpperInvariant() is "NAN" or "INF" or "INFINITY" or "∞";

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static string Quoted(string name) => IsPlain(name) ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Whether a name reads back as it is without quotes.</summary>
    private static bool IsPlain(string name) =>
        name.AsSpan().IndexOfAny(Special) < 0 && name.Length > 0 && !IsSpecial(name)
        && !double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static string Number(double value, bool single) => single
        ? ((float)value).ToString("R", CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture);
}
