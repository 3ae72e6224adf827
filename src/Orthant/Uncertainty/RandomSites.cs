using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Uncertainty;

/// <summary>Which activations of a network a random law takes the place of, and how their units are arranged.</summary>
/// <remarks>The rectifiers; or, in a network that was trained under a law (its metadata name it), the activations that stand for that law: leaky rectifiers
/// with its mean slope.</remarks>
internal sealed class RandomSites
{
    /// <summary>The key of a network's metadata that names the law it was trained under.</summary>
    private const string LawKey = "activation-law";

    /// <summary>Looks at all sites of a network.</summary>
    public RandomSites(ReluNetwork network)
    {
        Replaced = LawOf(network)?.Surrogate ?? ActivationFunction.Relu;
        IsRandom = [.. network.Sites.Select(s => s.Activations is UnitActivations units && Any(units, Replaced))];
        List<int> pixels = [];
        int shape = 1;
        foreach (Layer layer in network.Layers) shape = List(layer, shape, pixels);
        Pixels = [.. pixels];
    }

    /// <summary>The activation that a law takes the place of.</summary>
    public ActivationFunction Replaced { get; }

    /// <summary>For each site whether it has such activations.</summary>
    public ImmutableArray<bool> IsRandom { get; }

    /// <summary>For each site the number of pixels of a channel; 1 where the units are no image.</summary>
    public ImmutableArray<int> Pixels { get; }

    /// <summary>The law that a network's metadata name, or null.</summary>
    public static ActivationLaw? LawOf(ReluNetwork network) =>
        network.Metadata.TryGetValue(LawKey, out string? text) && ActivationLaw.TryParse(text, out ActivationLaw? law) ? law : null;

    private static bool Any(UnitActivations units, ActivationFunction replaced)
    {
        if (units.Shared is ActivationFunction shared) return shared.Equals(replaced);
        for (int i = 0; i < units.Count; i++)
        {
            if (units[i].Equals(replaced)) return true;
        }
        return false;
    }

    /// <summary>Appends a layer's sites.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="shape">The pixels of a channel of its input.</param>
    /// <param name="pixels">What is appended to.</param>
    /// <returns>The pixels of a channel of its output.</returns>
    private static int List(Layer layer, int shape, List<int> pixels)
    {
        switch (layer)
        {
            case AffineLayer affine:
                int own = affine.Linear switch
                {
                    ConvolutionOperator convolution => convolution.Output.Pixels,
                    AveragePoolOperator pool => pool.Output.Pixels,
                    IdentityOperator or DiagonalOperator => shape,
                    _ => 1,
                };
                if (!affine.Activations.IsIdentity) pixels.Add(own);
                return own;
            case ParallelLayer parallel:
                int result = 1;
                foreach (ImmutableArray<Layer> branch in parallel.Branches)
                {
                    int inner = shape;
                    foreach (Layer step in branch) inner = List(step, inner, pixels);
                    result = Math.Max(result, inner);
                }
                if (!parallel.Activations.IsIdentity) pixels.Add(result);
                return result;
            default:
                int window = ((MaxPoolLayer)layer).Output.Pixels;
                pixels.Add(window);
                return window;
        }
    }
}
