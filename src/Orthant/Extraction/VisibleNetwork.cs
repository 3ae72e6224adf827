using System.Collections.Immutable;
using System.Globalization;
using System.Numerics.Tensors;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>What of a network its answers can show: the same function in fewer units. A recovered network is compared with this one, since no question tells the two apart.</summary>
/// <remarks>Left out are units without a way to the outputs, units that read nothing (their constant goes into biases), units that are never active at 20,000 points of normal law at four scales, or of
/// the box, and all but one of units with one and the same boundary and side, whose outgoing weights are added. Only the last two are not exact: a unit may be active where no point fell, and sums of
/// weights are rounded.</remarks>
public sealed class VisibleNetwork
{
    private const int Samples = 20_000;

    private VisibleNetwork(ReluNetwork network, IEnumerable<string> notes, bool isWhole)
    {
        Network = network;
        Notes = [.. notes];
        IsWhole = isWhole;
    }

    /// <summary>The network without what cannot be seen.</summary>
    public ReluNetwork Network { get; }

    /// <summary>What was left out or cannot be told, a sentence each.</summary>
    public ImmutableArray<string> Notes { get; }

    /// <summary>Whether every unit is visible and has a boundary of its own.</summary>
    public bool IsWhole { get; }

    /// <summary>Leaves out what cannot be seen.</summary>
    /// <param name="network">The network; one that is no chain of dense layers with rectifiers is returned as it is.</param>
    /// <param name="lower">The lower corner of the box in which it may be asked; empty for everywhere.</param>
    /// <param name="upper">The upper corner.</param>
    /// <param name="seed">The seed of the points.</param>
    public static VisibleNetwork Of(ReluNetwork network, ReadOnlySpan<double> lower = default, ReadOnlySpan<double> upper = default, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (NetworkAlignment.Dense(network) is not { Length: > 1 } layers) return new VisibleNetwork(network, [], true);
        List<string> notes = [];
        (bool[][] on, bool[][] off) = Sides(layers, lower.IsEmpty ? new SearchDomain(network.Inputs) : new SearchDomain(lower.ToArray(), upper.ToArray()), new RandomStream(seed, 87));
        bool whole = true;
        for (int l = 0; l < layers.Length - 1; l++) Fold(layers, l, notes, on[l], off[l], ref whole);
        // What the upper layers have lost may have been the only way of a unit further down.
        for (bool changed = true; changed;)
        {
            int before = layers.Sum(l => l.Units);
            for (int l = layers.Length - 2; l >= 0; l--) Blind(layers, l, notes, ref whole);
            changed = layers.Sum(l => l.Units) < before;
        }
        ReluNetwork rest = new([.. layers.Select((h, l) => new AffineLayer(new DenseOperator(h.Units, h.Inputs, h.Weights), h.Bias, l < layers.Length - 1 ? ActivationFunction.Relu : null))], network.ElementType);
        return new VisibleNetwork(rest, notes, whole);
    }

    /// <summary>Which units are ever active, and which ever inactive.</summary>
    private static (bool[][] On, bool[][] Off) Sides(HiddenLayer[] layers, SearchDomain domain, RandomStream random)
    {
        KnownLayers known = new(layers[0].Inputs, layers[..^1], topIsSigned: true);
        bool[] on = new bool[known.Boundaries], off = new bool[known.Boundaries];
        for (int i = 0; i < Samples; i++)
        {
            double[] pattern = known.PatternAt(domain.Point(random, (i % 4) switch { 0 => 0.3, 1 => 1, 2 => 3, _ => 30 }));
            for (int k = 0; k < pattern.Length; k++) (pattern[k] > 0 ? on : off)[k] = true;
        }
        int first = 0;
        return ([.. layers[..^1].Select(l => on[first..(first += l.Units)])], [.. layers[..^1].Select((l, i) => off[layers[..i].Sum(b => b.Units)..(layers[..i].Sum(b => b.Units) + l.Units)])]);
    }

    /// <summary>Leaves out dead and constant units of a layer, and merges those with one boundary and side.</summary>
    private static void Fold(HiddenLayer[] layers, int l, List<string> notes, bool[] on, bool[] off, ref bool whole)
    {
        HiddenLayer layer = layers[l], next = layers[l + 1];
        double[] weights = [.. next.Weights], bias = [.. next.Bias];
        bool[] drop = new bool[layer.Units];
        for (int i = 0; i < layer.Units; i++)
        {
            double length = TensorPrimitives.Norm(layer.Row(i));
            if (!on[i] || length == 0)
            {
                drop[i] = true;
                notes.Add($"unit {i} of layer {l + 1} is {(length == 0 ? "constant" : "never active")}");
                if (length == 0)
                {
                    for (int o = 0; o < next.Units; o++) bias[o] += weights[(o * layer.Units) + i] * Math.Max(0, layer.Bias[i]);
                }
                continue;
            }
            if (!off[i])
            {
                whole = false;
                notes.Add($"unit {i} of layer {l + 1} is always active: its share is affine");
            }
            for (int j = 0; j < i; j++)
            {
                if (drop[j] || Parallel(layer, i, j) is not (double ratio and not 0)) continue;
                if (ratio < 0)
                {
                    whole = false;
                    notes.Add($"units {j} and {i} of layer {l + 1} have one boundary and opposite sides");
                    continue;
                }
                drop[i] = true;
                notes.Add($"units {j} and {i} of layer {l + 1} are one: nothing tells them apart");
                for (int o = 0; o < next.Units; o++) weights[(o * layer.Units) + j] += ratio * weights[(o * layer.Units) + i];
                break;
            }
        }
        if (!drop.Contains(true)) return;
        whole = false;
        layers[l + 1] = next with { Weights = weights, Bias = bias };
        Drop(layers, l, drop);
    }

    /// <summary>Leaves out units without a way to the outputs.</summary>
    private static void Blind(HiddenLayer[] layers, int l, List<string> notes, ref bool whole)
    {
        HiddenLayer layer = layers[l], next = layers[l + 1];
        bool[] drop = [.. Enumerable.Range(0, layer.Units).Select(i => Enumerable.Range(0, next.Units).All(o => next.Weights[(o * layer.Units) + i] == 0))];
        if (!drop.Contains(true)) return;
        whole = false;
        notes.Add(string.Create(CultureInfo.InvariantCulture, $"{drop.Count(d => d)} units of layer {l + 1} have no way to the outputs"));
        Drop(layers, l, drop);
    }

    private static void Drop(HiddenLayer[] layers, int l, bool[] drop)
    {
        HiddenLayer layer = layers[l], next = layers[l + 1];
        int[] kept = [.. Enumerable.Range(0, layer.Units).Where(i => !drop[i])];
        layers[l] = new HiddenLayer(layer.Inputs, [.. kept.SelectMany(i => layer.Row(i).ToArray())], [.. kept.Select(i => layer.Bias[i])]);
        layers[l + 1] = new HiddenLayer(kept.Length, [.. Enumerable.Range(0, next.Units).SelectMany(o => kept.Select(i => next.Weights[(o * layer.Units) + i]))], next.Bias);
    }

    /// <summary>z_i / z_j where the two are proportional to within rounding, else 0.</summary>
    private static double Parallel(HiddenLayer layer, int i, int j)
    {
        double[] a = [.. layer.Row(i), layer.Bias[i]], b = [.. layer.Row(j), layer.Bias[j]];
        double ratio = TensorPrimitives.Dot<double>(a, b) / TensorPrimitives.SumOfSquares<double>(b);
        TensorPrimitives.MultiplyAdd(b, -ratio, a, b);
        return TensorPrimitives.Norm<double>(b) <= 1e-14 * TensorPrimitives.Norm<double>(a) ? ratio : 0;
    }
}
