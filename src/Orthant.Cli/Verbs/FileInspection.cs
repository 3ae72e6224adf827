using System.Text.Json;
using Orthant.Certificates;
using Orthant.Formats;

namespace Orthant.Cli.Verbs;

/// <summary>What files other than networks hold.</summary>
internal static class FileInspection
{
    private const int MostShown = 30;

    /// <summary>Images with their classes, or a table with its columns.</summary>
    /// <exception cref="OrthantInputException">The file is neither.</exception>
    public static Answer OfData(string path)
    {
        if (IsTable(path)) return OfTable(path, TableFile.Read(path));
        DataSource data = DataSource.Load(path);
        if (data.Images is ImageSet images) return OfImages(path, images);
        double[] all = data.Inputs(), targets = data.Targets.ToArray();
        double[] joined = [.. Enumerable.Range(0, data.Rows).SelectMany(r => all[(r * data.Width)..((r + 1) * data.Width)].Append(targets[r]))];
        return OfTable(path, new NumberTable(data.Rows, data.Width + 1, joined));
    }

    private static bool IsTable(string path)
    {
        if (path.Contains(',', StringComparison.Ordinal)) return false;
        if (Npz.Is(path)) return !path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) || Npz.Names(path).Count == 1;
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Path.GetExtension(name).ToLowerInvariant() is ".csv" or ".txt" or ".npy";
    }

    /// <summary>A property: its cases, and the box that holds all of them.</summary>
    /// <exception cref="OrthantInputException">The file is no property.</exception>
    public static Answer OfProperty(string path)
    {
        VnnLibProperty file = VnnLibFile.Load(path);
        var cases = file.Property.Cases;
        BoxSide[] box = [.. Enumerable.Range(0, file.Inputs).Select(j => new BoxSide(cases.Min(c => c.Domain.Lower[j]).ToDouble(), cases.Max(c => c.Domain.Upper[j]).ToDouble()))];
        var found = new
        {
            kind = "property",
            inputs = file.Inputs,
            outputs = file.Outputs,
            cases = cases.Length,
            alternatives = cases.Sum(c => c.Alternatives.Length),
            box,
            notes = file.Notes,
        };
        return new Answer(found, view =>
        {
            view.Facts(
                ("file", path),
                ("inputs, outputs", $"{View.Count(file.Inputs)}, {View.Count(file.Outputs)}"),
                ("cases", View.Count(found.cases)),
                ("ways to violate it", View.Count(found.alternatives)));
            view.Table(["input", "least", "largest"], box.Take(MostShown).Select((b, j) => new[] { $"{j}", View.Number(b.Lower), View.Number(b.Upper) }));
            if (box.Length > MostShown) view.Line($"the first {MostShown} of {View.Count(box.Length)} inputs; --json has all");
            foreach (string note in file.Notes) view.Line($"note: {note}");
            view.Next($"orthant verify MODEL {path}");
        });
    }

    /// <summary>The claim of a certificate; null where the file is none.</summary>
    public static Answer? OfCertificate(string path)
    {
        string text = InputFile.ReadAllText(path);
        string? type = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("type", out JsonElement name) && name.ValueKind == JsonValueKind.String) type = name.GetString();
        }
        catch (JsonException)
        {
            // Whoever reads it as a network says what is wrong with it.
            return null;
        }
        if (type is null) return null;
        Certificate certificate = Certificate.Parse(path, text);
        return new Answer(new { kind = "certificate", type, claim = certificate.Claim }, view =>
        {
            view.Facts(("file", path), ("certificate", type));
            view.Line(certificate.Claim);
            view.Next($"orthant check {path}");
        });
    }

    private static Answer OfImages(string path, ImageSet images)
    {
        int[] counts = new int[images.Classes];
        foreach (int label in images.Labels.Span) counts[label]++;
        var found = new { kind = "images", images = images.Count, channels = images.Channels, height = images.Height, width = images.Width, classes = images.Classes, perClass = counts };
        return new Answer(found, view =>
        {
            view.Facts(
                ("file", path),
                ("images", View.Count(images.Count)),
                ("channels × height × width", $"{images.Channels} × {images.Height} × {images.Width}"),
                ("classes", View.Count(images.Classes)));
            view.Table(["class", "images"], counts.Take(MostShown).Select((count, c) => new[] { $"{c}", View.Count(count) }));
            if (counts.Length > MostShown) view.Line($"the first {MostShown} of {View.Count(counts.Length)} classes; --json has all");
            view.Next($"orthant train {path} --test …");
        });
    }

    private static Answer OfTable(string path, NumberTable table)
    {
        ColumnLine[] columns = [.. Enumerable.Range(0, table.Columns).Select(c => Summarise(c < table.ColumnNames.Length ? table.ColumnNames[c] : $"{c}", table.Column(c)))];
        var found = new { kind = "table", rows = table.Rows, columns = table.Columns, dataType = table.IsSingle ? "float32" : "float64", summary = columns };
        return new Answer(found, view =>
        {
            view.Facts(("file", path), ("rows", View.Count(table.Rows)), ("columns", View.Count(table.Columns)), ("numbers", found.dataType));
            view.Table(["column", "least", "mean", "largest", "deviation", "different"], columns.Take(MostShown).Select(c => new[]
            {
                c.Name, View.Number(c.Least), View.Number(c.Mean), View.Number(c.Largest), View.Number(c.Deviation), View.Count(c.Different),
            }));
            foreach (ColumnLine c in columns.Where(c => c.NotFinite > 0)) view.Line($"note: {View.Count(c.NotFinite)} numbers of column {c.Name} are not finite, and left out");
            if (columns.Length > MostShown) view.Line($"the first {MostShown} of {View.Count(columns.Length)} columns; --json has all");
        });
    }

    private static ColumnLine Summarise(string name, double[] values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0) return new ColumnLine(name, 0, 0, 0, 0, 0, values.Length);
        double mean = 0, squares = 0;
        // Welford's recurrence: no digits are lost where the mean is large.
        for (int i = 0; i < finite.Length; i++)
        {
            double off = finite[i] - mean;
            mean += off / (i + 1);
            squares += off * (finite[i] - mean);
        }
        return new ColumnLine(name, finite.Min(), mean, finite.Max(), Math.Sqrt(squares / finite.Length), finite.ToHashSet().Count, values.Length - finite.Length);
    }

    private sealed record BoxSide(double Lower, double Upper);

    /// <summary>A column: of its finite numbers the least, mean and largest, their deviation, and how many are different.</summary>
    private sealed record ColumnLine(string Name, double Least, double Mean, double Largest, double Deviation, int Different, int NotFinite);
}
