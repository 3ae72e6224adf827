using System.Buffers;
using System.Collections.Immutable;
using System.Numerics;

namespace Orthant.Networks;

/// <summary>A deep ReLU network: a continuous piecewise-linear function held as a sequence of layers.</summary>
/// <remarks>
/// <para>An immutable value, equal by what it holds, and safe to share between threads. All numbers are finite doubles; what it says
/// is about the function of those numbers in real arithmetic. <see cref="ElementType"/> tells in which type its file computes.</para>
/// <para>Images are vectors in channels × height × width order.</para>
/// </remarks>
public sealed class ReluNetwork : IEquatable<ReluNetwork>
{
    /// <summary>Rows of a batch that pass through all layers together, so that their activations stay in the cache.</summary>
    private const int RowsPerBlock = 256;

    private readonly Lazy<NormalForm> normalForm;

    /// <summary>Creates a network from layers that follow one another.</summary>
    /// <param name="layers">At least one; each reads what the one before it returns.</param>
    /// <param name="elementType">The type in which the network's file stores its numbers.</param>
    /// <param name="name">A name for people; may be empty.</param>
    /// <param name="metadata">Notes that travel with the network, such as the law of a randomised activation.</param>
    /// <exception cref="ArgumentException">There is no layer, or layers do not fit together.</exception>
    public ReluNetwork(
        IEnumerable<Layer> layers, ElementType elementType = ElementType.Float64, string name = "", IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(name);
        Layers = [.. layers];
        if (Layers.IsEmpty) throw new ArgumentException("A network has at least one layer.");
        Layer.CheckChain(Layers);
        ElementType = elementType;
        Name = name;
        Metadata = (metadata ?? []).ToImmutableSortedDictionary(StringComparer.Ordinal);
        SiteList sites = new();
        foreach (Layer layer in Layers) layer.ListSites(sites);
        Sites = [.. sites.Sites];
        UnitCount = Sites.IsEmpty ? 0 : Sites[^1].FirstUnit + Sites[^1].Units;
        normalForm = new Lazy<NormalForm>(Lower);
    }

    /// <summary>A name for people; may be empty. Not part of equality.</summary>
    public string Name { get; }

    /// <summary>The type in which the network's file stores its numbers.</summary>
    public ElementType ElementType { get; }

    /// <summary>Notes that travel with the network. Not part of equality.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; }

    /// <summary>The layers, from the input.</summary>
    public ImmutableArray<Layer> Layers { get; }

    /// <summary>The number of inputs.</summary>
    public int Inputs => Layers[0].Inputs;

    /// <summary>The number of outputs.</summary>
    public int Outputs => Layers[^1].Outputs;

    /// <summary>The places where units choose linear pieces, in the order of a forward pass.</summary>
    public ImmutableArray<ActivationSite> Sites { get; }

    /// <summary>The number of units of all sites: the length of an <see cref="ActivationPattern"/>.</summary>
    public int UnitCount { get; }

    /// <summary>The numbers of units of the sites before the output: for a plain network the widths of its hidden layers.</summary>
    public ImmutableArray<int> HiddenWidths
    {
        get
        {
            int last = Layers[^1].Activations is { IsIdentity: false } ? Sites.Length - 1 : Sites.Length;
            return [.. Sites.Take(last).Where(s => !s.IsPooling).Select(s => s.Units)];
        }
    }

    /// <summary>The number of stored weights and biases.</summary>
    public long Parameters => Layers.Sum(l => l.Parameters);

    /// <summary>About how many multiplications one sample takes.</summary>
    public long Multiplications => Layers.Sum(l => l.Multiplications);

    /// <summary>The network as a chain of affine maps with at most one kink a unit; made when first asked for.</summary>
    public NormalForm NormalForm => normalForm.Value;

    /// <summary>Evaluates the network at one point.</summary>
    /// <param name="x">One number an input.</param>
    /// <returns>One number an output.</returns>
    /// <exception cref="ArgumentException">The length of <paramref name="x"/> is not the number of inputs.</exception>
    public double[] Evaluate(ReadOnlySpan<double> x)
    {
        double[] y = new double[Outputs];
        Evaluate(1, x, y);
        return y;
    }

    /// <summary>Evaluates the network on a batch, in the arithmetic of <typeparamref name="T"/> (float or double).</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="x">rows × <see cref="Inputs"/>, row-major.</param>
    /// <param name="y">rows × <see cref="Outputs"/>, overwritten.</param>
    /// <param name="rule">What happens at the activations; the network's own when null.</param>
    /// <exception cref="ArgumentException">A span has a wrong length.</exception>
    public void Evaluate<T>(int rows, ReadOnlySpan<T> x, Span<T> y, ActivationRule? rule = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckBatch(rows, x.Length, y.Length);
        for (int first = 0; first < rows; first += RowsPerBlock) EvaluateBlock(first, Math.Min(RowsPerBlock, rows - first), x, y, rule);
    }

    /// <summary>Evaluates the network on a batch with several threads; the bits are those of one thread.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="x">rows × <see cref="Inputs"/>, row-major.</param>
    /// <param name="y">rows × <see cref="Outputs"/>, overwritten.</param>
    /// <param name="threads">The largest number of threads, at least 1.</param>
    /// <param name="rule">What happens at the activations; the network's own when null. Must be safe to share.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <exception cref="OperationCanceledException">The evaluation was stopped.</exception>
    public void EvaluateParallel<T>(
        int rows, ReadOnlyMemory<T> x, Memory<T> y, int threads, ActivationRule? rule = null, CancellationToken cancellation = default)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckBatch(rows, x.Length, y.Length);
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, (rows + RowsPerBlock - 1) / RowsPerBlock, options, block =>
        {
            int first = block * RowsPerBlock;
            EvaluateBlock(first, Math.Min(RowsPerBlock, rows - first), x.Span, y.Span, rule);
        });
    }

    /// <summary>The activation pattern at a point.</summary>
    /// <param name="x">One number an input.</param>
    public ActivationPattern PatternAt(ReadOnlySpan<double> x)
    {
        RecordingRule recording = new(this, 1);
        Evaluate(1, x, new double[Outputs], recording);
        return recording.Pattern(0);
    }

    /// <summary>The affine map that the network is on the inputs with the pattern of a point.</summary>
    /// <param name="x">One number an input.</param>
    public AffinePiece PieceAt(ReadOnlySpan<double> x) => PieceOf(PatternAt(x));

    /// <summary>The affine map of a pattern, whether or not any input has it.</summary>
    /// <param name="pattern">One piece a unit.</param>
    /// <exception cref="ArgumentException">The pattern has a wrong length.</exception>
    public AffinePiece PieceOf(ActivationPattern pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.Count != UnitCount) throw new ArgumentException($"The network has {UnitCount} units, the pattern {pattern.Count}.");
        double[,] gradient = new double[Outputs, Inputs];
        double[] directions = new double[checked(Outputs * Outputs)];
        for (int i = 0; i < Outputs; i++) directions[(i * Outputs) + i] = 1;
        Span<double> rows = System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref gradient[0, 0], gradient.Length);
        LayerChain.Backward(Layers, new BackwardPass(Sites, pattern), Outputs, directions, rows);
        double[] offset = new double[Outputs];
        Evaluate(1, new double[Inputs], offset, ActivationRule.Frozen(pattern));
        return new AffinePiece(pattern, gradient, offset);
    }

    /// <summary>Multiplies row vectors by the network's Jacobian under a pattern.</summary>
    /// <param name="pattern">One piece a unit.</param>
    /// <param name="rows">The number of row vectors.</param>
    /// <param name="weights">rows × <see cref="Outputs"/>.</param>
    /// <param name="gradients">rows × <see cref="Inputs"/>, overwritten: weights · J.</param>
    public void Gradient<T>(ActivationPattern pattern, int rows, ReadOnlySpan<T> weights, Span<T> gradients)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckBatch(rows, gradients.Length, weights.Length);
        LayerChain.Backward(Layers, new BackwardPass(Sites, pattern), rows, weights, gradients);
    }

    /// <summary>The same function under another name or with other notes.</summary>
    public ReluNetwork With(string? name = null, ElementType? elementType = null, IEnumerable<KeyValuePair<string, string>>? metadata = null) =>
        new(Layers, elementType ?? ElementType, name ?? Name, metadata ?? Metadata);

    private void EvaluateBlock<T>(int first, int rows, ReadOnlySpan<T> x, Span<T> y, ActivationRule? rule)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        LayerChain.Forward(Layers, new ForwardPass(Sites, rule ?? ActivationRule.Plain, first), rows,
            x.Slice(first * Inputs, rows * Inputs), y.Slice(first * Outputs, rows * Outputs));

    private void CheckBatch(int rows, int inputLength, int outputLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (inputLength != (long)rows * Inputs || outputLength != (long)rows * Outputs)
        {
            throw new ArgumentException($"{rows} samples of {this} need {(long)rows * Inputs} inputs and {(long)rows * Outputs} outputs, "
                + $"but {inputLength} and {outputLength} were given.");
        }
    }

    private NormalForm Lower()
    {
        NormalFormBuilder builder = new(Inputs);
        foreach (Layer layer in Layers) layer.Lower(builder);
        return builder.Build();
    }

    /// <inheritdoc/>
    public bool Equals(ReluNetwork? other) =>
        ReferenceEquals(this, other) || (other is not null && ElementType == other.ElementType && Layers.AsSpan().SequenceEqual(other.Layers.AsSpan()));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ReluNetwork);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ElementType, Layers.Length, Layers[0], Layers[^1]);

    /// <summary>The widths from input to output and the activations, for example <c>2-16-16-1 ReLU</c>.</summary>
    public override string ToString()
    {
        string widths = string.Join('-', Sites.Select(s => s.Units).Prepend(Inputs).Append(Outputs));
        string[] kinds = Sites.Select(s => s.Kind switch { "relu" => "ReLU", string other => other }).Distinct().ToArray();
        return kinds.Length == 0 ? $"{widths} affine" : $"{widths} {(kinds.Length <= 2 ? string.Join(" + ", kinds) : "mixed")}";
    }
}
