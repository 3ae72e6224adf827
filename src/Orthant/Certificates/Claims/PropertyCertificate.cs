using Orthant.Numerics;

namespace Orthant.Certificates;

/// <summary>outputs·y + offset ≤ 0.</summary>
/// <param name="Outputs">One number an output.</param>
/// <param name="Offset">The offset.</param>
public sealed record ConditionData(Rational[] Outputs, Rational Offset);

/// <summary>A box, cut by half-spaces, in which no alternative's conditions hold together, and the splits that prove it.</summary>
/// <param name="Lower">The lower corner.</param>
/// <param name="Upper">The upper corner.</param>
/// <param name="HalfSpaces">Forms that are not negative: one coefficient an input, then the constant.</param>
/// <param name="Alternatives">Conditions that would have to hold together.</param>
/// <param name="Splits">The tree of cells in preorder, the part where the unit is not active first: the unit that a cell is split by, counted over
/// all stages, or -1 for a cell that needs no split.</param>
public sealed record PropertyCaseData(Rational[] Lower, Rational[] Upper, Rational[][] HalfSpaces, ConditionData[][] Alternatives, int[] Splits);

/// <summary>A network has no counterexample in any of some boxes: a tree of cells, each refuted by linear bounds.</summary>
/// <param name="Network">The network.</param>
/// <param name="Cases">The boxes and the conditions.</param>
public sealed record PropertyCertificate(NetworkData Network, PropertyCaseData[] Cases) : Certificate
{
    /// <summary>The same claim with further splits where the cells do not close by this module's own bounds, which are not those of the search.</summary>
    internal PropertyCertificate Completed(CancellationToken cancellation) => this with
    {
        Cases = [.. Cases.Select(c => c with { Splits = new PropertyRefutation(Network, c, new Verification(null, cancellation)) { Completes = true }.Run() })],
    };

    /// <inheritdoc/>
    public override string Claim => $"no counterexample in {Cases.Length} {(Cases.Length == 1 ? "box" : "boxes")}: {Cases.Sum(c => c.Splits.Count(s => s < 0))} cells refuted";

    internal override bool IsRational => false;

    internal override void Verify(Verification verification)
    {
        Network.Check(verification);
        foreach (PropertyCaseData one in Cases) new PropertyRefutation(Network, one, verification).Run();
    }
}

/// <summary>Follows the tree of cells and bounds the conditions on each: ranges by a zonotope whose affine part is bounded by multipliers,
/// then one backward pass through the lines that bound each unit.</summary>
internal sealed class PropertyRefutation(NetworkData network, PropertyCaseData one, Verification v)
{
    private readonly int n = one.Lower.Length;
    private readonly PolytopeBounds cell = new(one.Lower, one.Upper);
    private readonly int last = network.Stages.Length - 1;
    private readonly List<int> splits = [.. one.Splits];
    private int next;

    /// <summary>Whether a cell that does not close is split further instead of being refused.</summary>
    public bool Completes { get; init; }

    /// <returns>The splits.</returns>
    public int[] Run()
    {
        v.Require(n == network.Stages[0].Weights[0].Length && one.Upper.Length == n && one.HalfSpaces.All(h => h.Length == n + 1), "the box has a side an input");
        v.Require(one.Alternatives.All(a => a.Length > 0 && a.All(c => c.Outputs.Length == network.Stages[last].Bias.Length)), "conditions read the outputs");
        foreach (Rational[] h in one.HalfSpaces) cell.Add([.. h.Select(Interval.FromRational)]);
        Interval[][] inputs = [.. Enumerable.Range(0, n).Select(j => Enumerable.Range(0, n + 1).Select(q => (Interval)(q == j ? 1 : 0)).ToArray())];
        Cell(0, Through(0, inputs, true), new sbyte[network.Stages[0].Bias.Length], [.. one.Alternatives.Select(_ => true)]);
        v.Require(next == splits.Count, "the tree has no more cells");
        return [.. splits];
    }

    private Interval[][] Through(int stage, Interval[][] forms, bool withBias) => network.Stages[stage].Through(forms, w => (Interval)w, withBias);

    private void Cell(int stage, Interval[][] map, sbyte[] status, bool[] alive)
    {
        v.Require(next < splits.Count, "the tree goes on");
        int split = splits[next++], kept = cell.Count, start = network.Stages[..stage].Sum(s => s.Bias.Length);
        bool IsHere() => split >= start && split < start + map.Length;
        for (int round = 0; alive.Any(l => l) && (round == 0 || !IsHere()); round++)
        {
            v.Require(round < 3 * network.Stages.Length, $"cell {next - 1} is refuted, or split by a unit of its stage");
            Line[] lines = Lines(stage, [.. map.Select(Range)], status);
            while (stage < last && !IsHere() && lines.All(l => l.Error < 1e-9))
            {
                start += map.Length;
                Interval[][] activated = [.. map.Select((form, i) => Scaled(form, lines[i]))];
                map = Through(++stage, activated, true);
                status = new sbyte[map.Length];
                lines = Lines(stage, [.. map.Select(Range)], status);
            }
            Refute(Bounds(stage, map, lines), alive);
            if (Completes && alive.Any(l => l) && round >= (split < 0 ? 2 : (3 * network.Stages.Length) - 2) && !IsHere()) split = Mended(split, start, lines);
        }
        if (!alive.Any(l => l)) Skip(split);
        foreach (int side in alive.Any(l => l) ? (int[])[-1, 1] : [])
        {
            int count = cell.Count;
            cell.Add(side > 0 ? map[split - start] : [.. map[split - start].Select(c => -c)]);
            sbyte[] decided = [.. status];
            decided[split - start] = (sbyte)side;
            Cell(stage, map, decided, [.. alive]);
            cell.Truncate(count);
        }
        cell.Truncate(kept);
    }

    /// <summary>Splits a cell by the unit whose line is farthest off; what the tree had for it goes to the side where most of that unit's range lies.</summary>
    private int Mended(int split, int start, Line[] lines)
    {
        Line widest = lines.MaxBy(l => l.Error);
        if (widest.Error < 1e-9) return split;
        int unit = start + Array.IndexOf(lines, widest), end = next--;
        for (int open = split < 0 ? 0 : 2; open > 0; open--) open += splits[end++] >= 0 ? 2 : 0;
        splits.Insert(widest.Below.Slope == 1 || widest.Above.Slope == 1 ? next : end, -1);
        splits.Insert(next++, unit);
        return unit;
    }

    /// <summary>Strikes out the alternatives with a condition that is positive all over the cell. With one left, counterexamples can only lie
    /// where all its bounds are not positive, and the cell is cut by them.</summary>
    private void Refute(Interval[][] bounds, bool[] alive)
    {
        int at = 0;
        for (int a = 0; a < alive.Length; a++)
        {
            foreach (ConditionData _ in one.Alternatives[a]) alive[a] &= !(cell.Lower(bounds[at++]) > 0);
        }
        if (alive.Count(l => l) != 1) return;
        int only = Array.IndexOf(alive, true), first = one.Alternatives[..only].Sum(a => a.Length);
        foreach (Interval[] bound in bounds[first..(first + one.Alternatives[only].Length)]) cell.Add([.. bound.Select(c => -c)]);
        alive[only] = cell.Lower(new Interval[n + 1]) != double.PositiveInfinity;
    }

    /// <summary>Passes over the part of the tree below a cell that is refuted already.</summary>
    private void Skip(int split)
    {
        for (int open = split < 0 ? 0 : 2; open > 0; open--)
        {
            v.Require(next < splits.Count, "the tree goes on");
            if (splits[next++] >= 0) open += 2;
        }
    }

    private (double Low, double High) Range(Interval[] form)
    {
        (double low, double high) = (cell.Lower(form), -cell.Lower([.. form.Select(c => -c)]));
        // Of an empty cell everything is true; the conditions will be found positive on it.
        return double.IsPositiveInfinity(low) || double.IsNegativeInfinity(high) ? (0, 0) : (low, high);
    }

    /// <summary>A unit on its range: within Slope·z + Offset ± Error, above Below's line and under Above's.</summary>
    private readonly record struct Line(double Slope, double Offset, double Error, (double Slope, double Offset) Below, (double Slope, double Offset) Above);

    private Line[] Lines(int stage, (double Low, double High)[] ranges, sbyte[]? status) => [.. ranges.Select((r, i) =>
    {
        double s = network.Stages[stage].LeftSlopes[i];
        int side = s == 1 ? 1 : status is not null && status[i] != 0 ? status[i] : r.Low >= 0 ? 1 : r.High <= 0 ? -1 : 0;
        if (status is not null) status[i] = (sbyte)side;
        if (side != 0) return new Line(side > 0 ? 1 : s, 0, 0, (side > 0 ? 1 : s, 0), (side > 0 ? 1 : s, 0));
        v.Require(double.IsFinite(r.Low) && double.IsFinite(r.High), "ranges are bounded");
        double chord = (r.High - (s * r.Low)) / (r.High - r.Low), piece = r.High > -r.Low ? 1 : s;
        Interval left = ((Interval)s - chord) * r.Low, right = ((Interval)1 - chord) * r.High, hull = Interval.Hull(0, Interval.Hull(left, right));
        double middle = hull.Midpoint, error = (hull - middle).Magnitude;
        (double, double) own = (piece, 0);
        return new Line(chord, middle, error, s <= 1 ? own : (chord, hull.Lower), s <= 1 ? (chord, hull.Upper) : own);
    })];

    private static Interval[] Scaled(Interval[] form, Line line)
    {
        Interval[] scaled = [.. form.Select(c => c * line.Slope)];
        scaled[^1] += new Interval(line.Offset, line.Offset) + new Interval(-line.Error, line.Error);
        return scaled;
    }

    /// <summary>Affine lower bounds of all conditions over the cell.</summary>
    private Interval[][] Bounds(int stage, Interval[][] map, Line[] lines)
    {
        Line[][] all = new Line[last + 1][];
        all[stage] = lines;
        Interval[][] forms = map, generators = [.. map.Select(_ => Array.Empty<Interval>())];
        for (int s = stage; s < last; s++)
        {
            Line[] now = all[s];
            int opened = 0;
            Interval[][] affine = [.. forms.Select((f, i) => Scaled(f, now[i] with { Error = 0 }))];
            int open = now.Count(l => l.Error > 0);
            Interval[][] errors = [.. generators.Select((g, i) =>
            {
                Interval[] longer = [.. g.Select(c => c * now[i].Slope), .. new Interval[open]];
                if (now[i].Error > 0) longer[g.Length + opened++] = now[i].Error;
                return longer;
            })];
            forms = Through(s + 1, affine, true);
            generators = errors[0].Length == 0 ? [.. forms.Select(_ => Array.Empty<Interval>())] : Through(s + 1, errors, false);
            all[s + 1] = s + 1 == last ? [] : Lines(s + 1, [.. forms.Select((f, i) =>
            {
                Interval radius = generators[i].Aggregate((Interval)0, (sum, g) => sum + g.Magnitude);
                (double low, double high) = Range(f);
                return ((low - radius).Lower, (high + radius).Upper);
            })], null);
        }
        return [.. one.Alternatives.SelectMany(a => a).Select(c => Pulled(c, stage, map, all))];
    }

    private Interval[] Pulled(ConditionData condition, int stage, Interval[][] map, Line[][] lines)
    {
        Interval[] weights = [.. condition.Outputs.Select(Interval.FromRational)];
        Interval constant = Interval.FromRational(condition.Offset);
        for (int s = last; ; s--)
        {
            for (int i = 0; i < weights.Length && s < last; i++)
            {
                // Whatever the weight within its enclosure: the line below where it is positive, the line above where it is negative.
                Interval positive = new(Math.Max(0, weights[i].Lower), Math.Max(0, weights[i].Upper)), negative = new(Math.Min(0, weights[i].Lower), Math.Min(0, weights[i].Upper));
                constant += (positive * lines[s][i].Below.Offset) + (negative * lines[s][i].Above.Offset);
                weights[i] = (positive * lines[s][i].Below.Slope) + (negative * lines[s][i].Above.Slope);
            }
            if (s == stage) break;
            Interval[] before = new Interval[network.Stages[s - 1].Bias.Length];
            for (int i = 0; i < weights.Length; i++)
            {
                if (weights[i] == 0) continue;
                constant += weights[i] * network.Stages[s].Bias[i];
                double[] row = network.Stages[s].Weights[i];
                for (int j = 0; j < row.Length; j++) before[j] += weights[i] * row[j];
            }
            weights = before;
        }
        Interval[] form = new Interval[n + 1];
        form[^1] = constant;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            for (int q = 0; q <= n; q++) form[q] += weights[i] * map[i][q];
        }
        return form;
    }
}
