using System.Numerics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>A convolution or dense layer, then perhaps batch normalisation, the addition of an earlier image, and the activation: all but the convolution in
/// one pass.</summary>
/// <remarks>
/// <code>
///     x ──► convolution ──► y ──► y·scale + shift ──► (+ addend) ──► h ──► d·h ──► output           d: the activation's derivative
///
///     without normalisation: scale 1 and shift the bias
///     with it:               scale γ/σ, shift β − μγ/σ; μ, σ² of the batch in training, the running ones afterwards
/// </code>
/// <para>Moments are summed about the running mean, so that a mean far from zero costs no digits once it is known.</para>
/// </remarks>
internal sealed unsafe class ConvolutionStage : ImageStage
{
    /// <summary>What is added to the variance under the root.</summary>
    public const float Epsilon = 1e-5f;

    private const float Momentum = 0.1f;

    private readonly ImageTensor input;
    private readonly ImageTensor? addend;
    private readonly int node;
    private readonly AlignedBuffer<float> raw;
    private readonly AlignedBuffer<float> gradient;
    private readonly AlignedBuffer<float> derivatives;
    private readonly AlignedBuffer<float> scale;
    private readonly AlignedBuffer<float> shift;
    private readonly AlignedBuffer<float> mean;
    private readonly AlignedBuffer<float> inverse;
    private readonly AlignedBuffer<float>[] weightShards;
    private readonly double[][] firstSums;
    private readonly double[][] secondSums;
    private readonly List<ImageParameter> parameters = [];
    private readonly AlignedBuffer<float> weightGradient;
    private readonly AlignedBuffer<float>[] vectors;

    /// <summary>Plans a stage.</summary>
    /// <param name="convolution">The convolution.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="addend">An earlier image of the output's shape that is added, or null.</param>
    /// <param name="normalizes">Whether there is batch normalisation.</param>
    /// <param name="activates">Whether the activation follows.</param>
    /// <param name="isLast">Whether the results are the network's outputs: they stay in <see cref="Raw"/>, without bias.</param>
    /// <param name="frame">The frame of the output.</param>
    /// <param name="batch">The largest number of images.</param>
    /// <param name="node">The number of the stage, by which bits are drawn.</param>
    public ConvolutionStage(Convolution convolution, ImageTensor input, ImageTensor? addend, bool normalizes, bool activates, bool isLast, int frame, int batch, int node)
    {
        this.input = input;
        this.addend = addend;
        this.node = node;
        Convolution = convolution;
        Normalizes = normalizes;
        Activates = activates;
        int width = convolution.Padded, length = checked(batch * convolution.Positions * width);
        ImageShape shape = new(convolution.Filters, convolution.Height, convolution.Width);
        Output = isLast ? null : new ImageTensor(shape, width, convolution.Positions == 1 ? 0 : frame, batch, true);
        raw = new AlignedBuffer<float>(length);
        gradient = isLast ? raw : new AlignedBuffer<float>(length);
        derivatives = new AlignedBuffer<float>(activates ? length : 0);
        (scale, shift, mean, inverse) = (new(width), new(width), new(width), new(width));
        weightShards = [.. Enumerable.Range(0, Shards).Select(_ => new AlignedBuffer<float>(convolution.Weights.Length))];
        weightGradient = new AlignedBuffer<float>(convolution.Weights.Length);
        firstSums = [.. Enumerable.Range(0, Shards).Select(_ => new double[width])];
        secondSums = [.. Enumerable.Range(0, Shards).Select(_ => new double[width])];
        vectors = [.. Enumerable.Range(0, normalizes ? 6 : 2).Select(_ => new AlignedBuffer<float>(width))];
        parameters.Add(new ImageParameter("weights", convolution.Weights, weightGradient, weightShards, true));
        parameters.Add(new ImageParameter(normalizes ? "shift" : "bias", vectors[0], vectors[1], null, false));
        scale.Span.Fill(1);
        if (!normalizes) return;
        parameters.Add(new ImageParameter("scale", vectors[2], vectors[3], null, false));
        parameters.Add(new ImageParameter("running mean", vectors[4], null, null, false));
        parameters.Add(new ImageParameter("running variance", vectors[5], null, null, false));
        vectors[2].Span.Fill(1);
        vectors[5].Span.Fill(1);
    }

    public Convolution Convolution { get; }

    public bool Normalizes { get; }

    public bool Activates { get; }

    /// <summary>Whether an earlier image is added.</summary>
    public bool HasAddend => addend is not null;

    /// <summary>The bias, or β of the normalisation.</summary>
    public AlignedBuffer<float> Bias => vectors[0];

    /// <summary>The results of the convolution; of the last stage, later the gradient of the loss.</summary>
    public AlignedBuffer<float> Raw => raw;

    public override IReadOnlyList<ImageParameter> Parameters => parameters;

    /// <summary>The factor and the shift of each filter with the running moments, to be folded into the weights.</summary>
    public (double Scale, double Shift) Folded(int filter)
    {
        if (!Normalizes) return (1, Bias.Pointer[filter]);
        double factor = vectors[2].Pointer[filter] / Math.Sqrt((double)vectors[5].Pointer[filter] + Epsilon);
        return (factor, Bias.Pointer[filter] - (vectors[4].Pointer[filter] * factor));
    }

    public override void Forward(WorkerTeam team, int images, in ImageMode mode)
    {
        ImageMode how = mode;
        Convolution.Pack();
        if (!Normalizes || !mode.Trains)
        {
            Prepare();
            OnShards(team, images, (_, first, end) =>
            {
                Convolution.Forward(first, end, raw.Pointer);
                if (Output is not null) Apply(first, end, how.Activation);
            });
            return;
        }
        OnShards(team, images, (shard, first, end) =>
        {
            Convolution.Forward(first, end, raw.Pointer);
            Moments(shard, first, end);
        });
        Normalize(images);
        OnShards(team, images, (_, first, end) => Apply(first, end, how.Activation));
    }

    public override void Backward(WorkerTeam team, int images)
    {
        bool addsToAddend = addend?.HasGradient ?? false, addsToInput = input.HasGradient || ReferenceEquals(input, addend);
        OnShards(team, images, (shard, first, end) => Collect(shard, first, end, addsToAddend));
        if (addend is not null) addend.HasGradient = true;
        Reduce();
        bool carries = HasInputGradient;
        OnShards(team, images, (shard, first, end) =>
        {
            if (Normalizes) ThroughMoments(first, end, images);
            Convolution.WeightGradient(first, end, gradient.Pointer, weightShards[shard].Pointer);
            if (carries) Convolution.InputGradient(first, end, gradient.Pointer, addsToInput);
        });
        input.HasGradient = true;
    }

    /// <summary>Whether anything before the input is trained.</summary>
    public bool HasInputGradient { get; init; }

    private int Width => Convolution.Padded;

    private int ImageLength => Convolution.Positions * Width;

    private void Prepare()
    {
        for (int c = 0; c < Width; c++)
        {
            (scale.Pointer[c], shift.Pointer[c]) = (1, Bias.Pointer[c]);
            if (!Normalizes) continue;
            float factor = vectors[2].Pointer[c] / MathF.Sqrt(vectors[5].Pointer[c] + Epsilon);
            (scale.Pointer[c], shift.Pointer[c]) = (factor, MathF.FusedMultiplyAdd(-vectors[4].Pointer[c], factor, Bias.Pointer[c]));
        }
    }

    /// <summary>Σ (y − m) and Σ (y − m)² of each channel about its running mean m, image by image in float32, images in double.</summary>
    private void Moments(int shard, int first, int end)
    {
        double[] sums = firstSums[shard], squares = secondSums[shard];
        Array.Clear(sums);
        Array.Clear(squares);
        for (int n = first; n < end; n++)
        {
            float* y = raw.Pointer + ((nint)n * ImageLength);
            for (int c = 0; c < Width; c += Vector<float>.Count)
            {
                Vector<float> about = Vector.Load(vectors[4].Pointer + c), sum = Vector<float>.Zero, square = Vector<float>.Zero;
                for (int i = c; i < ImageLength; i += Width)
                {
                    Vector<float> v = Vector.Load(y + i) - about;
                    sum += v;
                    square = Vector.FusedMultiplyAdd(v, v, square);
                }
                for (int k = 0; k < Vector<float>.Count; k++)
                {
                    sums[c + k] += sum[k];
                    squares[c + k] += square[k];
                }
            }
        }
    }

    /// <summary>The moments of the batch, the running ones, and the scale and shift that follow.</summary>
    private void Normalize(int images)
    {
        double count = (double)images * Convolution.Positions;
        for (int c = 0; c < Width; c++)
        {
            double difference = firstSums.Sum(s => s[c]) / count, variance = Math.Max(0, (secondSums.Sum(s => s[c]) / count) - (difference * difference));
            float m = (float)(vectors[4].Pointer[c] + difference);
            mean.Pointer[c] = m;
            inverse.Pointer[c] = (float)(1 / Math.Sqrt(variance + Epsilon));
            scale.Pointer[c] = vectors[2].Pointer[c] * inverse.Pointer[c];
            shift.Pointer[c] = MathF.FusedMultiplyAdd(-m, scale.Pointer[c], Bias.Pointer[c]);
            vectors[4].Pointer[c] += Momentum * (m - vectors[4].Pointer[c]);
            vectors[5].Pointer[c] += Momentum * ((float)(count > 1 ? variance * count / (count - 1) : variance) - vectors[5].Pointer[c]);
        }
    }

    /// <summary>h = y·scale + shift (+ addend), and output = d·h, pixel by pixel; element e of an image has field e of its blocks of bits.</summary>
    private void Apply(int first, int end, in ForwardMode mode)
    {
        ImageTensor output = Output!;
        bool draws = Activates && mode.Draws && mode.Law.IsRandom && !mode.IsFrozen;
        SlopeDraw draw = draws ? new SlopeDraw(mode.Law) : default;
        Vector<float> left = new(Activates ? (float)mode.Law.MeanSlope : 1), zero = Vector<float>.Zero, one = Vector<float>.One;
        Vector<uint> low = new(SlopeDraw.FieldMask);
        Span<uint> words = stackalloc uint[Philox.BlockWords];
        fixed (uint* block = words)
        {
            for (int n = first; n < end; n++)
            {
                float* y = raw.Pointer + ((nint)n * ImageLength), d = derivatives.Pointer + ((nint)n * ImageLength);
                int e = 0;
                for (int row = 0; row < output.Shape.Height; row++)
                {
                    float* to = output.Origin(n) + (row * output.Pitch), add = addend is null ? null : addend.Origin(n) + (row * addend.Pitch);
                    for (int column = 0; column < output.Shape.Width; column++, to += Width)
                    {
                        for (int c = 0; c < Width; c += Vector<float>.Count, e += Vector<float>.Count)
                        {
                            if (draws && (e & (Philox.BlockHalfWords - 1)) == 0)
                            {
                                Philox.Fill((uint)(e / Philox.BlockHalfWords), (uint)n, mode.Pass, (uint)node, mode.Key, words);
                            }
                            Vector<float> h = Vector.FusedMultiplyAdd(Vector.Load(y + e), Vector.Load(scale.Pointer + c), Vector.Load(shift.Pointer + c));
                            if (add is not null) h += Vector.Load(add + (column * Width) + c);
                            if (!Activates)
                            {
                                h.Store(to + c);
                                continue;
                            }
                            Vector<float> factor;
                            if (mode.IsFrozen)
                            {
                                factor = Vector.Load(d + e);
                            }
                            else
                            {
                                Vector<int> positive = Vector.GreaterThan(h, zero);
                                if (draws)
                                {
                                    int unit = e & (Philox.BlockHalfWords - 1);
                                    Vector<uint> word = Vector.Load(block + (unit / 32 * 16) + (unit % 16));
                                    factor = draw.Factors(Vector.AsVectorInt32(unit % 32 < 16 ? word & low : word >>> 16), positive);
                                }
                                else
                                {
                                    factor = Vector.ConditionalSelect(positive, one, left);
                                }
                                factor.Store(d + e);
                            }
                            (h * factor).Store(to + c);
                        }
                    }
                }
            }
        }
    }

    /// <summary>g = d · (gradient of the output), given on to the addend, with Σ g and Σ g·(y − μ) of each channel.</summary>
    private void Collect(int shard, int first, int end, bool addsToAddend)
    {
        double[] sums = firstSums[shard], products = secondSums[shard];
        Array.Clear(sums);
        Array.Clear(products);
        float* total = stackalloc float[2 * Width];
        for (int n = first; n < end; n++)
        {
            new Span<float>(total, 2 * Width).Clear();
            float* y = raw.Pointer + ((nint)n * ImageLength), g = gradient.Pointer + ((nint)n * ImageLength), d = derivatives.Pointer + ((nint)n * ImageLength);
            int e = 0;
            for (int row = 0; row < Convolution.Height; row++)
            {
                float* from = Output is null ? null : Output.GradientOrigin(n) + (row * Output.Pitch), add = addend is null ? null : addend.GradientOrigin(n) + (row * addend.Pitch);
                for (int column = 0; column < Convolution.Width; column++)
                {
                    for (int c = 0; c < Width; c += Vector<float>.Count, e += Vector<float>.Count)
                    {
                        int at = (column * Width) + c;
                        Vector<float> v = from is null ? Vector.Load(g + e) : Vector.Load(from + at);
                        if (Activates) v *= Vector.Load(d + e);
                        v.Store(g + e);
                        if (add is not null) (addsToAddend ? v + Vector.Load(add + at) : v).Store(add + at);
                        (Vector.Load(total + c) + v).Store(total + c);
                        if (Normalizes) Vector.FusedMultiplyAdd(v, Vector.Load(y + e) - Vector.Load(mean.Pointer + c), Vector.Load(total + Width + c)).Store(total + Width + c);
                    }
                }
            }
            for (int c = 0; c < Width; c++)
            {
                sums[c] += total[c];
                products[c] += total[Width + c];
            }
        }
    }

    private void Reduce()
    {
        for (int c = 0; c < Width; c++)
        {
            vectors[1].Pointer[c] = (float)firstSums.Sum(s => s[c]);
            if (Normalizes) vectors[3].Pointer[c] = (float)(secondSums.Sum(s => s[c]) * inverse.Pointer[c]);
        }
    }

    /// <summary>dy = γ/σ·(g − mean of g − (y − μ)/σ² · mean of g·(y − μ)), in place.</summary>
    private void ThroughMoments(int first, int end, int images)
    {
        float share = (float)(1 / ((double)images * Convolution.Positions));
        for (int n = first; n < end; n++)
        {
            float* y = raw.Pointer + ((nint)n * ImageLength), g = gradient.Pointer + ((nint)n * ImageLength);
            for (int c = 0; c < Width; c += Vector<float>.Count)
            {
                Vector<float> factor = Vector.Load(scale.Pointer + c), about = Vector.Load(mean.Pointer + c), one = new(share);
                Vector<float> constant = factor * Vector.Load(vectors[1].Pointer + c) * one;
                Vector<float> slope = factor * Vector.Load(inverse.Pointer + c) * Vector.Load(vectors[3].Pointer + c) * one;
                for (int i = c; i < ImageLength; i += Width)
                {
                    Vector<float> v = Vector.FusedMultiplyAdd(factor, Vector.Load(g + i), -constant);
                    (v - (slope * (Vector.Load(y + i) - about))).Store(g + i);
                }
            }
        }
    }

    public override void Dispose()
    {
        Output?.Dispose();
        Convolution.Dispose();
        AlignedBuffer<float>[] all = [raw, gradient, derivatives, scale, shift, mean, inverse, weightGradient, .. weightShards, .. vectors];
        foreach (AlignedBuffer<float> buffer in all.Distinct()) buffer.Dispose();
    }
}
