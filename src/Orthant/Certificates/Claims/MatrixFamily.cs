using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A finite set of matrices: those given, or all I_S W of one matrix W.</summary>
internal sealed class MatrixFamily
{
    private readonly Rational[][][] given;

    public MatrixFamily(Rational[][][] matrices, bool masks, Verification v)
    {
        v.Require(matrices.Length > 0 && matrices.All(ExactMatrices.IsSquare) && matrices.All(a => a.Length == matrices[0].Length), "the matrices are square and of one size");
        v.Require(!masks || (matrices.Length == 1 && matrices[0].Length <= 30), "masks are of one matrix of at most 30 rows");
        (given, IsMasks) = (matrices, masks);
    }

    public bool IsMasks { get; }

    public int Dimension => given[0].Length;

    /// <summary>The matrices that stand in the certificate; for masks W itself, which is the largest of them entry by entry.</summary>
    public Rational[][][] Given => given;

    public int Count => IsMasks ? (1 << Dimension) - 1 : given.Length;

    /// <summary>Matrix i, or I_S W where bit k of i + 1 says whether neuron k belongs to S.</summary>
    public Rational[][] Member(int i) => IsMasks ? Masked(i + 1) : given[i];

    /// <summary>I_S W with the neurons of S as bits.</summary>
    public Rational[][] Masked(int mask) =>
        [.. given[0].Select((row, k) => (mask >> k & 1) == 1 ? row : new Rational[Dimension])];
}
