using Orthant.Networks;

namespace Orthant.Approximation;

/// <summary>A demonstration of theory, not a form for use: one weight for K steps of a path, unpacked bit by bit.</summary>
/// <param name="Network">One input, one output.</param>
/// <param name="Cells">N, each with one weight of K bits.</param>
/// <param name="Bits">K.</param>
/// <param name="Bound">2·(Lipschitz constant)·(b - a)/(N·K), for inputs outside the ramps, in real arithmetic; it rests on the constant, which is sampled.</param>
/// <param name="RampShare">The part of the interval, before each cell, on which the step functions of the construction rise and nothing is promised.</param>
/// <remarks>
/// <para>A Lipschitz function is followed by a path of N·K steps up or down. The directions of a cell's K steps are the bits of one number w; stage j
/// takes its leading bit by a ramp of slope 2ᴷ and adds its step where the place u within the cell has passed it:</para>
/// <code>
///     b = clamp(2ᴷ⁻¹(2r - 1) + 1),  r ← 2r - b,  c = clamp(u - j),  value ← value + step·(2·ReLU(b + c - 1) - c)
/// </code>
/// <para>So 3N + O(K) numbers carry N·K bits: rates of Yarotsky and of Shen, Yang and Zhang, beyond what any continuous choice of weights can reach. A
/// double has 53 bits, which is where it ends; in float32 it ends at 22.</para>
/// </remarks>
public sealed record BitExtraction(ReluNetwork Network, int Cells, int Bits, double Bound, double RampShare)
{
    /// <summary>The most bits of a weight: the sums of the step functions need some of a double's 53.</summary>
    public const int MostBits = 44;

    /// <summary>The most cells.</summary>
    public const int MostCells = 256;

    /// <summary>The width of a ramp as a part of its cell.</summary>
    private const double Ramp = 1.0 / 64;

    /// <summary>Builds the network.</summary>
    /// <param name="function">Finite and Lipschitz on the interval; the constant is found on samples.</param>
    /// <param name="a">The left end.</param>
    /// <param name="b">The right end, beyond <paramref name="a"/>.</param>
    /// <param name="cells">N, 1 to <see cref="MostCells"/>.</param>
    /// <param name="bits">K, 1 to <see cref="MostBits"/>.</param>
    public static BitExtraction Of(TargetFunction function, double a, double b, int cells, int bits)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (cells is < 1 or > MostCells) throw new ArgumentOutOfRangeException(nameof(cells), cells, $"1 to {MostCells} cells.");
        if (bits is < 1 or > MostBits) throw new ArgumentOutOfRangeException(nameof(bits), bits, $"1 to {MostBits} bits.");
        int steps = cells * bits;
        double[] f = [.. Enumerable.Range(0, steps + 1).Select(i => function.Value(i == steps ? b : a + ((b - a) * ((double)i / steps))))];
        if (!Array.TrueForAll(f, double.IsFinite)) throw new OrthantInputException(function.ToString() ?? "function", "", "a pole or no value in the interval", "a function that is finite on the whole interval");
        double step = Math.Max(Enumerable.Range(0, steps).Max(i => Math.Abs(f[i + 1] - f[i])), 1e-300);
        double[] starts = new double[cells], weights = new double[cells];
        for (int cell = 0; cell < cells; cell++)
        {
            double value = starts[cell] = f[cell * bits];
            for (int j = 0; j < bits; j++)
            {
                bool up = f[(cell * bits) + j + 1] >= value;
                value += up ? step : -step;
                if (up) weights[cell] += Math.ScaleB(1, -j - 1);
            }
        }
        return new BitExtraction(Build(a, b, starts, weights, bits, step), cells, bits, 2 * step, cells > 1 ? Ramp * (cells - 1) / cells : 0);
    }

    private static ReluNetwork Build(double a, double b, double[] starts, double[] weights, int bits, double step)
    {
        int cells = starts.Length;
        double scale = cells / (b - a);
        LayerStack stack = new(ElementType.Float64);
        // How far before the end of its ramp x is, in ramps: zero beyond it, so that the next layer's step is exactly one there.
        for (int i = 1; i < cells; i++) stack.Neuron((i + (a * scale)) / Ramp, (0, -scale / Ramp));
        int source = stack.Neuron(-a * scale * bits, (0, scale * bits));
        stack.EndLayer();
        for (int i = 1; i < cells; i++) stack.Neuron(1, (i - 1, -1));
        stack.Neuron(0, (source, 1));
        stack.EndLayer();
        List<(int, double)> word = [], start = [], place = [(cells - 1, 1)];
        for (int i = 1; i < cells; i++)
        {
            word.Add((i - 1, weights[i] - weights[i - 1]));
            start.Add((i - 1, starts[i] - starts[i - 1]));
            place.Add((i - 1, -bits));
        }
        double wordBias = weights[0], valueBias = starts[0], lift = starts.Max(Math.Abs) + (bits * step);
        double steepness = Math.ScaleB(1, bits - 1);
        List<(int, double)> value = start;
        bool lifted = false;
        for (int j = 0; j < bits; j++)
        {
            // Both sides of the leading bit's ramp, the word, the place, both sides of this step, the value lifted above zero.
            (int, double)[] steep = [.. word.Select(e => (e.Item1, 2 * steepness * e.Item2))];
            stack.Neuron((steepness * ((2 * wordBias) - 1)) + 1, steep);
            stack.Neuron(steepness * ((2 * wordBias) - 1), steep);
            stack.Neuron(wordBias, [.. word]);
            stack.Neuron(0, [.. place]);
            stack.Neuron(-j, [.. place]);
            stack.Neuron(-j - 1, [.. place]);
            stack.Neuron(valueBias + (lifted ? 0 : lift), [.. value]);
            stack.EndLayer();
            lifted = true;
            // b + c - 1; the rest of the word; the place; c; the value.
            stack.Neuron(-1, (0, 1), (1, -1), (4, 1), (5, -1));
            stack.Neuron(0, (2, 2), (0, -1), (1, 1));
            stack.Neuron(0, (3, 1));
            stack.Neuron(0, (4, 1), (5, -1));
            stack.Neuron(0, (6, 1));
            stack.EndLayer();
            (word, wordBias, place, value, valueBias) = ([(1, 1)], 0, [(2, 1)], [(4, 1), (0, 2 * step), (3, -step)], 0);
        }
        stack.Neuron(-lift, [.. value]);
        return stack.ToNetwork($"{cells} words of {bits} bits");
    }
}
