using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>The least and the largest value of an output, and inputs where it has them, to within 10⁻⁹ of their size (or of 1).</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The largest value.</param>
/// <param name="ArgMinimum">An input with the least value.</param>
/// <param name="ArgMaximum">An input with the largest value.</param>
public sealed record RangeData(double Minimum, double Maximum, double[] ArgMinimum, double[] ArgMaximum);

/// <summary>A network has so many activation regions in a box, and its outputs have these extrema: a tree of cells whose leaves have an
/// interior and on which every unit keeps its sign.</summary>
/// <param name="Network">The network.</param>
/// <param name="Lower">The box's lower corner.</param>
/// <param name="Upper">The box's upper corner.</param>
/// <param name="HalfSpaces">Forms that cut the box where they are negative: one coefficient an input, then the constant.</param>
/// <param name="Regions">The number of regions.</param>
/// <param name="Outputs">The extrema of each output.</param>
/// <param name="Splits">The tree in preorder, the part where the unit is not active first: the unit of each split, counted over all stages, and
/// -1 for a leaf.</param>
public sealed record RegionsCertificate(
    NetworkData Network, Rational[] Lower, Rational[] Upper, Rational[][] HalfSpaces, long Regions, RangeData[] Outputs, int[] Splits) : Certificate
{
    /// <inheritdoc/>
    public override string Claim => $"{Regions} activation regions in the box, each met once, and {2 * Outputs.Length} extrema of outputs";

    internal override void Verify(Verification verification)
    {
        Network.Check(verification);
        new RegionTree(this, verification).Run();
    }
}

/// <summary>Follows the tree of a <see cref="RegionsCertificate"/>, with forms in rational numbers.</summary>
internal sealed class RegionTree(RegionsCertificate claim, Verification v)
{
    private readonly StageData[] stages = claim.Network.Stages;
    private readonly int n = claim.Lower.Length;
    private readonly PolytopeBounds cell = new(claim.Lower, claim.Upper);
    private int next;
    private long leaves;

    public void Run()
    {
        v.Require(n == stages[0].Weights[0].Length && claim.Upper.Length == n && claim.HalfSpaces.All(h => h.Length == n + 1), "the box has a side an input");
        v.Require(claim.Outputs.Length == stages[^1].Bias.Length, "there are extrema of every output");
        foreach (Rational[] h in claim.HalfSpaces) cell.Add(h);
        Cell(0, Through(0, [.. Enumerable.Range(0, n).Select(j => Enumerable.Range(0, n + 1).Select(q => (Rational)(q == j ? 1 : 0)).ToArray())]), new int[stages[0].Bias.Length], 0);
        v.Require(next == claim.Splits.Length && leaves == claim.Regions, $"the tree has {claim.Regions} leaves");
        for (int o = 0; o < claim.Outputs.Length; o++)
        {
            RangeData range = claim.Outputs[o];
            foreach ((double value, double[] at) in (ReadOnlySpan<(double, double[])>)[(range.Minimum, range.ArgMinimum), (range.Maximum, range.ArgMaximum)])
            {
                v.Require(at.Length == n && at.All(double.IsFinite) && Enumerable.Range(0, n).All(j => IsNear(Rational.FromDouble(at[j]), claim.Lower[j], claim.Upper[j])), $"an extremum of output {o} is in the box");
                Rational found = Evaluate([.. at.Select(Rational.FromDouble)])[o];
                v.Require(IsNear(found, Rational.FromDouble(value), Rational.FromDouble(value)), $"output {o} is {value:R} there");
            }
        }
    }

    /// <summary>Whether a number lies between two others, to within what the claim leaves open.</summary>
    private static bool IsNear(Rational x, Rational lower, Rational upper) => x >= lower - Slack(lower) && x <= upper + Slack(upper);

    private static Rational Slack(Rational value) => Rational.Max(1, Rational.Abs(value)) / 1_000_000_000;

    private Rational[] Evaluate(Rational[] x)
    {
        Rational[][] values = [.. x.Select(c => new[] { c })];
        for (int s = 0; s < stages.Length; s++)
        {
            values = Through(s, values);
            for (int i = 0; i < values.Length; i++) values[i] = Activated(s, i, values[i], values[i][0].Sign);
        }
        return [.. values.Select(c => c[0])];
    }

    private Rational[] Activated(int stage, int unit, Rational[] form, int sign)
    {
        Rational slope = Rational.FromDouble(stages[stage].LeftSlopes[unit]);
        return sign > 0 || slope == 1 ? form : [.. form.Select(c => c * slope)];
    }

    private Rational[][] Through(int stage, Rational[][] forms) => stages[stage].Through(forms, Rational.FromDouble);

    private void Cell(int stage, Rational[][] forms, int[] signs, int start)
    {
        v.Require(next < claim.Splits.Length, "the tree goes on");
        int split = claim.Splits[next++];
        while (stage < stages.Length && !(split >= start && split < start + forms.Length))
        {
            // No split of this stage is left, so its units have to keep their signs.
            for (int i = 0; i < forms.Length; i++)
            {
                if (stages[stage].LeftSlopes[i] == 1 || signs[i] != 0) continue;
                signs[i] = cell.IsNowhereNegative([.. forms[i].Select(c => -c)]) ? -1 : 1;
                v.Require(signs[i] < 0 || cell.IsNowhereNegative(forms[i]), $"unit {start + i} keeps its sign on cell {next - 1}");
            }
            start += forms.Length;
            forms = [.. forms.Select((f, i) => Activated(stage, i, f, signs[i]))];
            if (++stage == stages.Length) break;
            forms = Through(stage, forms);
            signs = new int[forms.Length];
        }
        if (stage == stages.Length)
        {
            v.Require(split == -1 && cell.HasInteriorPoint(), $"leaf {leaves} has an interior");
            leaves++;
            for (int o = 0; o < forms.Length; o++)
            {
                Rational low = Rational.FromDouble(cell.Lower(forms[o])), high = -Rational.FromDouble(cell.Lower([.. forms[o].Select(c => -c)]));
                Rational least = Rational.FromDouble(claim.Outputs[o].Minimum), largest = Rational.FromDouble(claim.Outputs[o].Maximum);
                v.Require(IsNear(low, least, largest) && IsNear(high, least, largest), $"output {o} stays within its extrema on leaf {leaves - 1}");
            }
            return;
        }
        foreach (int side in (ReadOnlySpan<int>)[-1, 1])
        {
            int count = cell.Count;
            cell.Add(side > 0 ? forms[split - start] : [.. forms[split - start].Select(c => -c)]);
            int[] decided = [.. signs];
            decided[split - start] = side;
            Cell(stage, forms, decided, start);
            cell.Truncate(count);
        }
    }
}
