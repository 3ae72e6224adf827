using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Counts, and first and second moments of sphere-normalised inputs, of each slot of a partition of the rows.</summary>
/// <remarks>
/// With ω = (d − k)/(|z|² − |Uz|²) a row √ω z has length √(d − k) in the complement of U, whatever the law of |z| is. Rows are not
/// projected: the moments are in all d coordinates, and the complement's are a congruence of d³. Rows of a batch are sorted by slot, and
/// each slot's are packed together:
/// <code>
/// row r ──slot──►  ┌ √ω z ┐  some 200 rows × d, then  S += ZᵀZ (float32 in the block, added in double),  m += Σ z
///                  └ √ω z ┘
/// </code>
/// </remarks>
internal sealed class SliceMoments
{
    /// <summary>The most rows that are summed in float32. A panel of two vectors a row stays in the first-level cache.</summary>
    private const int Pack = 256;

    /// <summary>Rows ahead of the one at hand that are fetched into the cache.</summary>
    private const int Ahead = 16;

    /// <summary>Rows of fewer inputs than this are measured in their order, which brings a batch into the cache at the full rate of the
    /// memory; longer ones as they are packed, since they are few enough to be fetched one by one.</summary>
    private const int LongRow = 96;

    private const int Block = WhitenedRows.Block;

    private SliceMoments(int inputs, int slots)
    {
        Inputs = inputs;
        Counts = new long[slots];
        Sums = new double[slots * inputs];
        Squares = new double[slots][];
        for (int s = 0; s < slots; s++) Squares[s] = new double[inputs * inputs];
    }

    public int Inputs { get; }

    public long[] Counts { get; }

    /// <summary>slots × d.</summary>
    public double[] Sums { get; }

    /// <summary>d × d of each slot; only the lower triangle counts.</summary>
    public double[][] Squares { get; }

    /// <summary>One pass over all rows: labels in slices, and, where there are cells of Uz, slices within each cell.</summary>
    public static SliceMoments Of(
        WhitenedRows rows, Subspace subspace, Func<BlockLabels> label, LabelSlices slices, CellPartition? cells, int threads,
        IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        int slots = slices.Count * (cells?.Count ?? 1), chunks = (int)Math.Clamp(rows.Rows / 50_000, 1, slots <= 64 ? 16 : 4);
        // Rows enough for every slot to fill most of a pack, but no more than 32 MB; short rows stay in the second-level cache where slots
        // are few.
        int some = Math.Max(rows.Inputs < LongRow ? 4096 : 8192, slots > 64 ? Pack * slots : 0);
        int batch = Math.Max(Block, Math.Min(some, (1 << 23) / rows.Inputs)) / Block * Block;
        OrderedSum sum = new(rows.Inputs, slots);
        rows.ForEach(
            chunks, batch, () => new Worker(subspace, slots, batch, label(), sum),
            (worker, first, values, targets) => worker.Add(first, values, targets, slices, cells),
            (worker, chunk) => worker.Finish(chunk), threads, "moments", progress, cancellation);
        return sum.Total;
    }

    /// <summary>The moments of groups of slots.</summary>
    /// <param name="groupOf">The group of each slot, from 0.</param>
    public SliceMoments Grouped(int[] groupOf)
    {
        SliceMoments result = new(Inputs, groupOf.Max() + 1);
        for (int s = 0; s < groupOf.Length; s++)
        {
            int g = groupOf[s];
            result.Counts[g] += Counts[s];
            TensorPrimitives.Add(result.Sums.AsSpan(g * Inputs, Inputs), Sums.AsSpan(s * Inputs, Inputs),
                result.Sums.AsSpan(g * Inputs, Inputs));
            TensorPrimitives.Add(result.Squares[g], Squares[s], result.Squares[g]);
        }
        return result;
    }

    private void Add(SliceMoments other)
    {
        TensorPrimitives.Add(Sums, other.Sums, Sums);
        for (int s = 0; s < Counts.Length; s++)
        {
            Counts[s] += other.Counts[s];
            TensorPrimitives.Add(Squares[s], other.Squares[s], Squares[s]);
        }
    }

    private void Clear()
    {
        Array.Clear(Counts);
        Array.Clear(Sums);
        foreach (double[] square in Squares) Array.Clear(square);
    }

    /// <summary>Adds up the chunks' moments in their order, whichever is ready first, so that the sum does not depend on the number of
    /// threads.</summary>
    private sealed class OrderedSum(int inputs, int slots)
    {
        private readonly Dictionary<int, SliceMoments> waiting = [];
        private readonly Stack<SliceMoments> free = [];
        private int next;

        public SliceMoments Total { get; } = new(inputs, slots);

        /// <summary>Moments of no rows.</summary>
        public SliceMoments Rent()
        {
            lock (waiting) return free.TryPop(out SliceMoments? moments) ? moments : new SliceMoments(inputs, slots);
        }

        public void Add(int chunk, SliceMoments moments)
        {
            lock (waiting)
            {
                waiting.Add(chunk, moments);
                while (waiting.Remove(next, out SliceMoments? part))
                {
                    Total.Add(part);
                    part.Clear();
                    free.Push(part);
                    next++;
                }
            }
        }
    }

    /// <summary>Sorts rows by slot, and sums each slot's.</summary>
    private sealed class Worker(Subspace subspace, int slots, int batch, BlockLabels labels, OrderedSum sum)
    {
        private readonly int d = subspace.Inputs, k = subspace.Dimension;
        private readonly RowPack pack = new(VectorPaths.Best, subspace.Inputs, Pack);
        private readonly float[] basis = Array.ConvertAll(subspace.Rows, v => (float)v);
        private readonly float[] coordinates = new float[Block * subspace.Dimension];
        private readonly double[] point = new double[subspace.Dimension];
        private readonly float[] squares = new float[batch];
        private readonly int[] slot = new int[batch], order = new int[batch], ends = new int[slots + 1];
        private readonly float[] last = new float[RowPack.PaddedLength(subspace.Inputs)];
        private SliceMoments? moments;

        /// <summary>Takes a batch of rows.</summary>
        public unsafe void Add(
            long first, ReadOnlySpan<float> values, ReadOnlySpan<double> targets, LabelSlices slices, CellPartition? cells)
        {
            int count = targets.Length;
            for (int r = 0; r < count; r += Block)
            {
                int some = Math.Min(Block, count - r);
                ReadOnlySpan<float> rows = values.Slice(r * d, some * d);
                labels.Compute(rows, targets.Slice(r, some));
                slices.Of(labels.Values, first + r, slot.AsSpan(r, some));
                if (k > 0) Locate(rows, r, some, slices.Count, cells);
            }
            Sort(count);
            moments ??= sum.Rent();
            // A row is read in whole vectors, beyond its end; only where nothing is behind it, it is copied first.
            int whole = values.Length < last.Length ? 0 : Math.Min(count, ((values.Length - last.Length) / d) + 1);
            fixed (float* rows = values, spare = last)
            {
                if (d < LongRow)
                {
                    for (int r = 0; r < count; r++) Measure(r < whole ? rows + ((nint)r * d) : Copied(values, r, spare), r);
                }
                for (int s = 0, from = 0; s < slots; s++)
                {
                    int size = ends[s] - from, parts = (size + Pack - 1) / Pack;
                    for (int p = 1; p <= parts; p++)
                    {
                        for (int end = ends[s] - (size * (parts - p) / parts); from < end; from++)
                        {
                            int r = order[from];
                            if (from + Ahead < count) Prefetch(rows + ((nint)order[from + Ahead] * d));
                            float* row = r < whole ? rows + ((nint)r * d) : Copied(values, r, spare);
                            if (d >= LongRow) Measure(row, r);
                            if (squares[r] > 0) pack.Add(row, MathF.Sqrt((d - k) / squares[r]));
                        }
                        moments.Counts[s] += pack.Count;
                        pack.AddTo(moments.Sums.AsSpan(s * d, d), moments.Squares[s]);
                    }
                }
            }
        }

        /// <summary>Hands over the moments of a chunk.</summary>
        public void Finish(int chunk)
        {
            sum.Add(chunk, moments!);
            moments = null;
        }

        /// <summary>The cells of rows, and their squared lengths within the subspace.</summary>
        private void Locate(ReadOnlySpan<float> rows, int first, int count, int slices, CellPartition? cells)
        {
            MatrixMultiply.Into(
                new ReadOnlyMatrixSpan<float>(rows, count, d),
                new ReadOnlyMatrixSpan<float>(basis, k, d).Transposed(),
                new MatrixSpan<float>(coordinates, count, k));
            for (int r = 0; r < count; r++)
            {
                float within = 0;
                for (int j = 0; j < k; j++)
                {
                    float u = coordinates[(r * k) + j];
                    point[j] = u;
                    within += u * u;
                }
                squares[first + r] = within;
                if (cells is not null) slot[first + r] += slices * cells.Of(point);
            }
        }

        /// <summary>The rows by slot, in their order within each: ends[s] is behind the last one of slot s.</summary>
        private void Sort(int count)
        {
            Array.Clear(ends);
            foreach (int s in slot.AsSpan(0, count)) ends[s + 1]++;
            for (int s = 1; s <= slots; s++) ends[s] += ends[s - 1];
            for (int r = 0; r < count; r++) order[ends[slot[r]]++] = r;
        }

        /// <summary>Turns a row's squared length within the subspace into that in the complement.</summary>
        private unsafe void Measure(float* row, int number) => squares[number] = SumOfSquares(row) - (k > 0 ? squares[number] : 0);

        private unsafe float* Copied(ReadOnlySpan<float> values, int row, float* to)
        {
            values.Slice(row * d, d).CopyTo(last);
            return to;
        }

        private unsafe void Prefetch(float* row)
        {
            if (!Sse.IsSupported) return;
            for (int i = 0; i < d; i += 16) Sse.Prefetch0(row + i);
        }

        /// <summary>|z|², of a row that can be read in whole vectors.</summary>
        private unsafe float SumOfSquares(float* row)
        {
            int lanes = Vector512<float>.Count, whole = d - (d % lanes);
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = 0; i < whole; i += lanes)
            {
                Vector512<float> x = Vector512.Load(row + i);
                sum = Vector512.FusedMultiplyAdd(x, x, sum);
            }
            if (whole < d)
            {
                Vector512<float> x = Vector512.Load(row + whole) & Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(d - whole))
                    .AsSingle();
                sum = Vector512.FusedMultiplyAdd(x, x, sum);
            }
            return Vector512.Sum(sum);
        }
    }
}

/// <summary>The labels of a block of rows: the targets, or what a fit leaves of them.</summary>
internal sealed class BlockLabels(Student? student, Subspace subspace, double scale)
{
    private readonly StudentPass? pass = student is null ? null : new StudentPass(student);

    public double[] Values { get; } = new double[WhitenedRows.Block];

    public void Compute(ReadOnlySpan<float> rows, ReadOnlySpan<double> targets)
    {
        TensorPrimitives.Divide(targets, scale, Values);
        if (student is null) return;
        FitRows.Coordinates(subspace, rows, targets.Length, pass!.Inputs);
        Span<double> rest = Values.AsSpan(0, targets.Length);
        TensorPrimitives.Subtract(rest, pass.Forward(student, targets.Length), rest);
    }
}

/// <summary>Cells of the coordinates in a subspace, by the nearest of a few centres (Lloyd's k-means on a sample).</summary>
internal sealed class CellPartition
{
    private readonly double[] centres;
    private readonly int dimension;

    public CellPartition(float[] coordinates, int dimension, int cells, RandomStream random)
    {
        this.dimension = dimension;
        int rows = Math.Min(coordinates.Length / dimension, 5000);
        centres = new double[cells * dimension];
        for (int c = 0; c < cells; c++)
        {
            int row = random.NextInt32(rows);
            for (int j = 0; j < dimension; j++) centres[(c * dimension) + j] = coordinates[(row * dimension) + j];
        }
        double[] point = new double[dimension];
        for (int step = 0; step < 6; step++)
        {
            double[] sums = new double[centres.Length];
            int[] counts = new int[cells];
            for (int r = 0; r < rows; r++)
            {
                for (int j = 0; j < dimension; j++) point[j] = coordinates[(r * dimension) + j];
                int c = Of(point);
                counts[c]++;
                for (int j = 0; j < dimension; j++) sums[(c * dimension) + j] += point[j];
            }
            for (int i = 0; i < centres.Length; i++)
            {
                if (counts[i / dimension] > 0) centres[i] = sums[i] / counts[i / dimension];
            }
        }
    }

    public int Count => centres.Length / dimension;

    public int Of(ReadOnlySpan<double> point)
    {
        int best = 0;
        double least = double.PositiveInfinity;
        for (int c = 0; c < Count; c++)
        {
            double distance = 0;
            for (int j = 0; j < dimension; j++)
            {
                double difference = point[j] - centres[(c * dimension) + j];
                distance += difference * difference;
            }
            if (distance < least) (least, best) = (distance, c);
        }
        return best;
    }
}
