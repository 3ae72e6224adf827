using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>lower ≤ joint spectral radius ≤ upper: below by the spectral radius of a product, above by a norm.</summary>
/// <param name="Matrices">The matrices; for masks the one matrix W.</param>
/// <param name="Masks">Whether the set is {I_S W} over all sets S of neurons.</param>
/// <param name="Lower">A lower bound of ρ(A_{w1} ⋯ A_{wL})^{1/L}.</param>
/// <param name="Word">Indices of matrices from the left; for masks the neurons of S as bits.</param>
/// <param name="Upper">γ.</param>
/// <param name="Evidence">A norm in which every matrix is at most γ.</param>
public sealed record SpectralRadiusCertificate(Rational[][][] Matrices, bool Masks, Rational Lower, int[] Word, Rational Upper, NormEvidence Evidence) : Certificate
{
    /// <inheritdoc/>
    public override string Claim =>
        $"the joint spectral radius of {(Masks ? $"I_S W over all masks of {Matrices[0].Length} neurons" : $"{Matrices.Length} matrices")} lies between {Lower.ToDouble():R} and {Upper.ToDouble():R}";

    internal override bool IsRational => Evidence is not QuadraticTree;

    internal override void Verify(Verification verification)
    {
        MatrixFamily family = new(Matrices, Masks, verification);
        if (Lower.Sign > 0) VerifyLower(verification, family);
        Evidence.Verify(verification, family, Upper);
    }

    /// <summary>A real eigenvalue beyond t shows as a sign of the characteristic polynomial; a complex pair λ, λ̄ as the real eigenvalue
    /// |λ|² of the second compound matrix.</summary>
    private void VerifyLower(Verification v, MatrixFamily family)
    {
        v.Require(Word.Length is > 0 and <= 400 && Word.All(w => w >= 0 && (Masks ? w < 1 << family.Dimension : w < Matrices.Length)), "the word is one of the set");
        Rational[][]? product = null;
        foreach (int w in Word)
        {
            Rational[][] a = Masks ? family.Masked(w) : Matrices[w];
            product = product is null ? a : ExactMatrices.Multiply(product, a);
        }
        Rational t = Rational.Pow(Lower, Word.Length);
        bool found = SignAt(product!, t) <= 0 || SignAt([.. product!.Select(r => r.Select(x => -x).ToArray())], t) <= 0
            || (family.Dimension > 1 && SignAt(Compound(product!), t * t) <= 0);
        v.Require(found, "the product has an eigenvalue as large as the lower bound needs");
    }

    private static int SignAt(Rational[][] a, Rational t) =>
        ExactMatrices.ToMatrix([.. a.Select((row, i) => row.Select((x, j) => i == j ? t - x : -x).ToArray())]).Determinant().Sign;

    /// <summary>All 2 × 2 minors.</summary>
    private static Rational[][] Compound(Rational[][] a)
    {
        (int P, int Q)[] pairs = [.. Enumerable.Range(0, a.Length).SelectMany(p => Enumerable.Range(p + 1, a.Length - p - 1).Select(q => (p, q)))];
        return [.. pairs.Select(r => pairs.Select(c => a[r.P][c.P] * a[r.Q][c.Q] - a[r.P][c.Q] * a[r.Q][c.P]).ToArray())];
    }
}
