using System.Collections.Immutable;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>The numbers of a network of convolutions in training, and the stages that a batch passes.</summary>
internal sealed unsafe class ImageModel : IDisposable
{
    private readonly TrainableArchitecture architecture;
    private readonly MicroKernels<float>? kernels;
    private readonly int batch;
    private readonly int frame;
    private readonly List<ImageStage> stages = [];

    /// <summary>Allocates a model whose weights are zero.</summary>
    /// <exception cref="OrthantInputException">Layers do not follow one another.</exception>
    public ImageModel(TrainableArchitecture architecture, int batch, VectorPath path)
    {
        this.architecture = architecture;
        this.batch = batch;
        kernels = MicroKernels<float>.For(path);
        frame = LargestPadding(architecture.Layers);
        bool readsByStretches = architecture.Layers is [TrainableConvolution or TrainableDense, ..];
        ImageShape shape = architecture.Input;
        Input = new ImageTensor(shape, readsByStretches ? shape.Channels : DenseModel.Pad(shape.Channels), frame, batch, !readsByStretches);
        Chain(architecture.Layers, Input, "layers", null, false);
        if (stages is not [.., ConvolutionStage { Output: null } last]) throw Wrong("layers", "an end that is no dense layer", "a last dense layer that does not activate");
        Last = last;
    }

    /// <summary>The images.</summary>
    public ImageTensor Input { get; }

    /// <summary>The stage whose <see cref="ConvolutionStage.Raw"/> has the outputs.</summary>
    public ConvolutionStage Last { get; }

    /// <summary>The stages, from the input.</summary>
    public IReadOnlyList<ImageStage> Stages => stages;

    /// <summary>All parameters in the order of the stages.</summary>
    public IEnumerable<ImageParameter> Parameters => stages.SelectMany(s => s.Parameters);

    /// <summary>The number of outputs.</summary>
    public int Outputs => Last.Convolution.Filters;

    public void Forward(WorkerTeam team, int images, in ImageMode mode)
    {
        foreach (ImageStage stage in stages) stage.Forward(team, images, mode);
    }

    public void Backward(WorkerTeam team, int images)
    {
        Input.HasGradient = false;
        foreach (ImageStage stage in stages)
        {
            if (stage.Output is not null) stage.Output.HasGradient = false;
        }
        for (int i = stages.Count - 1; i >= 0; i--) stages[i].Backward(team, images);
    }

    /// <summary>Draws the weights: uniform with variance 2/((1 + s²)·inputs), 1/inputs for the last layer.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The number of the first stage's stream.</param>
    /// <param name="slope">The mean slope s left of zero.</param>
    /// <param name="gain">What the bounds are multiplied by.</param>
    public void Initialize(ulong seed, ulong stream, double slope, double gain)
    {
        foreach (ConvolutionStage stage in stages.OfType<ConvolutionStage>())
        {
            RandomStream random = new(seed, stream++);
            Convolution c = stage.Convolution;
            // Weights of channels that only pad stay zero, and so do, with that, the gradients of the units that feed them.
            double bound = gain * Math.Sqrt(3 * (ReferenceEquals(stage, Last) ? 1 : 2 / (1 + (slope * slope))) / (c.Depth / c.StoredChannels * c.Channels));
            for (int i = 0; i < c.Depth; i++)
            {
                if (i % c.StoredChannels >= c.Channels) continue;
                for (int j = 0; j < c.Filters; j++) c.Weights.Pointer[((nint)i * c.Padded) + j] = (float)random.NextDouble(-bound, bound);
            }
        }
    }

    /// <summary>The network with the present weights, normalisations folded in.</summary>
    public ReluNetwork ToNetwork(ActivationFunction activation, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        Queue<ImageStage> rest = new(stages);
        ImageShape shape = architecture.Input;
        return new ReluNetwork(Layers(architecture.Layers, rest, ref shape, activation, false), ElementType.Float32, metadata: metadata);
    }

    public void Dispose()
    {
        Input.Dispose();
        foreach (ImageStage stage in stages) stage.Dispose();
    }

    private ImageTensor Chain(ImmutableArray<TrainableLayer> layers, ImageTensor input, string place, ImageTensor? addend, bool sumActivates)
    {
        ImageTensor current = input;
        for (int i = 0; i < layers.Length; i++)
        {
            string here = $"{place}[{i}]";
            bool normalizes = i + 1 < layers.Length && layers[i + 1] is TrainableBatchNorm && layers[i] is TrainableConvolution or TrainableDense;
            bool isEnd = i + (normalizes ? 1 : 0) == layers.Length - 1, activates = normalizes && ((TrainableBatchNorm)layers[i + 1]).Activates;
            switch (layers[i])
            {
                case TrainableConvolution c:
                    if (c.Filters < 1 || c.Kernel < 1 || c.Stride < 1 || c.Padding < 0) throw Wrong(here, $"{c}", "sizes of at least 1");
                    if (current.Shape.Height + (2 * c.Padding) < c.Kernel || current.Shape.Width + (2 * c.Padding) < c.Kernel) throw Wrong(here, $"a filter of {c.Kernel}×{c.Kernel} on {current.Shape}", "one that fits");
                    current = Add(current, c.Filters, c.Kernel, c.Kernel, c.Stride, c.Padding, c.Activates, normalizes, activates, isEnd ? addend : null, sumActivates, false, here);
                    break;
                case TrainableDense d:
                    bool isLast = isEnd && addend is null && place == "layers";
                    if (isLast && (d.Activates || normalizes)) throw Wrong(here, $"{d}", "a last dense layer that neither activates nor is normalised");
                    current = Add(current, d.Units, current.Shape.Height, current.Shape.Width, 1, 0, d.Activates, normalizes, activates, isEnd ? addend : null, sumActivates, isLast, here);
                    break;
                case TrainablePool p:
                    if (isEnd && addend is not null) throw Wrong(here, $"{p}", "a branch that ends in a convolution or its normalisation");
                    if (p.Size < 1 || p.Stride < 1 || current.Shape.Height < p.Size || current.Shape.Width < p.Size) throw Wrong(here, $"a window of {p.Size}×{p.Size} on {current.Shape}", "one that fits");
                    PoolStage pool = new(current, p, frame, batch);
                    stages.Add(pool);
                    current = pool.Output!;
                    break;
                case TrainableResidual r:
                    if (isEnd && addend is not null) throw Wrong(here, "a block as the end of a branch", "a convolution or its normalisation");
                    if (r.Branch.IsDefaultOrEmpty) throw Wrong(here, "an empty branch", "at least one convolution");
                    if (stages.Count == 0) throw Wrong(here, "a residual block on the images themselves", "a convolution before it");
                    current = Chain(r.Branch, current, here, current, r.Activates);
                    break;
                default:
                    throw Wrong(here, $"{layers[i]}", "a batch normalisation right behind a convolution or dense layer");
            }
            if (normalizes) i++;
        }
        return current;
    }

    private ImageTensor Add(
        ImageTensor input, int filters, int height, int width, int stride, int padding, bool ownActivates, bool normalizes, bool normActivates, ImageTensor? addend,
        bool sumActivates, bool isLast, string place)
    {
        if (normalizes && ownActivates) throw Wrong(place, "an activation between a layer and its normalisation", "one behind the normalisation");
        Convolution convolution = new(kernels, input, filters, height, width, stride, padding);
        bool activates = ownActivates || normActivates;
        if (addend is not null)
        {
            if (activates) throw Wrong(place, "a branch whose last layer activates", "an activation of the block");
            ImageShape result = new(filters, convolution.Height, convolution.Width);
            if (result != addend.Shape) throw Wrong(place, $"a branch that makes {result} of {addend.Shape}", "the same shape, so that both can be added");
            activates = sumActivates;
        }
        ConvolutionStage stage = new(convolution, input, addend, normalizes, activates, isLast, frame, batch, stages.Count) { HasInputGradient = stages.Count > 0 };
        stages.Add(stage);
        return stage.Output ?? input;
    }

    private static List<Layer> Layers(ImmutableArray<TrainableLayer> layers, Queue<ImageStage> rest, ref ImageShape shape, ActivationFunction activation, bool isBranch)
    {
        List<Layer> result = [];
        foreach (TrainableLayer layer in layers)
        {
            switch (layer)
            {
                case TrainableConvolution c:
                    ConvolutionStage convolution = (ConvolutionStage)rest.Dequeue();
                    result.Add(ToLayer(convolution, shape, c, activation, isBranch));
                    shape = convolution.Output!.Shape;
                    break;
                case TrainableDense:
                    ConvolutionStage dense = (ConvolutionStage)rest.Dequeue();
                    result.Add(ToLayer(dense, shape, null, activation, isBranch));
                    shape = new ImageShape(dense.Convolution.Filters, 1, 1);
                    break;
                case TrainablePool p:
                    SlidingWindow window = new(p.Size, p.Size, p.Stride, p.Stride);
                    result.Add(p.Largest ? new MaxPoolLayer(shape, window) : new AffineLayer(new AveragePoolOperator(shape, window, false), []));
                    shape = rest.Dequeue().Output!.Shape;
                    break;
                case TrainableResidual r:
                    List<Layer> branch = Layers(r.Branch, rest, ref shape, activation, true);
                    result.Add(ParallelLayer.Residual(branch, r.Activates ? activation : null));
                    break;
            }
        }
        return result;
    }

    /// <summary>Weights from rows × columns × channels to channels × rows × columns, times the normalisation's factor, rounded to float32.</summary>
    private static AffineLayer ToLayer(ConvolutionStage stage, ImageShape input, TrainableConvolution? plan, ActivationFunction activation, bool isBranch)
    {
        Convolution c = stage.Convolution;
        int height = plan?.Kernel ?? input.Height, width = plan?.Kernel ?? input.Width, cells = height * width, stored = c.Depth / cells;
        double[] weights = new double[checked(c.Filters * input.Channels * cells)], bias = new double[c.Filters * c.Positions];
        for (int f = 0; f < c.Filters; f++)
        {
            (double scale, double shift) = stage.Folded(f);
            bias.AsSpan(f * c.Positions, c.Positions).Fill((float)shift);
            for (int channel = 0; channel < input.Channels; channel++)
            {
                for (int cell = 0; cell < cells; cell++)
                {
                    weights[(((f * input.Channels) + channel) * cells) + cell] = (float)(scale * c.Weights.Pointer[(((nint)cell * stored) + channel) * c.Padded + f]);
                }
            }
        }
        LinearOperator linear = plan is null
            ? new DenseOperator(c.Filters, input.Length, weights)
            : new ConvolutionOperator(input, c.Filters, new SlidingWindow(height, width, plan.Stride, plan.Stride, plan.Padding, plan.Padding, plan.Padding, plan.Padding), 1, weights);
        // In a branch the last stage's activation is that of the block.
        bool activates = stage.Activates && !(isBranch && stage.HasAddend);
        return new AffineLayer(linear, bias, activates ? activation : null);
    }

    private static int LargestPadding(ImmutableArray<TrainableLayer> layers) => layers.IsDefaultOrEmpty ? 0 : layers.Max(l => l switch
    {
        TrainableConvolution c => c.Padding,
        TrainableResidual r => LargestPadding(r.Branch),
        _ => 0,
    });

    private static OrthantInputException Wrong(string place, string found, string expected) => new("arch", place, found, expected);
}
