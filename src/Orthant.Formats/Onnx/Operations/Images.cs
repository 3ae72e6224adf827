using Orthant.Networks;

namespace Orthant.Formats.Onnx.Operations;

/// <summary>Convolution, batch normalisation and pooling over images of one or two dimensions.</summary>
internal static class Images
{
    private static readonly string[] WindowAttributes = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"];

    public static GraphValue Conv(NodeContext node)
    {
        node.RequireAttributes([.. WindowAttributes, "group"]);
        node.RequireInputs(2, 3);
        SignalValue x = node.Signal(0);
        ConstantValue weights = node.Constant(1);
        int dimensions = Dimensions(node, x);
        if (weights.Shape.Length != x.Shape.Length || weights.Count == 0)
        {
            throw node.Error($"filters of {weights.Shape.Length} dimensions", $"{x.Shape.Length}");
        }
        int[] kernel = weights.Shape[2..];
        if (node.IntegerList("kernel_shape") is { } stated && !stated.SequenceEqual(kernel.Select(k => (long)k)))
        {
            throw node.Error($"kernel_shape ({string.Join(", ", stated)})", $"({string.Join(", ", kernel)}) as the filters have it");
        }
        long groups = node.Integer("group", 1);
        if (groups < 1 || groups > x.Shape[1] || x.Shape[1] != weights.Shape[1] * groups)
        {
            throw node.Error($"{groups} groups", "groups that the channels fall into");
        }
        ImageShape image = Image(x, dimensions);
        SlidingWindow window = Window(node, image, kernel, dimensions, roundUp: false);
        CheckSize(node, image, window, weights.Shape[0]);
        double[] filters = SignalAlgebra.Finite(node, weights);
        ConvolutionOperator linear = Valid(node, () => new ConvolutionOperator(image, weights.Shape[0], window, (int)groups, filters));
        double[]? bias = null;
        double biasError = 0;
        if (node.Has(2))
        {
            ConstantValue b = node.Constant(2);
            if (b.Count != linear.Output.Channels) throw node.Error($"{b.Count} biases", $"{linear.Output.Channels}");
            bias = PerChannel(SignalAlgebra.Finite(node, b), linear.Output.Pixels);
            biasError = b.RelativeError;
        }
        return SignalAlgebra.Affine(
            node, x, Shape(linear.Output, dimensions), linear, bias, new ConstantRounding(weights.RelativeError, biasError, 0));
    }

    /// <summary>scale·(x - mean) / sqrt(variance + epsilon) + shift, channel by channel; the root is rounded, and the bound on that
    /// kept.</summary>
    public static GraphValue BatchNormalization(NodeContext node)
    {
        node.RequireAttributes("epsilon", "momentum", "spatial", "training_mode", "is_test");
        node.RequireInputs(5, 5);
        if (node.Flag("training_mode") || !node.Flag("spatial", true))
        {
            throw node.Error("batch normalisation in training mode or by pixel", "the plain one");
        }
        SignalValue x = node.Signal(0);
        if (x.Shape.Length < 2) throw node.Error($"{x.Shape.Length} dimensions", "a batch of channels");
        int channels = x.Shape[1], pixels = x.Count / (x.Shape[0] * channels);
        double[][] of = new double[4][];
        for (int i = 0; i < 4; i++)
        {
            ConstantValue constant = node.Constant(i + 1);
            if (constant.Count != channels || constant.RelativeError != 0)
            {
                throw node.Error($"{constant.Count} numbers as input {i + 1}", $"{channels}");
            }
            of[i] = SignalAlgebra.Finite(node, constant);
        }
        double epsilon = node.Float("epsilon", 1e-5f);
        double[] slope = new double[channels], shift = new double[channels];
        double error = 0;
        for (int c = 0; c < channels; c++)
        {
            double root = Math.Sqrt(of[3][c] + epsilon);
            if (!(root > 0)) throw node.Error($"variance {of[3][c]} of channel {c}", "a variance that is positive with epsilon");
            slope[c] = of[0][c] / root;
            double moved = slope[c] * of[2][c];
            shift[c] = of[1][c] - moved;
            // Sum, root and quotient are off by at most 3 half units; the shift also by its product and its difference.
            error = Math.Max(
                error, (5 * SignalAlgebra.UnitRoundoff * Math.Abs(moved)) + (2 * SignalAlgebra.UnitRoundoff * Math.Abs(shift[c])));
        }
        if (!Array.TrueForAll(slope, double.IsFinite) || !Array.TrueForAll(shift, double.IsFinite))
        {
            throw node.Error("constants whose result overflows", "finite ones");
        }
        double[] slopes = Repeated(PerChannel(slope, pixels), x.Shape[0]), shifts = Repeated(PerChannel(shift, pixels), x.Shape[0]);
        return SignalAlgebra.Affine(
            node, x, x.Shape, new DiagonalOperator(slopes), shifts, new ConstantRounding(4 * SignalAlgebra.UnitRoundoff, 0, error));
    }

    public static GraphValue MaxPool(NodeContext node)
    {
        node.RequireAttributes([.. WindowAttributes, "ceil_mode", "storage_order"]);
        node.RequireInputs(1, 1);
        if (node.OutputCount > 1) throw node.Error("a pooling that also returns places", "one output");
        SignalValue x = node.Signal(0);
        int dimensions = Dimensions(node, x);
        ImageShape image = Image(x, dimensions);
        SlidingWindow window = Window(node, image, Kernel(node, dimensions), dimensions, node.Flag("ceil_mode"));
        return Pooled(node, x, image, window, dimensions);
    }

    public static GraphValue AveragePool(NodeContext node)
    {
        node.RequireAttributes([.. WindowAttributes, "ceil_mode", "count_include_pad"]);
        node.RequireInputs(1, 1);
        SignalValue x = node.Signal(0);
        int dimensions = Dimensions(node, x);
        ImageShape image = Image(x, dimensions);
        bool roundUp = node.Flag("ceil_mode"), countFrame = node.Flag("count_include_pad");
        SlidingWindow window = Window(node, image, Kernel(node, dimensions), dimensions, roundUp);
        if (roundUp && countFrame && window != Window(node, image, Kernel(node, dimensions), dimensions, false))
        {
            throw node.Error("ceil_mode with count_include_pad", "one of the two");
        }
        return Averaged(node, x, image, window, dimensions, countFrame);
    }

    public static GraphValue GlobalAveragePool(NodeContext node)
    {
        (SignalValue x, ImageShape image, int dimensions) = Whole(node);
        return Averaged(node, x, image, new SlidingWindow(image.Height, image.Width), dimensions, false);
    }

    public static GraphValue GlobalMaxPool(NodeContext node)
    {
        (SignalValue x, ImageShape image, int dimensions) = Whole(node);
        return Pooled(node, x, image, new SlidingWindow(image.Height, image.Width), dimensions);
    }

    private static (SignalValue X, ImageShape Image, int Dimensions) Whole(NodeContext node)
    {
        node.RequireAttributes();
        node.RequireInputs(1, 1);
        SignalValue x = node.Signal(0);
        int dimensions = Dimensions(node, x);
        return (x, Image(x, dimensions), dimensions);
    }

    private static SignalValue Pooled(NodeContext node, SignalValue x, ImageShape image, SlidingWindow window, int dimensions)
    {
        CheckSize(node, image, window, image.Channels);
        MaxPoolLayer layer = Valid(node, () => new MaxPoolLayer(image, window));
        return new SignalValue(Shape(layer.Output, dimensions), new MaxPoolSignal(x.Signal, layer) { Group = node.Group });
    }

    private static SignalValue Averaged(
        NodeContext node, SignalValue x, ImageShape image, SlidingWindow window, int dimensions, bool countFrame)
    {
        CheckSize(node, image, window, image.Channels);
        AveragePoolOperator linear = Valid(node, () => new AveragePoolOperator(image, window, countFrame));
        ConstantRounding rounding = new(linear.EntriesAreExact ? 0 : SignalAlgebra.UnitRoundoff, 0, 0);
        return SignalAlgebra.Affine(node, x, Shape(linear.Output, dimensions), linear, null, rounding);
    }

    private static int Dimensions(NodeContext node, SignalValue x)
    {
        if (x.Shape.Length is 3 or 4 && x.Shape[0] == 1) return x.Shape.Length - 2;
        throw node.Error($"shape ({string.Join(", ", x.Shape)})", "one image: (1, channels, width) or (1, channels, height, width)");
    }

    private static ImageShape Image(SignalValue x, int dimensions) => new(x.Shape[1], dimensions == 2 ? x.Shape[2] : 1, x.Shape[^1]);

    private static int[] Shape(ImageShape image, int dimensions) =>
        dimensions == 2 ? [1, image.Channels, image.Height, image.Width] : [1, image.Channels, image.Width];

    private static int[] Kernel(NodeContext node, int dimensions)
    {
        long[] kernel = node.IntegerList("kernel_shape") ?? throw node.Error("no kernel_shape", "the size of the window");
        return Lengths(node, "kernel_shape", kernel, dimensions, 1);
    }

    private static SlidingWindow Window(NodeContext node, ImageShape image, int[] kernel, int dimensions, bool roundUp)
    {
        int[] strides = List("strides", 1), dilations = List("dilations", 1);
        int[] pads = Lengths(node, "pads", node.IntegerList("pads") ?? new long[2 * dimensions], 2 * dimensions, 0);
        int[] before = pads[..dimensions], after = pads[dimensions..];
        string automatic = node.Text("auto_pad", "NOTSET");
        for (int d = 0; d < dimensions; d++)
        {
            int length = dimensions == 2 && d == 0 ? image.Height : image.Width;
            long reach = ((long)(kernel[d] - 1) * dilations[d]) + 1;
            switch (automatic)
            {
                case "NOTSET":
                    long spare = length + before[d] + after[d] - reach, rest = spare % strides[d];
                    // Rounding up adds a last position, unless it would begin beyond the image and the frame before it.
                    bool starts = ((spare / strides[d]) + 1) * strides[d] < (long)length + before[d];
                    if (roundUp && spare > 0 && rest != 0 && starts) after[d] = (int)(after[d] + strides[d] - rest);
                    break;
                case "VALID":
                    before[d] = after[d] = 0;
                    break;
                case "SAME_UPPER" or "SAME_LOWER":
                    long positions = (length + strides[d] - 1) / strides[d];
                    long frame = Math.Clamp(((positions - 1) * strides[d]) + reach - length, 0, Signal.LargestSize);
                    before[d] = (int)(automatic == "SAME_LOWER" ? frame - (frame / 2) : frame / 2);
                    after[d] = (int)(frame - before[d]);
                    break;
                default:
                    throw node.Error($"auto_pad '{automatic}'", "NOTSET, VALID, SAME_UPPER or SAME_LOWER");
            }
        }
        return dimensions == 2
            ? new(kernel[0], kernel[1], strides[0], strides[1], before[0], before[1], after[0], after[1], dilations[0], dilations[1])
            : new(1, kernel[0], 1, strides[0], 0, before[0], 0, after[0], 1, dilations[0]);

        int[] List(string name, int otherwise) =>
            node.IntegerList(name) is { } list ? Lengths(node, name, list, dimensions, 1) : [.. Enumerable.Repeat(otherwise, dimensions)];
    }

    private static int[] Lengths(NodeContext node, string name, long[] list, int count, int least)
    {
        bool fits = list.Length == count && Array.TrueForAll(list, l => l >= least && l <= Signal.LargestSize);
        return fits
            ? Array.ConvertAll(list, l => (int)l)
            : throw node.Error($"{name} ({string.Join(", ", list)})", $"{count} numbers of {least} or more");
    }

    /// <summary>Requires that output and list of covered pixels are of sizes that can be, before either is made.</summary>
    private static void CheckSize(NodeContext node, ImageShape image, SlidingWindow window, int channels)
    {
        (int rows, int columns) = Valid(node, () => window.PositionsOn(image));
        SignalAlgebra.Checked(node, [channels, rows, columns]);
        SignalAlgebra.Checked(node, [window.Height, window.Width, rows, columns]);
    }

    private static T Valid<T>(NodeContext node, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw node.Error(e.Message, "sizes that fit together", e);
        }
    }

    private static double[] PerChannel(double[] values, int pixels)
    {
        double[] all = new double[checked(values.Length * pixels)];
        for (int c = 0; c < values.Length; c++) all.AsSpan(c * pixels, pixels).Fill(values[c]);
        return all;
    }

    private static double[] Repeated(double[] values, int times) =>
        times == 1 ? values : [.. Enumerable.Repeat(values, times).SelectMany(v => v)];
}
