using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>How near one layer is to the identity.</summary>
/// <param name="Name">Its number and kind.</param>
/// <param name="DistanceL1">An upper bound of ‖W − I‖ in l1; of a residual block of its branch's Lipschitz constant; null for a layer that is
/// not square.</param>
/// <param name="DistanceL2">The same in l2.</param>
/// <param name="DistanceLInf">The same in linf.</param>
/// <param name="NormL2">An upper bound of the layer's Lipschitz constant in l2.</param>
/// <param name="BiasL2">An upper bound of ‖b‖ in l2; of a residual block of its branch at zero.</param>
/// <param name="RelativeUpdate">The mean of ‖N_k − N_{k−1}‖/‖N_k‖ over the inputs; null where widths differ.</param>
/// <param name="LargestUpdate">The largest of them.</param>
/// <param name="AlwaysOn">Units that are active on the whole box, by interval bounds.</param>
/// <param name="AlwaysOff">Units that are inactive on the whole box, by interval bounds.</param>
/// <param name="CumulativeDistance">The sum of <paramref name="DistanceL2"/> up to this layer.</param>
public sealed record ProfiledLayer(
    string Name, double? DistanceL1, double? DistanceL2, double? DistanceLInf, double NormL2, double BiasL2, double? RelativeUpdate, double? LargestUpdate, int AlwaysOn, int AlwaysOff,
    double CumulativeDistance);

/// <summary>A layer that may be left out, with what that does to the outputs.</summary>
/// <param name="Layer">Its number from 1.</param>
/// <param name="ErrorOnBox">A certified bound of the change of the outputs in l2 over the box.</param>
/// <param name="ErrorOnInputs">The change within the layer at the inputs times the certified Lipschitz constant of what follows.</param>
public sealed record RemovableLayer(int Layer, double ErrorOnBox, double? ErrorOnInputs);

/// <summary>What can be said of a network of finitely many layers: how near each is to the identity, which could be left out, and how
/// gradients grow.</summary>
public sealed record DepthProfile
{
    private const int SampledInputs = 256;

    /// <summary>The layers in order.</summary>
    public required ImmutableArray<ProfiledLayer> Layers { get; init; }

    /// <summary>Layers that keep the width, by what leaving them out costs.</summary>
    public required ImmutableArray<RemovableLayer> Removable { get; init; }

    /// <summary>The product of the layers' Lipschitz constants in l2, an upper bound of the network's.</summary>
    public required double LipschitzL2 { get; init; }

    /// <summary>A fitted decay p of ‖W_k − I‖ ≈ C k^-p over the layers: a heuristic, which proves nothing; null for fewer than four.</summary>
    public required double? FittedDecay { get; init; }

    /// <summary>Sentences for whoever designs or initialises such networks.</summary>
    public required ImmutableArray<string> Advice { get; init; }

    /// <summary>Looks at a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="lower">The lower corner of the box.</param>
    /// <param name="upper">The upper corner.</param>
    /// <param name="inputs">Inputs to measure updates on, row-major; null for a sample of the box.</param>
    public static DepthProfile Of(ReluNetwork network, double[] lower, double[] upper, double[]? inputs = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(lower);
        ArgumentNullException.ThrowIfNull(upper);
        double[] rows = inputs ?? Sample(lower, upper);
        int count = rows.Length / network.Inputs;
        (int On, int Off)[] fixedUnits = FixedUnits(network, lower, upper);
        int site = 0;
        List<ProfiledLayer> layers = [];
        List<(double Change, double P, double Beta, double Lipschitz)> steps = [];
        double cumulative = 0;
        for (int k = 0; k < network.Layers.Length; k++)
        {
            Layer layer = network.Layers[k];
            LayerNorms norms = LayerNorms.Of(layer);
            double[] next = new double[count * layer.Outputs];
            new ReluNetwork([layer]).Evaluate<double>(count, rows, next);
            (double mean, double largest, double change)? update = layer.Inputs == layer.Outputs ? Update(rows, next, count, layer.Inputs) : null;
            int sites = new ReluNetwork([layer]).Sites.Length, on = 0, off = 0;
            for (int i = 0; i < sites; i++, site++) (on, off) = (on + fixedUnits[site].On, off + fixedUnits[site].Off);
            cumulative += norms.DistanceL2 ?? 0;
            layers.Add(new ProfiledLayer($"{k + 1}. {layer.Kind} {layer.Outputs}×{layer.Inputs}", norms.DistanceL1, norms.DistanceL2, norms.DistanceLInf, norms.LipschitzL2, norms.BiasL2,
                update?.mean, update?.largest, on, off, cumulative));
            steps.Add((update?.change ?? double.NaN, norms.DistanceL2 ?? double.NaN, norms.BiasL2, norms.LipschitzL2));
            rows = next;
        }
        double lipschitz = 1;
        foreach ((_, _, _, double l) in steps) lipschitz = ((Interval)lipschitz * l).Upper;
        double? decay = Decay(layers);
        return new DepthProfile
        {
            Layers = [.. layers],
            Removable = [.. Removables(network, steps, lower, upper).OrderBy(r => r.ErrorOnBox)],
            LipschitzL2 = lipschitz,
            FittedDecay = decay,
            Advice = [.. Advise(layers, decay)],
        };
    }

    private static double[] Sample(double[] lower, double[] upper)
    {
        RandomStream random = new(0, 5);
        double[] rows = new double[SampledInputs * lower.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = random.NextDouble(lower[i % lower.Length], upper[i % lower.Length]);
        return rows;
    }

    private static (int On, int Off)[] FixedUnits(ReluNetwork network, double[] lower, double[] upper)
    {
        IntervalBounds bounds = IntervalBounds.On(network, lower, upper);
        return [.. network.Sites.Select((s, i) => i < bounds.PreActivations.Length
            ? (bounds.PreActivations[i].Count(b => b.Lower > 0), bounds.PreActivations[i].Count(b => b.Upper <= 0)) : (0, 0))];
    }

    private static (double Mean, double Largest, double Change) Update(double[] from, double[] to, int count, int width)
    {
        double mean = 0, largest = 0, change = 0;
        for (int r = 0; r < count; r++)
        {
            double difference = 0, size = 0;
            for (int i = r * width; i < (r + 1) * width; i++)
            {
                difference += (to[i] - from[i]) * (to[i] - from[i]);
                size += to[i] * to[i];
            }
            double relative = size > 0 ? Math.Sqrt(difference / size) : difference > 0 ? 1 : 0;
            mean += relative / count;
            largest = Math.Max(largest, relative);
            change = Math.Max(change, Math.Sqrt(difference));
        }
        return (mean, largest, change);
    }

    /// <summary>Leaving layer k out changes the outputs by at most the Lipschitz constants behind it times ‖N_k − N_{k−1}‖, which is at most
    /// p_k R_{k−1} + β_k, R being the scalar bound of the states; the state has to be one that the activation keeps.</summary>
    private static IEnumerable<RemovableLayer> Removables(ReluNetwork network, List<(double Change, double P, double Beta, double Lipschitz)> steps, double[] lower, double[] upper)
    {
        Interval size = 0;
        for (int i = 0; i < lower.Length; i++) size += Interval.Square(Math.Max(Math.Abs(lower[i]), Math.Abs(upper[i])));
        size = Interval.Sqrt(size);
        Interval[] before = new Interval[steps.Count], after = new Interval[steps.Count + 1];
        for (int k = 0; k < steps.Count; k++)
        {
            before[k] = size;
            size = (Interval)steps[k].Lipschitz * size + steps[k].Beta;
        }
        after[steps.Count] = 1;
        for (int k = steps.Count - 1; k >= 0; k--) after[k] = after[k + 1] * steps[k].Lipschitz;
        for (int k = 1; k < steps.Count; k++)
        {
            bool kept = network.Layers[k - 1].Activations?.Shared is { IsRelu: true } && network.Layers[k].Activations?.Shared is { IsRelu: true };
            if (double.IsNaN(steps[k].P) || !kept) continue;
            double box = (((Interval)steps[k].P * before[k] + steps[k].Beta) * after[k + 1]).Upper;
            yield return new RemovableLayer(k + 1, box, double.IsNaN(steps[k].Change) ? null : ((Interval)steps[k].Change * after[k + 1]).Upper);
        }
    }

    private static double? Decay(List<ProfiledLayer> layers)
    {
        (double X, double Y)[] points = [.. layers.Select((l, i) => (l, i)).Where(p => p.l.DistanceL2 > 0).Select((p, k) => (Math.Log(k + 1), Math.Log(p.l.DistanceL2!.Value)))];
        if (points.Length < 4) return null;
        double mx = points.Average(p => p.X), my = points.Average(p => p.Y);
        return -points.Sum(p => (p.X - mx) * (p.Y - my)) / points.Sum(p => (p.X - mx) * (p.X - mx));
    }

    private static IEnumerable<string> Advise(List<ProfiledLayer> layers, double? decay)
    {
        ProfiledLayer[] square = [.. layers.Where(l => l.DistanceL2 is not null)];
        if (square.Length == 0) yield break;
        double sum = square.Sum(l => l.DistanceL2!.Value), mean = sum / square.Length;
        yield return FormattableString.Invariant($"Σ‖W − I‖ over {square.Length} layers that keep the width is {sum:G4}: outputs and gradients grow at most by a factor {Math.Exp(Math.Min(sum, 700)):G4}");
        if (square.Length > 1 && mean > 0)
        {
            yield return FormattableString.Invariant($"branches scaled by {1 / sum:G3} would keep that factor at e; at initialisation 1/√L = {1 / Math.Sqrt(square.Length):G3} suits independent branches, k^-p with p > 1 has a limit of infinite depth");
        }
        if (decay is double p) yield return FormattableString.Invariant($"fitted (a heuristic, no proof): ‖W_k − I‖ falls like k^-{p:G3}{(p > 1 ? ", which would be summable" : ", which would not be summable")}");
    }
}

/// <summary>Upper bounds of a layer's norms.</summary>
internal sealed record LayerNorms(double? DistanceL1, double? DistanceL2, double? DistanceLInf, double LipschitzL2, double BiasL2)
{
    // The merged matrix of a branch sharpens its norm, at half as much work again.
    private const int LargestMerged = 64;

    public static LayerNorms Of(Layer layer)
    {
        switch (layer)
        {
            case AffineLayer affine:
                double[,] w = Dense(affine);
                double bias = Euclidean(affine.Bias), lipschitz = (Interval.FromRational(1) * SpectralNorm.UpperBound(w) * Slope(affine)).Upper;
                if (affine.Inputs != affine.Outputs) return new LayerNorms(null, null, null, lipschitz, bias);
                for (int i = 0; i < affine.Inputs; i++) w[i, i] -= 1;
                return new LayerNorms(SpectralNorm.LargestColumnSum(w), SpectralNorm.UpperBound(w) * (1 + 1e-15), SpectralNorm.LargestRowSum(w), lipschitz, bias);
            case ParallelLayer { IsResidual: true } residual when residual.Branches[0].All(l => l is AffineLayer):
                Interval l1 = 1, l2 = 1, linf = 1, beta = 0;
                foreach (AffineLayer part in residual.Branches[0].Cast<AffineLayer>())
                {
                    double[,] m = Dense(part);
                    double norm = SpectralNorm.UpperBound(m) * Slope(part);
                    l1 *= SpectralNorm.LargestColumnSum(m) * Slope(part);
                    linf *= SpectralNorm.LargestRowSum(m) * Slope(part);
                    l2 *= norm;
                    beta = (Interval)norm * beta + Euclidean(part.Bias) * Slope(part);
                }
                if (residual.Inputs <= LargestMerged && residual.Branches[0] is [AffineLayer { Activations.Shared.IsRelu: true } a, AffineLayer { Activations.IsIdentity: true } b])
                {
                    l2 = Interval.Min(l2, (l2 + SpectralNorm.UpperBound(Product(Dense(b), Dense(a))) * (1 + 1e-12)) * 0.5);
                }
                return new LayerNorms(l1.Upper, l2.Upper, linf.Upper, (l2 + 1).Upper, beta.Upper);
            default:
                return new LayerNorms(null, null, null, double.PositiveInfinity, 0);
        }
    }

    private static double Slope(AffineLayer layer)
    {
        double largest = 0;
        for (int i = 0; i < layer.Outputs; i++)
        {
            for (int piece = 0; piece < layer.Activations[i].Pieces; piece++) largest = Math.Max(largest, Math.Abs(layer.Activations[i].Slope(piece)));
        }
        return largest;
    }

    private static double[,] Dense(AffineLayer layer)
    {
        double[] flat = layer.Linear.ToDense();
        double[,] w = new double[layer.Outputs, layer.Inputs];
        Buffer.BlockCopy(flat, 0, w, 0, flat.Length * sizeof(double));
        return w;
    }

    private static double[,] Product(double[,] a, double[,] b)
    {
        double[,] c = new double[a.GetLength(0), b.GetLength(1)];
        for (int i = 0; i < a.GetLength(0); i++)
        {
            for (int k = 0; k < b.GetLength(0); k++)
            {
                for (int j = 0; j < b.GetLength(1); j++) c[i, j] += a[i, k] * b[k, j];
            }
        }
        return c;
    }

    private static double Euclidean(ReadOnlySpan<double> x)
    {
        Interval sum = 0;
        foreach (double e in x) sum += Interval.Square(e);
        return Interval.Sqrt(sum).Upper;
    }
}
