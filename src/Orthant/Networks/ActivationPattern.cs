using System.Text;

namespace Orthant.Networks;

/// <summary>Which linear piece every unit of a network uses: for a ReLU 1 where its pre-activation is strictly positive and 0 elsewhere,
/// for a max pooling the number of the winning cell (the first of equals).</summary>
/// <remarks>Immutable and comparable by value. Units run site by site (<see cref="ReluNetwork.Sites"/>). For the set of inputs that share
/// a pattern see the module Geometry; for the affine map that the network is there, <see cref="AffinePiece"/>.</remarks>
public sealed class ActivationPattern : IEquatable<ActivationPattern>
{
    private readonly ushort[] pieces;
    private readonly int hash;

    /// <summary>Takes a copy of the piece numbers.</summary>
    public ActivationPattern(ReadOnlySpan<ushort> pieces)
    {
        this.pieces = pieces.ToArray();
        HashCode code = default;
        code.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(this.pieces));
        hash = code.ToHashCode();
    }

    /// <summary>The number of units.</summary>
    public int Count => pieces.Length;

    /// <summary>The piece of one unit, counted over all sites.</summary>
    public int this[int unit] => pieces[unit];

    /// <summary>The pieces of all units.</summary>
    public ReadOnlySpan<ushort> Pieces => pieces;

    /// <summary>The pieces of the units of one site.</summary>
    public ReadOnlySpan<ushort> Of(ActivationSite site) => pieces.AsSpan(site.FirstUnit, site.Units);

    /// <summary>The pattern as text, one group of digits a site, groups separated by <c>|</c>; pieces above 9 in brackets.</summary>
    public string ToText(IEnumerable<ActivationSite> sites)
    {
        StringBuilder text = new(pieces.Length + 8);
        foreach (ActivationSite site in sites)
        {
            if (site.Index > 0) text.Append('|');
            foreach (ushort piece in Of(site)) _ = piece <= 9 ? text.Append((char)('0' + piece)) : text.Append('[').Append(piece).Append(']');
        }
        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(ActivationPattern? other) => other is not null && hash == other.hash && pieces.AsSpan().SequenceEqual(other.pieces);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ActivationPattern);

    /// <inheritdoc/>
    public override int GetHashCode() => hash;

    /// <summary>All pieces in one row of digits.</summary>
    public override string ToString() => ToText([new ActivationSite(0, 0, pieces.Length, null)]);
}

/// <summary>The affine map x ↦ gradient·x + offset that a network is on the inputs of one activation pattern.</summary>
/// <param name="Pattern">The pattern.</param>
/// <param name="Gradient">outputs × inputs.</param>
/// <param name="Offset">The value that the map takes at the origin, one number an output.</param>
public sealed record AffinePiece(ActivationPattern Pattern, double[,] Gradient, double[] Offset)
{
    /// <summary>The value of the map at a point.</summary>
    /// <param name="x">One number an input.</param>
    public double[] Evaluate(ReadOnlySpan<double> x)
    {
        if (x.Length != Gradient.GetLength(1)) throw new ArgumentException($"The map reads {Gradient.GetLength(1)} inputs, not {x.Length}.");
        double[] y = (double[])Offset.Clone();
        for (int i = 0; i < y.Length; i++)
        {
            for (int j = 0; j < x.Length; j++) y[i] += Gradient[i, j] * x[j];
        }
        return y;
    }
}
