using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>The numbers of a dense network in training: weights, gradients, and the activations of one batch.</summary>
/// <remarks>
/// <para>Weights lie by inputs, so that a layer is a product of row-major matrices; a layer's width is padded to whole vectors:</para>
/// <code>
///     W[l]     inputs(l) × padded(l)          padding columns are zero and stay zero
///     H[l]     batch × padded(l)              outputs of layer l; of the last layer, later the gradient of the loss
///     D[l]     batch × padded(l)              derivatives of hidden layer l's activations: H = D·(X·W + b)
///     G[l]     batch × padded(l)              gradient with respect to H[l], then times D[l]
/// </code>
/// <para>Every phase takes a range of rows (or of inputs) and computes each element by one chain of fixed order. So a batch can be divided among threads in
/// any way, and nothing has to be summed across threads: the bits do not depend on their number.</para>
/// </remarks>
internal sealed unsafe class DenseModel : IDisposable
{
    private readonly MicroKernels<float>? kernels;
    private readonly int[] padded;
    private readonly AlignedBuffer<float> inputs;
    private readonly AlignedBuffer<float>[] weights;
    private readonly AlignedBuffer<float>[] biases;
    private readonly AlignedBuffer<float>[] weightGradients;
    private readonly AlignedBuffer<float>[] biasGradients;
    private readonly AlignedBuffer<float>[] outputs;
    private readonly AlignedBuffer<float>[] derivatives;
    private readonly AlignedBuffer<float>[] gradients;

    /// <summary>Allocates a model whose weights are zero.</summary>
    /// <param name="widths">Inputs, hidden widths, outputs.</param>
    /// <param name="batch">The largest number of rows at a time.</param>
    /// <param name="path">The path of the matrix multiply.</param>
    public DenseModel(IReadOnlyList<int> widths, int batch, VectorPath path)
    {
        kernels = MicroKernels<float>.For(path);
        Widths = [.. widths];
        Batch = batch;
        Layers = Widths.Length - 1;
        padded = [.. widths.Skip(1).Select(Pad)];
        inputs = new AlignedBuffer<float>(checked(batch * Widths[0]));
        weights = Buffers(l => Widths[l] * padded[l]);
        weightGradients = Buffers(l => Widths[l] * padded[l]);
        biases = Buffers(l => padded[l]);
        biasGradients = Buffers(l => padded[l]);
        outputs = Buffers(l => batch * padded[l]);
        derivatives = Buffers(l => l < Layers - 1 ? batch * padded[l] : 0);
        gradients = Buffers(l => l < Layers - 1 ? batch * padded[l] : 0);
    }

    /// <summary>Inputs, hidden widths, outputs.</summary>
    public int[] Widths { get; }

    /// <summary>The largest number of rows at a time.</summary>
    public int Batch { get; }

    /// <summary>The number of layers that have weights.</summary>
    public int Layers { get; }

    /// <summary>The batch's inputs, batch × inputs.</summary>
    public Span<float> Inputs => inputs.Span;

    /// <summary>A layer's weights, inputs × <see cref="Padded"/>.</summary>
    public AlignedBuffer<float> Weights(int layer) => weights[layer];

    /// <summary>A layer's biases, <see cref="Padded"/> numbers.</summary>
    public AlignedBuffer<float> Biases(int layer) => biases[layer];

    /// <summary>The gradients of a layer's weights.</summary>
    public AlignedBuffer<float> WeightGradients(int layer) => weightGradients[layer];

    /// <summary>The gradients of a layer's biases.</summary>
    public AlignedBuffer<float> BiasGradients(int layer) => biasGradients[layer];

    /// <summary>A layer's width, padded to whole vectors.</summary>
    public int Padded(int layer) => padded[layer];

    /// <summary>A row of the last layer's outputs, bias not yet added; where the loss puts its gradient.</summary>
    public float* OutputRow(int row) => outputs[Layers - 1].Pointer + ((nint)row * padded[Layers - 1]);

    /// <summary>Rounds a width up to whole vectors.</summary>
    public static int Pad(int width) => checked(width + RandomizedActivation.WidthUnit - 1) / RandomizedActivation.WidthUnit * RandomizedActivation.WidthUnit;

    /// <summary>Computes some rows' outputs from <see cref="Inputs"/>.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="end">One more than the last row.</param>
    /// <param name="pass">What the hidden units do.</param>
    public void Forward(int first, int end, in ForwardMode pass)
    {
        int rows = end - first;
        if (rows <= 0) return;
        for (int l = 0; l < Layers; l++)
        {
            int width = padded[l];
            float* h = outputs[l].Pointer + ((nint)first * width);
            Multiply(rows, width, Widths[l], RowsInto(l, first), new Operand<float>(weights[l].Pointer, width, false), h, width);
            if (l == Layers - 1) break;
            float* d = derivatives[l].Pointer + ((nint)first * width);
            if (pass.IsFrozen) RandomizedActivation.ApplyFrozen(rows, width, h, biases[l].Pointer, d);
            else RandomizedActivation.Apply(pass.Law, pass.Draws, rows, width, h, biases[l].Pointer, d, (uint)first, pass.Pass, (uint)l, pass.Key);
        }
    }

    /// <summary>Carries some rows' loss gradients from the last layer's outputs to the first layer's.</summary>
    public void Backward(int first, int end)
    {
        int rows = end - first;
        if (rows <= 0) return;
        for (int l = Layers - 1; l > 0; l--)
        {
            int below = padded[l - 1];
            nint offset = (nint)first * below;
            Operand<float> dy = new(GradientOf(l) + ((nint)first * padded[l]), padded[l], false);
            float* dx = gradients[l - 1].Pointer + offset;
            Multiply(rows, Widths[l], Widths[l + 1], dy, new Operand<float>(weights[l].Pointer, padded[l], true), dx, below);
            RandomizedActivation.Multiply((nint)rows * below, dx, derivatives[l - 1].Pointer + offset);
        }
    }

    /// <summary>The gradients of the weights that leave some inputs of a layer: Xᵀ·dY.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rows">The rows of the batch.</param>
    /// <param name="firstInput">The first input.</param>
    /// <param name="endInput">One more than the last input.</param>
    public void WeightGradient(int layer, int rows, int firstInput, int endInput)
    {
        int width = padded[layer];
        if (endInput <= firstInput) return;
        Operand<float> x = RowsInto(layer, 0);
        Operand<float> transposed = new(x.Origin + firstInput, x.Stride, true);
        float* to = weightGradients[layer].Pointer + ((nint)firstInput * width);
        Multiply(endInput - firstInput, width, rows, transposed, new Operand<float>(GradientOf(layer), width, false), to, width);
    }

    /// <summary>The gradients of a layer's biases: the sums of dY over the batch, in the order of its rows.</summary>
    public void BiasGradient(int layer, int rows)
    {
        int width = padded[layer];
        Span<float> sums = biasGradients[layer].Span;
        sums.Clear();
        for (int row = 0; row < rows; row++)
        {
            System.Numerics.Tensors.TensorPrimitives.Add(sums, new ReadOnlySpan<float>(GradientOf(layer) + ((nint)row * width), width), sums);
        }
    }

    /// <summary>The network with the present weights.</summary>
    /// <param name="activation">The activation of the hidden units.</param>
    /// <param name="metadata">Notes for the network.</param>
    public ReluNetwork ToNetwork(ActivationFunction activation, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        List<Layer> layers = [];
        for (int l = 0; l < Layers; l++)
        {
            double[,] matrix = new double[Widths[l + 1], Widths[l]];
            double[] bias = new double[Widths[l + 1]];
            for (int j = 0; j < Widths[l + 1]; j++)
            {
                for (int i = 0; i < Widths[l]; i++) matrix[j, i] = weights[l].Pointer[((nint)i * padded[l]) + j];
                bias[j] = biases[l].Pointer[j];
            }
            layers.Add(AffineLayer.Dense(matrix, bias, l < Layers - 1 ? activation : null));
        }
        return new ReluNetwork(layers, ElementType.Float32, metadata: metadata);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        inputs.Dispose();
        foreach (AlignedBuffer<float>[] all in (AlignedBuffer<float>[][])[weights, biases, weightGradients, biasGradients, outputs, derivatives, gradients])
        {
            foreach (AlignedBuffer<float> buffer in all) buffer.Dispose();
        }
    }

    private Operand<float> RowsInto(int layer, int first) => layer == 0
        ? new Operand<float>(inputs.Pointer + ((nint)first * Widths[0]), Widths[0], false)
        : new Operand<float>(outputs[layer - 1].Pointer + ((nint)first * padded[layer - 1]), padded[layer - 1], false);

    private float* GradientOf(int layer) => layer == Layers - 1 ? outputs[layer].Pointer : gradients[layer].Pointer;

    private void Multiply(int m, int n, int k, Operand<float> a, Operand<float> b, float* c, int stride) =>
        BlockedMultiply.Run(kernels, m, n, k, a, b, c, stride, accumulate: false, lowerOnly: false);

    private AlignedBuffer<float>[] Buffers(Func<int, long> length)
    {
        AlignedBuffer<float>[] buffers = new AlignedBuffer<float>[Layers];
        for (int l = 0; l < buffers.Length; l++) buffers[l] = new AlignedBuffer<float>(checked((int)length(l)));
        return buffers;
    }
}

/// <summary>What the hidden units do in a forward pass.</summary>
/// <param name="Law">The law of their activations.</param>
/// <param name="Draws">Whether to draw from the law; otherwise its mean slope is used.</param>
/// <param name="Pass">The number of the pass, by which bits are drawn.</param>
/// <param name="Key">The key of the bits.</param>
/// <param name="IsFrozen">Whether to use the derivatives of the pass before instead: the network is then a linear function of its inputs.</param>
internal readonly record struct ForwardMode(ActivationLaw Law, bool Draws, uint Pass, ulong Key, bool IsFrozen = false);
