using System.Collections.Immutable;
using Orthant.Geometry.Facets;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Geometry;

/// <summary>The inputs of one activation pattern within a domain: a polytope on which the network is one affine map.</summary>
/// <remarks>
/// <para>For any number of inputs: facets, an interior point and neighbours come from small linear programs in doubles, to about 10⁻⁹ of the
/// box's sides. Where counts have to be proved, use <see cref="RegionEnumerator"/>.</para>
/// <para>Units are those of the network's normal form, counted over all stages.</para>
/// </remarks>
public sealed class ActivationDomain
{
    private readonly DomainForms forms;
    private readonly bool[] active;
    private readonly Lazy<ImmutableArray<DomainFacet>> facets;

    private ActivationDomain(DomainForms forms, bool[] active)
    {
        this.forms = forms;
        this.active = active;
        Polytope = new DomainPolytope(forms.Of(active), forms.Lower, forms.Upper);
        facets = new(() => [.. Polytope.Facets().Select(f => forms.ToFacet(f))]);
    }

    internal DomainPolytope Polytope { get; }

    /// <summary>The domain that a point lies in.</summary>
    /// <param name="network">The network.</param>
    /// <param name="domain">The box that is looked at, without half-spaces.</param>
    /// <param name="x">A point of the box, one number an input; a unit that vanishes there counts as not active.</param>
    /// <exception cref="ArgumentException">Box, point and network do not fit, or the point is outside.</exception>
    public static ActivationDomain At(ReluNetwork network, InputDomain domain, ReadOnlySpan<double> x)
    {
        DomainForms forms = new(network, domain);
        if (!domain.Contains(Array.ConvertAll(x.ToArray(), Rational.FromDouble))) throw new ArgumentException("The point is not in the box.", nameof(x));
        return new ActivationDomain(forms, forms.ActiveAt(x));
    }

    /// <summary>The domain of an activation pattern, which may be empty.</summary>
    /// <param name="network">A network without max pooling, whose patterns do not say which comparisons were made on the way.</param>
    /// <param name="domain">The box that is looked at, without half-spaces.</param>
    /// <param name="pattern">One piece a unit of the network.</param>
    /// <exception cref="ArgumentException">Box, pattern and network do not fit, or the network pools by maxima.</exception>
    public static ActivationDomain Of(ReluNetwork network, InputDomain domain, ActivationPattern pattern)
    {
        DomainForms forms = new(network, domain);
        return new ActivationDomain(forms, network.NormalForm.Encode(pattern));
    }

    /// <summary>The network's activation pattern.</summary>
    public ActivationPattern Pattern => forms.Network.NormalForm.Decode(active);

    /// <summary>The affine map that the network is here.</summary>
    public AffinePiece Piece => forms.Network.PieceOf(Pattern);

    /// <summary>All conditions of the pattern, redundant ones included: the points with Normal·x + Offset ≥ 0; the box is not repeated.</summary>
    public ImmutableArray<DomainFacet> HalfSpaces => [.. Polytope.Conditions.Select(c => forms.ToFacet(c))];

    /// <summary>The conditions that bound the domain, sides of the box included; empty when the domain is not full-dimensional.</summary>
    public ImmutableArray<DomainFacet> Facets => facets.Value;

    /// <summary>Whether no point satisfies all conditions.</summary>
    public bool IsEmpty => Polytope.IsEmpty;

    /// <summary>Whether the domain has an interior relative to the free inputs.</summary>
    public bool IsFullDimensional => Polytope.Radius > DomainPolytope.Thin;

    /// <summary>The radius of the largest ball inside, with free inputs scaled so that the box has sides of length 2; 0 when there is none.</summary>
    public double Radius => Polytope.Radius;

    /// <summary>The centre of that ball, one number an input; empty when the domain is.</summary>
    public ImmutableArray<double> InteriorPoint => IsEmpty ? [] : [.. forms.ToInputPoint(Polytope.Centre)];

    /// <summary>The regions across the facets, in the order of the facets; none beyond the box, and none where the other side is too thin to be
    /// told from the facet.</summary>
    public IEnumerable<(DomainFacet Facet, ActivationDomain Neighbour)> Neighbours()
    {
        foreach ((Condition facet, double[] beyond) in Polytope.Crossings())
        {
            bool[] other = forms.ActiveAt(forms.ToInputPoint(beyond));
            if (other.AsSpan().SequenceEqual(active)) continue;
            yield return (forms.ToFacet(facet), new ActivationDomain(forms, other));
        }
    }

    /// <summary>The vertices, one number an input each; null above ten free inputs.</summary>
    /// <exception cref="InvalidOperationException">More than 64 facets bound the domain.</exception>
    public ImmutableArray<ImmutableArray<double>>? Vertices()
    {
        if (forms.Dimension > 10) return null;
        return [.. Polytope.Vertices().Select(v => (ImmutableArray<double>)[.. forms.ToInputPoint(v)])];
    }
}

/// <summary>A condition on inputs: Normal·x + Offset ≥ 0.</summary>
/// <param name="Unit">The unit whose sign it is, counted over all stages of the normal form; -1 for a side of the box.</param>
/// <param name="Normal">One number an input.</param>
/// <param name="Offset">The offset.</param>
public sealed record DomainFacet(int Unit, ImmutableArray<double> Normal, double Offset);
