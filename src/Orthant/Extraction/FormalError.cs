using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>How far a recovered network can be from the true one anywhere in a box: bounds that hold for every input, and the exact worst case of small networks.</summary>
/// <remarks>
/// <para>Units are matched and scaled as <see cref="NetworkAlignment"/> says. With h and h' the activations of a layer and h' carried to the true scales, the difference of a
/// matched pair is dw·h + w'·(h − h') + db, and a rectifier does not enlarge it. Two recursions follow it through the layers:</para>
/// <para>entry by entry, D ← |dW| U + |W'| D + |db| with U the largest activations of the box (the certificate's); and in Euclidean norms,
/// δ ← ‖dW‖ X + ‖W'‖ δ + ‖db‖ with X the largest norm of the activations (N. Carlini, M. Jagielski and I. Mironov, CRYPTO 2020, section 6). Neither is always the smaller
/// one. All arithmetic is rounded outward; spectral norms are upper bounds.</para>
/// </remarks>
public sealed class FormalError
{
    private FormalError(double[] interval, double[] norm, DifferenceCertificate certificate)
    {
        IntervalBounds = [.. interval];
        NormBounds = [.. norm];
        Certificate = certificate;
    }

    /// <summary>For each output a bound on |recovered − true| over the box, by the recursion entry by entry.</summary>
    public ImmutableArray<double> IntervalBounds { get; }

    /// <summary>The same by the recursion of norms.</summary>
    public ImmutableArray<double> NormBounds { get; }

    /// <summary>The smaller one of the two, for the worst output.</summary>
    public double Bound => IntervalBounds.Zip(NormBounds, Math.Min).Max();

    /// <summary>The claim that the outputs differ by at most <see cref="IntervalBounds"/>, for <see cref="CertificateChecker"/>.</summary>
    public DifferenceCertificate Certificate { get; }

    /// <summary>Bounds the difference of two networks whose units can be matched.</summary>
    /// <param name="truth">The true network: dense layers, rectifiers, affine outputs.</param>
    /// <param name="found">The recovered one, of the same widths.</param>
    /// <param name="lower">The box's lower corner, one finite number an input.</param>
    /// <param name="upper">The upper corner, not below the lower one.</param>
    /// <returns>Null when the widths differ or one is no such network.</returns>
    public static FormalError? Of(ReluNetwork truth, ReluNetwork found, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(found);
        if (lower.Length != truth.Inputs || upper.Length != truth.Inputs) throw new ArgumentException($"A box for {truth} has {truth.Inputs} sides.");
        if (NetworkAlignment.Of(truth, found) is not NetworkAlignment aligned) return null;
        HiddenLayer[] t = NetworkAlignment.Dense(truth)!, f = NetworkAlignment.Dense(found)!;
        Interval[] h = new Interval[truth.Inputs];
        for (int j = 0; j < h.Length; j++) h[j] = new Interval(lower[j], upper[j]);
        int[] order = [.. Enumerable.Range(0, h.Length)];
        double[] scale = [.. h.Select(_ => 1.0)], apart = new double[h.Length], norms = [];
        double apartNorm = 0, largest = IntervalNorms.Of(h, "l2").Upper;
        for (int l = 0; l < t.Length; l++)
        {
            bool last = l == t.Length - 1;
            int[] match = last ? [.. Enumerable.Range(0, t[l].Units)] : [.. aligned.Order[l]];
            double[] factor = last ? [.. match.Select(_ => 1.0)] : [.. aligned.Scale[l]];
            Carried carried = new(t[l], f[l], match, factor, order, scale);
            apart = carried.Apart(h, apart);
            if (last) norms = carried.ApartByRows(largest, apartNorm);
            // The entries are bounded one by one anyway: their norm is another bound of the same vector.
            apartNorm = Math.Min(carried.ApartInNorm(largest, apartNorm), IntervalNorms.Of([.. apart.Select(d => (Interval)d)], "l2").Upper);
            h = carried.Activations(h);
            largest = IntervalNorms.Of(h, "l2").Upper;
            (order, scale) = (match, factor);
        }
        // The checker adds in another order: what its roundings may differ by.
        double[] claimed = [.. apart.Select(d => Math.BitIncrement(d * (1 + 1e-9)))];
        DifferenceCertificate certificate = new(NetworkData.Of(truth), NetworkData.Of(found), [.. aligned.Order.Select(o => o.ToArray())],
            [.. aligned.Scale.Select(s => s.ToArray())], lower.ToArray(), upper.ToArray(), claimed);
        return new FormalError(claimed, norms, certificate);
    }

    /// <summary>One layer of both networks, the second one's in the order and scales of the first: enclosures of its entries and of the differences.</summary>
    private sealed class Carried
    {
        private readonly HiddenLayer truth;
        private readonly Interval[][] weights;
        private readonly Interval[][] differences;
        private readonly Interval[] shifts;

        public Carried(HiddenLayer truth, HiddenLayer found, int[] match, double[] factor, int[] order, double[] scale)
        {
            this.truth = truth;
            int n = truth.Inputs;
            weights = new Interval[truth.Units][];
            differences = new Interval[truth.Units][];
            shifts = new Interval[truth.Units];
            for (int i = 0; i < truth.Units; i++)
            {
                (weights[i], differences[i]) = (new Interval[n], new Interval[n]);
                ReadOnlySpan<double> mine = truth.Row(i), other = found.Row(match[i]);
                for (int j = 0; j < n; j++)
                {
                    weights[i][j] = (Interval)factor[i] * other[order[j]] / scale[j];
                    differences[i][j] = mine[j] - weights[i][j];
                }
                shifts[i] = truth.Bias[i] - ((Interval)factor[i] * found.Bias[match[i]]);
            }
        }

        /// <summary>|z − z'| for each unit.</summary>
        public double[] Apart(Interval[] h, double[] before) => [.. weights.Select((row, i) =>
        {
            Interval sum = Interval.Abs(shifts[i]);
            for (int j = 0; j < row.Length; j++) sum += ((Interval)differences[i][j].Magnitude * h[j].Magnitude) + ((Interval)row[j].Magnitude * before[j]);
            return sum.Upper;
        })];

        /// <summary>The same for each unit from norms alone.</summary>
        public double[] ApartByRows(double largest, double before) => [.. weights.Select((row, i) =>
            ((IntervalNorms.Of(differences[i], "l2") * largest) + (IntervalNorms.Of(row, "l2") * before) + Interval.Abs(shifts[i])).Upper)];

        /// <summary>‖z − z'‖.</summary>
        public double ApartInNorm(double largest, double before) =>
            (((Interval)Spectral(differences) * largest) + ((Interval)Spectral(weights) * before) + IntervalNorms.Of(shifts, "l2")).Upper;

        /// <summary>The true network's activations.</summary>
        public Interval[] Activations(Interval[] h) => [.. Enumerable.Range(0, truth.Units).Select(i =>
        {
            Interval z = truth.Bias[i];
            ReadOnlySpan<double> row = truth.Row(i);
            for (int j = 0; j < row.Length; j++) z += row[j] * h[j];
            return Interval.Max(z, 0);
        })];

        /// <summary>An upper bound of the largest singular value of any matrix of the enclosure: that of its middle, and the radii's Euclidean norm.</summary>
        private static double Spectral(Interval[][] a)
        {
            double[,] middle = new double[a.Length, a[0].Length];
            Interval radius = 0;
            for (int i = 0; i < a.Length; i++)
            {
                for (int j = 0; j < a[i].Length; j++)
                {
                    middle[i, j] = a[i][j].Midpoint;
                    radius += Interval.Square(a[i][j].Radius);
                }
            }
            return ((Interval)SpectralNorm.UpperBound(middle) + Interval.Sqrt(radius)).Upper;
        }
    }
}
