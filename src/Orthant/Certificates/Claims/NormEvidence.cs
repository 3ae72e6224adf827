using System.Text.Json.Serialization;
using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>A norm in which every matrix of a set is at most γ, which bounds the joint spectral radius by γ.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(WeightedMaxNorm), "perronVector")]
[JsonDerivedType(typeof(WeightedSumNorm), "perronCovector")]
[JsonDerivedType(typeof(DiagonalNorm), "diagonalQuadratic")]
[JsonDerivedType(typeof(EllipsoidNorm), "ellipsoid")]
[JsonDerivedType(typeof(PolytopeNorm), "polytope")]
[JsonDerivedType(typeof(BoxHullNorm), "antiBlockingPolytope")]
[JsonDerivedType(typeof(QuadraticTree), "ellipsoidTree")]
[JsonDerivedType(typeof(BlockSplit), "blockSplit")]
public abstract record NormEvidence
{
    /// <summary>Refuses unless every matrix of the family has at most norm γ.</summary>
    internal abstract void Verify(Verification v, MatrixFamily family, Rational gamma);
}

/// <summary>max_i |x_i| / v_i.</summary>
/// <param name="Weights">v, positive.</param>
public sealed record WeightedMaxNorm(Rational[] Weights) : NormEvidence
{
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        v.Require(Weights.Length == family.Dimension && Weights.All(w => w.Sign > 0), "the weights are positive");
        foreach (Rational[][] a in family.Given)
        {
            v.Require(a.Zip(Weights).All(r => ExactMatrices.Dot([.. r.First.Select(Rational.Abs)], Weights) <= gamma * r.Second), "|A| v is at most γ v");
        }
    }
}

/// <summary>Σ v_i |x_i|.</summary>
/// <param name="Weights">v, positive.</param>
public sealed record WeightedSumNorm(Rational[] Weights) : NormEvidence
{
    /// <summary>It is the dual norm: that of the transposed matrices in max |x_i| / v_i.</summary>
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma) =>
        new WeightedMaxNorm(Weights).Verify(v, new MatrixFamily([.. family.Given.Select(ExactMatrices.Transpose)], false, v), gamma);
}

/// <summary>√(Σ q_i x_i²): an absolute norm, so that masks need no look of their own.</summary>
/// <param name="Weights">q, positive.</param>
public sealed record DiagonalNorm(Rational[] Weights) : NormEvidence
{
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        v.Require(Weights.Length == family.Dimension && Weights.All(w => w.Sign > 0), "the weights are positive");
        Rational[][] q = ExactMatrices.Diagonal(Weights);
        foreach (Rational[][] a in family.Given) v.Require(ExactMatrices.IsPositive(ExactMatrices.Lyapunov(gamma * gamma, q, a, q), false), "γ²Q − AᵀQA is positive semidefinite");
    }
}

/// <summary>√(xᵀQx).</summary>
/// <param name="Form">Q, symmetric and positive definite.</param>
public sealed record EllipsoidNorm(Rational[][] Form) : NormEvidence
{
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        v.Require(Form.Length == family.Dimension && ExactMatrices.IsSquare(Form) && ExactMatrices.IsSymmetric(Form) && ExactMatrices.IsPositive(Form, true), "Q is symmetric and positive definite");
        v.Require(family.Count <= 4096, "there are at most 4096 matrices");
        for (int i = 0; i < family.Count; i++)
        {
            v.Require(ExactMatrices.IsPositive(ExactMatrices.Lyapunov(gamma * gamma, Form, family.Member(i), Form), false), $"γ²Q − AᵀQA is positive semidefinite for matrix {i}");
        }
    }
}

/// <summary>The norm whose unit ball is the hull of ± the vertices: every image of a vertex is a combination of vertices with
/// coefficients that add up to at most γ.</summary>
/// <param name="Vertices">One row a vertex; with phases, the real parts and then the imaginary parts of a complex vector.</param>
/// <param name="Bases">For vertex i and matrix a, in row i·k + a: the vertices that the image is combined of, a basis of the space.</param>
/// <param name="Phases">Null for a real hull; otherwise the hull is that of all e^{iθ}v, and beside each place of a basis stands tan θ/2.</param>
public sealed record PolytopeNorm(Rational[][] Vertices, int[][] Bases, Rational[][]? Phases = null) : NormEvidence
{
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        int d = family.Dimension, k = family.Count, n = Phases is null ? d : 2 * d;
        v.Require(Vertices.Length >= d && Vertices.All(x => x.Length == n), "the vertices lie in the space");
        v.Require(ExactMatrices.ToMatrix(Phases is null ? Vertices : [.. Vertices, .. Vertices.Select(x => Turned(x, 1))]).Rank() == n, "the vertices span the space");
        v.Require(Bases.Length == Vertices.Length * k && (Phases is null || Phases.Length == Bases.Length), "there is a combination for every image");
        for (int i = 0; i < Bases.Length; i++)
        {
            Rational[][] a = family.Member(i % k);
            Rational[] image = [.. Vertices[i / k].Chunk(d).SelectMany(half => a.Select(row => ExactMatrices.Dot(row, half)))];
            v.Require(Phases is null || Phases[i].Length == Bases[i].Length, "every vertex has a phase");
            Rational[] t = Phases?[i] ?? new Rational[Bases[i].Length], sizes = [.. t.Select(x => 1 + (x * x))];
            Rational[][] columns = [.. Bases[i].Select((j, place) => Phases is null ? Vertices[j] : Turned(Vertices[j], t[place]))];
            Rational[]? c = ExactMatrices.ToMatrix(ExactMatrices.Transpose(columns)).Solve(image);
            v.Require(c is not null && ExactMatrices.Dot([.. c.Select(Rational.Abs)], sizes) <= gamma, $"image {i % k} of vertex {i / k} lies in γ times the polytope");
        }
    }

    /// <summary>(1 + t²)e^{iθ}v with t = tan θ/2, which makes the cosine and the sine rational.</summary>
    private static Rational[] Turned(Rational[] v, Rational t)
    {
        int d = v.Length / 2;
        return [.. v.Select((x, i) => ((1 - (t * t)) * x) + (2 * t * (i < d ? -v[d + i] : v[i - d])))];
    }
}

/// <summary>The norm whose unit ball is the hull of the boxes [0, ±v] of its vertices, so that masks do not leave it: every W I_S v is
/// covered by vertices of the same orthant with coefficients that add up to at most γ.</summary>
/// <param name="Vertices">One row a vertex.</param>
public sealed record BoxHullNorm(Rational[][] Vertices) : NormEvidence
{
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        int d = family.Dimension, n = Vertices.Length;
        v.Require(family.IsMasks && d <= 8 && Vertices.All(x => x.Length == d), "the vertices lie in the space of at most 8 neurons");
        for (int i = 0; i < d; i++) v.Require(Vertices.Any(x => !x[i].IsZero), "the vertices span the space");
        double[] zeros = new double[2 * n], ones = Enumerable.Repeat(1.0, 2 * n).ToArray(), infinite = Enumerable.Repeat(double.PositiveInfinity, 2 * n).ToArray();
        foreach (Rational[] vertex in Vertices)
        {
            for (int mask = 1; mask < 1 << d; mask++)
            {
                if (Enumerable.Range(0, d).Any(i => (mask >> i & 1) == 1 && vertex[i].IsZero)) continue;
                Rational[] y = [.. family.Given[0].Select(row => ExactMatrices.Dot([.. row.Select((w, i) => (mask >> i & 1) == 1 ? w : Rational.Zero)], vertex))];
                DenseSimplex program = new(zeros, infinite);
                program.SetObjective(ones);
                List<Rational[]> rows = [];
                for (int r = 0; r < d; r++)
                {
                    if (y[r].IsZero) continue;
                    Rational[] row = new Rational[2 * n];
                    for (int j = 0; j < n; j++)
                    {
                        Rational along = y[r].Sign > 0 ? Vertices[j][r] : -Vertices[j][r];
                        (row[j], row[n + j]) = (Rational.Max(along, 0), Rational.Max(-along, 0));
                    }
                    rows.Add(row);
                    program.AddRow([.. row.Select(x => x.ToDouble())], Rational.Abs(y[r]).ToDouble(), double.PositiveInfinity);
                }
                if (rows.Count == 0) continue;
                v.Require(program.Solve() == SimplexStatus.Optimal, "an image is covered");
                // The floating solution proposes; enlarged a little it has to cover exactly.
                Rational[] c = [.. program.Point.ToArray().Select(x => Rational.FromDouble(Math.Max(x, 0)))];
                Rational[] sizes = [.. y.Where(x => !x.IsZero).Select(Rational.Abs)];
                Rational stretch = 1;
                for (int r = 0; r < rows.Count; r++)
                {
                    Rational covered = ExactMatrices.Dot(rows[r], c);
                    v.Require(covered.Sign > 0, "an image is covered");
                    stretch = Rational.Max(stretch, sizes[r] / covered);
                }
                v.Require(stretch * c.Aggregate(Rational.Zero, (s, x) => s + x) <= gamma, "an image of a vertex under a mask lies in γ times the body");
            }
        }
    }
}

/// <summary>A common invariant subspace: in the basis whose first vectors span it every matrix is block triangular, and the radius is the
/// larger one of the blocks'.</summary>
/// <param name="Basis">Columns of a basis of the space; the first <paramref name="Split"/> span the subspace.</param>
/// <param name="Split">The dimension of the subspace.</param>
/// <param name="Inner">Evidence for the restrictions to the subspace.</param>
/// <param name="Outer">Evidence for the quotients.</param>
public sealed record BlockSplit(Rational[][] Basis, int Split, NormEvidence Inner, NormEvidence Outer) : NormEvidence
{
    internal override void Verify(Verification v, MatrixFamily family, Rational gamma)
    {
        int d = family.Dimension;
        v.Require(!family.IsMasks && Basis.Length == d && ExactMatrices.IsSquare(Basis) && Split > 0 && Split < d, "the basis is one of the space");
        RationalMatrix basis = ExactMatrices.ToMatrix(Basis);
        v.Require(basis.Rank() == d, "the basis is one of the space");
        List<Rational[][]> inner = [], outer = [];
        foreach (Rational[][] a in family.Given)
        {
            Rational[][] columns = ExactMatrices.Transpose(ExactMatrices.Multiply(a, Basis));
            Rational[][] image = ExactMatrices.Transpose([.. columns.Select(c => basis.Solve(c)!)]);
            v.Require(image.Skip(Split).All(row => row.Take(Split).All(x => x.IsZero)), "the subspace is invariant");
            inner.Add([.. image.Take(Split).Select(row => row.Take(Split).ToArray())]);
            outer.Add([.. image.Skip(Split).Select(row => row.Skip(Split).ToArray())]);
        }
        Inner.Verify(v, new MatrixFamily([.. inner], false, v), gamma);
        Outer.Verify(v, new MatrixFamily([.. outer], false, v), gamma);
    }
}
