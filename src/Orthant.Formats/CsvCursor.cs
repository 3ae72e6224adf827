using System.Globalization;
using System.Text;

namespace Orthant.Formats;

/// <summary>One field of a comma-separated row: a stretch of the text, or what stood between quotes.</summary>
/// <param name="Start">Where the field begins; of no meaning for a quoted one.</param>
/// <param name="Length">Its length in bytes; of no meaning for a quoted one.</param>
/// <param name="Unquoted">What stood between quotes, or null for a plain field.</param>
internal readonly record struct CsvField(int Start, int Length, string? Unquoted);

/// <summary>Goes through a comma-separated text row by row; empty lines are skipped.</summary>
internal ref struct CsvCursor(string source, ReadOnlySpan<byte> text, int firstLine = 1)
{
    private readonly ReadOnlySpan<byte> text = text;
    private int at;
    private int line = firstLine;

    /// <summary>The line that is read next.</summary>
    public readonly int Line => line;

    /// <summary>The line, from 1, on which the current row begins.</summary>
    public int Row { get; private set; }

    /// <summary>Replaces the fields by those of the next row.</summary>
    /// <returns>False at the end of the text.</returns>
    public bool NextRow(List<CsvField> fields)
    {
        fields.Clear();
        while (at < text.Length && text[at] is (byte)'\n' or (byte)'\r') EndLine();
        if (at >= text.Length) return false;
        Row = line;
        while (true)
        {
            fields.Add(text[at..].StartsWith("\""u8) ? QuotedField() : PlainField());
            if (at >= text.Length) return true;
            if (text[at] != (byte)',')
            {
                EndLine();
                return true;
            }
            at++;
        }
    }

    /// <summary>The content of a field.</summary>
    public readonly string Text(CsvField field) => field.Unquoted ?? Encoding.UTF8.GetString(text.Slice(field.Start, field.Length));

    /// <summary>The contents of all fields of a row.</summary>
    public readonly string[] Texts(List<CsvField> row)
    {
        string[] texts = new string[row.Count];
        for (int i = 0; i < texts.Length; i++) texts[i] = Text(row[i]);
        return texts;
    }

    /// <summary>The number in a field, without a detour by a string.</summary>
    public readonly bool TryNumber(CsvField field, out double value) => field.Unquoted is { } quoted
        ? double.TryParse(quoted, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        : double.TryParse(text.Slice(field.Start, field.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private CsvField PlainField()
    {
        int start = at;
        int length = text[at..].IndexOfAny(",\r\n"u8);
        at = length < 0 ? text.Length : at + length;
        return new CsvField(start, at - start, null);
    }

    private CsvField QuotedField()
    {
        int opened = line;
        StringBuilder content = new();
        at++;
        while (true)
        {
            int length = text[at..].IndexOf((byte)'"');
            if (length < 0)
            {
                throw new OrthantInputException(source, $"line {opened}", "a quote that is not closed", "a quote at the end of the field");
            }
            content.Append(Encoding.UTF8.GetString(text.Slice(at, length)));
            line += text.Slice(at, length).Count((byte)'\n');
            at += length + 1;
            if (!text[at..].StartsWith("\""u8)) break;
            content.Append('"');
            at++;
        }
        if (at < text.Length && text[at] is not ((byte)',' or (byte)'\r' or (byte)'\n'))
        {
            throw new OrthantInputException(source, $"line {line}", "text after a closing quote", "a comma or the end of the line");
        }
        return new CsvField(0, 0, content.ToString());
    }

    /// <summary>Steps over one line end: LF, CR LF or a CR alone.</summary>
    private void EndLine()
    {
        at += text[at..].StartsWith("\r\n"u8) ? 2 : 1;
        line++;
    }
}
