using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>Sets of matrices that are block triangular after one common reordering of coordinates: the radius is the largest one of the
/// diagonal blocks', though no invariant norm need exist.</summary>
internal static class ReducibleSet
{
    /// <summary>The bracket from the blocks, or null where the set does not split.</summary>
    public static JointRadius? Bound(Rational[][][] set, JointRadiusOptions options, CancellationToken cancellation)
    {
        int d = set[0].Length;
        int[] inner = [.. Enumerable.Range(0, d).Select(j => Reached(set, j)).MinBy(r => r.Length)!], outer = [.. Enumerable.Range(0, d).Except(inner)];
        if (outer.Length == 0) return null;
        JointRadiusOptions half = options with { Seconds = options.Seconds / 2 };
        JointRadius first = JointSpectralRadius.Bound(Block(set, inner), half, cancellation), second = JointSpectralRadius.Bound(Block(set, outer), half, cancellation);
        JointRadius larger = first.Certificate.Lower >= second.Certificate.Lower ? first : second;
        Rational upper = Rational.Max(first.Certificate.Upper, second.Certificate.Upper);
        int[] order = [.. inner, .. outer];
        Rational[][] basis = [.. Enumerable.Range(0, d).Select(i => order.Select(j => i == j ? Rational.One : 0).ToArray())];
        BlockSplit evidence = new(basis, inner.Length, first.Certificate.Evidence, second.Certificate.Evidence);
        Rational lower = RadiusSearch.CertifyLower(set, [.. larger.Word], options, cancellation);
        return new JointRadius(
            new SpectralRadiusCertificate(set, false, lower, [.. larger.Word], upper, evidence), larger.IsExact && larger.Certificate.Upper == upper,
            $"blocks of {inner.Length} and {outer.Length}: {first.Method}; {second.Method}");
    }

    /// <summary>The coordinates that coordinate j reaches: they span an invariant subspace.</summary>
    private static int[] Reached(Rational[][][] set, int j)
    {
        HashSet<int> reached = [j];
        Stack<int> open = new([j]);
        while (open.TryPop(out int column))
        {
            for (int i = 0; i < set[0].Length; i++)
            {
                if (!reached.Contains(i) && set.Any(a => !a[i][column].IsZero))
                {
                    reached.Add(i);
                    open.Push(i);
                }
            }
        }
        return [.. reached.Order()];
    }

    private static Rational[][][] Block(Rational[][][] set, int[] places) => [.. set.Select(a => places.Select(i => places.Select(j => a[i][j]).ToArray()).ToArray())];
}
