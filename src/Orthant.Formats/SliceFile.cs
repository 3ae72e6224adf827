using System.Globalization;
using System.Text.Json;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>A plane of inputs as a JSON file: <c>{"origin": […], "u": […], "v": […], "box": "-1,1"}</c>; the box may be left out.</summary>
public static class SliceFile
{
    /// <summary>Reads a slice.</summary>
    /// <param name="path">The file, also .gz.</param>
    /// <returns>The slice, and its box as it is written on the command line, or null.</returns>
    /// <exception cref="OrthantInputException">The file is no slice.</exception>
    public static (InputSlice Slice, string? Box) Load(string path)
    {
        using JsonSource source = JsonSource.Parse(path, InputFile.ReadAllBytes(path));
        Dictionary<string, JsonItem> members = source.Root.Members("origin", "u", "v", "box");
        double[] Numbers(string key) => members.TryGetValue(key, out JsonItem item)
            ? item.Numbers()
            : throw new OrthantInputException(path, key, "nothing", "a list of numbers, one an input");
        try
        {
            return (new InputSlice(Numbers("origin"), Numbers("u"), Numbers("v")), members.TryGetValue("box", out JsonItem box) ? BoxText(box) : null);
        }
        catch (ArgumentException e)
        {
            throw new OrthantInputException(path, "", e.Message.TrimEnd('.'), "origin, u and v of one length, u and v not parallel", e);
        }
    }

    /// <summary>A box is a text like <c>-1,1</c>, a pair of numbers for both directions, or two pairs.</summary>
    private static string BoxText(JsonItem box)
    {
        if (box.Kind == JsonValueKind.String) return box.Text();
        bool pairs = box.Items().All(i => i.Kind == JsonValueKind.Array);
        return pairs ? string.Join(';', box.Items().Select(i => Pair(i.Numbers()))) : Pair(box.Numbers());
    }

    private static string Pair(double[] numbers) => string.Join(',', numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture)));
}
