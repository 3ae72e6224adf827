using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>An affine function ⟨gradient, u⟩ + offset in rational numbers, one piece of a <see cref="LatticePolynomial"/>.</summary>
/// <param name="Gradient">k numbers.</param>
/// <param name="Offset">The value at 0.</param>
public sealed record LatticePiece(ImmutableArray<Rational> Gradient, Rational Offset)
{
    private readonly double[] rounded = [.. Gradient.Select(g => g.ToDouble()), Offset.ToDouble()];

    /// <summary>The piece whose coefficients are the doubles given.</summary>
    /// <param name="gradient">k finite numbers.</param>
    /// <param name="offset">A finite number.</param>
    public static LatticePiece FromDoubles(IEnumerable<double> gradient, double offset) =>
        new([.. gradient.Select(Rational.FromDouble)], Rational.FromDouble(offset));

    /// <summary>The value at a point, with the coefficients rounded to doubles.</summary>
    /// <param name="u">k numbers.</param>
    public double Evaluate(ReadOnlySpan<double> u)
    {
        double sum = rounded[^1];
        for (int i = 0; i < u.Length; i++) sum += rounded[i] * u[i];
        return sum;
    }

    /// <summary>The value at a point, without any rounding.</summary>
    /// <param name="u">k numbers.</param>
    public Rational EvaluateExactly(ReadOnlySpan<Rational> u)
    {
        Rational sum = Offset;
        for (int i = 0; i < u.Length; i++) sum += Gradient[i] * u[i];
        return sum;
    }

    /// <inheritdoc/>
    public bool Equals(LatticePiece? other) =>
        other is not null && Offset == other.Offset && Gradient.AsSpan().SequenceEqual(other.Gradient.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Gradient.Aggregate(Offset.GetHashCode(), HashCode.Combine);
}

/// <summary>A continuous piecewise-linear function as a maximum of minima of affine functions: its lattice form.</summary>
/// <remarks>Every such function has one (J. Tarela and M. Martinez, Mathematical and Computer Modelling 30, 1999; S. Ovchinnikov, arXiv
/// math/0009026): with l_i the piece on region R_i and S_i the pieces that are at least l_i on all of R_i, f = max_i min over S_i, where
/// regions are small enough that any two of them have a piece between their own ones. All of it is in rational numbers.</remarks>
public sealed class LatticePolynomial
{
    /// <summary>Makes a lattice polynomial.</summary>
    /// <param name="pieces">At least one, all of one dimension.</param>
    /// <param name="terms">At least one; each names the pieces of one minimum.</param>
    /// <exception cref="ArgumentException">A term is empty or names a piece that there is not, or dimensions differ.</exception>
    public LatticePolynomial(IEnumerable<LatticePiece> pieces, IEnumerable<IEnumerable<int>> terms)
    {
        Pieces = [.. pieces];
        Terms = [.. terms.Select(t => t.Distinct().Order().ToImmutableArray())];
        if (Pieces.IsEmpty || Terms.IsEmpty || Terms.Any(t => t.IsEmpty || t[0] < 0 || t[^1] >= Pieces.Length))
        {
            throw new ArgumentException("A lattice polynomial has pieces, and terms that name them.", nameof(terms));
        }
        if (Pieces.Any(p => p.Gradient.Length != Pieces[0].Gradient.Length))
        {
            throw new ArgumentException("Pieces have one dimension.", nameof(pieces));
        }
    }

    /// <summary>The affine functions.</summary>
    public ImmutableArray<LatticePiece> Pieces { get; }

    /// <summary>The minima, each by the numbers of its pieces.</summary>
    public ImmutableArray<ImmutableArray<int>> Terms { get; }

    /// <summary>The number of variables.</summary>
    public int Dimension => Pieces[0].Gradient.Length;

    /// <summary>The lattice form of a network on the cube [−reach, reach]ᵏ, without any rounding; of a network without biases
    /// everywhere.</summary>
    /// <param name="network">At most 4 inputs, one output. Its weights are taken as the doubles that they are.</param>
    /// <param name="reach">Half the side of the cube, greater than 0.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The form, equal to the network at every point of the cube; terms that others imply are left out.</returns>
    /// <exception cref="ArgumentException">The network has more inputs or outputs, or more than <see cref="MostRegions"/>
    /// regions.</exception>
    public static LatticePolynomial Of(ReluNetwork network, double reach, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(reach);
        if (network.Inputs > 4 || network.Outputs != 1)
        {
            throw new ArgumentException($"A network of at most 4 inputs and one output is needed, not {network}.", nameof(network));
        }
        return new LatticeBuilder(network, reach, cancellation).Build();
    }

    /// <summary>The most regions of a network whose form is taken: the work grows with their square.</summary>
    public const int MostRegions = 20_000;

    /// <summary>The value at a point, with the pieces' coefficients rounded to doubles.</summary>
    /// <param name="u">k numbers.</param>
    public double Evaluate(ReadOnlySpan<double> u)
    {
        double[] values = new double[Pieces.Length];
        for (int i = 0; i < values.Length; i++) values[i] = Pieces[i].Evaluate(u);
        return Terms.Max(t => t.Min(p => values[p]));
    }

    /// <summary>The value at a point, without any rounding.</summary>
    /// <param name="u">k numbers.</param>
    public Rational EvaluateExactly(ReadOnlySpan<Rational> u)
    {
        Rational[] values = new Rational[Pieces.Length];
        for (int i = 0; i < values.Length; i++) values[i] = Pieces[i].EvaluateExactly(u);
        return Terms.Max(t => t.Min(p => values[p]));
    }

    /// <summary>The same function as a network: min(a, b) = a − ReLU(a − b) and max(a, b) = a + ReLU(b − a), pairwise in a tree.</summary>
    /// <returns>A network that has the form's values without any error in exact arithmetic. A coefficient that is no double is a sum of
    /// several, each the weight of a copy of its input, which are made by a first layer.</returns>
    /// <exception cref="InvalidOperationException">A coefficient is no sum of doubles, such as 1/3.</exception>
    public ReluNetwork ToNetwork() => LatticeNetwork.Of(this);

    /// <summary>For example <c>max(min(l1, l2), min(l3, l4))</c>.</summary>
    public override string ToString()
    {
        string[] terms = [.. Terms.Select(t => t.Length == 1 ? $"l{t[0] + 1}" : $"min({string.Join(", ", t.Select(p => $"l{p + 1}"))})")];
        return terms.Length == 1 ? terms[0] : $"max({string.Join(", ", terms)})";
    }
}
