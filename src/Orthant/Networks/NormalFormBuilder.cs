using System.Collections.Immutable;

namespace Orthant.Networks;

/// <summary>Collects the stages of a normal form while layers are lowered one after the other.</summary>
/// <remarks>Decoders name their units by (stage, unit); places in all stages are known only when the form is complete.</remarks>
internal sealed class NormalFormBuilder
{
    private readonly int inputs;
    private readonly List<NormalStage> stages = [];
    private readonly List<PendingDecoder> decoders = [];

    public NormalFormBuilder(int inputs) => this.inputs = inputs;

    private int Width => stages.Count == 0 ? inputs : stages[^1].Units;

    public NormalForm Build()
    {
        if (stages.Count == 0) AddIdentity();
        int[] starts = new int[stages.Count];
        for (int s = 1; s < starts.Length; s++) starts[s] = checked(starts[s - 1] + stages[s - 1].Units);
        return new NormalForm(inputs, [.. stages], [.. decoders.Select(d => d.Resolve(starts))]);
    }

    /// <summary>A·x + b, then activations: one stage if none has a breakpoint other than zero, else the sum of a line and of ReLUs.</summary>
    public void AddAffine(LinearOperator linear, ReadOnlySpan<double> bias, UnitActivations activations, ConstantRounding rounding)
    {
        bool[] split = new bool[activations.Count];
        for (int i = 0; i < split.Length; i++) split[i] = !activations[i].IsHomogeneous;
        bool any = Array.IndexOf(split, true) >= 0;
        UnitActivations atOnce = !any
            ? activations
            : UnitActivations.PerUnit(Enumerable.Range(0, split.Length).Select(i => split[i] ? ActivationFunction.Identity : activations[i]));
        stages.Add(new NormalStage(linear, [.. bias], atOnce, rounding));
        int[] first = any ? AddBreakpoints(activations, split) : [];
        if (activations.IsIdentity) return;
        int stage = stages.Count - (any ? 3 : 1);
        for (int i = 0; i < split.Length; i++)
        {
            int unit = i;
            decoders.Add(split[i]
                ? new PendingDecoder([.. Enumerable.Range(0, activations[i].Breakpoints.Length).Select(k => (stage + 1, first[unit] + k))], 0)
                : new PendingDecoder(activations[i].IsIdentity ? [] : [(stage, i)], 0));
        }
    }

    /// <summary>The largest of groups of inputs, by knock-out rounds: of a pair (a, b), a is carried and ReLU(b - a) added.</summary>
    public void AddMaximum(int[][] groups)
    {
        // What a contestant is worth, as a sum of the current stage's units.
        int[][][] worth = Array.ConvertAll(groups, g => Array.ConvertAll(g, cell => new[] { cell }));
        List<(int, int)>[] deciders = Array.ConvertAll(groups, _ => new List<(int, int)>());
        while (worth.Any(w => w.Length > 1))
        {
            List<(int Column, double Value)[]> rows = [];
            List<ActivationFunction> activations = [];
            for (int g = 0; g < worth.Length; g++)
            {
                List<int[]> survivors = [];
                for (int i = 0; i + 1 < worth[g].Length; i += 2)
                {
                    deciders[g].Add((stages.Count, rows.Count + 1));
                    survivors.Add([rows.Count, rows.Count + 1]);
                    rows.Add(Sum(worth[g][i], []));
                    rows.Add(Sum(worth[g][i + 1], worth[g][i]));
                    activations.Add(ActivationFunction.Identity);
                    activations.Add(ActivationFunction.Relu);
                }
                if (worth[g].Length % 2 == 1)
                {
                    survivors.Add([rows.Count]);
                    rows.Add(Sum(worth[g][^1], []));
                    activations.Add(ActivationFunction.Identity);
                }
                worth[g] = [.. survivors];
            }
            AddStage(SparseOperator.FromRows(Width, rows), UnitActivations.PerUnit(activations));
        }
        AddStage(SparseOperator.FromRows(Width, worth.Select(w => Sum(w[0], []))), UnitActivations.Uniform(ActivationFunction.Identity, groups.Length));
        for (int g = 0; g < groups.Length; g++) decoders.Add(new PendingDecoder([.. deciders[g]], groups[g].Length));
    }

    /// <summary>Branches side by side, in step; the shorter ones are carried on by identity units; then joined.</summary>
    public void AddParallel(int width, ImmutableArray<ImmutableArray<Layer>> branches, BranchJoin join, UnitActivations activations)
    {
        NormalFormBuilder[] parts = branches.Select(branch =>
        {
            NormalFormBuilder part = new(width);
            foreach (Layer layer in branch) layer.Lower(part);
            return part;
        }).ToArray();
        int depth = Math.Max(1, parts.Max(p => p.stages.Count));
        foreach (NormalFormBuilder part in parts)
        {
            while (part.stages.Count < depth) part.AddIdentity();
        }
        int firstStage = stages.Count;
        for (int s = 0; s < depth; s++)
        {
            NormalStage[] row = Array.ConvertAll(parts, p => p.stages[s]);
            LinearOperator linear = row.Length == 1 ? row[0].Linear
                : s == 0 ? new ConcatenationOperator(row.Select(r => r.Linear)) : new BlockDiagonalOperator(row.Select(r => r.Linear));
            stages.Add(new NormalStage(linear, [.. row.SelectMany(r => r.Bias)],
                UnitActivations.PerUnit(row.SelectMany(r => Enumerable.Range(0, r.Units).Select(i => r.Activations[i]))),
                new ConstantRounding(row.Max(r => r.Rounding.RelativeWeightError), row.Max(r => r.Rounding.RelativeBiasError), row.Max(r => r.Rounding.AbsoluteBiasError))));
        }
        for (int p = 0; p < parts.Length; p++)
        {
            int part = p;
            decoders.AddRange(parts[p].decoders.Select(d => d with
            {
                Deciders = [.. d.Deciders.Select(u => (u.Stage + firstStage, u.Unit + parts.Take(part).Sum(q => q.stages[u.Stage].Units)))],
            }));
        }
        LinearOperator joined = join == BranchJoin.Sum ? SparseOperator.SumOfParts(activations.Count, parts.Length) : new IdentityOperator(activations.Count);
        AddAffine(joined, new double[activations.Count], activations, default);
    }

    private void AddIdentity() => AddStage(new IdentityOperator(Width), UnitActivations.Uniform(ActivationFunction.Identity, Width));

    private void AddStage(LinearOperator linear, UnitActivations activations) =>
        stages.Add(new NormalStage(linear, [.. new double[linear.Outputs]], activations, default));

    /// <summary>After a stage whose split units still hold z: a stage of ReLU(z - t) for every breakpoint t, and one that adds them up,
    /// f(z) = c + s·z + Σ (slope after t - slope before t)·ReLU(z - t).</summary>
    /// <returns>For each split unit the place of its first breakpoint in the first of the two stages.</returns>
    private int[] AddBreakpoints(UnitActivations activations, bool[] split)
    {
        List<(int, double)[]> kinks = [], sums = [];
        List<double> shifts = [];
        List<ActivationFunction> kinkActivations = [];
        double[] constants = new double[split.Length];
        int[] first = new int[split.Length];
        for (int i = 0; i < split.Length; i++)
        {
            List<(int, double)> sum = [];
            ActivationFunction f = activations[i];
            if (!split[i] || f.LeftSlope != 0)
            {
                sum.Add((kinks.Count, split[i] ? f.LeftSlope : 1));
                kinks.Add([(i, 1)]);
                shifts.Add(0);
                kinkActivations.Add(ActivationFunction.Identity);
            }
            first[i] = kinks.Count;
            for (int k = 0; split[i] && k < f.Breakpoints.Length; k++)
            {
                sum.Add((kinks.Count, f.Slope(k + 1) - f.Slope(k)));
                kinks.Add([(i, 1)]);
                shifts.Add(-f.Breakpoints[k]);
                kinkActivations.Add(ActivationFunction.Relu);
            }
            constants[i] = split[i] ? f.Intercept(0) : 0;
            sums.Add([.. sum]);
        }
        stages.Add(new NormalStage(SparseOperator.FromRows(split.Length, kinks), [.. shifts], UnitActivations.PerUnit(kinkActivations), default));
        stages.Add(new NormalStage(SparseOperator.FromRows(kinks.Count, sums), [.. constants], UnitActivations.Uniform(ActivationFunction.Identity, split.Length), default));
        return first;
    }

    /// <summary>The row plus - minus, a unit that stands on both sides left out.</summary>
    private static (int Column, double Value)[] Sum(int[] plus, int[] minus) =>
        plus.Select(c => (Column: c, Value: 1.0)).Concat(minus.Select(c => (Column: c, Value: -1.0)))
            .GroupBy(e => e.Column).Select(g => (g.Key, g.Sum(e => e.Value))).Where(e => e.Item2 != 0).ToArray();

    /// <summary>A decoder whose units are still named by stage.</summary>
    private sealed record PendingDecoder(ImmutableArray<(int Stage, int Unit)> Deciders, int Contestants)
    {
        public UnitDecoder Resolve(int[] starts) => new([.. Deciders.Select(d => starts[d.Stage] + d.Unit)], Contestants);
    }
}
