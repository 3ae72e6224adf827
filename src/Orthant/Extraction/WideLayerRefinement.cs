using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Refines a single wide hidden layer with one output, whose hundred thousand parameters no dense factorisation would hold.</summary>
/// <remarks>
/// <para>f = c + Σ s_j relu(ω_j·x + β_j) with s_j = ±1 is linear in (ω, β, c) while no row changes its pattern. Each round solves that least-squares problem by conjugate gradients on the normal
/// equations (M. R. Hestenes and E. Stiefel, 1952), J and Jᵀ being two matrix products of inputs with what is never stored: in single precision, since a round only has to shrink the error
/// by a thousand; the residual of each round is computed in doubles.</para>
/// <para>Inputs lie on the grid k/32, |k| ≤ 127, so that they are kept as bytes: 300,000 rows of 784 inputs are 236 MB. Sums run over a fixed number of lanes, the same bits for any number of
/// threads:
/// <code>
/// rows   [ lane 0 | lane 1 | … | lane 7 ]     each lane: blocks of 1024 rows,  X (1024 × d) · ωᵀ (d × n)  and  Dᵀ (n × 1024) · X
/// </code></para>
/// </remarks>
internal sealed class WideLayerRefinement
{
    private const int Block = 1024, Lanes = 8, Rounds = 2, MostIterations = 60;
    private const float Grid = 1f / 32;

    private readonly int inputs;
    private readonly int units;
    private readonly int rows;
    private readonly sbyte[] x;
    private readonly double[] y;
    private readonly double[] residual;
    private readonly bool[] active;
    private readonly double[] sign;
    private readonly double[] weights;
    private readonly double[] bias;
    private readonly int threads;
    private readonly CancellationToken cancellation;
    private double constant;

    /// <summary>Asks for the rows.</summary>
    public WideLayerRefinement(QueryMeter meter, RandomStream random, HiddenLayer layer, HiddenLayer output, int rows, int threads)
    {
        (inputs, units, this.rows, this.threads, cancellation) = (layer.Inputs, layer.Units, rows, threads, meter.Cancellation);
        x = new sbyte[(long)rows * inputs];
        y = new double[rows];
        residual = new double[rows];
        active = new bool[(long)rows * units];
        weights = [.. layer.Weights];
        bias = [.. layer.Bias];
        sign = new double[units];
        constant = output.Bias[0];
        for (int j = 0; j < units; j++)
        {
            double a = output.Weights[j];
            sign[j] = Math.Sign(a);
            bias[j] *= Math.Abs(a);
            Span<double> row = weights.AsSpan(j * inputs, inputs);
            TensorPrimitives.Multiply(row, Math.Abs(a), row);
        }
        double[] block = new double[Block * inputs];
        for (int first = 0; first < rows; first += Block)
        {
            int count = Math.Min(Block, rows - first);
            for (int i = 0; i < count * inputs; i++)
            {
                sbyte k = (sbyte)Math.Clamp(Math.Round(random.NextNormal() / Grid), -127, 127);
                x[((long)first * inputs) + i] = k;
                block[i] = k * (double)Grid;
            }
            meter.Ask(count, block.AsSpan(0, count * inputs)).CopyTo(y, first);
        }
    }

    /// <summary>The root mean square of the residuals, relative to 1 + the largest answer.</summary>
    public double Rms { get; private set; }

    /// <summary>Refines; returns the hidden layer and the output.</summary>
    public (HiddenLayer Layer, HiddenLayer Output) Run()
    {
        Rms = Residual();
        double[] best = [.. weights, .. bias, constant];
        for (int round = 0; round < Rounds; round++)
        {
            Solve();
            double after = Residual();
            if (!(after < Rms)) break;
            bool done = after > 0.5 * Rms;
            Rms = after;
            best = [.. weights, .. bias, constant];
            if (done) break;
        }
        return (new HiddenLayer(inputs, best[..weights.Length], best[weights.Length..^1]), new HiddenLayer(units, [.. sign], [best[^1]]));
    }

    /// <summary>How often a unit is active in the rows.</summary>
    public int ActiveRows(int unit) => Enumerable.Range(0, rows).Count(r => active[((long)r * units) + unit]);

    /// <summary>Conjugate gradients on the normal equations for the change of the parameters.</summary>
    private void Solve()
    {
        int size = (units * inputs) + units + 1;
        double[] change = new double[size], rest = [.. residual], gradient = Transposed(rest), direction = [.. gradient];
        double norm = TensorPrimitives.SumOfSquares<double>(gradient), goal = norm * 1e-7;
        for (int iteration = 0; iteration < MostIterations && norm > goal; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            double[] image = Applied(direction);
            double step = norm / TensorPrimitives.SumOfSquares<double>(image);
            TensorPrimitives.MultiplyAdd(direction, step, change, change);
            TensorPrimitives.MultiplyAdd(image, -step, rest, rest);
            gradient = Transposed(rest);
            double next = TensorPrimitives.SumOfSquares<double>(gradient);
            TensorPrimitives.MultiplyAdd(direction, next / norm, gradient, direction);
            norm = next;
        }
        TensorPrimitives.Add(weights, change.AsSpan(0, weights.Length), weights);
        TensorPrimitives.Add(bias, change.AsSpan(weights.Length, units), bias);
        constant += change[^1];
    }

    /// <summary>y − f in doubles, and the patterns.</summary>
    private double Residual()
    {
        OverLanes((first, last, _) =>
        {
            double[] block = new double[Block * inputs], z = new double[Block * units];
            for (int start = first; start < last; start += Block)
            {
                int count = Math.Min(Block, last - start);
                for (int i = 0; i < count * inputs; i++) block[i] = x[((long)start * inputs) + i] * (double)Grid;
                MatrixMultiply.Into(
                    new ReadOnlyMatrixSpan<double>(block, count, inputs), new ReadOnlyMatrixSpan<double>(weights, units, inputs).Transposed(), new MatrixSpan<double>(z, count, units));
                for (int r = 0; r < count; r++)
                {
                    double sum = constant;
                    for (int j = 0; j < units; j++)
                    {
                        double value = z[(r * units) + j] + bias[j];
                        active[((long)(start + r) * units) + j] = value > 0;
                        if (value > 0) sum += sign[j] * value;
                    }
                    residual[start + r] = y[start + r] - sum;
                }
            }
        });
        return TensorPrimitives.Norm<double>(residual) / Math.Sqrt(rows) / (1 + QueryMeter.Largest(y));
    }

    /// <summary>J·p: what a change of the parameters does to each row.</summary>
    private double[] Applied(double[] p)
    {
        float[] single = [.. p.Select(v => (float)v)];
        double[] image = new double[rows];
        OverLanes((first, last, _) =>
        {
            float[] block = new float[Block * inputs], z = new float[Block * units];
            for (int start = first; start < last; start += Block)
            {
                int count = Math.Min(Block, last - start);
                Unpack(start, count, block);
                MatrixMultiply.Into(new ReadOnlyMatrixSpan<float>(block, count, inputs),
                    new ReadOnlyMatrixSpan<float>(single.AsSpan(0, units * inputs), units, inputs).Transposed(), new MatrixSpan<float>(z, count, units));
                for (int r = 0; r < count; r++)
                {
                    double sum = p[^1];
                    for (int j = 0; j < units; j++)
                    {
                        if (active[((long)(start + r) * units) + j]) sum += sign[j] * (z[(r * units) + j] + p[(units * inputs) + j]);
                    }
                    image[start + r] = sum;
                }
            }
        });
        return image;
    }

    /// <summary>Jᵀ·r.</summary>
    private double[] Transposed(double[] r)
    {
        int size = (units * inputs) + units + 1;
        double[][] parts = new double[Lanes][];
        // The residual shrinks towards the least float; its scale does not belong into single precision.
        double scale = Math.Max(1e-300, QueryMeter.Largest(r));
        OverLanes((first, last, lane) =>
        {
            double[] part = parts[lane] = new double[size];
            float[] block = new float[Block * inputs], d = new float[Block * units], product = new float[units * inputs];
            for (int start = first; start < last; start += Block)
            {
                int count = Math.Min(Block, last - start);
                Unpack(start, count, block);
                for (int i = 0; i < count; i++)
                {
                    double value = r[start + i] / scale;
                    part[^1] += value;
                    for (int j = 0; j < units; j++)
                    {
                        bool on = active[((long)(start + i) * units) + j];
                        d[(i * units) + j] = on ? (float)(sign[j] * value) : 0;
                        if (on) part[(units * inputs) + j] += sign[j] * value;
                    }
                }
                MatrixMultiply.Into(new ReadOnlyMatrixSpan<float>(d.AsSpan(0, count * units), count, units).Transposed(),
                    new ReadOnlyMatrixSpan<float>(block.AsSpan(0, count * inputs), count, inputs), new MatrixSpan<float>(product, units, inputs));
                for (int k = 0; k < product.Length; k++) part[k] += product[k];
            }
        });
        double[] result = new double[size];
        foreach (double[] part in parts) TensorPrimitives.Add(result, part, result);
        TensorPrimitives.Multiply(result, scale, result);
        return result;
    }

    private void Unpack(int start, int count, float[] block)
    {
        ReadOnlySpan<sbyte> packed = x.AsSpan(start * inputs, count * inputs);
        TensorPrimitives.ConvertTruncating<sbyte, float>(packed, block);
        TensorPrimitives.Multiply(block.AsSpan(0, packed.Length), Grid, block.AsSpan(0, packed.Length));
    }

    private void OverLanes(Action<int, int, int> work)
    {
        int blocks = (rows + Block - 1) / Block;
        Parallel.For(0, Lanes, new ParallelOptions { MaxDegreeOfParallelism = threads }, lane =>
            work(Math.Min(rows, blocks * lane / Lanes * Block), Math.Min(rows, blocks * (lane + 1) / Lanes * Block), lane));
    }
}
