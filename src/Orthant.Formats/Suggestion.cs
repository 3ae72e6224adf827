namespace Orthant.Formats;

/// <summary>The known name that a mistaken one was probably meant to be.</summary>
internal static class Suggestion
{
    /// <summary>The nearest known name within a third of its length, as <c>; did you mean 'bias'?</c>, or nothing.</summary>
    /// <param name="name">What was found; long names are not compared.</param>
    /// <param name="known">What could have been meant.</param>
    public static string For(string name, IEnumerable<string> known)
    {
        if (name.Length > 64) return "";
        (string Name, int Distance) nearest = known.Select(k => (k, Distance(name, k))).DefaultIfEmpty(("", int.MaxValue)).MinBy(k => k.Item2);
        return nearest.Distance <= Math.Max(1, (nearest.Name.Length + 1) / 3) ? $"; did you mean '{nearest.Name}'?" : "";
    }

    /// <summary>The least number of insertions, deletions, replacements and swaps of neighbours between two names, case apart.</summary>
    private static int Distance(string a, string b)
    {
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
                bool same = Same(a[i - 1], b[j - 1]);
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (same ? 0 : 1));
                bool swapped = i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]);
                if (swapped) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
