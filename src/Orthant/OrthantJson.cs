using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orthant.Numerics;

namespace Orthant;

/// <summary>The one way in which results become JSON: camelCase keys, doubles that read back to the same bits, infinities as the strings
/// "Infinity" and "-Infinity", rationals as strings like "7/64", matrices as arrays of rows, enumerations by name.</summary>
/// <remarks>NaN is never written: a value that is not known is null or left out. Everything that could leave a JSON string inside HTML or a
/// terminal (angle brackets, control characters, what is not ASCII) is escaped.</remarks>
public static class OrthantJson
{
    private static readonly JsonSerializerOptions Compact = Create(indented: false);
    private static readonly JsonSerializerOptions Indented = Create(indented: true);

    /// <summary>The converters and names that whatever reads JSON back has to share.</summary>
    internal static JsonSerializerOptions Options => Compact;

    /// <summary>Writes a value as JSON on one line.</summary>
    /// <exception cref="InvalidOperationException">The value holds a NaN.</exception>
    public static string Serialize(object value) => JsonSerializer.Serialize(value, Compact);

    /// <summary>Writes a value as JSON for people, indented.</summary>
    /// <exception cref="InvalidOperationException">The value holds a NaN.</exception>
    public static string SerializeIndented(object value) => JsonSerializer.Serialize(value, Indented);

    private static JsonSerializerOptions Create(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DictionaryKeyPolicy = null,
        WriteIndented = indented,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.Default,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        Converters = { new DoubleConverter(), new SingleConverter(), new MatrixConverter(), new RationalConverter(), new JsonStringEnumConverter() },
    };

    private static void WriteNumber(Utf8JsonWriter writer, double value)
    {
        if (double.IsNaN(value)) throw new InvalidOperationException("NaN has no place in JSON.");
        if (double.IsInfinity(value)) writer.WriteStringValue(value > 0 ? "Infinity" : "-Infinity");
        else if (value == 0 && double.IsNegative(value)) writer.WriteRawValue("-0.0");
        else writer.WriteNumberValue(value);
    }

    private sealed class DoubleConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? double.Parse(reader.GetString()!, CultureInfo.InvariantCulture) : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => WriteNumber(writer, value);
    }

    private sealed class SingleConverter : JsonConverter<float>
    {
        public override float Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? float.Parse(reader.GetString()!, CultureInfo.InvariantCulture) : reader.GetSingle();

        public override void Write(Utf8JsonWriter writer, float value, JsonSerializerOptions options)
        {
            if (float.IsFinite(value)) writer.WriteNumberValue(value);
            else WriteNumber(writer, value);
        }
    }

    private sealed class MatrixConverter : JsonConverter<double[,]>
    {
        public override double[,] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            double[][] rows = JsonSerializer.Deserialize<double[][]>(ref reader, options) ?? [];
            int width = rows.Length == 0 ? 0 : rows[0].Length;
            double[,] matrix = new double[rows.Length, width];
            for (int i = 0; i < rows.Length; i++)
            {
                if (rows[i].Length != width) throw new JsonException($"Row {i} of a matrix has {rows[i].Length} numbers, the first has {width}.");
                for (int j = 0; j < width; j++) matrix[i, j] = rows[i][j];
            }
            return matrix;
        }

        public override void Write(Utf8JsonWriter writer, double[,] value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            for (int i = 0; i < value.GetLength(0); i++)
            {
                writer.WriteStartArray();
                for (int j = 0; j < value.GetLength(1); j++) WriteNumber(writer, value[i, j]);
                writer.WriteEndArray();
            }
            writer.WriteEndArray();
        }
    }

    private sealed class RationalConverter : JsonConverter<Rational>
    {
        public override Rational Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Rational.TryParse(reader.GetString(), out Rational value) ? value : throw new JsonException("A rational is a string like \"7/64\".");

        public override void Write(Utf8JsonWriter writer, Rational value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
