using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>The samples of a run: all rows whitened, and a random choice of them that networks are fitted to and judged on.</summary>
internal sealed class LearningRows
{
    private readonly Func<int, string> name;

    private LearningRows(SampleSource samples, Whitening whitening, FilteredPcaOptions options, int threads)
    {
        Whitening = whitening;
        name = samples.InputName;
        All = new WhitenedRows(samples, whitening, threads);
        Sampled = Choose(samples.Rows, Math.Max(options.FitRows, 1000), new RandomStream(options.Seed, 1));
        (SampledRows, SampledTargets) = All.Take(Sampled);
        Mean = SampledTargets.Average();
        Scale = Math.Sqrt(SampledTargets.Average(y => (y - Mean) * (y - Mean)));
        if (!(Scale > 1e-12 * Math.Abs(Mean)))
        {
            throw new OrthantInputException(samples.Name, "target", $"{SampledTargets[0]:R} in all rows", "a target that varies");
        }
        // Rows come in random order; the first ones are held out.
        int n = Sampled.Length, held = n < 10_000 ? Math.Max(1, n / 8) : Math.Min(n / 5, 10_000), d = samples.Inputs;
        double[] y = [.. SampledTargets.Select(t => t / Scale)];
        HeldOut = new FitRows(d, SampledRows[..(held * d)], y[..held]);
        Training = new FitRows(d, SampledRows[(held * d)..], y[held..]);
    }

    public Whitening Whitening { get; }

    public WhitenedRows All { get; }

    public string InputName(int input) => name(input);

    /// <summary>The numbers of the chosen rows, in random order.</summary>
    public long[] Sampled { get; }

    public float[] SampledRows { get; }

    public double[] SampledTargets { get; }

    public double Mean { get; }

    /// <summary>The targets' standard deviation, by which fits divide them.</summary>
    public double Scale { get; }

    public FitRows Training { get; }

    public FitRows HeldOut { get; }

    public static LearningRows Of(
        SampleSource samples, FilteredPcaOptions options, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (samples.Rows < samples.Inputs + 1)
        {
            throw new OrthantInputException(samples.Name, "", $"{samples.Rows} rows of {samples.Inputs} inputs", "more rows than inputs");
        }
        Whitening whitening = options.Whitening switch
        {
            WhiteningKind.None => Whitening.Identity(samples.Inputs),
            WhiteningKind.Known => Whitening.Known(samples.Inputs, options.Covariance.AsSpan(), samples.Name),
            _ => Whitening.Sample(samples, threads, progress, cancellation),
        };
        return new LearningRows(samples, whitening, options, threads);
    }

    /// <summary>The input whose fourth or third moment, on the sphere, is farthest from that of an elliptical law, and by how many
    /// standard deviations.</summary>
    /// <remarks>A point u of the sphere of radius √d has E u⁴ = 3d/(d + 2) and E u³ = 0 in every coordinate.</remarks>
    public (int Input, double Score) FarthestFromElliptical()
    {
        int d = All.Inputs, n = Math.Min(Sampled.Length, 20_000);
        double[] sums = new double[4 * d];
        for (int r = 0; r < n; r++)
        {
            ReadOnlySpan<float> row = SampledRows.AsSpan(r * d, d);
            double squares = 0;
            foreach (float v in row) squares += (double)v * v;
            if (squares == 0) continue;
            for (int i = 0; i < d; i++)
            {
                double square = row[i] * (double)row[i] * d / squares, cube = square * row[i] * Math.Sqrt(d / squares);
                sums[i] += square * square;
                sums[d + i] += square * square * square * square;
                sums[(2 * d) + i] += cube;
                sums[(3 * d) + i] += cube * cube;
            }
        }
        (int Input, double Score) farthest = (0, 0);
        for (int i = 0; i < d && d > 1; i++)
        {
            double fourth = sums[i] / n, third = sums[(2 * d) + i] / n;
            double score = Math.Max(
                Math.Abs(fourth - (3.0 * d / (d + 2))) / Math.Sqrt(Math.Max(1e-12, (sums[d + i] / n) - (fourth * fourth)) / n),
                Math.Abs(third) / Math.Sqrt(Math.Max(1e-12, (sums[(3 * d) + i] / n) - (third * third)) / n));
            if (score > farthest.Score) farthest = (i, score);
        }
        return farthest;
    }

    /// <summary>Numbers of rows, one from each of equal stretches, in random order; all where there are no more.</summary>
    private static long[] Choose(long rows, int most, RandomStream random)
    {
        long[] numbers = new long[Math.Min(rows, most)];
        for (int i = 0; i < numbers.Length; i++)
        {
            long first = (long)((Int128)rows * i / numbers.Length), end = (long)((Int128)rows * (i + 1) / numbers.Length);
            numbers[i] = first + (end - first > 1 ? (long)(random.NextDouble() * (end - first)) : 0);
        }
        random.Shuffle<long>(numbers);
        return numbers;
    }
}
