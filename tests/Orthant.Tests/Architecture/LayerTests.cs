namespace Orthant.Tests.Architecture;

/// <summary>A module uses only modules below it, as the compiled assemblies show.</summary>
public sealed class LayerTests
{
    /// <summary>The floor of every module; modules of one floor do not know each other.</summary>
    private static readonly Dictionary<string, int> Floors = new string[][]
    {
        ["Numerics"],
        ["Networks"],
        ["Certificates"],
        ["Geometry", "Training"],
        ["Convergence", "Extraction", "Approximation", "Learning", "Uncertainty", "Priors"],
        ["Formats", "Reports", "Store"],
        ["Cli", "Cluster", "Explorer"],
    }.SelectMany((modules, floor) => modules.Select(m => (m, floor))).ToDictionary(p => p.m, p => p.floor);

    public static TheoryData<string> Assemblies { get; } =
    [
        typeof(Orthant.Networks.ReluNetwork).Assembly.Location, typeof(Orthant.Formats.Csv).Assembly.Location,
        typeof(Orthant.Reports.Report).Assembly.Location, typeof(Orthant.Cli.Verb).Assembly.Location,
        typeof(Orthant.Store.AnswerStore).Assembly.Location,
    ];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void NoModuleReachesUpOrSideways(string assembly) => Assert.Empty(Breaches(assembly, "Orthant."));

    [Fact]
    public void EveryNamespaceOfTheLibraryIsAModule()
    {
        IEnumerable<string?> modules = typeof(Orthant.Networks.ReluNetwork).Assembly.GetTypes()
            .Where(t => t.Namespace?.StartsWith("Orthant.", StringComparison.Ordinal) == true).Select(t => ModuleOf(t.FullName!, "Orthant.")).Distinct();
        Assert.All(modules, m => Assert.Contains(m!, Floors.Keys));
    }

    [Fact]
    public void DeliberateBreachesAreCaught()
    {
        string[] found = Breaches(typeof(LayerTests).Assembly.Location, "Orthant.Tests.Architecture.Fixture.");
        Assert.Equal(
            [
                "Numerics.ByBody uses Networks.Upper", "Numerics.ByField uses Networks.Upper", "Numerics.ByGenericArgument uses Networks.Upper",
                "Priors.Sideways uses Extraction.Neighbour",
            ],
            found.Order(StringComparer.Ordinal));
    }

    private static string[] Breaches(string assembly, string prefix) =>
    [
        .. ModuleReferences.Of(assembly)
            .Where(r => ModuleOf(r.From, prefix) is string from && ModuleOf(r.To, prefix) is string to && from != to && Floors[to] >= Floors[from])
            .Select(r => $"{r.From[prefix.Length..]} uses {r.To[prefix.Length..]}"),
    ];

    /// <summary>The module of a type, or null when the type stands outside the modules.</summary>
    private static string? ModuleOf(string type, string prefix)
    {
        if (!type.StartsWith(prefix, StringComparison.Ordinal)) return null;
        string[] parts = type[prefix.Length..].Split('.');
        return parts.Length > 1 && Floors.ContainsKey(parts[0]) ? parts[0] : null;
    }
}
