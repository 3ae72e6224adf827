using System.Runtime.Intrinsics;

namespace Orthant.Geometry.Cutting;

/// <summary>A polytope as the list of its vertices, each with the facets that it lies on.</summary>
/// <remarks>
/// Structure of arrays, padded to blocks of eight with copies of the first vertex:
/// <code>
/// X      [ x₀ of vertex 0, 1, 2, … | pad ][ x₁ of vertex 0, 1, 2, … | pad ] …     Stride numbers a coordinate
/// Radius [ how far vertex k may be from the true one in any coordinate | pad ]
/// Facets [ bit s set: vertex k lies on the facet in slot s | 0 ]
/// </code>
/// Slots are recycled along a path of the walk: a slot that no vertex of a cell uses is free for its children.
/// </remarks>
internal unsafe struct Cell
{
    /// <summary>The number of vertices.</summary>
    public int Count;

    /// <summary>The number of vertices rounded up to a multiple of eight.</summary>
    public int Stride;

    /// <summary>Coordinates, dimension × <see cref="Stride"/>, in the box scaled to [-1, 1].</summary>
    public double* X;

    /// <summary>The error radius of each vertex, in the largest-coordinate norm.</summary>
    public double* Radius;

    /// <summary>The facets of each vertex.</summary>
    public ulong* Facets;

    /// <summary>The slots in use: the union of all <see cref="Facets"/>.</summary>
    public ulong AllFacets;

    /// <summary>The largest radius.</summary>
    public double LargestRadius;

    /// <summary>Whether every vertex lies on exactly as many facets as there are dimensions.</summary>
    public bool IsSimple;

    public static Cell Take(CellArena arena, int dimension, int count)
    {
        int stride = (count + 7) & ~7;
        return new Cell
        {
            Count = count,
            Stride = stride,
            X = arena.TakeDoubles(dimension * stride),
            Radius = arena.TakeDoubles(stride),
            Facets = arena.TakeMasks(stride),
        };
    }

    /// <summary>Fills the padding with copies of the first vertex, and sets the facts that follow from the vertices.</summary>
    /// <param name="dimension">The number of coordinates.</param>
    /// <param name="simple">Whether every vertex is known to lie on as many facets as there are dimensions.</param>
    public void Seal(int dimension, bool simple = false)
    {
        for (int k = Count; k < Stride; k++)
        {
            Radius[k] = Radius[0];
            Facets[k] = 0;
            for (int q = 0; q < dimension; q++) X[(q * Stride) + k] = X[q * Stride];
        }
        ulong all = 0;
        Vector512<double> largest = Vector512<double>.Zero;
        for (int b = 0; b < Stride; b += 8) largest = Vector512.Max(largest, Vector512.Load(Radius + b));
        for (int k = 0; k < Count; k++) all |= Facets[k];
        IsSimple = true;
        for (int k = 0; k < Count && !simple; k++) IsSimple &= System.Numerics.BitOperations.PopCount(Facets[k]) == dimension;
        AllFacets = all;
        LargestRadius = Largest(largest);
    }

    private static double Largest(Vector512<double> v)
    {
        Vector256<double> four = Vector256.Max(v.GetLower(), v.GetUpper());
        Vector128<double> two = Vector128.Max(four.GetLower(), four.GetUpper());
        return Math.Max(two[0], two[1]);
    }
}
