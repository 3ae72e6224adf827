namespace Orthant.Reports;

/// <summary>How a number in a report was obtained; shown beside it.</summary>
internal static class Evidence
{
    /// <summary>Stands in the file.</summary>
    public static string Read => Tag("read", "Stands in the file as it is, or is a count of what stands there.");

    /// <summary>Holds for every input, by interval arithmetic rounded outward; it may be far from the true value.</summary>
    public static string Interval => Tag("interval bound", "Holds for every input of the box, by interval arithmetic rounded outward. May be far from sharp.");

    /// <summary>Enumerated; every sign is proved.</summary>
    public static string Exact => Tag("exact", "By enumerating every piece, each sign proved in doubles with an error bound or in integers. Values are rounded.");

    /// <summary>Seen on a sample.</summary>
    public static string Sampled(int samples) => Tag($"sampled, n = {samples}", "Seen on a random sample of the box: the true extreme lies at or beyond it.");

    /// <summary>Measured on the user's data.</summary>
    public static string Measured(int rows) => Tag($"measured, n = {rows}", "Measured on the data given.");

    /// <summary>Computed on a grid.</summary>
    public static string Grid(int size) => Tag($"evaluated, {size} × {size}", "Values of the network at the points of a grid.");

    /// <summary>Computed by a formula to about the precision of doubles.</summary>
    public static string Computed(string how) => Tag("computed", how);

    private static string Tag(string text, string meaning) => $"<span class=\"how\" title=\"{Html.Escape(meaning)}\">{Html.Escape(text)}</span>";
}
