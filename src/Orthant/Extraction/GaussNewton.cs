using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Refines all parameters of a recovered network at once, on rows of the oracle, to what rounding allows.</summary>
/// <remarks>
/// <para>The largest incoming weight of every hidden unit is held, which fixes the scales. The fixed point is Jᵀr = 0 with r computed directly, so the normal equations cost no
/// accuracy: the error is the rounding of the answers times the amplification √((JᵀJ)⁻¹)_pp, which is each parameter's honest confidence. An infinite or huge one means that
/// the rows do not show the parameter.</para>
/// <para>JᵀJ is accumulated over blocks of rows in tiles of its lower triangle; J itself is never kept. Steps that do not help are damped (K. Levenberg, 1944; D. Marquardt, 1963).</para>
/// </remarks>
internal sealed class GaussNewton
{
    private const int Block = 1024, Tile = 256;

    private readonly int inputs;
    private readonly int outputs;
    private readonly int rows;
    private readonly double[] x;
    private readonly double[] y;
    private readonly double[] weight;
    private readonly int threads;
    private readonly CancellationToken cancellation;
    private HiddenLayer[] layers;
    private readonly int[] free;

    /// <param name="layers">All layers, the affine output last.</param>
    /// <param name="asked">The rows.</param>
    /// <param name="size">The scale of inputs.</param>
    /// <param name="threads">How many threads to use.</param>
    /// <param name="cancellation">Stops between blocks.</param>
    public GaussNewton(IReadOnlyList<HiddenLayer> layers, AskedRows asked, double size, int threads, CancellationToken cancellation)
    {
        this.layers = [.. layers];
        this.threads = threads;
        this.cancellation = cancellation;
        inputs = layers[0].Inputs;
        outputs = layers[^1].Units;
        rows = asked.Count;
        x = [.. asked.X];
        y = [.. asked.Y];
        weight = new double[rows];
        for (int r = 0; r < rows; r++)
        {
            double length = TensorPrimitives.Norm<double>(x.AsSpan(r * inputs, inputs)) / Math.Sqrt(inputs) / size;
            weight[r] = 1 / (QueryMeter.Largest(y.AsSpan(r * outputs, outputs)) + (0.2 * length) + 0.1);
        }
        free = FreeParameters(layers);
    }

    /// <summary>The layers after the last step.</summary>
    public IReadOnlyList<HiddenLayer> Layers => layers;

    /// <summary>The weighted root mean square of the residuals.</summary>
    public double Rms { get; private set; }

    /// <summary>For each layer and each of its entries (weights, then biases) the amplification; 0 for the ones held.</summary>
    public double[][] Amplification { get; private set; } = [];

    /// <summary>Iterates until steps are below rounding or do not help.</summary>
    /// <param name="mostSteps">The largest number of steps.</param>
    /// <param name="unit">One rounding of the oracle's answers.</param>
    /// <param name="told">Told the residual before every step.</param>
    public void Run(int mostSteps, double unit, Action<double>? told = null)
    {
        (Rms, double[] gradient) = Residual(layers);
        double damping = 1e-13, built = double.PositiveInfinity;
        double[]? normal = null, scale = null;
        Cholesky? factor = null;
        int failures = 0;
        for (int step = 0; step < mostSteps && failures < 6; step++)
        {
            told?.Invoke(Rms);
            if (normal is null || (Rms > 1e3 * unit && Rms < 1e-2 * built))
            {
                (normal, scale) = Normal();
                built = Rms;
                factor = null;
            }
            factor ??= Factor(normal, damping);
            double[] delta = new double[free.Length];
            for (int p = 0; p < delta.Length; p++) delta[p] = gradient[p] * scale![p];
            factor.Solve(delta);
            TensorPrimitives.Multiply(delta, scale, delta);
            HiddenLayer[] next = Moved(delta);
            (double rms, double[] there) = Residual(next);
            if (rms <= Rms * (Rms < 10 * unit ? 1.05 : 1))
            {
                bool done = rms > 0.7 * Rms && Rms < 100 * unit;
                (layers, Rms, gradient) = (next, rms, there);
                if (damping > 1e-13)
                {
                    damping = Math.Max(1e-13, damping / 30);
                    factor = null;
                }
                if (done || QueryMeter.Largest(delta) < 1e-16) break;
            }
            else
            {
                failures++;
                if (Rms < 100 * unit) break;
                damping = Math.Max(1e-8, damping * 100);
                factor = null;
            }
        }
        if (normal is null) (normal, scale) = Normal();
        Amplification = Amplify(Factor(normal, 1e-13), scale!);
    }

    private Cholesky Factor(double[] normal, double damping)
    {
        double[] copy = [.. normal];
        for (int p = 0; p < free.Length; p++) copy[(p * free.Length) + p] += damping;
        return new Cholesky(free.Length, copy, 1e-15);
    }

    /// <summary>Indices of the parameters that may move, in the order layer by layer, unit by unit, weights then bias.</summary>
    private static int[] FreeParameters(IReadOnlyList<HiddenLayer> layers)
    {
        List<int> result = [];
        int first = 0;
        for (int l = 0; l < layers.Count; l++)
        {
            HiddenLayer layer = layers[l];
            for (int i = 0; i < layer.Units; i++)
            {
                int held = l == layers.Count - 1 ? -1 : Math.Max(0, TensorPrimitives.IndexOfMaxMagnitude(layer.Row(i)));
                for (int j = 0; j <= layer.Inputs; j++)
                {
                    if (j != held) result.Add(first + j);
                }
                first += layer.Inputs + 1;
            }
        }
        return [.. result];
    }

    private HiddenLayer[] Moved(double[] delta)
    {
        double[] all = new double[layers.Sum(l => l.Units * (l.Inputs + 1))];
        for (int p = 0; p < free.Length; p++) all[free[p]] = delta[p];
        HiddenLayer[] result = new HiddenLayer[layers.Length];
        int first = 0;
        for (int l = 0; l < layers.Length; l++)
        {
            double[] weights = [.. layers[l].Weights], bias = [.. layers[l].Bias];
            int n = layers[l].Inputs;
            for (int i = 0; i < bias.Length; i++)
            {
                TensorPrimitives.Add(weights.AsSpan(i * n, n), all.AsSpan(first, n), weights.AsSpan(i * n, n));
                bias[i] += all[first + n];
                first += n + 1;
            }
            result[l] = new HiddenLayer(n, weights, bias);
        }
        return result;
    }

    /// <summary>The largest weighted residual.</summary>
    public double Worst()
    {
        RowPass pass = new(layers);
        double worst = 0;
        for (int r = 0; r < rows; r++)
        {
            pass.Forward(x.AsSpan(r * inputs, inputs));
            for (int o = 0; o < outputs; o++) worst = Math.Max(worst, Math.Abs(y[(r * outputs) + o] - pass.Output[o]) * weight[r]);
        }
        return double.IsFinite(worst) ? worst : double.PositiveInfinity;
    }

    /// <summary>The residual's size and Jᵀr.</summary>
    private (double Rms, double[] Gradient) Residual(HiddenLayer[] at)
    {
        double[] gradient = new double[free.Length];
        double sum = 0;
        RowPass pass = new(at);
        double[] row = new double[at.Sum(l => l.Units * (l.Inputs + 1))];
        double[] all = new double[row.Length];
        for (int r = 0; r < rows; r++)
        {
            if (r % Block == 0) cancellation.ThrowIfCancellationRequested();
            pass.Forward(x.AsSpan(r * inputs, inputs));
            for (int o = 0; o < outputs; o++)
            {
                double residual = (y[(r * outputs) + o] - pass.Output[o]) * weight[r];
                sum += residual * residual;
                if (residual == 0) continue;
                pass.Backward(x.AsSpan(r * inputs, inputs), o, weight[r] * residual, all, accumulate: true);
            }
        }
        for (int p = 0; p < free.Length; p++) gradient[p] = all[free[p]];
        double rms = Math.Sqrt(sum / Math.Max(1, (long)rows * outputs));
        return (double.IsFinite(rms) ? rms : double.PositiveInfinity, gradient);
    }

    /// <summary>JᵀJ scaled to a unit diagonal, and the scale.</summary>
    private (double[] Normal, double[] Scale) Normal()
    {
        int p = free.Length;
        double[] normal = new double[(long)p * p], jacobian = new double[Block * p];
        int total = layers.Sum(l => l.Units * (l.Inputs + 1)), filled = 0;
        RowPass pass = new(layers);
        double[] row = new double[total];
        for (int r = 0; r < rows; r++)
        {
            pass.Forward(x.AsSpan(r * inputs, inputs));
            for (int o = 0; o < outputs; o++)
            {
                pass.Backward(x.AsSpan(r * inputs, inputs), o, weight[r], row, accumulate: false);
                Span<double> target = jacobian.AsSpan(filled * p, p);
                for (int k = 0; k < p; k++) target[k] = row[free[k]];
                if (++filled == Block) Accumulate(jacobian, ref filled, normal, p);
            }
        }
        if (filled > 0) Accumulate(jacobian, ref filled, normal, p);
        double[] scale = new double[p];
        for (int i = 0; i < p; i++) scale[i] = 1 / Math.Sqrt(Math.Max(normal[(i * p) + i], 1e-300));
        for (int i = 0; i < p; i++)
        {
            Span<double> line = normal.AsSpan(i * p, i + 1);
            TensorPrimitives.Multiply(line, scale.AsSpan(0, i + 1), line);
            TensorPrimitives.Multiply(line, scale[i], line);
        }
        return (normal, scale);
    }

    /// <summary>Tiles of the lower triangle, each by one thread: the same bits for any number of threads.</summary>
    private void Accumulate(double[] jacobian, ref int filled, double[] normal, int p)
    {
        cancellation.ThrowIfCancellationRequested();
        int count = filled;
        Parallel.For(0, (p + Tile - 1) / Tile, new ParallelOptions { MaxDegreeOfParallelism = threads }, tile =>
        {
            int first = ((p + Tile - 1) / Tile - 1 - tile) * Tile, height = Math.Min(Tile, p - first);
            ReadOnlyMatrixSpan<double> left = new(jacobian.AsSpan(first, ((count - 1) * p) + height), count, height, p);
            ReadOnlyMatrixSpan<double> right = new(jacobian.AsSpan(0, ((count - 1) * p) + first + height), count, first + height, p);
            MatrixMultiply.AddInto(left.Transposed(), right, new MatrixSpan<double>(normal.AsSpan(first * p, ((height - 1) * p) + first + height), height, first + height, p));
        });
        filled = 0;
    }

    private double[][] Amplify(Cholesky factor, double[] scale)
    {
        double[] inverse = factor.InverseDiagonal(), all = new double[layers.Sum(l => l.Units * (l.Inputs + 1))];
        for (int p = 0; p < free.Length; p++)
        {
            // A column that was all zero: no row shows the parameter.
            all[free[p]] = scale[p] > 1e140 ? double.PositiveInfinity : Math.Sqrt(inverse[p]) * scale[p];
        }
        double[][] result = new double[layers.Length][];
        int first = 0;
        for (int l = 0; l < layers.Length; l++)
        {
            int n = layers[l].Inputs, units = layers[l].Units;
            result[l] = new double[units * (n + 1)];
            for (int i = 0; i < units; i++, first += n + 1)
            {
                all.AsSpan(first, n).CopyTo(result[l].AsSpan(i * n));
                result[l][(units * n) + i] = all[first + n];
            }
        }
        return result;
    }

    /// <summary>One row forward and one output's derivative backward.</summary>
    private sealed class RowPass(HiddenLayer[] layers)
    {
        private readonly double[][] z = [.. layers.Select(l => new double[l.Units])];
        private readonly double[][] h = [.. layers.Select(l => new double[l.Units])];
        private readonly double[][] d = [.. layers.Select(l => new double[l.Units])];

        public double[] Output => z[^1];

        public void Forward(ReadOnlySpan<double> x)
        {
            ReadOnlySpan<double> input = x;
            for (int l = 0; l < layers.Length; l++)
            {
                layers[l].Apply(input, z[l]);
                TensorPrimitives.Max<double>(z[l], 0, h[l]);
                input = h[l];
            }
        }

        /// <summary>The derivative of an output times a factor by every parameter: per unit its weights and then its bias.</summary>
        public void Backward(ReadOnlySpan<double> x, int output, double factor, double[] target, bool accumulate)
        {
            int end = target.Length;
            Array.Clear(d[^1]);
            d[^1][output] = factor;
            for (int l = layers.Length - 1; l >= 0; l--)
            {
                HiddenLayer layer = layers[l];
                int n = layer.Inputs;
                ReadOnlySpan<double> input = l == 0 ? x : h[l - 1];
                end -= layer.Units * (n + 1);
                for (int i = 0; i < layer.Units; i++)
                {
                    Span<double> mine = target.AsSpan(end + (i * (n + 1)), n + 1);
                    double di = d[l][i];
                    if (accumulate)
                    {
                        if (di == 0) continue;
                        TensorPrimitives.MultiplyAdd(input, di, mine[..n], mine[..n]);
                        mine[n] += di;
                    }
                    else
                    {
                        TensorPrimitives.Multiply(input, di, mine[..n]);
                        mine[n] = di;
                    }
                }
                if (l == 0) return;
                Array.Clear(d[l - 1]);
                for (int i = 0; i < layer.Units; i++)
                {
                    if (d[l][i] != 0) TensorPrimitives.MultiplyAdd(layer.Row(i), d[l][i], d[l - 1], d[l - 1]);
                }
                for (int j = 0; j < n; j++)
                {
                    if (!(z[l - 1][j] > 0)) d[l - 1][j] = 0;
                }
            }
        }
    }
}
