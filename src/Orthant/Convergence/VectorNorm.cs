using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>An absolute norm of vectors: |x| ≤ |y| in every coordinate implies ‖x‖ ≤ ‖y‖. Only in these does a ReLU never lengthen a
/// difference.</summary>
/// <remarks>Xu and Zhang's class, ‖J‖ ≤ 1 for every activation matrix J, holds exactly the norms that are induced by absolute ones.</remarks>
public sealed class VectorNorm : IEquatable<VectorNorm>
{
    private readonly double[]? weights;

    private VectorNorm(string name, double[]? weights)
    {
        Name = name;
        this.weights = weights;
    }

    /// <summary>Σ|x_i|.</summary>
    public static VectorNorm L1 { get; } = new("l1", null);

    /// <summary>√Σx_i².</summary>
    public static VectorNorm L2 { get; } = new("l2", null);

    /// <summary>max|x_i|.</summary>
    public static VectorNorm LInf { get; } = new("linf", null);

    /// <summary>l1, l2 and linf.</summary>
    public static IReadOnlyList<VectorNorm> All { get; } = [L1, L2, LInf];

    /// <summary>l1, l2 or linf; with weights, of the weighted vector.</summary>
    public string Name { get; }

    /// <summary>The weights, one a coordinate; empty when there are none.</summary>
    public ReadOnlySpan<double> Weights => weights;

    /// <summary>The norm of (d_1 x_1, d_2 x_2, …).</summary>
    /// <param name="diagonal">d, positive and finite.</param>
    /// <exception cref="ArgumentException">A weight is not positive and finite.</exception>
    public VectorNorm Weighted(params ReadOnlySpan<double> diagonal)
    {
        foreach (double d in diagonal)
        {
            if (!(d > 0) || double.IsInfinity(d)) throw new ArgumentException("Weights are positive and finite.", nameof(diagonal));
        }
        return new VectorNorm(Name, diagonal.ToArray());
    }

    /// <summary>The norm ‖Bx‖ of a matrix B, when it is absolute: when every row of B or the form BᵀB is diagonal up to order.</summary>
    /// <param name="name">l1, l2 or linf.</param>
    /// <param name="transform">B (square).</param>
    /// <exception cref="OrthantInputException">The norm is unknown, or not absolute: some activation matrix J has ‖J‖ &gt; 1, which is
    /// named.</exception>
    public static VectorNorm Transformed(string name, double[,] transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        VectorNorm plain = Parse(name) ?? throw new OrthantInputException("norm", "", $"'{name}'", "l1, l2 or linf");
        int d = transform.GetLength(0);
        if (d != transform.GetLength(1)) throw new OrthantInputException("norm", "", $"a {d}×{transform.GetLength(1)} matrix", "a square one");
        // Exactly one entry a row and a column: a permutation and scaling, which is absolute in every one of the three norms.
        double[] diagonal = new double[d];
        bool monomial = true;
        for (int i = 0; i < d; i++)
        {
            int[] places = [.. Enumerable.Range(0, d).Where(j => transform[i, j] != 0)];
            monomial &= places.Length == 1 && diagonal[places[0]] == 0;
            if (monomial) diagonal[places[0]] = Math.Abs(transform[i, places[0]]);
        }
        if (monomial) return plain.Weighted(diagonal);
        (int mask, double size) = LargestActivationMatrix(plain, transform);
        string pattern = string.Concat(Enumerable.Range(0, d).Select(k => (mask >> k & 1) == 1 ? '1' : '0'));
        throw new OrthantInputException(
            "norm", "", $"a norm that is not absolute: the activation matrix diag({pattern}) has norm {size:G6}, more than 1",
            "an absolute norm, in which a ReLU does not lengthen differences: l1, l2, linf or one of them with positive weights");
    }

    /// <summary>The norm of a name.</summary>
    /// <returns>The norm, or null for a name other than l1, l2 and linf.</returns>
    public static VectorNorm? Parse(string name) => name switch { "l1" => L1, "l2" => L2, "linf" => LInf, _ => null };

    /// <summary>The norm of a vector, rounded outward.</summary>
    public Interval Of(ReadOnlySpan<Interval> x)
    {
        Interval result = 0;
        for (int i = 0; i < x.Length; i++)
        {
            Interval e = weights is null ? x[i] : x[i] * weights[i];
            result = Name switch { "l1" => result + Interval.Abs(e), "linf" => Interval.Max(result, Interval.Abs(e)), _ => result + Interval.Square(e) };
        }
        return Name == "l2" ? Interval.Sqrt(result) : result;
    }

    /// <summary>An upper bound of the induced norm of a square matrix; sharp to 1e-9 up to 64 rows, to 1e-3 beyond.</summary>
    /// <param name="matrix">The matrix (outputs × inputs); with weights it is square.</param>
    public double OfMatrix(double[,] matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        double[,] scaled = matrix;
        if (weights is not null)
        {
            scaled = new double[matrix.GetLength(0), matrix.GetLength(1)];
            for (int i = 0; i < scaled.GetLength(0); i++)
            {
                for (int j = 0; j < scaled.GetLength(1); j++) scaled[i, j] = (Interval.Abs(matrix[i, j]) * weights[i] / weights[j]).Upper * Math.Sign(matrix[i, j]);
            }
        }
        double bound = Name switch { "l1" => SpectralNorm.LargestColumnSum(scaled), "linf" => SpectralNorm.LargestRowSum(scaled), _ => SpectralNorm.UpperBound(scaled) };
        return weights is null || Name != "l2" ? bound : bound * (1 + 1e-14);
    }

    /// <inheritdoc/>
    public bool Equals(VectorNorm? other) => other is not null && Name == other.Name && Weights.SequenceEqual(other.Weights);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VectorNorm);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => weights is null ? Name : $"weighted {Name}";

    /// <summary>The activation matrix J whose ‖BJB⁻¹‖ is largest.</summary>
    private static (int Mask, double Norm) LargestActivationMatrix(VectorNorm plain, double[,] b)
    {
        int d = b.GetLength(0);
        var matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(b);
        var inverse = matrix.Inverse();
        (int, double) best = (0, 0);
        for (int mask = 1; mask < 1 << Math.Min(d, 12); mask++)
        {
            var j = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseDiagonal(d, d, i => (mask >> i & 1) == 1 ? 1 : 0);
            var image = matrix * j * inverse;
            double norm = plain.Name switch { "l1" => image.L1Norm(), "linf" => image.InfinityNorm(), _ => image.L2Norm() };
            if (norm > best.Item2) best = (mask, norm);
        }
        return best;
    }
}
