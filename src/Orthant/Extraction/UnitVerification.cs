using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Tells which units of a network that was recovered in part are certainly units of the true one.</summary>
/// <remarks>Zeros of a unit's pre-activation are computed at random places, by the units below it, and the oracle has to have a kink exactly there: nothing but the same surface does. A wrong weight shows only
/// where the unit that it reads is active, so each of these has to be active at some of the places; and all units below have to be certain themselves.</remarks>
internal static class UnitVerification
{
    private const int Places = 16, LeastPerInput = 2, MostZeros = 300;

    /// <summary>How far from its computed place a kink may be, as a share of the distance from the origin: what the walks' accuracy leaves.</summary>
    private const double Near = 1e-5;

    /// <summary>One entry a hidden unit.</summary>
    public static List<UnitConfidence> Run(QueryMeter meter, RandomStream random, SearchDomain domain, IReadOnlyList<HiddenLayer> layers)
    {
        List<UnitConfidence> result = [];
        bool below = true;
        for (int l = 0; l < layers.Count; l++)
        {
            KnownLayers known = new(layers[0].Inputs, [.. layers.Take(l)], topIsSigned: true);
            bool all = true;
            for (int unit = 0; unit < layers[l].Units; unit++)
            {
                double? error = below ? Error(meter, random, domain, known, layers[l].Row(unit).ToArray(), layers[l].Bias[unit]) : null;
                all &= error is not null;
                result.Add(new UnitConfidence(l + 1, unit, error ?? double.PositiveInfinity, double.PositiveInfinity, []) { IsCertain = error is not null });
            }
            below = all;
        }
        return result;
    }

    /// <summary>The largest distance between a computed and a found kink; null when the unit is not certain.</summary>
    private static double? Error(QueryMeter meter, RandomStream random, SearchDomain domain, KnownLayers known, double[] weights, double bias)
    {
        int[] shown = new int[weights.Length];
        if (known.Layers.Count == 0) Array.Fill(shown, LeastPerInput);
        int tried = 0, hits = 0;
        double worst = 0;
        double Value(double[] x) => TensorPrimitives.Dot<double>(weights, known.TopAt(x)) + bias;
        for (int zero = 0; zero < MostZeros && (tried < Places || Array.Exists(shown, s => s < LeastPerInput)); zero++)
        {
            if (domain.ZeroOn(Value, domain.Point(random, random.NextInt32(3) switch { 0 => 1, 1 => 3, _ => 10 }), domain.Direction(random), 10 * domain.Size, 40) is not double[] x) continue;
            double[] h = known.TopAt(x), normal = Gradient(known, weights, x);
            bool isNew = known.Layers.Count > 0 && Enumerable.Range(0, h.Length).Any(i => h[i] > 0 && shown[i] < LeastPerInput);
            if (tried >= Places && !isNew) continue;
            double size = Math.Max(domain.Size, TensorPrimitives.Norm<double>(x)), room = known.Layers.Count > 0 ? known.NearestBoundary(x) : double.PositiveInfinity;
            double step = Math.Min(Math.Min(2e-3 * size, 0.3 * room), 0.9 * domain.Clearance(x));
            if (step < 1e-4 * size || TensorPrimitives.Norm<double>(normal) < 1e-6) continue;
            tried++;
            if (KinkPosition.Locate(meter, x, normal, step) is not KinkPosition kink || Math.Abs(kink.Distance) > Math.Max(Near * size, 100 * kink.Deviation)) continue;
            hits++;
            worst = Math.Max(worst, Math.Abs(kink.Distance) / size);
            for (int i = 0; i < h.Length && known.Layers.Count > 0; i++) shown[i] += h[i] > 0 ? 1 : 0;
        }
        return tried >= Places && 10 * hits >= 9 * tried && !Array.Exists(shown, s => s < LeastPerInput) ? worst : null;
    }

    private static double[] Gradient(KnownLayers known, double[] weights, double[] x)
    {
        if (known.Layers.Count == 0) return weights;
        return new CellGeometry(known, known.PatternAt(x), withFeatures: false).Combine(weights);
    }
}
