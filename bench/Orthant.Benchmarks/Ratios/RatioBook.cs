namespace Orthant.Benchmarks.Ratios;

/// <summary>The comparisons with rivals, by name. Each measures itself and its rival in turns and writes a page of bench/results.</summary>
internal static class RatioBook
{
    private static readonly Dictionary<string, Func<string?>> Pages = new()
    {
        ["gemm"] = GemmRatios.Measure,
        ["prior"] = PriorRatios.Measure,
        ["mlp"] = MlpRatios.Measure,
        ["regions"] = RegionRatios.Measure,
        ["convergence"] = ConvergenceRatios.Measure,
        ["approximation"] = ApproximationRatios.Measure,
        ["uncertainty"] = UncertaintyRatios.Measure,
        ["conv"] = ConvRatios.Measure,
        ["learning"] = LearningRatios.Measure,
        ["extraction"] = ExtractionRatios.Measure,
    };

    /// <summary>Measures the named comparisons.</summary>
    /// <returns>The exit status: 0, or 2 for a name that there is not.</returns>
    public static int Run(IReadOnlyList<string> names)
    {
        foreach (string name in names.DefaultIfEmpty("?"))
        {
            if (!Pages.TryGetValue(name, out Func<string?>? measure))
            {
                Console.Error.WriteLine($"ratios: found '{name}', expected one of {string.Join(", ", Pages.Keys)}");
                return 2;
            }
            if (measure() is not string page) continue;
            string path = Path.Combine(Root(), "bench", "results", $"{name}.md");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, page);
            Console.WriteLine($"written: {Path.GetRelativePath(Root(), path)}");
        }
        return 0;
    }

    /// <summary>The root of the checkout.</summary>
    public static string Root()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, "Orthant.slnx"))) return d.FullName;
        }
        return Environment.CurrentDirectory;
    }
}
