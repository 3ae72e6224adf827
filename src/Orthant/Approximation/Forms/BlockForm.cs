using Orthant.Networks;

namespace Orthant.Approximation;

/// <summary>Two-layer blocks: principal knots in the first layer, and between them knots made by neurons of the second whose preactivation
/// crosses zero there.</summary>
/// <remarks>
/// <para>A block has p principal knots ξ_1 … ξ_p and q - 1 knots in each interval (ξ_{j-1}, ξ_j). A neuron of the second layer reads a
/// function h that is linear between principal knots; where h crosses zero inside an interval, ReLU(h) has a knot.</para>
/// <code>
///   hat3:  h rises through zero in every third interval:      zigzag: rises and falls in turn, every second interval
///            ╱│    ╱│                                             ╱╲      ╱╲
///       ────╱─│───╱─│─  0                                     ───╱──╲────╱──╲── 0   each crossing is one knot with
///          ╱  │__╱  │__                                         ╱    ╲__╱    ╲      a positive jump
/// </code>
/// <para>What ReLU(h) bends at the principal knots goes from the first layer straight into the collation channel.</para>
/// </remarks>
internal sealed class BlockForm
{
    private readonly int principals;
    private readonly int perInterval;
    private readonly int classes;
    private readonly double[] knots;
    private readonly double[] jumps;
    private readonly double[] points;
    private readonly double a;
    private readonly LayerStack stack;

    private BlockForm(LinearSpline spline, int principals, int perInterval, int classes, int blocks, ElementType type)
    {
        (this.principals, this.perInterval, this.classes) = (principals, perInterval, classes);
        stack = new LayerStack(type);
        a = spline.Knots[0];
        (knots, jumps) = Padded(spline, blocks * principals * perInterval);
        points = [a, .. knots, spline.Knots[^1]];
    }

    /// <summary>Knots that a block of two layers holds.</summary>
    public static int Capacity(NetworkForm form, int width) => (width - 2) * form switch
    {
        NetworkForm.Paper => (width - 2) / 6,
        NetworkForm.Hat3 => ((width - 2) / 6) + 1,
        _ => ((width - 2) / 4) + 1,
    };

    /// <summary>The hidden layers that N knots take.</summary>
    public static int Depth(NetworkForm form, int knots, int width) => 2 * Math.Max(1, (knots + Capacity(form, width) - 1) / Capacity(form, width));

    public static ReluNetwork Compile(LinearSpline spline, NetworkForm form, int width, ElementType type, string name)
    {
        int principals = width - 2, blocks = Depth(form, spline.InnerKnots, width) / 2;
        BlockForm built = new(spline, principals, Capacity(form, width) / principals, form == NetworkForm.Zigzag ? 2 : 3, blocks, type);
        return built.Build(spline, width, blocks, name);
    }

    /// <summary>The widths of the two layers for N knots.</summary>
    public static (int First, int Second, int PerInterval) TwoLayerWidths(int knots)
    {
        (int First, int Second, int PerInterval) best = (0, 0, 0);
        for (int q = 1; q <= Math.Max(1, Math.Min(knots, 4000)); q++)
        {
            int first = Math.Max(1, (knots + q - 1) / q) + 1, second = (4 * (q - 1)) + 1;
            if (best.PerInterval == 0 || first + second < best.First + best.Second) best = (first, second, q);
            if (second > 8 * Math.Sqrt(knots + 1.0) + 16) break;
        }
        return best;
    }

    /// <summary>One zigzag block of free widths: without the source in the second layer, as nothing follows.</summary>
    public static ReluNetwork CompileTwoLayer(LinearSpline spline, ElementType type, string name)
    {
        (int first, _, int perInterval) = TwoLayerWidths(spline.InnerKnots);
        return new BlockForm(spline, first - 1, perInterval, 2, 1, type).Build(spline, 0, 1, name);
    }

    private ReluNetwork Build(LinearSpline spline, int width, int blocks, string name)
    {
        bool lean = width == 0;
        double s0 = spline.Slope(0), shift = 0;
        double[] collated = Array.ConvertAll(points, t => spline.Values[0] + (s0 * (t - a)));
        List<(int Column, double Value)> carried = [];
        for (int block = 0; block < blocks; block++)
        {
            bool first = block == 0;
            int start = block * principals * perInterval;
            double[] xi = [.. Enumerable.Range(1, principals).Select(j => knots[start + (j * perInterval) - 1])];
            // First layer: the source, the collation channel (nothing yet in the first block) and the principal knots.
            int source = first ? stack.Neuron(-a, (0, 1)) : stack.Neuron(0, (0, 1)), collation = -1;
            if (!lean)
            {
                double before = shift;
                shift = first ? 0 : ChainForm.Shift(collated.Min(), collated.Max(Math.Abs));
                collation = first ? stack.Neuron(0) : stack.Neuron(shift - before, [.. carried]);
            }
            int[] principal = [.. xi.Select(x => first ? stack.Neuron(-x, (0, 1)) : stack.Neuron(a - x, (0, 1)))];
            if (!lean) stack.Pad(width);
            stack.EndLayer();
            SecondLayer(spline, block, first, lean, xi, source, collation, principal, ref shift, collated, carried, s0);
            if (!lean) stack.Pad(width);
            stack.EndLayer();
        }
        stack.Neuron(-shift, [.. carried]);
        return stack.ToNetwork(name);
    }

    private void SecondLayer(
        LinearSpline spline, int block, bool first, bool lean, double[] xi, int source, int collation, int[] principal,
        ref double shift, double[] collated, List<(int Column, double Value)> carried, double s0)
    {
        int p = principals, start = block * p * perInterval;
        double[] grid = [first ? a : knots[start - 1], .. xi];
        List<(double[] H, double Sign)> crossings = Crossings(start, grid);
        double[] rest = [.. Enumerable.Range(1, p).Select(j => jumps[start + (j * perInterval) - 1])];
        foreach ((double[] h, double sign) in crossings)
        {
            for (int j = 1; j <= p; j++)
            {
                double left = h[j] > 0 || (h[j] == 0 && h[j - 1] > 0) ? (h[j] - h[j - 1]) / (grid[j] - grid[j - 1]) : 0;
                double right = j < p && (h[j] > 0 || (h[j] == 0 && h[j + 1] > 0)) ? (h[j + 1] - h[j]) / (grid[j + 1] - grid[j]) : 0;
                rest[j - 1] -= sign * (right - left);
            }
        }
        if (!lean) stack.Neuron(0, (source, 1));
        for (int j = 0; j < p; j++)
        {
            for (int i = 0; i < points.Length; i++) collated[i] += rest[j] * Math.Max(points[i] - xi[j], 0);
        }
        double before = shift;
        shift = ChainForm.Shift(collated.Min(), collated.Max(Math.Abs));
        List<(int, double)> row = [.. principal.Select((neuron, j) => (neuron, rest[j]))];
        row.Add(first ? (source, s0) : (collation, 1));
        int sum = stack.Neuron(first ? spline.Values[0] + shift : shift - before, [.. row]);
        carried.Clear();
        carried.Add((sum, 1));
        foreach ((double[] h, double sign) in crossings)
        {
            double[] slope = [.. Enumerable.Range(0, p).Select(j => (h[j + 1] - h[j]) / (grid[j + 1] - grid[j]))];
            List<(int, double)> weights = [(source, slope[0])];
            for (int j = 1; j <= p; j++) weights.Add((principal[j - 1], (j < p ? slope[j] : 0) - slope[j - 1]));
            carried.Add((stack.Neuron(h[0] - (slope[0] * (grid[0] - a)), [.. weights]), sign));
            for (int i = 0; i < points.Length; i++) collated[i] += sign * Math.Max(0, Along(h, grid, slope, points[i]));
        }
    }

    /// <summary>h between principal knots; linear to the left, flat to the right.</summary>
    private static double Along(double[] h, double[] grid, double[] slope, double x)
    {
        if (x >= grid[^1]) return h[^1];
        int k = Array.BinarySearch(grid, x);
        int j = Math.Clamp(k >= 0 ? k : ~k - 1, 0, slope.Length - 1);
        return h[j] + (slope[j] * (x - grid[j]));
    }

    /// <summary>The functions of the second layer by their values on the grid: for every place in an interval, class of intervals and sign.</summary>
    private List<(double[] H, double Sign)> Crossings(int start, double[] grid)
    {
        List<(double[], double)> found = [];
        for (int i = 1; i < perInterval; i++)
        {
            for (int r = 0; r < classes; r++)
            {
                foreach (double sign in (ReadOnlySpan<double>)[1, -1])
                {
                    double[] h = new double[principals + 1];
                    int firstUsed = -1;
                    bool rises = true;
                    for (int j = 1; j <= principals; j++)
                    {
                        if (j % classes != r) continue;
                        int k = start + (j * perInterval) - i - 1;
                        double size = jumps[k] * sign > 0 ? Math.Abs(jumps[k]) : 0;
                        if (firstUsed < 0) firstUsed = j - 1;
                        double turn = classes == 3 || rises ? 1 : -1;
                        h[j - 1] = -turn * size * (knots[k] - grid[j - 1]);
                        h[j] = turn * size * (grid[j] - knots[k]);
                        rises = !rises;
                    }
                    for (int j = 0; j < firstUsed; j++) h[j] = h[firstUsed];
                    found.Add((h, sign));
                }
            }
        }
        return found;
    }

    /// <summary>The knots with as many without a jump between them as the blocks have room for, the widest gaps first.</summary>
    private static (double[] Knots, double[] Jumps) Padded(LinearSpline spline, int total)
    {
        int n = spline.InnerKnots;
        int[] added = new int[n + 1];
        PriorityQueue<int, double> gaps = new();
        for (int k = 0; k <= n; k++) gaps.Enqueue(k, -(spline.Knots[k + 1] - spline.Knots[k]));
        for (int extra = total - n; extra > 0; extra--)
        {
            int k = gaps.Dequeue();
            added[k]++;
            gaps.Enqueue(k, -(spline.Knots[k + 1] - spline.Knots[k]) / (added[k] + 1));
        }
        List<double> knots = [], jumps = [];
        for (int k = 0; k <= n; k++)
        {
            if (k > 0)
            {
                knots.Add(spline.Knots[k]);
                jumps.Add(spline.Slope(k) - spline.Slope(k - 1));
            }
            double from = spline.Knots[k], gap = spline.Knots[k + 1] - from;
            for (int m = 1; m <= added[k]; m++)
            {
                knots.Add(from + (gap * m / (added[k] + 1)));
                jumps.Add(0);
            }
        }
        return ([.. knots], [.. jumps]);
    }
}
