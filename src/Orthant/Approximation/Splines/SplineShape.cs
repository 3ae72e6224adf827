namespace Orthant.Approximation;

/// <summary>What the fitted spline has to be beside near.</summary>
public enum SplineShape
{
    /// <summary>Anything.</summary>
    Free,

    /// <summary>Nowhere falling.</summary>
    Increasing,

    /// <summary>Nowhere rising.</summary>
    Decreasing,

    /// <summary>With slopes that do not fall.</summary>
    Convex,

    /// <summary>With slopes that do not rise.</summary>
    Concave,
}

/// <summary>Wishes for a fit.</summary>
public sealed record SplineFitOptions
{
    /// <summary>The usual ones.</summary>
    public static SplineFitOptions Default { get; } = new();

    /// <summary>The shape that the spline has to have.</summary>
    public SplineShape Shape { get; init; } = SplineShape.Free;

    /// <summary>Points through which the spline has to pass; their abscissae lie in the interval, distinct.</summary>
    public IReadOnlyList<(double X, double Y)> Pins { get; init; } = [];

    /// <summary>How far the certified error may be above the best, relatively, as far as doubles can tell.</summary>
    public double RelativeGap { get; init; } = 1e-9;
}
