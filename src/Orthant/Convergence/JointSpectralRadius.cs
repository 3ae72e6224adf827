using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>How <see cref="JointSpectralRadius"/> works.</summary>
public sealed record JointRadiusOptions
{
    /// <summary>The work ends once upper ≤ lower·(1 + gap).</summary>
    public double RelativeGap { get; init; } = 1e-9;

    /// <summary>A budget of time; what is reached by then is returned.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>The work also ends once the radius is known to be less than, or not less than, this number.</summary>
    public double? Target { get; init; }

    /// <summary>The seed of searches for words.</summary>
    public ulong Seed { get; init; }
}

/// <summary>A bracket of a joint spectral radius with its certificate.</summary>
/// <param name="Certificate">The evidence.</param>
/// <param name="IsExact">Whether the lower bound is the radius itself, proved up to identities of trajectories.</param>
/// <param name="Method">What closed the bracket, such as "polytope of 15 vertices".</param>
public sealed record JointRadius(SpectralRadiusCertificate Certificate, bool IsExact, string Method)
{
    /// <summary>A lower bound, rounded down.</summary>
    public double Lower => Interval.FromRational(Certificate.Lower).Lower;

    /// <summary>An upper bound, rounded up.</summary>
    public double Upper => Interval.FromRational(Certificate.Upper).Upper;

    /// <summary>The word of the lower bound: indices of matrices from the left, or masks as bits.</summary>
    public IReadOnlyList<int> Word => Certificate.Word;
}

/// <summary>Bounds of the joint spectral radius of a finite set of matrices, the growth of their longest products.</summary>
/// <remarks>Below: the spectral radius of a product, found by a beam search in the norm of a common ellipsoid. Above: that ellipsoid
/// (method of centres), an invariant polytope (Guglielmi and Protasov) with balanced leading words, or Gripenberg's tree of
/// products in the ellipsoid's norm. All of it is heuristic; the certificate is rational arithmetic but for the tree.</remarks>
public static class JointSpectralRadius
{
    /// <summary>Bounds the radius of given matrices.</summary>
    /// <param name="matrices">Square matrices of one size (at least one).</param>
    /// <param name="options">Accuracy and budget; null for the usual ones.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The matrices are not square of one size.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static JointRadius Bound(IReadOnlyList<Rational[][]> matrices, JointRadiusOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(matrices);
        if (matrices.Count == 0 || matrices[0].Length == 0 || matrices.Any(a => a.Length != matrices[0].Length || a.Any(r => r.Length != a.Length)))
        {
            throw new ArgumentException("The matrices are square and of one size.", nameof(matrices));
        }
        options ??= new JointRadiusOptions();
        return ReducibleSet.Bound([.. matrices], options, cancellation) ?? new RadiusSearch([.. matrices], masks: false, options, cancellation).Run();
    }

    /// <summary>Bounds the radius of {I_S W} over all sets S of neurons, the linear parts of a tied ReLU layer.</summary>
    /// <param name="matrix">W, square.</param>
    /// <param name="options">Accuracy and budget; null for the usual ones.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The matrix is not square.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static JointRadius BoundMasks(Rational[][] matrix, JointRadiusOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (matrix.Length is 0 or > 30 || matrix.Any(r => r.Length != matrix.Length)) throw new ArgumentException("The matrix is square, of at most 30 rows.", nameof(matrix));
        return new RadiusSearch([matrix], masks: true, options ?? new JointRadiusOptions(), cancellation).Run();
    }
}
