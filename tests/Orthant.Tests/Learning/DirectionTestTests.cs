using CsCheck;
using MathNet.Numerics.LinearAlgebra;
using Orthant.Learning;
using Orthant.Numerics;

namespace Orthant.Tests.Learning;

/// <summary>The statistic, its null law, and the linear algebra behind them.</summary>
public sealed class DirectionTestTests
{
    [Fact]
    public void TridiagonalEigenvaluesAreThoseOfMathNet() => Gen.Int[1, 12].Select(Gen.Int[0, 10_000]).Sample((n, seed) =>
    {
        RandomStream random = new((ulong)seed);
        Matrix<double> a = Matrix<double>.Build.Dense(n, n, (_, _) => random.NextNormal());
        a += a.Transpose();
        double[] expected = a.Evd(Symmetricity.Symmetric).EigenValues.Real().ToArray();
        Tridiagonal reduced = Tridiagonal.Reduce(n, a.ToRowMajorArray());
        for (int i = 0; i < n; i++) Assert.Equal(expected[i], reduced.Eigenvalue(i), 1e-10);
    }, iter: 50);

    [Fact]
    public void CriticalScoresAreTheListedOnes()
    {
        // From the specification: levels 10⁻³ and 10⁻⁴, 20, 50 and 200 draws.
        Assert.Equal([4.17, 3.75, 3.57], new[] { 20, 50, 200 }.Select(b => DirectionTest.CriticalScore(1e-3, b)).ToArray(), (a, b) =>
            Math.Abs(a - b) < 0.01);
        Assert.Equal([5.51, 4.76, 4.45], new[] { 20, 50, 200 }.Select(b => DirectionTest.CriticalScore(1e-4, b)).ToArray(), (a, b) =>
            Math.Abs(a - b) < 0.01);
    }

    [Fact]
    public void SlicesSplitAtomsEvenly()
    {
        double[] labels = [.. Enumerable.Range(0, 12_000).Select(i => i % 10 == 0 ? i : 0.0)];
        long[] numbers = [.. Enumerable.Range(0, 12_000).Select(i => (long)i)];
        LabelSlices slices = new(labels, numbers, 24, 5);
        int[] counts = new int[24];
        for (int i = 0; i < labels.Length; i++) counts[slices.Of(labels[i], i)]++;
        Assert.All(counts, c => Assert.Equal(500, c));
    }

    /// <summary>The drawn null law is that of data in which labels say nothing, also of heavy tails.</summary>
    [Theory]
    [InlineData(InputLaw.Normal)]
    [InlineData(InputLaw.StudentT)]
    public void TheDrawnNullIsThatOfUnrelatedLabels(InputLaw law)
    {
        const int d = 8, runs = 60;
        double[] scores = new double[runs];
        for (int run = 0; run < runs; run++)
        {
            FilterEvidence first = FilteredPca.Fit(
                SampleFamily.Null.WithInputs(law).Draw(1200, d, (ulong)(100 + run)).Samples, new FilteredPcaOptions { Seed = (ulong)run })
                .Rounds[0];
            scores[run] = first.Z;
        }
        // Means of 60 scores of deviation 1; the null law's own mean is known to 1/√60 of a deviation in each run.
        Assert.InRange(scores.Average(), -0.75, 0.6);
        Assert.InRange(Math.Sqrt(scores.Average(z => z * z)), 0.6, 1.6);
    }

    [Fact]
    public void MomentsAreThoseOfEveryRow()
    {
        const int d = 5, n = 3000;
        FamilySample sample = SampleFamily.Null.Draw(n, d, 3);
        WhitenedRows rows = new(sample.Samples, Whitening.Identity(d), 2),
            streamed = new(sample.Samples, Whitening.Identity(d), 2, mostKept: 0);
        double[] y = sample.Samples.AllTargets.ToArray();
        LabelSlices slices = new(y, [.. Enumerable.Range(0, n).Select(i => (long)i)], 4, 1);
        Subspace none = Subspace.Empty(d);
        SliceMoments moments = SliceMoments.Of(rows, none, () => new BlockLabels(null, none, 1), slices, null, 2, null, default);
        SliceMoments again = SliceMoments.Of(streamed, none, () => new BlockLabels(null, none, 1), slices, null, 2, null, default);
        Assert.Equal(n, moments.Counts.Sum());
        double[][] expected = [.. Enumerable.Range(0, 4).Select(_ => new double[d * d])];
        for (int r = 0; r < n; r++)
        {
            double[] z = Array.ConvertAll(sample.Samples.AllInputs.Slice(r * d, d).ToArray(), v => (double)v);
            double weight = d / z.Sum(v => v * v);
            for (int i = 0; i < d * d; i++) expected[slices.Of(y[r], r)][i] += weight * z[i / d] * z[i % d];
        }
        for (int s = 0; s < 4; s++)
        {
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j <= i; j++) Assert.Equal(expected[s][(i * d) + j], moments.Squares[s][(i * d) + j], 1e-3);
            }
            Assert.Equal(moments.Squares[s], again.Squares[s]);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(100)]
    public void MomentsInCellsAreTheSameAtAnyNumberOfThreads(int d)
    {
        int n = 2_400_000 / d;
        FamilySample sample = SampleFamily.Gated.Draw(n, d, 3);
        WhitenedRows rows = new(sample.Samples, Whitening.Identity(d), 2),
            streamed = new(sample.Samples, Whitening.Identity(d), 2, mostKept: 0);
        Subspace found = Subspace.Span(d, sample.Basis.AsSpan(0, 2 * d));
        FitRows all = new(d, sample.Samples.AllInputs.ToArray(), sample.Samples.AllTargets.ToArray());
        CellPartition cells = new(all.Project(found), 2, 5, new RandomStream(1, 1));
        LabelSlices slices = new(sample.Samples.AllTargets.Span, [.. Enumerable.Range(0, n).Select(i => (long)i)], 4, 1);
        SliceMoments Moments(WhitenedRows from, int threads) =>
            SliceMoments.Of(from, found, () => new BlockLabels(null, found, 1), slices, cells, threads, null, default);
        SliceMoments one = Moments(rows, 1), three = Moments(rows, 3), read = Moments(streamed, 2);
        Assert.Equal(n, one.Counts.Sum());
        Subspace complement = found.Complement();
        for (int s = 0; s < 20; s++)
        {
            Assert.Equal(one.Squares[s], three.Squares[s]);
            Assert.Equal(one.Squares[s], read.Squares[s]);
            double trace = 0;
            for (int c = 0; c < complement.Dimension; c++)
            {
                for (int i = 0; i < d; i++)
                {
                    for (int j = 0; j < d; j++)
                    {
                        trace += complement.Row(c)[i] * complement.Row(c)[j] * one.Squares[s][(Math.Max(i, j) * d) + Math.Min(i, j)];
                    }
                }
            }
            // Every row has length √(d − k) in the complement.
            Assert.Equal((d - 2.0) * one.Counts[s], trace, 1e-4 * d * Math.Max(1, one.Counts[s]));
        }
        Assert.Equal(one.Sums, three.Sums);
    }
}
