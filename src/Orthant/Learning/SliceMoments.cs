using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>An ordered partition of labels into slices of equal counts.</summary>
/// <remarks>Borders are pairs (label, tie): rows of one label are parted by a number that belongs to the row, so that an atom, such as nine labels in ten
/// that are zero, is split at random and every slice is filled.</remarks>
internal sealed class LabelSlices
{
    private readonly (double Label, ulong Tie)[] borders;
    private readonly ulong seed;

    /// <summary>Finds the borders from all labels or a sample of them.</summary>
    public LabelSlices(ReadOnlySpan<double> labels, ReadOnlySpan<long> numbers, int slices, ulong seed)
    {
        this.seed = seed;
        (double, ulong)[] sorted = new (double, ulong)[labels.Length];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = (labels[i], Tie(numbers[i]));
        Array.Sort(sorted);
        borders = [.. Enumerable.Range(1, slices - 1).Select(s => sorted[(int)((long)sorted.Length * s / slices)])];
    }

    public int Count => borders.Length + 1;

    /// <summary>The slice of a row, from 0.</summary>
    public int Of(double label, long number)
    {
        int low = 0, high = borders.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            ref readonly (double Label, ulong Tie) border = ref borders[middle];
            if (label > border.Label || (label == border.Label && Tie(number) >= border.Tie)) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>A random number that belongs to a row (the finaliser of Steele, Lea and Flood's SplitMix, OOPSLA 2014).</summary>
    private ulong Tie(long number)
    {
        ulong z = unchecked((ulong)number + seed + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}

/// <summary>Counts, and first and second moments of sphere-normalised inputs, of each slot of a partition of the rows.</summary>
/// <remarks>
/// With ω = (d − k)/(|z|² − |Uz|²) a row √ω z has length √(d − k) in the complement of U, whatever the law of |z| is. Rows are not projected: the moments
/// are in all d coordinates, and the complement's are a congruence of d³. Each slot packs its rows until a block is full:
/// <code>
/// row r ──slot──►  ┌ √ω z ┐  256 rows × d, then  S += ZᵀZ (float32 in the block, added in double),  m += Σ z
///                  └ √ω z ┘
/// </code>
/// </remarks>
internal sealed class SliceMoments
{
    private const int Pack = 256;

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

    /// <summary>d × d of each slot, the lower triangle.</summary>
    public double[][] Squares { get; }

    /// <summary>One pass over all rows: labels in slices, and, where there are cells of Uz, slices within each cell.</summary>
    public static SliceMoments Of(
        WhitenedRows rows, Subspace subspace, Func<BlockLabels> label, LabelSlices slices, CellPartition? cells, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int slots = slices.Count * (cells?.Count ?? 1), chunks = (int)Math.Clamp(rows.Rows / 50_000, 1, slots <= 64 ? 16 : 4);
        State[] states = [.. Enumerable.Range(0, chunks).Select(_ => new State(rows.Inputs, slots, label()))];
        float[] basis = Array.ConvertAll(subspace.Rows, v => (float)v);
        int d = rows.Inputs, k = subspace.Dimension;
        rows.ForEach(states, (state, first, values, targets) =>
        {
            state.Labels.Compute(values, targets);
            for (int r = 0; r < targets.Length; r++)
            {
                ReadOnlySpan<float> row = values.Slice(r * d, d);
                double squared = TensorPrimitives.SumOfSquares(row);
                for (int j = 0; j < k; j++)
                {
                    double share = TensorPrimitives.Dot(row, basis.AsSpan(j * d, d));
                    state.Coordinates[j] = share;
                    squared -= share * share;
                }
                if (!(squared > 0)) continue;
                int slot = slices.Of(state.Labels.Values[r], first + r) + (cells is null ? 0 : slices.Count * cells.Of(state.Coordinates));
                state.Add(slot, row, (float)Math.Sqrt((d - k) / squared));
            }
        }, threads, "moments", progress, cancellation);
        SliceMoments total = states[0].Finish();
        foreach (State state in states.AsSpan(1)) total.Add(state.Finish());
        return total;
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
            TensorPrimitives.Add(result.Sums.AsSpan(g * Inputs, Inputs), Sums.AsSpan(s * Inputs, Inputs), result.Sums.AsSpan(g * Inputs, Inputs));
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

    private sealed class State(int inputs, int slots, BlockLabels labels)
    {
        private readonly SliceMoments moments = new(inputs, slots);
        private readonly float[][] packs = new float[slots][];
        private readonly int[] filled = new int[slots];
        private readonly float[] product = new float[inputs * inputs];

        public BlockLabels Labels { get; } = labels;

        public double[] Coordinates { get; } = new double[inputs];

        public void Add(int slot, ReadOnlySpan<float> row, float scale)
        {
            float[] pack = packs[slot] ??= new float[Pack * inputs];
            TensorPrimitives.Multiply(row, scale, pack.AsSpan(filled[slot] * inputs, inputs));
            if (++filled[slot] == Pack) Flush(slot);
        }

        public SliceMoments Finish()
        {
            for (int s = 0; s < slots; s++) Flush(s);
            return moments;
        }

        private void Flush(int slot)
        {
            int count = filled[slot];
            if (count == 0) return;
            filled[slot] = 0;
            moments.Counts[slot] += count;
            Span<double> sum = moments.Sums.AsSpan(slot * inputs, inputs);
            Span<float> blockSum = product.AsSpan(0, inputs);
            blockSum.Clear();
            for (int r = 0; r < count; r++) TensorPrimitives.Add(blockSum, packs[slot].AsSpan(r * inputs, inputs), blockSum);
            for (int i = 0; i < inputs; i++) sum[i] += blockSum[i];
            SymmetricRankUpdate.LowerInto(new ReadOnlyMatrixSpan<float>(packs[slot], count, inputs).Transposed(), new MatrixSpan<float>(product, inputs, inputs));
            for (int i = 0; i < inputs; i++)
            {
                Span<double> to = moments.Squares[slot].AsSpan(i * inputs, i + 1);
                ReadOnlySpan<float> add = product.AsSpan(i * inputs, i + 1);
                for (int j = 0; j < add.Length; j++) to[j] += add[j];
            }
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
