using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Approximation;

/// <summary>A certified bound of what rounding adds to a deep network of one input and one output, without looking at its pieces.</summary>
/// <remarks>
/// <para>Running error analysis forward, with one refinement that hats need. Neurons whose rows of weights are equal, such as ReLU(g) and ReLU(g - 1/2),
/// inherit the same error of g: together they are one piecewise linear function of g, and pass it on by that function's steepest slope, 2 for a
/// hat, instead of by the sum of its weights, 6. Ranges are propagated the same way.</para>
/// <code>
///     g + E ──┬─ ReLU(g + E + b₁ + ρ₁) ─ v₁ ─┐      |Δ| ≤ L·|E| + Σ |v_j| ρ_j,
///             └─ ReLU(g + E + b₂ + ρ₂) ─ v₂ ─┴─     L = the steepest slope of Σ v_j ReLU(· + b_j)
/// </code>
/// </remarks>
internal static class NetworkRounding
{
    /// <summary>Kinks up to which a range is found at each of them; beyond, the steepest slope bounds it.</summary>
    private const int MostKinks = 2000;

    /// <summary>Bounds the difference between the network as stored, in real arithmetic, and as computed in a type, its weights rounded to it.</summary>
    /// <param name="network">Affine layers with ReLUs, one input and one output.</param>
    /// <param name="input">The inputs, numbers of that type.</param>
    /// <param name="type">The type.</param>
    public static double Bound(ReluNetwork network, Interval input, ElementType type)
    {
        double unit = type == ElementType.Float32 ? 5.9604644775390625e-08 : 1.1102230246251565e-16;
        Group[] groups = [new Group(input, 0, isInput: true)];
        Member[] members = [new Member(0, 0)];
        foreach (Layer layer in network.Layers)
        {
            AffineLayer affine = (AffineLayer)layer;
            Dictionary<RowKey, Group> found = [];
            Group[] nextGroups = new Group[affine.Outputs];
            Member[] nextMembers = new Member[affine.Outputs];
            for (int i = 0; i < affine.Outputs; i++)
            {
                double bias = affine.Bias[i], inherited = 0, size = Math.Abs(bias), inexact = IsOfType(bias, type) ? 0 : size;
                int live = bias == 0 ? 0 : 1;
                bool rounds = false;
                Interval range = 0;
                (int Column, double Weight)[] row = [.. Nonzero(affine.Linear.Row(i))];
                foreach (IGrouping<Group, (int Column, double Weight)> own in row.GroupBy(e => groups[e.Column]))
                {
                    (Interval values, double slope, double noise) = own.Key.Through([.. own.Select(e => (e.Weight, members[e.Column]))]);
                    range += values;
                    inherited += (slope * own.Key.Error) + noise;
                    foreach ((int column, double weight) in own)
                    {
                        double z = own.Key.Magnitude(members[column]) * Math.Abs(weight);
                        if (z == 0) continue;
                        live++;
                        size += z;
                        rounds |= !double.IsPow2(Math.Abs(weight));
                        if (!IsOfType(weight, type)) inexact += z;
                    }
                }
                // A sum of k live terms rounds each product once and at most k - 1 times on the way.
                double gamma = live > 1 || rounds ? live * unit / (1 - (live * unit)) : 0;
                nextMembers[i] = new Member(bias, ((gamma * size) + (1.0001 * unit * inexact)) * (1 + 1e-12));
                RowKey key = new(row);
                if (!found.TryGetValue(key, out Group? group)) found[key] = group = new Group(range, inherited * (1 + 1e-12), isInput: false);
                nextGroups[i] = group;
            }
            (groups, members) = (nextGroups, nextMembers);
        }
        return groups[0].Error + members[0].Rounding;
    }

    private static bool IsOfType(double value, ElementType type) => type == ElementType.Float64 || (float)value == value;

    private static List<(int Column, double Weight)> Nonzero(SparseRow row)
    {
        List<(int Column, double Weight)> entries = [];
        for (int k = 0; k < row.Count; k++)
        {
            if (row.Values[k] != 0) entries.Add((row.Columns[k], row.Values[k]));
        }
        return entries;
    }

    private readonly record struct Member(double Bias, double Rounding);

    /// <summary>Rows are the same when all their weights are.</summary>
    private readonly struct RowKey((int Column, double Weight)[] row) : IEquatable<RowKey>
    {
        private readonly (int Column, double Weight)[] row = row;

        public bool Equals(RowKey other) => row.AsSpan().SequenceEqual(other.row);

        public override bool Equals(object? obj) => obj is RowKey other && Equals(other);

        public override int GetHashCode() => row.Length == 0 ? 0 : HashCode.Combine(row.Length, row[0], row[^1]);
    }

    /// <summary>Neurons of one pre-activation g but for their biases.</summary>
    private sealed class Group(Interval range, double error, bool isInput)
    {
        public double Error => error;

        /// <summary>Values of Σ v_j ReLU(g + b_j), its steepest slope, and what the members' own rounding adds.</summary>
        public (Interval Values, double Slope, double Noise) Through((double Weight, Member Member)[] parts)
        {
            if (isInput) return (parts[0].Weight * range, Math.Abs(parts[0].Weight), 0);
            // The largest bias bends first.
            Array.Sort(parts, (p, q) => q.Member.Bias.CompareTo(p.Member.Bias));
            Interval values = Interval.Hull(At(range.Lower), At(range.Upper));
            double slope = 0, sum = 0, noise = 0;
            foreach ((double weight, Member member) in parts)
            {
                if (parts.Length <= MostKinks && -member.Bias > range.Lower && -member.Bias < range.Upper) values = Interval.Hull(values, At(-member.Bias));
                // Errors may lead a little beyond the range, so every slope counts.
                sum += weight;
                slope = Math.Max(slope, Math.Abs(sum));
                noise += Math.Abs(weight) * member.Rounding;
            }
            if (parts.Length > MostKinks) values = At(range.Lower) + (slope * new Interval(-1, 1) * ((Interval)range.Upper - range.Lower));
            return (values, slope * (1 + 1e-12), noise * (1 + 1e-12));

            Interval At(double g)
            {
                Interval total = 0;
                foreach ((double weight, Member member) in parts) total += weight * Interval.Max((Interval)g + member.Bias, 0);
                return total;
            }
        }

        /// <summary>The largest computed value of a member.</summary>
        public double Magnitude(Member member) => isInput ? range.Magnitude : Math.Max(0, (range + member.Bias).Upper) + error + member.Rounding;
    }
}
