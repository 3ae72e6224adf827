using System.Runtime.InteropServices;
using System.Text.Json;
using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>A JSON file of our own kind, read strictly: depth at most 256, no comments, no key twice, no number that is not
/// finite.</summary>
/// <remarks>The text stays in memory as it was, so that an error can name the line: it is counted only then.</remarks>
internal sealed class JsonSource : IDisposable
{
    /// <summary>How deep arrays and objects may be nested.</summary>
    public const int LargestDepth = 256;

    private readonly ReadOnlyMemory<byte> text;
    private readonly JsonDocument document;

    private JsonSource(string name, ReadOnlyMemory<byte> text, JsonDocument document)
    {
        Name = name;
        this.text = text;
        this.document = document;
    }

    /// <summary>The file's path.</summary>
    public string Name { get; }

    /// <summary>The outermost value.</summary>
    public JsonItem Root => new(this, document.RootElement, "");

    /// <summary>Parses a text.</summary>
    /// <exception cref="OrthantInputException">The text is not JSON in UTF-8, or nested too deeply.</exception>
    public static JsonSource Parse(string name, ReadOnlyMemory<byte> file)
    {
        ReadOnlyMemory<byte> text = file[(file.Length - InputFile.WithoutMark(name, file.Span).Length)..];
        try
        {
            return new JsonSource(name, text, JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = LargestDepth }));
        }
        catch (JsonException e)
        {
            string place = e.LineNumber is { } line ? $"line {line + 1}, byte {(e.BytePositionInLine ?? 0) + 1}" : "";
            throw new OrthantInputException(
                name, place, $"text that is not JSON ({FirstSentence(e.Message)})", $"JSON at most {LargestDepth} deep", e);
        }
    }

    /// <summary>The line, from 1, on which a value begins.</summary>
    public int LineOf(JsonElement element)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(element);
        return text.Span.Overlaps(raw, out int offset) ? 1 + text.Span[..offset].Count((byte)'\n') : 1;
    }

    public void Dispose() => document.Dispose();

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message.TrimEnd('.') : message[..end];
    }
}

/// <summary>A value of a <see cref="JsonSource"/> that knows where it stands, such as <c>layers[2].weights[3][1]</c>.</summary>
internal readonly struct JsonItem(JsonSource source, JsonElement element, string path)
{
    /// <summary>What the value is.</summary>
    public JsonValueKind Kind => element.ValueKind;

    /// <summary>The value as it is written.</summary>
    public string Raw => element.GetRawText();

    /// <summary>The members of an object by name.</summary>
    /// <param name="known">All keys that may stand there.</param>
    /// <exception cref="OrthantInputException">It is no object, a key stands there twice, or one that is not known.</exception>
    public Dictionary<string, JsonItem> Members(params ReadOnlySpan<string> known)
    {
        if (Kind != JsonValueKind.Object) throw Error(Describe(), "an object");
        Dictionary<string, JsonItem> members = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = NameOf(property);
            JsonItem value = new(source, property.Value, path.Length == 0 ? name : $"{path}.{name}");
            if (!known.Contains(name))
            {
                throw Error($"the key '{name}'", $"one of {string.Join(", ", known.ToArray())}{Suggestion.For(name, known.ToArray())}");
            }
            if (!members.TryAdd(name, value)) throw value.Error($"the key '{name}' a second time", "each key once");
        }
        return members;
    }

    /// <summary>Whether an object has a key.</summary>
    public bool Has(string key) => element.TryGetProperty(key, out _);

    /// <summary>The value of a key that an object has.</summary>
    public JsonItem Get(string key) => new(source, element.GetProperty(key), path.Length == 0 ? key : $"{path}.{key}");

    /// <summary>The items of an array.</summary>
    /// <exception cref="OrthantInputException">It is no array.</exception>
    public IEnumerable<JsonItem> Items()
    {
        if (Kind != JsonValueKind.Array) throw Error(Describe(), "an array");
        return Enumerate(source, element, path);

        static IEnumerable<JsonItem> Enumerate(JsonSource source, JsonElement array, string path)
        {
            int index = 0;
            foreach (JsonElement item in array.EnumerateArray()) yield return new JsonItem(source, item, $"{path}[{index++}]");
        }
    }

    /// <summary>The number of items of an array.</summary>
    /// <exception cref="OrthantInputException">It is no array.</exception>
    public int Length => Kind == JsonValueKind.Array ? element.GetArrayLength() : throw Error(Describe(), "an array");

    /// <summary>A string.</summary>
    /// <exception cref="OrthantInputException">It is no string, or one with half a surrogate pair.</exception>
    public string Text()
    {
        if (Kind != JsonValueKind.String) throw Error(Describe(), "a string");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Error($"a string that is not Unicode ({e.Message})", "a string");
        }
    }

    /// <summary>A truth value.</summary>
    /// <exception cref="OrthantInputException">It is neither true nor false.</exception>
    public bool Truth() =>
        Kind is JsonValueKind.True or JsonValueKind.False ? Kind == JsonValueKind.True : throw Error(Describe(), "true or false");

    /// <summary>A finite double.</summary>
    /// <exception cref="OrthantInputException">It is no number, or beyond the doubles.</exception>
    public double Number() =>
        Kind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Error(Describe(), "a finite number");

    /// <summary>An exact number: a decimal means the number as written, 0.1 is one tenth; a string may hold a quotient such as
    /// "7/64".</summary>
    /// <exception cref="OrthantInputException">It is neither a number nor such a string.</exception>
    public Rational Exact()
    {
        bool number = Kind == JsonValueKind.Number, text = Kind == JsonValueKind.String;
        if ((number || text) && Rational.TryParse(number ? element.GetRawText() : Text(), out Rational value) && double.IsFinite(value.ToDouble())) return value;
        throw Error(Describe(), "a finite number, or a quotient such as \"7/64\"");
    }

    /// <summary>An array of exact numbers, at least one.</summary>
    /// <exception cref="OrthantInputException">It is no such array.</exception>
    public Rational[] ExactNumbers() => Length == 0 ? throw Error("an empty array", "at least one number") : [.. Items().Select(i => i.Exact())];

    /// <summary>Rows of exact numbers, equally long and at least one.</summary>
    /// <exception cref="OrthantInputException">It is no such array, or the rows differ in length.</exception>
    public Rational[][] ExactMatrix()
    {
        List<Rational[]> rows = [];
        foreach (JsonItem row in Items())
        {
            Rational[] numbers = row.ExactNumbers();
            if (rows.Count > 0 && numbers.Length != rows[0].Length) throw row.Error($"a row of {numbers.Length} numbers", $"{rows[0].Length} as in row 0");
            rows.Add(numbers);
        }
        return rows.Count == 0 ? throw Error("an empty array", "at least one row of numbers") : [.. rows];
    }

    /// <summary>An integer within bounds, both included.</summary>
    /// <exception cref="OrthantInputException">It is no integer, or out of bounds.</exception>
    public int Integer(int least, int largest) =>
        Kind == JsonValueKind.Number && element.TryGetInt32(out int value) && value >= least && value <= largest
            ? value
            : throw Error(Describe(), $"an integer from {least} to {largest}");

    /// <summary>An array of finite doubles, at least one.</summary>
    /// <exception cref="OrthantInputException">It is no such array.</exception>
    public double[] Numbers()
    {
        double[] values = new double[Length];
        if (values.Length == 0) throw Error("an empty array", "at least one number");
        int index = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            bool number = item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out values[index]) && double.IsFinite(values[index]);
            if (!number) throw new JsonItem(source, item, $"{path}[{index}]").Error(null, "a finite number");
            index++;
        }
        return values;
    }

    /// <summary>An array of equally long arrays of finite doubles, as one row-major array.</summary>
    /// <exception cref="OrthantInputException">It is no such array, or the rows differ in length.</exception>
    public (int Rows, int Columns, double[] RowMajor) Matrix()
    {
        List<double[]> rows = [];
        foreach (JsonItem row in Items())
        {
            double[] numbers = row.Numbers();
            if (rows.Count > 0 && numbers.Length != rows[0].Length)
            {
                throw row.Error($"a row of {numbers.Length} numbers", $"{rows[0].Length} as in row 0");
            }
            rows.Add(numbers);
        }
        if (rows.Count == 0) throw Error("an empty array", "at least one row of numbers");
        return (rows.Count, rows[0].Length, [.. rows.SelectMany(r => r)]);
    }

    /// <summary>An error that stands at this value.</summary>
    /// <param name="found">What stands there; null for a description of the value itself.</param>
    /// <param name="expected">What should stand there.</param>
    public OrthantInputException Error(string? found, string expected)
    {
        string line = $"line {source.LineOf(element)}";
        return new OrthantInputException(source.Name, path.Length == 0 ? line : $"{path} ({line})", found ?? Describe(), expected);
    }

    private string Describe()
    {
        switch (Kind)
        {
            case JsonValueKind.Object:
                return "an object";
            case JsonValueKind.Array:
                return $"an array of {element.GetArrayLength()} items";
            default:
                string raw = element.GetRawText();
                return raw.Length <= 40 ? raw : raw[..40] + "…";
        }
    }

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException e)
        {
            throw Error($"a key that is not Unicode ({e.Message})", "keys in Unicode");
        }
    }
}
