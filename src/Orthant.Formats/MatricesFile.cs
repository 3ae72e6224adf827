using Orthant.Numerics;

namespace Orthant.Formats;

/// <summary>Sets of square matrices as JSON files, <c>{"matrices": [[[…], …], …]}</c>; numbers are exact as in
/// <see cref="SequenceFile"/>.</summary>
public static class MatricesFile
{
    /// <summary>Reads a set of matrices.</summary>
    /// <param name="path">The file, also .gz.</param>
    /// <exception cref="OrthantInputException">The file is none, or the matrices are not square of one size.</exception>
    public static IReadOnlyList<Rational[][]> Load(string path)
    {
        using JsonSource json = JsonSource.Parse(path, InputFile.ReadAllBytes(path));
        Dictionary<string, JsonItem> members = json.Root.Members("matrices", "name");
        JsonItem list = members.TryGetValue("matrices", out JsonItem found) ? found : throw json.Root.Error("no matrices", "the key 'matrices'");
        List<Rational[][]> matrices = [];
        foreach (JsonItem item in list.Items())
        {
            Rational[][] matrix = item.ExactMatrix();
            if (matrix.Length != matrix[0].Length) throw item.Error($"a {matrix.Length}×{matrix[0].Length} matrix", "a square one");
            if (matrices.Count > 0 && matrix.Length != matrices[0].Length) throw item.Error($"a {matrix.Length}×{matrix.Length} matrix", $"{matrices[0].Length} rows as in the first");
            matrices.Add(matrix);
        }
        return matrices.Count > 0 ? matrices : throw list.Error("no matrix", "at least one");
    }
}
