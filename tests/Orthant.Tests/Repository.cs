using System.Runtime.CompilerServices;

namespace Orthant.Tests;

/// <summary>Where the tests find the checkout, the acceptance cases and the real data.</summary>
internal static class Repository
{
    /// <summary>The root of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The acceptance cases of one system, or null where the folder is absent.</summary>
    public static string? Cases(string system) => Existing(Path.Combine(Shared, "cases", system));

    /// <summary>The real data sets (ORTHANT_DATA or ../shared/data), or null where the folder is absent.</summary>
    public static string? Data(string name) =>
        Existing(Path.Combine(Environment.GetEnvironmentVariable("ORTHANT_DATA") ?? Path.Combine(Shared, "data"), name));

    /// <summary>Skips the running test, and says why, when a folder that it needs is absent.</summary>
    public static string Need(string? folder, string what)
    {
        Assert.SkipWhen(folder is null, $"{what} is not on this machine (set ORTHANT_DATA)");
        return folder!;
    }

    private static string Shared => Path.Combine(Root, "..", "shared");

    private static string? Existing(string path) => Path.Exists(path) ? Path.GetFullPath(path) : null;

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, "Orthant.slnx"))) return d.FullName;
        }
        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
    }
}
