namespace Orthant.Learning;

/// <summary>All rows of the samples, whitened: kept where they fit in memory, read and whitened again in each pass where they do
/// not.</summary>
internal sealed class WhitenedRows
{
    public const int Block = StudentPass.Block;
    private const long MostKept = 1L << 28;

    private readonly SampleSource source;
    private readonly Whitening whitening;
    private readonly float[]? kept;
    private readonly double[]? targets;

    public WhitenedRows(SampleSource source, Whitening whitening, int threads, long mostKept = MostKept)
    {
        this.source = source;
        this.whitening = whitening;
        if (source.Rows * source.Inputs > mostKept) return;
        float[] values = new float[source.Rows * source.Inputs];
        double[] labels = new double[source.Rows];
        Parallel.For(0, (int)((source.Rows + Block - 1) / Block), new ParallelOptions { MaxDegreeOfParallelism = threads }, () =>
            new float[Block * Inputs], (b, _, raw) =>
        {
            int first = b * Block, count = (int)Math.Min(Block, source.Rows - first);
            Read(first, raw.AsSpan(0, count * Inputs), values.AsSpan(first * Inputs, count * Inputs), labels.AsSpan(first, count));
            return raw;
        }, _ => { });
        kept = values;
        targets = labels;
    }

    public long Rows => source.Rows;

    public int Inputs => source.Inputs;

    public string Name => source.Name;

    public delegate void BlockAction<T>(T state, long first, ReadOnlySpan<float> values, ReadOnlySpan<double> targets);

    /// <summary>Goes over all rows in chunks, the next one by whichever worker is free; each worker has a state of its own.</summary>
    /// <remarks>A chunk comes in batches, its last one shorter. The number of chunks does not depend on that of the threads; finished is
    /// told a chunk's number at its end.</remarks>
    public void ForEach<T>(
        int chunks, int batch, Func<T> worker, BlockAction<T> action, Action<T, int> finished, int threads, string stage,
        IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        long done = 0;
        int taken = -1;
        Parallel.For(0, Math.Min(threads, chunks),
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, _ =>
        {
            T state = worker();
            float[] raw = new float[kept is null ? Block * Inputs : 0], values = new float[kept is null ? batch * Inputs : 0];
            double[] labels = new double[kept is null ? batch : 0];
            for (int c = Interlocked.Increment(ref taken); c < chunks; c = Interlocked.Increment(ref taken))
            {
                for (long first = Rows * c / chunks, end = Rows * (c + 1) / chunks; first < end; first += batch)
                {
                    cancellation.ThrowIfCancellationRequested();
                    int count = (int)Math.Min(batch, end - first);
                    if (kept is not null)
                    {
                        action(state, first, kept.AsSpan((int)first * Inputs, count * Inputs), targets.AsSpan((int)first, count));
                    }
                    else
                    {
                        for (int r = 0; r < count; r += Block)
                        {
                            int some = Math.Min(Block, count - r);
                            Read(first + r, raw.AsSpan(0, some * Inputs), values.AsSpan(r * Inputs, some * Inputs), labels.AsSpan(r, some));
                        }
                        action(state, first, values.AsSpan(0, count * Inputs), labels.AsSpan(0, count));
                    }
                    progress?.Report(new WorkProgress(stage, Interlocked.Add(ref done, count), Rows, "rows"));
                }
                finished(state, c);
            }
        });
    }

    /// <summary>A few rows, by number.</summary>
    public (float[] Values, double[] Targets) Take(long[] numbers)
    {
        float[] values = new float[numbers.Length * Inputs], raw = new float[Inputs];
        double[] labels = new double[numbers.Length];
        // In their order in the samples, as a file is read best.
        int[] order = [.. Enumerable.Range(0, numbers.Length)];
        Array.Sort([.. numbers], order);
        foreach (int i in order)
        {
            Span<float> row = values.AsSpan(i * Inputs, Inputs);
            if (kept is not null)
            {
                kept.AsSpan((int)numbers[i] * Inputs, Inputs).CopyTo(row);
                labels[i] = targets![numbers[i]];
            }
            else
            {
                Read(numbers[i], raw, row, labels.AsSpan(i, 1));
            }
        }
        return (values, labels);
    }

    private void Read(long first, Span<float> raw, Span<float> values, Span<double> labels)
    {
        source.Read(first, raw, labels);
        whitening.Apply(raw, values);
    }
}
