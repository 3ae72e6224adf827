using System.Collections.Immutable;

namespace Orthant.Networks;

/// <summary>One stage of a <see cref="NormalForm"/>: z = A·x + b, then every unit applies the identity or a function with a single kink at zero.</summary>
/// <param name="Linear">The linear map A, units × inputs.</param>
/// <param name="Bias">b, one number a unit.</param>
/// <param name="Activations">One homogeneous activation a unit: identity, ReLU, leaky or |·|.</param>
/// <param name="Rounding">How far A and b may be from the file's numbers.</param>
public sealed record NormalStage(LinearOperator Linear, ImmutableArray<double> Bias, UnitActivations Activations, ConstantRounding Rounding)
{
    /// <summary>The number of units.</summary>
    public int Units => Linear.Outputs;
}

/// <summary>A network as a chain of affine maps, each followed by one activation per unit with at most one kink, at zero.</summary>
/// <remarks>
/// <para>The same function as the network in real arithmetic: a skip connection is carried along by identity units, max(a, b) becomes
/// a + ReLU(b - a), an activation with several breakpoints t becomes a sum of ReLU(z - t). Affine maps are not merged, so every entry
/// is a number of the network itself, or 1 or -1.</para>
/// <para>Patterns are spoken of in the network's own units; <see cref="Decode"/> translates.</para>
/// </remarks>
public sealed class NormalForm
{
    private readonly ImmutableArray<UnitDecoder> decoders;

    internal NormalForm(int inputs, ImmutableArray<NormalStage> stages, ImmutableArray<UnitDecoder> decoders)
    {
        Inputs = inputs;
        Stages = stages;
        this.decoders = decoders;
        int[] starts = new int[stages.Length + 1];
        for (int s = 0; s < stages.Length; s++) starts[s + 1] = checked(starts[s] + stages[s].Units);
        StageStarts = [.. starts];
    }

    /// <summary>The number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>The number of outputs.</summary>
    public int Outputs => Stages[^1].Units;

    /// <summary>The stages, from the input. At least one.</summary>
    public ImmutableArray<NormalStage> Stages { get; }

    /// <summary>For each stage the number of units of all stages before it, and at last the number of all units.</summary>
    public ImmutableArray<int> StageStarts { get; }

    /// <summary>Whether every unit of the network is exactly one unit with a kink of this form, so that patterns are the same on both sides.</summary>
    public bool IsOneToOne => decoders.All(d => d.IsSingleUnit);

    /// <summary>Evaluates the chain.</summary>
    /// <param name="x">One number an input.</param>
    /// <returns>One number an output.</returns>
    public double[] Evaluate(ReadOnlySpan<double> x) => Evaluate(x, null);

    /// <summary>Evaluates the chain and says which units are active.</summary>
    /// <param name="x">One number an input.</param>
    /// <param name="active">For each unit of all stages, set to whether its pre-activation is strictly positive; null when not wanted.</param>
    /// <returns>One number an output.</returns>
    public double[] Evaluate(ReadOnlySpan<double> x, bool[]? active)
    {
        if (x.Length != Inputs) throw new ArgumentException($"The network reads {Inputs} inputs, not {x.Length}.");
        double[] from = x.ToArray();
        for (int s = 0; s < Stages.Length; s++)
        {
            NormalStage stage = Stages[s];
            double[] to = new double[stage.Units];
            stage.Linear.Apply<double>(1, from, to);
            for (int i = 0; i < to.Length; i++)
            {
                to[i] += stage.Bias[i];
                if (active is not null) active[StageStarts[s] + i] = to[i] > 0;
            }
            stage.Activations.Apply<double>(1, to);
            from = to;
        }
        return from;
    }

    /// <summary>Translates which units of this form are active into the pieces that the network's own units use.</summary>
    /// <param name="active">For each unit of all stages whether its pre-activation is strictly positive.</param>
    public ActivationPattern Decode(ReadOnlySpan<bool> active)
    {
        ushort[] pieces = new ushort[decoders.Length];
        for (int i = 0; i < pieces.Length; i++) pieces[i] = decoders[i].Piece(active);
        return new ActivationPattern(pieces);
    }

    /// <summary>The active units of this form that go with a pattern of the network: the way back from <see cref="Decode"/>.</summary>
    /// <param name="pattern">One piece a unit of the network.</param>
    /// <returns>For each unit of all stages whether it is active; units without a kink count as not active.</returns>
    /// <exception cref="ArgumentException">The pattern has another number of units, a piece does not exist, or the network pools by maxima: a
    /// winner does not tell the comparisons between losers.</exception>
    public bool[] Encode(ActivationPattern pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.Count != decoders.Length) throw new ArgumentException($"The pattern is of {pattern.Count} units, the network has {decoders.Length}.");
        bool[] active = new bool[StageStarts[^1] + Stages[^1].Units];
        for (int i = 0; i < decoders.Length; i++)
        {
            if (decoders[i].Contestants > 0) throw new ArgumentException($"Unit {i} is a maximum; its winner does not tell all comparisons.");
            if (pattern[i] > decoders[i].Deciders.Length) throw new ArgumentException($"Unit {i} has no piece {pattern[i]}.");
            for (int k = 0; k < pattern[i]; k++) active[decoders[i].Deciders[k]] = true;
        }
        return active;
    }

    /// <summary>The units of this form that decide the piece of one unit of the network, as places in all stages.</summary>
    /// <param name="unit">A unit of the network, counted over all sites.</param>
    public ImmutableArray<int> DecidersOf(int unit) => decoders[unit].Deciders;
}

/// <summary>How the piece of one unit of the network follows from the active units of the normal form.</summary>
/// <param name="Deciders">Units of the normal form: for an activation one a breakpoint, from left to right, so that the piece is the
/// number of active ones; for a maximum the comparisons of a knock-out tournament, round by round.</param>
/// <param name="Contestants">0 for an activation, else the number of cells that compete.</param>
internal readonly record struct UnitDecoder(ImmutableArray<int> Deciders, int Contestants)
{
    public bool IsSingleUnit => Contestants == 0 && Deciders.Length == 1;

    public ushort Piece(ReadOnlySpan<bool> active)
    {
        if (Contestants == 0)
        {
            int piece = 0;
            foreach (int unit in Deciders) piece += active[unit] ? 1 : 0;
            return (ushort)piece;
        }
        Span<ushort> left = Contestants <= 256 ? stackalloc ushort[Contestants] : new ushort[Contestants];
        for (int i = 0; i < left.Length; i++) left[i] = (ushort)i;
        int next = 0;
        while (left.Length > 1)
        {
            int survivors = (left.Length + 1) / 2;
            for (int i = 0; i < left.Length / 2; i++) left[i] = active[Deciders[next++]] ? left[(2 * i) + 1] : left[2 * i];
            if (left.Length % 2 == 1) left[survivors - 1] = left[^1];
            left = left[..survivors];
        }
        return left[0];
    }
}
