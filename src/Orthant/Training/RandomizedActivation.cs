using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>Bias and activation of a block of rows in one pass, after an <see cref="ActivationLaw"/>.</summary>
/// <remarks>
/// <para>Random bits belong to places: the 16-bit field e of block b of the counters (·, row, pass, node) is that of unit 128·b + e (see
/// <see cref="Philox"/>), so a draw depends neither on the batch that a row is in, nor on threads or vector widths.</para>
/// <code>
///     unit        0 … 15      16 … 31     32 … 47     …    112 … 127   | 128 …
///     word        0 … 15      0 … 15      16 … 31     …    48 … 63     | next block
///     half        low         high        low         …    high
/// </code>
/// </remarks>
internal static unsafe class RandomizedActivation
{
    /// <summary>A row's width is a multiple of this.</summary>
    public const int WidthUnit = 16;

    private const float FieldRange = 65536;

    /// <summary>y = d·(h + bias) for rows × width; h is overwritten with y.</summary>
    /// <param name="law">The law.</param>
    /// <param name="draw">Whether to draw; otherwise the mean slope is used, and dropout does not drop.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">The units of a row, a multiple of <see cref="WidthUnit"/>.</param>
    /// <param name="values">rows × width: pre-activations without bias, then activations.</param>
    /// <param name="bias">width numbers.</param>
    /// <param name="derivative">rows × width, where d is written to; null for nowhere.</param>
    /// <param name="firstRow">The number of the first row, by which bits are drawn.</param>
    /// <param name="pass">The number of the pass, by which bits are drawn.</param>
    /// <param name="node">The number of the layer, by which bits are drawn.</param>
    /// <param name="key">The key of the bits.</param>
    public static void Apply(
        ActivationLaw law, bool draw, int rows, int width, float* values, float* bias, float* derivative, uint firstRow, uint pass, uint node, ulong key)
    {
        if (!draw || !law.IsRandom)
        {
            ApplyFixed((float)law.MeanSlope, rows, width, values, bias, derivative);
            return;
        }
        Span<uint> words = stackalloc uint[Philox.BlockWords];
        float* none = stackalloc float[Philox.BlockHalfWords];
        SlopeDraw slope = new(law);
        fixed (uint* block = words)
        {
            for (int row = 0; row < rows; row++)
            {
                nint offset = (nint)row * width;
                for (int first = 0; first < width; first += Philox.BlockHalfWords)
                {
                    Philox.Fill((uint)(first / Philox.BlockHalfWords), firstRow + (uint)row, pass, node, key, words);
                    int units = Math.Min(Philox.BlockHalfWords, width - first);
                    float* d = derivative is null ? none : derivative + offset + first;
                    ApplyBlock(law.Kind, slope, units, block, values + offset + first, bias + first, d);
                }
            }
        }
    }

    /// <summary>values = values · factors, elementwise: the backward step through every law.</summary>
    public static void Multiply(nint count, float* values, float* factors)
    {
        for (nint i = 0; i < count; i += Vector<float>.Count) (Vector.Load(values + i) * Vector.Load(factors + i)).Store(values + i);
    }

    /// <summary>values = (values + bias)·factors with factors from an earlier pass: the network with its pattern frozen.</summary>
    public static void ApplyFrozen(int rows, int width, float* values, float* bias, float* factors)
    {
        for (int row = 0; row < rows; row++, values += width, factors += width)
        {
            for (int j = 0; j < width; j += Vector<float>.Count)
            {
                ((Vector.Load(values + j) + Vector.Load(bias + j)) * Vector.Load(factors + j)).Store(values + j);
            }
        }
    }

    private static void ApplyFixed(float slope, int rows, int width, float* values, float* bias, float* derivative)
    {
        Vector<float> left = new(slope);
        for (int row = 0; row < rows; row++, values += width)
        {
            for (int j = 0; j < width; j += Vector<float>.Count)
            {
                Vector<float> h = Vector.Load(values + j) + Vector.Load(bias + j);
                Vector<float> d = Vector.ConditionalSelect(Vector.GreaterThan(h, Vector<float>.Zero), Vector<float>.One, left);
                (h * d).Store(values + j);
                if (derivative is not null) d.Store(derivative + j);
            }
            if (derivative is not null) derivative += width;
        }
    }

    private static void ApplyBlock(ActivationLawKind kind, SlopeDraw slope, int units, uint* words, float* values, float* bias, float* derivative)
    {
        Vector<uint> low = new(0xFFFF);
        for (int j = 0; j < units; j += Vector<float>.Count)
        {
            Vector<uint> word = Vector.Load(words + (j / 32 * 16) + (j % 16));
            Vector<int> field = Vector.AsVectorInt32(j % 32 < 16 ? word & low : word >>> 16);
            Vector<float> h = Vector.Load(values + j) + Vector.Load(bias + j);
            Vector<int> positive = Vector.GreaterThan(h, Vector<float>.Zero);
            Vector<float> d;
            if (kind == ActivationLawKind.RandomizedLeaky)
            {
                Vector<float> left = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(field), slope.Step, slope.Start);
                d = Vector.ConditionalSelect(positive, Vector<float>.One, left);
            }
            else
            {
                Vector<int> kept = Vector.LessThan(field, slope.Threshold);
                Vector<float> right = Vector.ConditionalSelect(kept, slope.RightKept, slope.RightElse);
                d = Vector.ConditionalSelect(positive, right, Vector.ConditionalSelect(kept, Vector<float>.Zero, slope.LeftElse));
            }
            (h * d).Store(values + j);
            d.Store(derivative + j);
        }
    }

    /// <summary>How a 16-bit field decides a derivative: fields below the threshold keep the rectifier (or the output), the others do not.</summary>
    private readonly struct SlopeDraw
    {
        public readonly Vector<int> Threshold;
        public readonly Vector<float> RightKept;
        public readonly Vector<float> RightElse;
        public readonly Vector<float> LeftElse;
        public readonly Vector<float> Step;
        public readonly Vector<float> Start;

        public SlopeDraw(ActivationLaw law)
        {
            if (law.Kind == ActivationLawKind.RandomizedLeaky)
            {
                // Field f stands for the middle of the f-th of 65,536 equal parts of the interval.
                double step = (law.Second - law.First) / FieldRange;
                Step = new Vector<float>((float)step);
                Start = new Vector<float>((float)(law.First + (step / 2)));
                return;
            }
            bool dropout = law.Kind == ActivationLawKind.Dropout;
            double threshold = Math.Round((dropout ? 1 - law.First : law.First) * FieldRange);
            if (dropout) threshold = Math.Max(threshold, 1);
            Threshold = new Vector<int>((int)threshold);
            RightKept = new Vector<float>(dropout ? (float)(FieldRange / threshold) : 1);
            RightElse = new Vector<float>(dropout ? 0 : 1);
            LeftElse = new Vector<float>(dropout ? 0 : 1);
        }
    }
}
