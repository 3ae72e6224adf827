using System.Collections.Immutable;
using Orthant.Certificates;
using Orthant.Numerics;

namespace Orthant.Convergence;

/// <summary>An infinitely deep network N_n = σ(W_n N_{n−1} + b_n), n = 1, 2, …, on a box of inputs: a prefix of given layers and the law of all
/// others.</summary>
/// <remarks>All numbers are rationals, so that statements are about exactly this sequence. Immutable. A network file is a prefix; a tail of
/// any other law is a <see cref="RuleTail"/>.</remarks>
public sealed class LayerSequence
{
    /// <summary>Creates a sequence.</summary>
    /// <param name="inputBox">Lower and upper end of each input; a point is legal.</param>
    /// <param name="activation">σ.</param>
    /// <param name="tail">The law of the layers after the prefix.</param>
    /// <param name="first">Maps the inputs to the width, followed by the activation; null for the identity without one.</param>
    /// <param name="prefix">The layers 1, …, k.</param>
    /// <exception cref="ArgumentException">Shapes do not fit together, or the ends of a side are not in order.</exception>
    public LayerSequence(
        IEnumerable<(Rational Lower, Rational Upper)> inputBox, SequenceActivation activation, SequenceTail tail, AffineMap? first = null, IEnumerable<AffineMap>? prefix = null)
    {
        ArgumentNullException.ThrowIfNull(inputBox);
        ArgumentNullException.ThrowIfNull(activation);
        ArgumentNullException.ThrowIfNull(tail);
        InputBox = [.. inputBox];
        Activation = activation;
        Tail = tail;
        First = first;
        Prefix = [.. prefix ?? []];
        if (InputBox.IsEmpty) throw new ArgumentException("There is at least one input.", nameof(inputBox));
        if (InputBox.Any(s => s.Lower > s.Upper)) throw new ArgumentException("The lower end of a side comes first.", nameof(inputBox));
        int width = InputBox.Length;
        foreach (AffineMap map in first is null ? Prefix : Prefix.Insert(0, first))
        {
            CheckShape(map);
            if (map.Inputs != width) throw new ArgumentException($"A layer reads {map.Inputs} numbers, but {width} come in.");
            width = map.Outputs;
        }
        Width = width;
        switch (tail)
        {
            case TiedTail t:
                CheckSquare(t.Layer);
                break;
            case StepTail t:
                CheckSquare(t.Direction);
                break;
            case ResidualTail t:
                int inner = width;
                foreach ((AffineMap map, _) in t.Branch)
                {
                    CheckShape(map);
                    if (map.Inputs != inner) throw new ArgumentException($"A layer of the branch reads {map.Inputs} numbers, but {inner} come in.");
                    inner = map.Outputs;
                }
                if (inner != width || t.Branch.IsEmpty) throw new ArgumentException($"The branch has to return {width} numbers, as many as it reads.");
                break;
            case ConvolutionTail t:
                if (t.Mask.IsDefaultOrEmpty) throw new ArgumentException("The mask has at least one entry.");
                break;
        }
    }

    /// <summary>Lower and upper end of each input.</summary>
    public ImmutableArray<(Rational Lower, Rational Upper)> InputBox { get; }

    /// <summary>The layer before all others, or null.</summary>
    public AffineMap? First { get; }

    /// <summary>σ.</summary>
    public SequenceActivation Activation { get; }

    /// <summary>The layers 1, …, k.</summary>
    public ImmutableArray<AffineMap> Prefix { get; }

    /// <summary>The law of the layers k+1, k+2, ….</summary>
    public SequenceTail Tail { get; }

    /// <summary>The width at the start of the tail.</summary>
    public int Width { get; }

    /// <summary>Whether the box is a single input.</summary>
    public bool IsPoint => InputBox.All(s => s.Lower == s.Upper);

    /// <summary>The same sequence on another box.</summary>
    /// <param name="inputBox">Lower and upper end of each input.</param>
    public LayerSequence On(IEnumerable<(Rational Lower, Rational Upper)> inputBox) => new(inputBox, Activation, Tail, First, Prefix);

    /// <summary>The state N_n at one input, exactly.</summary>
    /// <param name="x">The input.</param>
    /// <param name="depth">n, at least the length of the prefix.</param>
    /// <returns>The state, or null where a layer or the activation is not rational.</returns>
    public Rational[]? Evaluate(IReadOnlyList<Rational> x, int depth)
    {
        ArgumentNullException.ThrowIfNull(x);
        Rational[]? state = SequencePass.ExactStart(On(x.Select(e => (e, e))));
        for (int n = Prefix.Length + 1; n <= depth && state is not null; n++) state = SequencePass.ExactStep(this, n, state);
        return state;
    }

    /// <summary>Enclosures of the state N_n over the box.</summary>
    /// <param name="depth">n, at least the length of the prefix.</param>
    public Interval[] Enclose(int depth)
    {
        Interval[] state = SequencePass.Start(this);
        for (int n = Prefix.Length + 1; n <= depth; n++) state = SequencePass.Step(this, n, state);
        return state;
    }

    /// <summary>The sequence as it stands in files and certificates.</summary>
    /// <exception cref="InvalidOperationException">The tail is a rule, which is no data.</exception>
    public SequenceData ToData()
    {
        TailData tail = Tail switch
        {
            TiedTail t => new TailData { Kind = "tied", Layer = t.Layer },
            StepTail t => OfSizes(t.Sizes) with { Direction = t.Direction },
            ResidualTail t => OfSizes(t.Sizes) with { Kind = "residual", Branch = [.. t.Branch.Select(l => new BranchLayer(l.Map, l.Activation.Name))] },
            ConvolutionTail t => OfSizes(t.Sizes) with { Kind = "convolution", Mask = [.. t.Mask], FirstBias = t.FirstBias },
            BoundTail t => new TailData { Kind = "bound", Norm = t.Norm.Name, WeightSum = t.WeightSum, BiasSum = t.BiasSum },
            _ => throw new InvalidOperationException("A rule is no data."),
        };
        return new SequenceData([.. InputBox.Select(s => new[] { s.Lower, s.Upper })], Activation.Name, [.. Prefix], tail, First);
    }

    private static TailData OfSizes(StepSizes sizes) => sizes.Kind switch
    {
        "power" => new TailData { Kind = "power", Exponent = sizes.Parameter, Shift = sizes.Shift, Alternating = sizes.IsAlternating },
        "geometric" => new TailData { Kind = "geometric", Ratio = sizes.Parameter },
        _ => new TailData { Kind = "logPower", Exponent = sizes.Parameter },
    };

    private void CheckSquare(AffineMap map)
    {
        CheckShape(map);
        if (map.Inputs != Width || map.Outputs != Width) throw new ArgumentException($"The tail is {map.Outputs}×{map.Inputs}, but the width is {Width}.");
    }

    private static void CheckShape(AffineMap map)
    {
        if (map.Outputs == 0 || map.Inputs == 0 || map.Weights.Any(r => r.Length != map.Inputs)) throw new ArgumentException("Weights are a rectangle of numbers.");
        if (map.Bias.Length != map.Outputs) throw new ArgumentException($"A layer of {map.Outputs} units was given {map.Bias.Length} biases.");
    }
}
