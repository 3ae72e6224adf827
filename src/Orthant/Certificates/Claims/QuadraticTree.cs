using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>An ellipsoid and a finite tree of products: along every infinite word some prefix X has ‖X‖ ≤ γ^length in the norm √(xᵀQx)
/// (Gripenberg's argument). The checker grows the tree anew.</summary>
/// <param name="Form">Q, symmetric and positive definite.</param>
/// <param name="Depth">The longest word.</param>
/// <param name="Nodes">The largest number of nodes.</param>
public sealed record QuadraticTree(Rational[][] Form, int Depth, long Nodes) : NormEvidence
{
    // Leaves are tested in floating point against 1 - 1e-9; what rounding does to them is bounded afterwards, see Verify.
    private const double LeafSlack = 1e-9;

    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        int d = family.Dimension;
        v.Require(Form.Length == d && ExactMatrices.IsSquare(Form) && ExactMatrices.IsSymmetric(Form) && ExactMatrices.IsPositive(Form, true), "Q is symmetric and positive definite");
        v.Require(family.Count <= 4096 && Depth is > 0 and <= 200 && gamma.Sign > 0, "the tree is one of at most 4096 matrices");
        double[][]? upper = SmallMatrices.Factor([.. Form.Select(r => r.Select(x => x.ToDouble()).ToArray())]);
        v.Require(upper is not null, "Q is positive definite in floating point");
        double[][] inverse = SmallMatrices.Invert(upper);
        double condition = SmallMatrices.Norm(upper) * SmallMatrices.Norm(inverse), g = gamma.ToDouble() * (1 - 2e-8);
        v.Require(condition <= 1e6, "Q is well conditioned");
        // Bᵢ = T Aᵢ T⁻¹ / γ(1 − 2e-8); each is within 1e-14·d²·cond(T)·‖B‖ of the exact one for a Q that differs from the given one by rounding.
        double[][][] b = new double[family.Count][][];
        double largest = 0;
        for (int i = 0; i < b.Length; i++)
        {
            double[][] a = [.. family.Member(i).Select(r => r.Select(x => x.ToDouble()).ToArray())];
            b[i] = SmallMatrices.Multiply(SmallMatrices.Multiply(upper, a), inverse);
            foreach (double[] row in b[i])
            {
                for (int j = 0; j < d; j++) row[j] /= g;
            }
            largest = Math.Max(largest, SmallMatrices.Norm(b[i]));
        }
        long left = Nodes;
        double reach = 1;
        Grow(v, b, b, 1, ref left, ref reach);
        // The norm max over inner words ‖X x‖ lies between ‖x‖ and reach·‖x‖, so an error ε of a matrix costs at most reach·ε; the products
        // themselves are within depth·d·u·reach·‖B‖ of exact ones, which the leaves' slack has to cover.
        double error = 1e-14 * d * d * condition * largest;
        v.Require(reach * error <= 1e-8 && Depth * d * 2.3e-16 * reach * largest <= LeafSlack / 2, "rounding does not matter");
    }

    private void Grow(Verification v, double[][][] products, double[][][] b, int depth, ref long left, ref double reach)
    {
        foreach (double[][] x in products)
        {
            v.Require(--left >= 0, "the tree is as small as is said");
            if (IsContraction(x)) continue;
            v.Require(depth < Depth, "the tree is as shallow as is said");
            reach = Math.Max(reach, SmallMatrices.Norm(x));
            Grow(v, [.. b.Select(m => SmallMatrices.Multiply(x, m))], b, depth + 1, ref left, ref reach);
        }
    }

    /// <summary>Whether ‖X‖₂² ≤ 1 − slack: by the Frobenius norm, else by a Cholesky factorisation of (1 − slack) I − XXᵀ.</summary>
    private static bool IsContraction(double[][] x)
    {
        int d = x.Length;
        double sum = 0;
        foreach (double[] row in x)
        {
            foreach (double e in row) sum += e * e;
        }
        if (sum <= 1 - LeafSlack) return true;
        Span<double> a = stackalloc double[d * d];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double dot = 0;
                for (int k = 0; k < d; k++) dot += x[i][k] * x[j][k];
                double entry = (i == j ? 1 - LeafSlack : 0) - dot;
                for (int k = 0; k < j; k++) entry -= a[(i * d) + k] * a[(j * d) + k];
                if (i == j)
                {
                    if (!(entry > 1e-13)) return false;
                    a[(i * d) + i] = Math.Sqrt(entry);
                }
                else
                {
                    a[(i * d) + j] = entry / a[(j * d) + j];
                }
            }
        }
        return true;
    }
}
