using System.Collections.Immutable;
using Orthant.Networks;

namespace Orthant.Formats;

/// <summary>Reads the layers of a network that is yet to be trained.</summary>
internal static class JsonArchitecture
{
    private const int Largest = 1 << 20;

    private static readonly string[] Kinds = ["dense", "conv", "batchNorm", "pool", "flatten", "residual"];

    public static NetworkArchitecture Read(JsonItem root)
    {
        Dictionary<string, JsonItem> members = root.Members("name", "layers");
        string name = members.TryGetValue("name", out JsonItem named) ? named.Text() : "";
        return new NetworkArchitecture(
            name, Chain(members.TryGetValue("layers", out JsonItem list) ? list : throw root.Error("no layers", "the key 'layers'")));
    }

    private static ImmutableArray<ArchitectureLayer> Chain(JsonItem list)
    {
        ImmutableArray<ArchitectureLayer> layers = [.. list.Items().Select(ReadLayer)];
        return layers.IsEmpty ? throw list.Error("no layers", "at least one") : layers;
    }

    private static ArchitectureLayer ReadLayer(JsonItem item)
    {
        Dictionary<string, JsonItem> members = item.Members([.. Kinds, "size", "stride", "activation"]);
        string[] kinds = [.. Kinds.Where(members.ContainsKey)];
        if (kinds.Length != 1)
        {
            string found = kinds.Length == 0 ? "a layer of no kind" : $"{string.Join(" and ", kinds)} in one layer";
            throw item.Error(found, $"one of {string.Join(", ", Kinds)}");
        }
        JsonItem value = members[kinds[0]];
        Only(item, members, kinds[0] switch
        {
            "pool" => ["pool", "size", "stride"],
            "flatten" => ["flatten"],
            string kind => [kind, "activation"],
        });
        ActivationFunction activation = JsonNetwork.ReadActivation(members);
        return kinds[0] switch
        {
            "dense" => new DenseArchitecture(value.Integer(1, Largest), activation),
            "conv" => Convolution(value, activation),
            "batchNorm" => value.Truth() ? new BatchNormArchitecture(activation) : throw value.Error(null, "true"),
            "pool" => Pool(item, members),
            "flatten" => value.Truth() ? new FlattenArchitecture() : throw value.Error(null, "true"),
            _ => new ResidualArchitecture(Chain(value), activation),
        };
    }

    private static ConvolutionArchitecture Convolution(JsonItem item, ActivationFunction activation)
    {
        Dictionary<string, JsonItem> members = item.Members("filters", "kernel", "stride", "padding");
        if (!members.TryGetValue("filters", out JsonItem filters)) throw item.Error("no filters", "the key 'filters'");
        if (!members.TryGetValue("kernel", out JsonItem kernel)) throw item.Error("no kernel", "the key 'kernel'");
        return new ConvolutionArchitecture(
            filters.Integer(1, Largest),
            kernel.Integer(1, Largest),
            members.TryGetValue("stride", out JsonItem stride) ? stride.Integer(1, Largest) : 1,
            members.TryGetValue("padding", out JsonItem padding) ? padding.Integer(0, Largest) : 0,
            activation);
    }

    private static PoolArchitecture Pool(JsonItem item, Dictionary<string, JsonItem> members)
    {
        string kind = members["pool"].Text();
        if (kind is not ("max" or "average"))
        {
            throw members["pool"].Error(null, $"\"max\" or \"average\"{Suggestion.For(kind, ["max", "average"])}");
        }
        if (!members.TryGetValue("size", out JsonItem size)) throw item.Error("no size", "the key 'size'");
        int side = size.Integer(1, Largest);
        return new PoolArchitecture(
            kind == "max", side, members.TryGetValue("stride", out JsonItem stride) ? stride.Integer(1, Largest) : side);
    }

    private static void Only(JsonItem item, Dictionary<string, JsonItem> members, string[] keys)
    {
        if (members.Keys.FirstOrDefault(k => !keys.Contains(k)) is { } stray)
        {
            throw item.Error($"the key '{stray}' beside '{keys[0]}'", string.Join(", ", keys));
        }
    }
}
