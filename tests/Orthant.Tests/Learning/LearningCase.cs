using System.Text.Json;
using Orthant.Learning;

namespace Orthant.Tests.Learning;

/// <summary>One of the acceptance cases, read from its file.</summary>
internal sealed class LearningCase
{
    private LearningCase(JsonElement c)
    {
        Id = c.GetProperty("id").GetString()!;
        Dimension = c.GetProperty("k").GetInt32();
        Inputs = c.GetProperty("d").GetInt32();
        Rows = c.GetProperty("n").GetInt32();
        Scale = c.GetProperty("target_scale").GetDouble();
        ProbePoints = [.. c.GetProperty("probe_u").EnumerateArray().Select(Numbers)];
        ProbeValues = Numbers(c.GetProperty("probe_y"));
        JsonElement accept = c.GetProperty("accept");
        MostError = accept.GetProperty("max_err").ValueKind == JsonValueKind.Null ? null : accept.GetProperty("max_err").GetDouble();
        MostNrmse = accept.GetProperty("max_nrmse").ValueKind == JsonValueKind.Null ? null : accept.GetProperty("max_nrmse").GetDouble();
        ExpectedDimension = accept.GetProperty("dim_pruned").GetInt32();
        Noise = c.GetProperty("noise_sd").GetDouble();
        Family = Read(c.GetProperty("family").GetString()!, c.GetProperty("weights"));
        Law = c.GetProperty("x_law").GetString() switch
        {
            "unif" => InputLaw.Uniform,
            "t6" => InputLaw.StudentT,
            _ => InputLaw.Normal,
        };
    }

    public string Id { get; }

    public int Dimension { get; }

    public int Inputs { get; }

    public int Rows { get; }

    public double Scale { get; }

    public double[][] ProbePoints { get; }

    public double[] ProbeValues { get; }

    public double? MostError { get; }

    public double? MostNrmse { get; }

    public int ExpectedDimension { get; }

    public double Noise { get; }

    public InputLaw Law { get; }

    public SampleFamily Family { get; }

    public static IEnumerable<LearningCase> All()
    {
        string folder = Repository.Need(Repository.Cases("learning"), "the acceptance cases");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "cases.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new LearningCase(c))];
    }

    private static SampleFamily Read(string name, JsonElement weights)
    {
        JsonElement w = weights;
        // Some weights stand as text, with single quotes.
        if (weights.ValueKind == JsonValueKind.String) w = JsonDocument.Parse(weights.GetString()!.Replace('\'', '"')).RootElement;
        return name switch
        {
            "generic4" or "six" => SampleFamily.OneLayer(name, Matrix(w.GetProperty("A")), Numbers(w.GetProperty("a"))),
            "dependent" => SampleFamily.Dependent(Numbers(w.GetProperty("th")), Numbers(w.GetProperty("sg"))),
            "deep3" or "deep3bias" =>
            SampleFamily.Deep(name, Matrix(w.GetProperty("A")), Numbers(w.GetProperty("b1")), Matrix(w.GetProperty("B")),
            Numbers(w.GetProperty("b2")),
                Matrix(w.GetProperty("C")), Numbers(w.GetProperty("c"))),
            "covar" or "uniform" or "studentt" or "altplane4_noise0.5" => SampleFamily.AlternatingPlane(4),
            _ => SampleFamily.Parse(name, 0)!,
        };
    }

    private static double[][] Matrix(JsonElement e) => [.. e.EnumerateArray().Select(Numbers)];

    private static double[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(x => x.GetDouble())];
}
