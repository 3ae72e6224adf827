namespace Orthant.Tests;

/// <summary>Texts kept in the repository that the program has to reproduce; ORTHANT_ACCEPT=1 takes the new text over.</summary>
internal static class Golden
{
    /// <summary>Compares a text with a file of the repository.</summary>
    /// <param name="path">The file, relative to the root.</param>
    /// <param name="actual">What the program says now.</param>
    public static void Check(string path, string actual)
    {
        string file = Path.Combine(Repository.Root, path);
        if (Environment.GetEnvironmentVariable("ORTHANT_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (!File.Exists(file) || File.ReadAllText(file) != actual) File.WriteAllText(file, actual);
            return;
        }
        Assert.True(File.Exists(file), $"{path} is missing: run ORTHANT_ACCEPT=1 ./test and review it");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
