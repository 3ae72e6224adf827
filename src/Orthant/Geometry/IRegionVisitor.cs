using System.Numerics;
using Orthant.Geometry.Cutting;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry;

/// <summary>Sees every activation region once, while the walk is at it.</summary>
/// <remarks>With several threads the calls come at the same time and in no fixed order; a visitor that keeps anything guards it.</remarks>
public interface IRegionVisitor
{
    /// <summary>Called at every region; the view is valid during the call only.</summary>
    /// <param name="region">The region.</param>
    void Visit(in RegionView region);
}

/// <summary>An activation region as the walk sees it: its vertices, its pattern, the affine map on it, its facets.</summary>
public readonly unsafe ref struct RegionView
{
    private readonly CellWalk walk;
    private readonly ref readonly Cell cell;
    private readonly double* map;
    private readonly int padded;

    internal RegionView(CellWalk walk, in Cell cell, double* map, int padded)
    {
        this.walk = walk;
        this.cell = ref cell;
        this.map = map;
        this.padded = padded;
    }

    /// <summary>The number of free inputs.</summary>
    public int Dimension => walk.Table.Dimension;

    /// <summary>The number of vertices.</summary>
    public int VertexCount => cell.Count;

    /// <summary>One vertex, all inputs of the network.</summary>
    /// <param name="k">From 0 to <see cref="VertexCount"/> - 1.</param>
    /// <param name="x">One number an input, overwritten; within <see cref="VertexRadius"/> of the true vertex in the scaled box.</param>
    public void Vertex(int k, Span<double> x)
    {
        BoxScale scale = walk.Table.Scale;
        scale.Centre.CopyTo(x);
        for (int q = 0; q < Dimension; q++) x[walk.Table.Domain.Free[q]] += scale.HalfSide[q] * cell.X[(q * cell.Stride) + k];
    }

    /// <summary>One vertex in the box scaled to [-1, 1], free inputs only.</summary>
    public void ScaledVertex(int k, Span<double> t)
    {
        for (int q = 0; q < Dimension; q++) t[q] = cell.X[(q * cell.Stride) + k];
    }

    /// <summary>How far a vertex may be from the true one, in any coordinate of the scaled box.</summary>
    public double VertexRadius(int k) => cell.Radius[k];

    /// <summary>The slots of the facets that a vertex lies on, as bits; see <see cref="Facet"/>.</summary>
    public ulong FacetsOf(int k) => cell.Facets[k];

    /// <summary>All slots of facets in use, as bits.</summary>
    public ulong AllFacets => cell.AllFacets;

    /// <summary>What a slot of facets is: the stage of the normal form and the unit whose pre-activation vanishes there; stage -1 for the
    /// box (unit 2q its lower, 2q + 1 its upper side in free input q), -2 for a half-space of the domain.</summary>
    public (int Stage, int Unit) Facet(int slot) => walk.FacetOf(slot);

    /// <summary>Whether a unit of the normal form is active.</summary>
    public bool IsActive(int stage, int unit) => walk.IsActive(stage, unit);

    /// <summary>The pattern, in the network's own units.</summary>
    public ActivationPattern Pattern() => walk.DecodePattern();

    /// <summary>The gradient of an output on the region.</summary>
    /// <param name="output">The output.</param>
    /// <param name="gradient">One number a free input, in the order of <see cref="InputDomain.Free"/>; overwritten.</param>
    public void Gradient(int output, Span<double> gradient)
    {
        for (int q = 0; q < Dimension; q++) gradient[q] = map[(q * padded) + output] / walk.Table.Scale.HalfSide[q];
    }

    /// <summary>The value of an output's affine map at a vertex.</summary>
    public double Value(int output, int k)
    {
        double v = map[(Dimension * padded) + output];
        for (int q = 0; q < Dimension; q++) v = Math.FusedMultiplyAdd(map[(q * padded) + output], cell.X[(q * cell.Stride) + k], v);
        return v;
    }

    /// <summary>One vertex without any rounding, all inputs of the network.</summary>
    /// <param name="k">From 0 to <see cref="VertexCount"/> - 1.</param>
    public Rational[] ExactVertex(int k)
    {
        BoxScale scale = walk.Table.Scale;
        BigInteger[] point = ExactPoint(k);
        Rational[] x = [.. scale.ExactCentre];
        for (int q = 0; q < Dimension; q++) x[walk.Table.Domain.Free[q]] += scale.ExactHalfSide[q] * new Rational(point[q], point[Dimension]);
        return x;
    }

    /// <summary>An output's affine map on the region, without any rounding.</summary>
    /// <param name="output">The output.</param>
    /// <returns>The gradient, one number a free input, and the value where all free inputs are zero.</returns>
    public (Rational[] Gradient, Rational Offset) ExactMap(int output)
    {
        BoxScale scale = walk.Table.Scale;
        BigInteger[] form = ExactForm(output);
        BigInteger denominator = walk.OutputScale;
        Rational[] gradient = new Rational[Dimension];
        Rational offset = new(form[Dimension], denominator);
        for (int q = 0; q < Dimension; q++)
        {
            gradient[q] = new Rational(form[q], denominator) / scale.ExactHalfSide[q];
            offset -= gradient[q] * scale.ExactCentre[walk.Table.Domain.Free[q]];
        }
        return (gradient, offset);
    }

    /// <summary>An output's affine map over the scaled free inputs as integers, all maps times one positive number: coefficients, then the constant.</summary>
    internal BigInteger[] ExactForm(int output) => walk.ExactOutput(output);

    /// <summary>A vertex in the scaled box as integers over the last one, which is positive.</summary>
    internal BigInteger[] ExactPoint(int k) => walk.ExactPoint(cell.Facets[k]);

    /// <summary>A key of the outputs' affine maps; see <see cref="RegionComplex"/>.</summary>
    internal UInt128 MapKey() => walk.MapKey();

    /// <summary>A key of a vertex.</summary>
    internal UInt128 VertexKey(int k) => walk.VertexKey(cell.Facets[k]);

    /// <summary>A key of the hyperplane that a facet lies on.</summary>
    internal UInt128 PlaneKey(int slot) => walk.PlaneKey(slot);
}
