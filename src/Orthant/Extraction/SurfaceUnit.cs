namespace Orthant.Extraction;

/// <summary>A unit of the next layer as far as its surface has told: z = θ·features + offset.</summary>
internal sealed class SurfaceUnit
{
    /// <summary>The combination of <see cref="KnownLayers.FeaturesAt"/>, scaled so that the seed's normal has length 1.</summary>
    public required double[] Theta { get; set; }

    public required double Offset { get; set; }

    /// <summary>How surely each entry of <see cref="Theta"/> is known.</summary>
    public required double[] Deviation { get; set; }

    /// <summary>The equations a·θ = y ± deviation that were measured, those of the seed's gradient included.</summary>
    public required List<(double[] Row, double Value, double Deviation)> Equations { get; init; }

    /// <summary>The seed: a point on the surface, where it was met first.</summary>
    public required double[] Start { get; init; }

    /// <summary>The features at the seed.</summary>
    public required double[] StartFeatures { get; init; }

    /// <summary>The jump of the gradient at the seed, as measured.</summary>
    public required double[] Jump { get; init; }

    /// <summary>An entry with a larger deviation counts as not seen.</summary>
    public double SeenDeviation { get; init; } = 1e-4;

    public bool IsSeen(int feature) => Deviation[feature] < SeenDeviation;

    /// <summary>The pre-activation at a point, up to scale and sign.</summary>
    public double ValueAt(KnownLayers known, ReadOnlySpan<double> x) => System.Numerics.Tensors.TensorPrimitives.Dot<double>(Theta, known.FeaturesAt(x)) + Offset;

    /// <summary>Solves again from all equations, and lets the surface pass through the seed.</summary>
    public void Resolve()
    {
        EquationSystem system = new(Theta.Length, SurfaceWalk.PriorDeviation);
        foreach ((double[] row, double value, double deviation) in Equations) system.Add(row, value, deviation);
        Theta = system.Solve();
        Deviation = system.Deviations();
        Offset = -System.Numerics.Tensors.TensorPrimitives.Dot<double>(Theta, StartFeatures);
    }
}

/// <summary>A kink that no known unit explains.</summary>
/// <param name="Point">Where it is.</param>
/// <param name="Jump">The jump of the gradient.</param>
/// <param name="Error">What rounding may have done to an entry of the jump.</param>
internal sealed record Seed(double[] Point, double[] Jump, double Error)
{
    /// <summary>How many walks have started here in vain.</summary>
    public int Failures { get; set; }

    /// <summary>How the last of them ended.</summary>
    public WalkEnd LastEnd { get; set; }
}
