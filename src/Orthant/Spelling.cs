namespace Orthant;

/// <summary>Finds the name that somebody probably meant.</summary>
public static class Spelling
{
    /// <summary>The name nearest to a misspelt word, or null where none is near.</summary>
    /// <param name="word">What was written.</param>
    /// <param name="names">What could have been meant.</param>
    /// <remarks>Distance counts letters left out, added, replaced and neighbours exchanged (Damerau's, restricted); near is at most a third
    /// of the word's length, and a name that the word begins counts as near.</remarks>
    public static string? Nearest(string word, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(names);
        string? best = null;
        int least = (Math.Min(word.Length, 60) / 3) + 1;
        foreach (string name in names)
        {
            int distance = word.Length >= 3 && name.Length > word.Length && name.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(word, name);
            if (distance >= least) continue;
            least = distance;
            best = name;
        }
        return best;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 60 || b.Length > 60) return int.MaxValue;
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }
                int replaced = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + replaced);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
