using System.Collections.Immutable;
using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>What <see cref="EnumerationLearner"/> enumerates at the end.</summary>
public enum EnumeratedClass
{
    /// <summary>An epsilon-net of networks without biases of at most 3 hidden units.</summary>
    Networks,

    /// <summary>Lattice polynomials of at most 4 linear pieces, whatever the norm of a network for them.</summary>
    Lattices,
}

/// <summary>The algorithm of the paper as it stands there: small candidates for what is found so far, a threshold, top eigenvectors, and
/// an enumeration at the end; at most 2 directions.</summary>
/// <remarks>
/// S. Chen, A. Klivans and R. Meka, arXiv 2009.13512. In each round every candidate F̃ of an epsilon-net on the directions found gives the
/// matrix E[1(|y − F̃| &gt; τ)(zzᵀ − I)] off these directions; the largest eigenvalue over all candidates gives the next direction while
/// it exceeds what chance reaches (the edge of Marchenko and Pastur's law, widened by half). On one direction every network without biases
/// is two half lines, so the net is a grid of two slopes. τ = Λ√(2k). It is here to be seen at work; <see cref="FilteredPca"/> is the one
/// to use. The answer is as coarse as the net.
/// </remarks>
public static class EnumerationLearner
{
    private const int Slopes = 21, Angles = 60, Mixtures = 24, MostRows = 20_000, Judged = 2000;

    /// <summary>Learns from samples.</summary>
    /// <param name="samples">At least as many rows as inputs.</param>
    /// <param name="kind">What is enumerated at the end.</param>
    /// <param name="directions">k, 1 or 2.</param>
    /// <param name="lipschitz">Λ, over the target's standard deviation; null chooses τ so that a tenth of the labels exceed it.</param>
    /// <param name="options">Seed, threads and whitening.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="OrthantInputException">The samples are refused as by <see cref="FilteredPca.Fit"/>.</exception>
    public static LearnedNetwork Fit(
        SampleSource samples, EnumeratedClass kind, int directions = 2, double? lipschitz = null, FilteredPcaOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(directions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(directions, 2);
        options ??= new FilteredPcaOptions();
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        LearningRows data = LearningRows.Of(samples, options with { FitRows = MostRows }, threads, null, cancellation);
        FitRows rows = data.Training;
        double[] sizes = [.. rows.Targets.Select(Math.Abs).Order()];
        double threshold = lipschitz is double given ? given * Math.Sqrt(2.0 * directions) : sizes[(int)(0.9 * sizes.Length)];
        Subspace found = Subspace.Empty(rows.Inputs);
        List<FilterEvidence> evidence = [];
        while (found.Dimension < directions)
        {
            (double eigenvalue, double edge, double[] vector, string filter) = Strongest(rows, found, threshold, threads, cancellation);
            bool isTaken = eigenvalue > edge;
            int round = found.Dimension + 1;
            evidence.Add(new FilterEvidence(round, filter, eigenvalue, edge, edge / 1.5, double.NaN, double.NaN, isTaken ? 1 : 0, isTaken)
            {
                Spectrum = [eigenvalue],
            });
            if (!isTaken) break;
            found = found.With(vector);
        }
        if (found.Dimension == 0)
        {
            return new LearnedNetwork
            {
                Network = new ReluNetwork([AffineLayer.Dense(new double[1, rows.Inputs], [data.Mean])], name: "mean"),
                Rounds = [.. evidence],
                HeldOutRows = data.HeldOut.Count,
                Notes = ["no candidate's eigenvalue exceeds what chance reaches"],
            };
        }
        ReluNetwork small = kind == EnumeratedClass.Networks ? Networks(rows, found, cancellation) : Lattices(rows, found, cancellation);
        return Result(data, found, small, evidence);
    }

    /// <summary>The candidate whose filtered second moment has the largest eigenvalue, over what chance reaches with as many
    /// rows.</summary>
    private static (double Eigenvalue, double Edge, double[] Vector, string Filter) Strongest(
        FitRows rows, Subspace found, double threshold, int threads, CancellationToken cancellation)
    {
        int d = rows.Inputs, candidates = found.Dimension == 0 ? 1 : Slopes * Slopes;
        float[] u = found.Dimension == 0 ? [] : rows.Project(found);
        Subspace complement = found.Complement();
        int m = complement.Dimension;
        (double Ratio, double Value, double Edge, double[] Matrix)[] results = new (double, double, double, double[])[candidates];
        Parallel.For(0, candidates, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, c =>
        {
            double right = 4 * ((2.0 * (c % Slopes) / (Slopes - 1)) - 1), left = 4 * ((2.0 * (c / Slopes) / (Slopes - 1)) - 1);
            List<int> chosen = [];
            for (int r = 0; r < rows.Count; r++)
            {
                double fit = u.Length == 0 ? 0 : (right * Math.Max(0, u[r])) + (left * Math.Max(0, -u[r]));
                if (Math.Abs(rows.Targets[r] - fit) > threshold) chosen.Add(r);
            }
            if (chosen.Count < 4 * d) return;
            float[] packed = new float[chosen.Count * d], square = new float[d * d];
            for (int i = 0; i < chosen.Count; i++) rows.Values.AsSpan(chosen[i] * d, d).CopyTo(packed.AsSpan(i * d));
            SymmetricRankUpdate.Into(
                new ReadOnlyMatrixSpan<float>(packed, chosen.Count, d).Transposed(), new MatrixSpan<float>(square, d, d));
            double share = chosen.Count / (double)rows.Count;
            double[] full = Array.ConvertAll(square, v => (double)v / rows.Count), half = new double[m * d], inside = new double[m * m];
            for (int i = 0; i < d; i++) full[(i * d) + i] -= share;
            MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>(complement.Rows, m, d), new ReadOnlyMatrixSpan<double>(full, d, d),
                new MatrixSpan<double>(half, m, d));
            MatrixMultiply.Into(new ReadOnlyMatrixSpan<double>(half, m, d),
                new ReadOnlyMatrixSpan<double>(complement.Rows, m, d).Transposed(), new MatrixSpan<double>(inside, m, m));
            double top = Tridiagonal.Reduce(m, inside).Eigenvalue(m - 1), ratio = m / (double)chosen.Count;
            double edge = 1.5 * share * ((2 * Math.Sqrt(ratio)) + ratio);
            results[c] = (top / edge, top, edge, inside);
        });
        int best = Enumerable.Range(0, candidates).MaxBy(c => results[c].Ratio);
        if (results[best].Matrix is not double[] matrix) return (0, 1, new double[d], "too few rows beyond the threshold");
        Vector<double> vector = Matrix<double>.Build.DenseOfColumnMajor(m, m, matrix).Evd(Symmetricity.Symmetric)
            .EigenVectors.Column(m - 1);
        double[] row = new double[d];
        for (int j = 0; j < m; j++) TensorPrimitives.MultiplyAdd(complement.Row(j), vector[j], row, row);
        return (results[best].Value, results[best].Edge, row, found.Dimension == 0 ? "|y| > τ" : $"|y − F̃| > τ, {candidates} candidates");
    }

    /// <summary>The network of at most 3 units with the least squared error: sums of hinges, or one unit of two.</summary>
    private static ReluNetwork Networks(FitRows rows, Subspace found, CancellationToken cancellation)
    {
        int k = found.Dimension, n = Math.Min(rows.Count, Judged * 4), count = k == 1 ? 2 : Angles;
        float[] u = rows.Project(found);
        double[][] directions =
            [.. Enumerable.Range(0, count)
            .Select(a => k == 1 ? (double[])[a == 0 ? 1 : -1] : [Math.Cos(2 * Math.PI * a / Angles), Math.Sin(2 * Math.PI * a / Angles)])];
        double[][] features = [.. directions.Select(
            w => Enumerable.Range(0, n).Select(r => Math.Max(0, w.Select((x, i) => x * u[(r * k) + i]).Sum())).ToArray())];
        double[] y = rows.Targets[..n];
        double[,] gram = new double[count, count];
        double[] inner = [.. features.Select(f => TensorPrimitives.Dot<double>(f, y))];
        for (int a = 0; a < count; a++)
        {
            for (int b = 0; b < count; b++) gram[a, b] = TensorPrimitives.Dot<double>(features[a], features[b]);
        }
        double most = -1;
        int[] best = [];
        foreach (int[] set in Subsets(count, 3))
        {
            cancellation.ThrowIfCancellationRequested();
            double gain = Gain(gram, inner, set, out _);
            if (gain > most) (most, best) = (gain, set);
        }
        Gain(gram, inner, best, out double[] weights);
        ReluNetwork sum = new([Dense([.. best.Select(a => directions[a])], ActivationFunction.Relu), Dense([weights], null)]);
        // Two units below a third: c ReLU(cos φ h₁ + sin φ h₂).
        double[] mixed = new double[n];
        (double Gain, int A, int B, double Phi, double Weight) deep = (most, -1, -1, 0, 0);
        for (int a = 0; a < count; a++)
        {
            for (int b = a + 1; b < count; b++)
            {
                for (int m = 0; m < Mixtures; m++)
                {
                    (double sin, double cos) = Math.SinCos(2 * Math.PI * (m + 0.5) / Mixtures);
                    if (sin > 0 == cos > 0) continue;
                    TensorPrimitives.Multiply(features[a], cos, mixed);
                    TensorPrimitives.MultiplyAdd(features[b], sin, mixed, mixed);
                    TensorPrimitives.Max<double>(mixed, 0, mixed);
                    double length = TensorPrimitives.SumOfSquares<double>(mixed), along = TensorPrimitives.Dot<double>(mixed, y);
                    if (length > 0 && along * along / length > deep.Gain)
                    {
                        deep = (along * along / length, a, b, 2 * Math.PI * (m + 0.5) / Mixtures, along / length);
                    }
                }
            }
            cancellation.ThrowIfCancellationRequested();
        }
        return deep.A < 0 ? sum : new ReluNetwork(
        [
            Dense([directions[deep.A], directions[deep.B]], ActivationFunction.Relu),
                Dense([[Math.Cos(deep.Phi), Math.Sin(deep.Phi)]], ActivationFunction.Relu), Dense([[deep.Weight]], null),
        ]);
    }

    /// <summary>The lattice polynomial of at most 4 pieces with the least squared error; pieces are slopes of the data in
    /// sectors.</summary>
    private static ReluNetwork Lattices(FitRows rows, Subspace found, CancellationToken cancellation)
    {
        int k = found.Dimension, n = Math.Min(rows.Count, Judged), sectors = k == 1 ? 2 : 24;
        float[] u = rows.Project(found);
        List<(double[] Slope, int Count)> slopes = [];
        for (int s = 0; s < sectors; s++)
        {
            int[] inside = [.. Enumerable.Range(0, rows.Count).Where(r => Sector(u.AsSpan(r * k, k), sectors) == s)];
            if (inside.Length < 4 * k) continue;
            Matrix<double> x = Matrix<double>.Build.Dense(inside.Length, k, (i, j) => u[(inside[i] * k) + j]);
            double[] slope = [.. x.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin)
                .Solve(Vector<double>.Build.Dense(inside.Length, i => rows.Targets[inside[i]]))];
            int near = slopes.FindIndex(t => Math.Sqrt(t.Slope.Zip(slope).Sum(p => Math.Pow(p.First - p.Second, 2))) < 0.1);
            if (near < 0) slopes.Add((slope, 1));
            else slopes[near] = (slopes[near].Slope, slopes[near].Count + 1);
        }
        double[][] pieces = [.. slopes.OrderByDescending(s => s.Count).Take(8).Select(s => s.Slope)];
        double least = double.PositiveInfinity;
        LatticePolynomial? best = null;
        foreach (int[] set in Subsets(pieces.Length, 4))
        {
            double[][] values = [.. set.Select(
                p => Enumerable.Range(0, n).Select(r => pieces[p].Select((g, i) => g * u[(r * k) + i]).Sum()).ToArray())];
            foreach (int[] masks in Antichains(set.Length))
            {
                cancellation.ThrowIfCancellationRequested();
                double error = 0;
                for (int r = 0; r < n && error < least; r++)
                {
                    double top = double.NegativeInfinity;
                    foreach (int mask in masks)
                    {
                        double low = double.PositiveInfinity;
                        for (int p = 0; p < set.Length; p++)
                        {
                            if ((mask >> p & 1) != 0) low = Math.Min(low, values[p][r]);
                        }
                        top = Math.Max(top, low);
                    }
                    error += (rows.Targets[r] - top) * (rows.Targets[r] - top);
                }
                if (error >= least) continue;
                least = error;
                best = new LatticePolynomial(
                    set.Select(p => LatticePiece.FromDoubles(pieces[p], 0)),
                    masks.Select(mask => Enumerable.Range(0, set.Length).Where(p => (mask >> p & 1) != 0)));
            }
        }
        return best!.ToNetwork();
    }

    private static int Sector(ReadOnlySpan<float> u, int sectors) => u.Length == 1
        ? u[0] > 0 ? 1 : 0
        : Math.Min(sectors - 1, (int)((Math.Atan2(u[1], u[0]) + Math.PI) / (2 * Math.PI) * sectors));

    /// <summary>Families of nonempty subsets of n pieces, none within another, as bit masks.</summary>
    private static IEnumerable<int[]> Antichains(int n)
    {
        int subsets = (1 << n) - 1;
        return From(1, []);

        IEnumerable<int[]> From(int next, int[] chosen)
        {
            if (chosen.Length > 0) yield return chosen;
            for (int mask = next; mask <= subsets; mask++)
            {
                if (chosen.Any(c => (c & mask) == c || (c & mask) == mask)) continue;
                foreach (int[] family in From(mask + 1, [.. chosen, mask])) yield return family;
            }
        }
    }

    private static IEnumerable<int[]> Subsets(int n, int most)
    {
        return From(0, []);

        IEnumerable<int[]> From(int next, int[] chosen)
        {
            if (chosen.Length > 0) yield return chosen;
            if (chosen.Length == most) yield break;
            for (int i = next; i < n; i++)
            {
                foreach (int[] set in From(i + 1, [.. chosen, i])) yield return set;
            }
        }
    }

    /// <summary>By how much least squares on a few features lowers the sum of squares.</summary>
    private static double Gain(double[,] gram, double[] inner, int[] set, out double[] weights)
    {
        double[] matrix = new double[set.Length * set.Length];
        weights = [.. set.Select(a => inner[a])];
        for (int i = 0; i < set.Length; i++)
        {
            for (int j = 0; j <= i; j++) matrix[(i * set.Length) + j] = gram[set[i], set[j]] * (i == j ? 1 + 1e-10 : 1);
        }
        new Cholesky(set.Length, matrix, 0).Solve(weights);
        double gain = 0;
        for (int i = 0; i < set.Length; i++) gain += weights[i] * inner[set[i]];
        return gain;
    }

    private static AffineLayer Dense(double[][] rows, ActivationFunction? activation)
    {
        double[,] weights = new double[rows.Length, rows[0].Length];
        for (int o = 0; o < rows.Length; o++)
        {
            for (int i = 0; i < rows[o].Length; i++) weights[o, i] = rows[o][i];
        }
        return AffineLayer.Dense(weights, null, activation);
    }

    private static LearnedNetwork Result(LearningRows data, Subspace found, ReluNetwork small, List<FilterEvidence> evidence)
    {
        int d = found.Inputs, k = found.Dimension;
        (double[] matrix, double[] constant) = data.Whitening.Unwhiten(found);
        double[,] map = new double[k, d];
        for (int i = 0; i < k * d; i++) map[i / d, i % d] = matrix[i];
        FitRows held = data.HeldOut;
        float[] u = held.Project(found);
        double[] outputs = new double[held.Count];
        small.Evaluate<double>(held.Count, Array.ConvertAll(u, v => (double)v), outputs);
        double error = TensorPrimitives.Distance<double>(outputs, held.Targets) / Math.Sqrt(held.Count) / held.Deviation;
        Subspace given = Subspace.Span(d, matrix);
        return new LearnedNetwork
        {
            Basis = [.. Enumerable.Range(0, k).Select(j => given.Row(j).ToArray().ToImmutableArray())],
            BasisSpread = [.. Enumerable.Range(0, k).Select(j => data.Whitening.Spread(given.Row(j)))],
            Centre = [.. data.Whitening.Centre],
            Network = new ReluNetwork(
            [AffineLayer.Dense(map, constant), .. small.Layers, AffineLayer.Dense(new double[1, 1] { { data.Scale } })],
            ElementType.Float64, "learned"),
            HeldOutError = error,
            HeldOutRows = held.Count,
            Rounds = [.. evidence],
            IsHomogeneous = true,
        };
    }
}
