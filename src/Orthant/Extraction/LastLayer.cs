using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>Rows that were asked at random, with their answers.</summary>
internal sealed class AskedRows(int inputs, int outputs)
{
    public int Count { get; private set; }

    public List<double> X { get; } = [];

    public List<double> Y { get; } = [];

    public double[] Row(int i) => [.. X.GetRange(i * inputs, inputs)];

    public void Add(QueryMeter meter, IReadOnlyList<double[]> points)
    {
        if (points.Count == 0) return;
        double[] x = [.. points.SelectMany(p => p)];
        Y.AddRange(meter.Ask(points.Count, x));
        X.AddRange(x);
        Count += points.Count;
    }

    public double Largest(int i) => QueryMeter.Largest([.. Y.GetRange(i * outputs, outputs)]);
}

/// <summary>Tests whether the units found above the known layers are all that is between them and the outputs, and finds those that are missing.</summary>
/// <remarks>f = c + Σ a_k relu(z_k) − Σ g_k z_k holds exactly when they are, on whichever side each unit is active: one linear fit. That fit on fresh rows is the certificate of
/// completeness: quiet lines alone prove nothing, since a unit's surface may be met by fewer than one direction in a hundred.</remarks>
internal sealed class LastLayer
{
    private const double Exact = 1e-4;

    private readonly QueryMeter meter;
    private readonly RandomStream random;
    private readonly SearchDomain domain;
    private readonly AskedRows rows;

    public LastLayer(QueryMeter meter, RandomStream random, SearchDomain domain)
    {
        (this.meter, this.random, this.domain) = (meter, random, domain);
        rows = new AskedRows(meter.Inputs, meter.Outputs);
    }

    /// <summary>All rows asked here; they serve the final refinement too.</summary>
    public AskedRows Rows => rows;

    /// <summary>The largest residual of the fit with both sides of every unit free, relative to the largest answer.</summary>
    public double Residual(KnownLayers known, IReadOnlyList<NextUnit> units)
    {
        int wanted = (8 * units.Count) + 40;
        if (rows.Count < (6 * units.Count) + 20) rows.Add(meter, [.. Enumerable.Range(0, wanted - rows.Count).Select(_ => domain.Point(random, Pick(1, 1, 3, 10)))]);
        return Fit(known, units, rows, Features(known, units), trim: false).Residual;
    }

    /// <summary>The same when the outputs may have a part that is linear in the top layer: then what is missing is always on.</summary>
    public double ResidualWithLinearPart(KnownLayers known, IReadOnlyList<NextUnit> units)
    {
        int wanted = 2 * (units.Count + known.Width + 10);
        if (rows.Count < wanted) rows.Add(meter, [.. Enumerable.Range(0, wanted - rows.Count).Select(_ => domain.Point(random, Pick(1, 1, 3, 10)))]);
        return Fit(known, units, rows, WithLinearPart(known, units), trim: false).Residual;
    }

    /// <summary>Folds units that are always on: the linear part L·h of every output becomes relu(L·h) − relu(−L·h). The signs of the other units are then free.</summary>
    public (HiddenLayer Last, HiddenLayer Output, double BitDeviation, double Residual) Fold(KnownLayers known, IReadOnlyList<NextUnit> units)
    {
        int n = units.Count;
        rows.Add(meter, [.. units.SelectMany(u => Near(u, 12))]);
        FitResult fit = Fit(known, units, rows, WithLinearPart(known, units), trim: false);
        List<NextUnit> all = [.. units];
        foreach (double[] solution in fit.Solution)
        {
            double[] linear = solution[n..^1];
            if (QueryMeter.Largest(linear) < 1e-9 * fit.Scale) continue;
            NextUnit added = new(linear, 0, [.. Enumerable.Repeat(true, linear.Length)], domain.Point(random, 1), units[0].Jump);
            all.Add(added);
            all.Add(added with { Weights = [.. linear.Select(w => -w)] });
        }
        IsFolded = true;
        return Assemble(known, all, FitSigned(known, all, new bool[all.Count], []), [], 0);
    }

    /// <summary>Whether a linear part had to be folded into units of its own.</summary>
    public bool IsFolded { get; private set; }

    /// <summary>The residual tolerated: what rounding and the measured weights leave.</summary>
    public double Tolerance => Math.Max(Exact, 1e5 * meter.Unit);

    /// <summary>Which share of fresh rows the units explain, when everything that is missing may be linear there: near 1 in the last layer, near 0 below it. Rows that are not explained
    /// lie beyond the surface of a missing unit, and lines are returned that have to meet it.</summary>
    public (double Share, List<SampledLine> Lines) Hunt(KnownLayers known, IReadOnlyList<NextUnit> units)
    {
        Func<double[], double[]> features = WithBypass(known, units);
        int width = features(new double[known.Inputs]).Length;
        AskedRows fresh = new(meter.Inputs, meter.Outputs);
        fresh.Add(meter, [.. Enumerable.Range(0, 6 * width).Select(_ => domain.Point(random, Pick(1, 3, 10)))]);
        FitResult fit = Fit(known, units, fresh, features, trim: true);
        double share = fit.Explained.Count(e => e) / (double)fresh.Count;
        if (share < 0.4) return (share, []);
        List<double[]> good = [], bad = [];
        for (int i = 0; i < fresh.Count; i++) (fit.Explained[i] ? good : bad).Add(fresh.Row(i));
        for (int round = 0; round < 4 && bad.Count == 0; round++)
        {
            AskedRows more = new(meter.Inputs, meter.Outputs);
            more.Add(meter, [.. Enumerable.Range(0, 500).Select(_ => domain.Point(random, Pick(1, 3, 10)))]);
            bool[] explained = fit.Check(more, features, Weight, Tolerance);
            for (int i = 0; i < more.Count; i++) (explained[i] ? good : bad).Add(more.Row(i));
        }
        return (share, [.. bad.Take(3).Select(b => SampledLine.Through(meter, random, domain, b, Nearest(good, b)))]);
    }

    /// <summary>Checks rows that are asked for the refinement anyway: lines that lead to what some of them show and the units do not explain.</summary>
    /// <remarks>This is what finds a unit that is active in fewer than one input in a thousand.</remarks>
    public List<SampledLine> Audit(KnownLayers known, IReadOnlyList<NextUnit> units, AskedRows asked, int mostLines)
    {
        Func<double[], double[]> features = Features(known, units);
        FitResult fit = Fit(known, units, rows, features, trim: true);
        double[] size = fit.Residuals(asked, features, Weight);
        double threshold = Math.Max(10 * Tolerance, 30 * size.Order().ElementAt((int)(0.9 * (size.Length - 1))));
        List<double[]> good = [.. Enumerable.Range(0, size.Length).Where(i => size[i] < Tolerance).Select(asked.Row)];
        if (good.Count == 0) return [];
        int[] bad = [.. Enumerable.Range(0, size.Length).Where(i => size[i] > threshold).OrderByDescending(i => size[i]).Take(mostLines)];
        return [.. bad.Select(i => SampledLine.Through(meter, random, domain, asked.Row(i), Nearest(good, asked.Row(i))))];
    }

    /// <summary>Drops units that another one explains and without which the fit is as good: duplicates that were measured badly.</summary>
    public List<NextUnit> Prune(KnownLayers known, IReadOnlyList<NextUnit> units)
    {
        rows.Add(meter, [.. units.SelectMany(u => Near(u, 12))]);
        Func<double[], double[]> all = Features(known, units);
        List<NextUnit> kept = [.. units];
        double with = Fit(known, kept, rows, Features(known, kept), trim: false).Residual;
        foreach (NextUnit unit in units.OrderBy(u => u.Seen.Count(s => s)).ThenByDescending(u => TensorPrimitives.Norm<double>(u.Start)))
        {
            double[] h = known.TopAt(unit.Start);
            double size = Math.Max(1, TensorPrimitives.Norm<double>(unit.Start));
            if (!kept.Any(o => o != unit && Math.Abs(TensorPrimitives.Dot<double>(o.Weights, h) + o.Bias) < 1e-3 * size)) continue;
            List<NextUnit> without = [.. kept.Where(o => o != unit)];
            if (Fit(known, without, rows, Features(known, without), trim: false).Residual < (3 * with) + 1e-7) kept = without;
        }
        return kept;
    }

    /// <summary>Turns the units of the last layer to where they are active, fits the outputs, and completes weights that no surface has shown.</summary>
    public (HiddenLayer Last, HiddenLayer Output, double BitDeviation, double Residual) Finish(KnownLayers known, IReadOnlyList<NextUnit> units, Func<int, int, bool> unseen)
    {
        int n = units.Count, m = meter.Outputs;
        Dictionary<int, int[]> open = [];
        for (int k = 0; k < n; k++)
        {
            int[] missing = [.. Enumerable.Range(0, known.Width).Where(i => unseen(k, i))];
            if (missing.Length > 0) open[k] = missing;
        }
        rows.Add(meter, [.. Enumerable.Range(0, Math.Max(0, (8 * (n + 2)) - rows.Count)).Select(_ => domain.Point(random, 1)), .. units.SelectMany(u => Near(u, 12)), .. open.Keys.SelectMany(k => Near(units[k], 80))]);
        FitResult free = Fit(known, units, rows, Features(known, units), trim: false);
        bool[] turned = new bool[n];
        double[] deviation = new double[n];
        for (int k = 0; k < n; k++)
        {
            int output = 0;
            for (int o = 1; o < m; o++)
            {
                if (Math.Abs(free.Solution[o][k]) > Math.Abs(free.Solution[output][k])) output = o;
            }
            double bit = free.Solution[output][n + k] / free.Solution[output][k];
            turned[k] = bit > 0.5;
            deviation[k] = double.IsFinite(bit) ? Math.Abs(bit - (turned[k] ? 1 : 0)) : 1;
        }
        int[] doubtful = [.. Enumerable.Range(0, n).Where(k => deviation[k] > 0.05 || open.ContainsKey(k)).OrderByDescending(k => deviation[k]).Take(8)];
        SignedFit best = FitSigned(known, units, turned, open);
        double tolerance = Math.Max(1e-7, 1e5 * meter.Unit) * Math.Max(1, free.Scale);
        if (doubtful.Length > 0 && best.Rms > tolerance && n > known.Width && FewEquations(known, units, free) is bool[] bits) best = FitSigned(known, units, bits, open);
        if (doubtful.Length > 0 && best.Rms > tolerance) best = SearchSigns(known, units, turned, open, doubtful, best);
        if (best.Rms > tolerance && open.Count == 0 && deviation.Any(d => d > 0.05)) return Split(known, units, turned, [.. deviation.Select(d => d > 0.05)]);
        double[] certain = [.. Enumerable.Range(0, n).Where(k => !doubtful.Contains(k)).Select(k => deviation[k])];
        return Assemble(known, units, best, open, certain.DefaultIfEmpty(0).Max());
    }

    /// <summary>The signs of a layer wider than what it reads, from the affine part that the fit leaves.</summary>
    private bool[]? FewEquations(KnownLayers known, IReadOnlyList<NextUnit> units, FitResult free)
    {
        int n = units.Count, m = meter.Outputs, width = known.Width;
        double[] target = new double[m * width];
        double[][] columns = [.. units.Select(_ => new double[m * width])];
        for (int o = 0; o < m; o++)
        {
            for (int k = 0; k < n; k++)
            {
                Span<double> column = columns[k].AsSpan(o * width, width), goal = target.AsSpan(o * width, width);
                TensorPrimitives.Multiply(units[k].Weights, free.Solution[o][k], column);
                TensorPrimitives.MultiplyAdd(units[k].Weights, free.Solution[o][n + k], goal, goal);
            }
        }
        return SubsetSigns.Find(columns, target, Math.Max(1e-6, 1e5 * meter.Unit) * Math.Max(1, QueryMeter.Largest(target)));
    }

    /// <summary>a relu(z) − g z = (a − g) relu(z) + g relu(−z): units whose side cannot be told become two, which together are the same function. An antiparallel pair comes back so.</summary>
    private (HiddenLayer, HiddenLayer, double, double) Split(KnownLayers known, IReadOnlyList<NextUnit> units, bool[] turned, bool[] split)
    {
        List<NextUnit> all = [];
        for (int k = 0; k < units.Count; k++)
        {
            NextUnit mirrored = units[k] with { Weights = [.. units[k].Weights.Select(w => -w)], Bias = -units[k].Bias };
            if (split[k] || !turned[k]) all.Add(units[k]);
            if (split[k] || turned[k]) all.Add(mirrored);
        }
        IsSplit = true;
        SignedFit fit = FitSigned(known, all, new bool[all.Count], []);
        // What a split unit does not need is left out again.
        int[] used = [.. Enumerable.Range(0, all.Count).Where(k => fit.Solution.Any(s => Math.Abs(s[k]) > 1e-6 * QueryMeter.Largest(s.AsSpan(0, all.Count))))];
        List<NextUnit> kept = [.. used.Select(k => all[k])];
        return Assemble(known, kept, FitSigned(known, kept, new bool[kept.Count], []), [], 0);
    }

    /// <summary>Whether units had to be split, so that the result is equivalent but perhaps not the same network.</summary>
    public bool IsSplit { get; private set; }

    private (HiddenLayer, HiddenLayer, double, double) Assemble(KnownLayers known, IReadOnlyList<NextUnit> units, SignedFit fit, Dictionary<int, int[]> open, double deviation)
    {
        int n = units.Count, m = meter.Outputs, column = n + 1;
        double[][] weights = [.. units.Select(u => (double[])[.. u.Weights])];
        double[] bias = [.. units.Select(u => u.Bias)];
        for (int k = 0; k < n; k++)
        {
            if (!fit.Turned[k]) continue;
            TensorPrimitives.Negate(weights[k], weights[k]);
            bias[k] = -bias[k];
        }
        foreach ((int k, int[] missing) in open)
        {
            int output = 0;
            for (int o = 1; o < m; o++)
            {
                if (Math.Abs(fit.Solution[o][k]) > Math.Abs(fit.Solution[output][k])) output = o;
            }
            foreach (int i in missing) weights[k][i] = fit.Solution[output][column++] / fit.Solution[output][k];
        }
        HiddenLayer last = HiddenLayer.Of(known.Width, [.. weights.Zip(bias)]);
        HiddenLayer output2 = HiddenLayer.Of(n, [.. fit.Solution.Select(s => ((double[])s[..n], s[n]))]);
        return (last, output2, deviation, fit.Rms);
    }

    /// <summary>All signs of the few doubtful units, then single changes of every unit while they help.</summary>
    private SignedFit SearchSigns(KnownLayers known, IReadOnlyList<NextUnit> units, bool[] turned, Dictionary<int, int[]> open, int[] doubtful, SignedFit best)
    {
        for (int bits = 0; bits < 1 << doubtful.Length; bits++)
        {
            bool[] trial = [.. turned];
            for (int b = 0; b < doubtful.Length; b++) trial[doubtful[b]] = ((bits >> b) & 1) != 0;
            SignedFit fit = FitSigned(known, units, trial, open);
            if (fit.Rms < best.Rms) best = fit;
        }
        for (bool improved = true; improved;)
        {
            improved = false;
            for (int k = 0; k < units.Count; k++)
            {
                bool[] trial = [.. best.Turned];
                trial[k] = !trial[k];
                SignedFit fit = FitSigned(known, units, trial, open);
                if (fit.Rms >= 0.3 * best.Rms) continue;
                best = fit;
                improved = true;
            }
        }
        return best;
    }

    private sealed record SignedFit(bool[] Turned, double[][] Solution, double Rms);

    private SignedFit FitSigned(KnownLayers known, IReadOnlyList<NextUnit> units, bool[] turned, Dictionary<int, int[]> open)
    {
        int n = units.Count, m = meter.Outputs, extra = open.Values.Sum(o => o.Length), width = n + 1 + extra, count = rows.Count;
        double[] design = new double[count * width], weight = new double[count];
        for (int r = 0; r < count; r++)
        {
            double[] x = rows.Row(r), h = known.TopAt(x);
            weight[r] = Weight(x);
            Span<double> row = design.AsSpan(r * width, width);
            int column = n + 1;
            for (int k = 0; k < n; k++)
            {
                double z = TensorPrimitives.Dot<double>(units[k].Weights, h) + units[k].Bias;
                if (turned[k]) z = -z;
                row[k] = Math.Max(0, z);
                if (!open.TryGetValue(k, out int[]? missing)) continue;
                foreach (int i in missing) row[column++] = z > 0 ? h[i] : 0;
            }
            row[n] = 1;
            TensorPrimitives.Multiply(row, weight[r], row);
        }
        LeastSquares system = new(count, width, design, 1e-11);
        double[][] solution = new double[m][];
        double sum = 0;
        for (int o = 0; o < m; o++)
        {
            double[] y = Weighted(rows, o, weight);
            solution[o] = system.Solve(y);
            for (int r = 0; r < count; r++)
            {
                double e = y[r] - TensorPrimitives.Dot<double>(design.AsSpan(r * width, width), solution[o]);
                sum += e * e;
            }
        }
        return new SignedFit(turned, solution, Math.Sqrt(sum / (count * m)));
    }

    /// <summary>Points around where a unit was met: random rows alone may all lie on one side of a rare unit.</summary>
    public IEnumerable<double[]> Near(NextUnit unit, int count)
    {
        double size = Math.Max(domain.Size, TensorPrimitives.Norm<double>(unit.Start) / Math.Sqrt(unit.Start.Length) * 0.5);
        return Enumerable.Range(0, count).Select(_ => domain.Near(random, unit.Start, Pick(0.1, 0.3, 1) * size));
    }

    private double Pick(params ReadOnlySpan<double> choices) => choices[random.NextInt32(choices.Length)];

    private double Weight(double[] x) => 1 / (1 + (TensorPrimitives.Norm<double>(x) / domain.Size));

    private static double[] Nearest(List<double[]> points, double[] x) => points.MinBy(p => TensorPrimitives.Distance<double>(p, x))!;

    /// <summary>relu(z_k), −z_k, 1.</summary>
    private static Func<double[], double[]> Features(KnownLayers known, IReadOnlyList<NextUnit> units) => x =>
    {
        int n = units.Count;
        double[] h = known.TopAt(x), row = new double[(2 * n) + 1];
        for (int k = 0; k < n; k++)
        {
            double z = TensorPrimitives.Dot<double>(units[k].Weights, h) + units[k].Bias;
            row[k] = Math.Max(0, z);
            row[n + k] = -z;
        }
        row[2 * n] = 1;
        return row;
    };

    /// <summary>relu(z_k), the top layer, 1.</summary>
    private static Func<double[], double[]> WithLinearPart(KnownLayers known, IReadOnlyList<NextUnit> units) => x =>
    {
        int n = units.Count;
        double[] h = known.TopAt(x), row = new double[n + h.Length + 1];
        for (int k = 0; k < n; k++) row[k] = Math.Max(0, TensorPrimitives.Dot<double>(units[k].Weights, h) + units[k].Bias);
        h.CopyTo(row, n);
        row[^1] = 1;
        return row;
    };

    /// <summary>relu(z_k), what the top layer and the one below say, 1: units that are missing but always on are linear in these.</summary>
    private static Func<double[], double[]> WithBypass(KnownLayers known, IReadOnlyList<NextUnit> units) => x =>
    {
        int n = units.Count, top = known.Width, below = known.Layers.Count == 1 ? known.Inputs : 0;
        double[] h = known.TopAt(x), row = new double[n + top + below + 1];
        for (int k = 0; k < n; k++) row[k] = Math.Max(0, TensorPrimitives.Dot<double>(units[k].Weights, h) + units[k].Bias);
        h.CopyTo(row, n);
        if (below > 0) x.CopyTo(row, n + top);
        row[^1] = 1;
        return row;
    };

    private static double[] Weighted(AskedRows rows, int output, double[] weight)
    {
        int m = rows.Y.Count / rows.Count;
        double[] y = new double[rows.Count];
        for (int r = 0; r < y.Length; r++) y[r] = rows.Y[(r * m) + output] * weight[r];
        return y;
    }

    private sealed record FitResult(double[][] Solution, double Residual, bool[] Explained, double Scale)
    {
        /// <summary>The relative residuals of other rows.</summary>
        public double[] Residuals(AskedRows rows, Func<double[], double[]> features, Func<double[], double> weight)
        {
            int m = Solution.Length;
            return [.. Enumerable.Range(0, rows.Count).Select(r =>
            {
                double[] x = rows.Row(r), row = features(x);
                return Enumerable.Range(0, m).Max(o => Math.Abs(TensorPrimitives.Dot<double>(row, Solution[o]) - rows.Y[(r * m) + o])) * weight(x) / Scale;
            })];
        }

        /// <summary>Which other rows the fit explains.</summary>
        public bool[] Check(AskedRows rows, Func<double[], double[]> features, Func<double[], double> weight, double tolerance)
        {
            bool[] result = new bool[rows.Count];
            int m = Solution.Length;
            for (int r = 0; r < rows.Count; r++)
            {
                double[] x = rows.Row(r), row = features(x);
                double w = weight(x);
                result[r] = Enumerable.Range(0, m).All(o => Math.Abs(TensorPrimitives.Dot<double>(row, Solution[o]) - rows.Y[(r * m) + o]) * w <= Math.Max(20 * Residual, tolerance) * Scale);
            }
            return result;
        }
    }

    private FitResult Fit(KnownLayers known, IReadOnlyList<NextUnit> units, AskedRows source, Func<double[], double[]> features, bool trim)
    {
        int count = source.Count, m = meter.Outputs;
        double[][] all = [.. Enumerable.Range(0, count).Select(source.Row)];
        double[] weight = [.. all.Select(Weight)];
        double[][] design = new double[count][];
        for (int r = 0; r < count; r++)
        {
            design[r] = features(all[r]);
            TensorPrimitives.Multiply(design[r], weight[r], design[r]);
        }
        double[][] target = [.. Enumerable.Range(0, m).Select(o => Weighted(source, o, weight))];
        double scale = Math.Max(1e-300, target.Max(y => QueryMeter.Largest(y)));
        int width = design[0].Length;
        List<int> keep = [.. Enumerable.Range(0, count)];
        double[][] solution = [];
        double[] residual = new double[count];
        for (int round = 0; round < 40; round++)
        {
            LeastSquares system = new(keep.Count, width, [.. keep.SelectMany(r => design[r])], 1e-11);
            solution = [.. target.Select(y => system.Solve([.. keep.Select(r => y[r])]))];
            for (int r = 0; r < count; r++)
            {
                residual[r] = Enumerable.Range(0, m).Max(o => Math.Abs(TensorPrimitives.Dot<double>(design[r], solution[o]) - target[o][r])) / scale;
            }
            if (!trim || keep.Max(r => residual[r]) < Tolerance || keep.Count < 2 * width) break;
            double[] sorted = [.. keep.Select(r => residual[r]).Order()];
            double threshold = sorted[(int)(0.93 * (sorted.Length - 1))];
            keep.RemoveAll(r => residual[r] > threshold);
        }
        double worst = keep.Max(r => residual[r]);
        if (trim && keep.Count < 2 * width) return new FitResult(solution, worst, new bool[count], scale);
        return new FitResult(solution, worst, [.. residual.Select(r => r <= Math.Max(20 * worst, Tolerance))], scale);
    }
}
