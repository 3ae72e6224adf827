using System.Text.Json;

namespace Orthant.Tests.Uncertainty;

/// <summary>The acceptance cases of uncertainty.</summary>
internal static class UncertaintyCases
{
    public static JsonElement Read(string name)
    {
        string folder = Repository.Need(Repository.Cases("uncertainty"), "The acceptance cases");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name)));
        return document.RootElement.Clone();
    }

    public static double[] Numbers(this JsonElement element) => element.ValueKind == JsonValueKind.Array
        ? [.. element.EnumerateArray().SelectMany(Numbers)]
        : [element.GetDouble()];

    public static double Number(this JsonElement element, string key) => element.GetProperty(key).GetDouble();

    public static double[,] Matrix(this JsonElement element)
    {
        double[][] rows = [.. element.EnumerateArray().Select(Numbers)];
        double[,] matrix = new double[rows.Length, rows[0].Length];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < rows[0].Length; j++) matrix[i, j] = rows[i][j];
        }
        return matrix;
    }
}
