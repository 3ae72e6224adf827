using System.Collections.Immutable;

namespace Orthant.Formats;

/// <summary>A comparison of methods that is to be made: which methods, on which data, with which seeds.</summary>
/// <param name="Name">A name for people; may be empty.</param>
/// <param name="Methods">Methods whose networks are trained for them.</param>
/// <param name="Afterwards">Methods that are put into networks trained plainly.</param>
/// <param name="Seeds">At least one.</param>
/// <param name="Passes">Passes of random methods.</param>
/// <param name="DataSets">At least one.</param>
/// <remarks>
/// <code>
///     {"name": "…", "passes": 20, "seeds": [0, 1, 2], "methods": ["deterministic", "mc-dropout:0.2", "ensemble:5"], "afterwards": ["mc-rrelu:-0.2,0.2"],
///      "dataSets": [{"name": "…", "training": DATA, "validation": DATA or "validationRows": N, "test": DATA, "outside": DATA, "normalize": [mean, deviation],
///                    "architecture": "784-128-128-10", a file, or an object with layers, "recipe": "epochs=5", "trainingRows": N, "testRows": N, "shuffle": true}]}
/// </code>
/// </remarks>
public sealed record GridFile(string Name, ImmutableArray<string> Methods, ImmutableArray<string> Afterwards, ImmutableArray<ulong> Seeds,
    int Passes, ImmutableArray<GridSource> DataSets)
{
    private const int MostSeeds = 1000, UsualPasses = 20, Largest = int.MaxValue;

    /// <summary>Reads a file.</summary>
    /// <param name="path">A .json file.</param>
    /// <exception cref="OrthantInputException">The file is not of that form; key and line are named.</exception>
    public static GridFile Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using JsonSource source = JsonSource.Parse(path, InputFile.ReadAllBytes(path));
        Dictionary<string, JsonItem> members = source.Root.Members("name", "methods", "afterwards", "seeds", "passes", "dataSets");
        ImmutableArray<string> Texts(string key) => members.TryGetValue(key, out JsonItem list) ? [.. list.Items().Select(i => i.Text())]
            : [];
        ImmutableArray<string> methods = Texts("methods"), afterwards = Texts("afterwards");
        if (methods.Length + afterwards.Length == 0) throw source.Root.Error("no methods", "the key 'methods' with at least one");
        ImmutableArray<ulong> seeds = members.TryGetValue("seeds", out JsonItem numbers)
            ? [.. numbers.Items().Select(i => (ulong)i.Integer(0, MostSeeds - 1))] : [0];
        if (seeds.IsEmpty || seeds.Distinct().Count() < seeds.Length) throw members["seeds"].Error(null, "at least one seed, each once");
        ImmutableArray<GridSource> data = members.TryGetValue("dataSets", out JsonItem sets) ? [.. sets.Items().Select(GridSource.Read)]
            : [];
        if (data.IsEmpty) throw source.Root.Error("no data sets", "the key 'dataSets' with at least one");
        if (data.Select(d => d.Name).Distinct().Count() < data.Length) throw members["dataSets"].Error("two data sets of one name",
            "a name for each");
        return new GridFile(
            members.TryGetValue("name", out JsonItem name) ? name.Text() : "", methods, afterwards, seeds,
            members.TryGetValue("passes", out JsonItem passes) ? passes.Integer(2, Largest) : UsualPasses, data);
    }
}

/// <summary>One data set of a <see cref="GridFile"/>.</summary>
/// <param name="Name">A name.</param>
/// <param name="Training">Where the training data are.</param>
/// <param name="Validation">Where the validation data are; null for the last rows of the training data.</param>
/// <param name="ValidationRows">The number of those rows, where there are no other validation data.</param>
/// <param name="Test">Where the test data are.</param>
/// <param name="Outside">Where samples from elsewhere are, or null.</param>
/// <param name="Mean">Inputs enter networks as (x − mean) / deviation.</param>
/// <param name="Deviation">Positive.</param>
/// <param name="Architecture">Widths, a file, or the text of a .json architecture.</param>
/// <param name="Recipe">Options of training.</param>
/// <param name="TrainingRows">How many rows are trained on at most; null for all.</param>
/// <param name="TestRows">How many rows are measured on at most; null for all.</param>
/// <param name="Shuffle">Whether rows are put in a random order before any are taken, always the same.</param>
public sealed record GridSource(
    string Name, string Training, string? Validation, int? ValidationRows, string Test, string? Outside, double Mean, double Deviation,
        string Architecture, string Recipe,
    int? TrainingRows, int? TestRows, bool Shuffle)
{
    internal static GridSource Read(JsonItem item)
    {
        Dictionary<string, JsonItem> members = item.Members(
            "name", "training", "validation", "validationRows", "test", "outside", "normalize", "architecture", "recipe", "trainingRows",
                "testRows", "shuffle");
        string? Text(string key) => members.TryGetValue(key, out JsonItem value) ? value.Text() : null;
        int? Count(string key) => members.TryGetValue(key, out JsonItem value) ? value.Integer(1, int.MaxValue) : null;
        string Needed(string key) => Text(key) ?? throw item.Error($"no {key}", $"the key '{key}'");
        if (members.ContainsKey("validation") == members.ContainsKey("validationRows")) throw item.Error("validation data named twice or not at all", "either 'validation' or 'validationRows'");
        double[] scaling = members.TryGetValue("normalize", out JsonItem numbers) ? numbers.Numbers() : [0, 1];
        if (scaling is not [_, > 0]) throw members["normalize"].Error(null, "[mean, deviation] with a positive deviation");
        if (!members.TryGetValue("architecture", out JsonItem shape)) throw item.Error("no architecture", "the key 'architecture'");
        return new GridSource(
            Needed("name"), Needed("training"), Text("validation"), Count("validationRows"), Needed("test"), Text("outside"), scaling[0],
                scaling[1], shape.Kind == System.Text.Json.JsonValueKind.Object ? shape.Raw : shape.Text(), Text("recipe") ?? "",
            Count("trainingRows"), Count("testRows"), members.TryGetValue("shuffle", out JsonItem shuffle) && shuffle.Truth());
    }
}
