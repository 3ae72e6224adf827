using System.Numerics.Tensors;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>One extraction, layer by layer from the input.</summary>
/// <remarks>The loop over layers holds: known layers, the last of them with open signs or without; kinks that they do not explain. A layer of units is searched above them; one linear fit tells
/// whether the outputs are affine in these units (then they are the last layer, and the fit's residual is the certificate) or whether more layers follow.</remarks>
internal sealed class ExtractionRun
{
    /// <summary>Attempts with other random rows, the number of rows after which none is begun, and those that each but the first may cost.</summary>
    private const int MostAttempts = 8, MostCoarseAttempts = 6, RowsForAnother = 250_000, RowsForAnotherCoarse = 400_000, LeastShare = 50_000, MostShare = 150_000;

    private const int QuietLines = 3, MostLines = 60, MostHunts = 6, SampledKinks = 8, AuditLines = 12, MostReturns = 3;

    /// <summary>From which amplification on a weight is searched for by rows of its own, and from which it counts as not determined.</summary>
    private const double WeakAmplification = 1e3, OpenAmplification = 1e5;

    private const int MostWeakRounds = 3, MostWeakWeights = 60, FreshRows = 240, CornerRows = 600;

    /// <summary>The largest network whose parameters are refined by one dense factorisation.</summary>
    public const int MostDenseParameters = 6000;

    private readonly QueryMeter meter;
    private RandomStream random;
    private SearchDomain domain;
    private readonly ExtractionOptions options;
    private LastLayer lastLayer;
    private AskedRows asked;
    private readonly List<CellGradient> gradients = [];
    private readonly List<string> notes = [];
    private List<Seed> pool = [];
    private List<HiddenLayer> layers = [];
    private HiddenLayer? output;
    private OracleCharacter? character;
    private int characterNotes;

    /// <summary>By how much the signs of the layer below the last one searched differ from 0 and 1: large where something carries an affine part around that layer.</summary>
    private double signDeviation;

    /// <summary>After a failed attempt what is rare is looked for too: far planes, and units that are always on.</summary>
    private bool looksHarder;
    private bool isComplete;
    private bool isIdentifiable = true;
    private double residual = double.PositiveInfinity;
    private UnitConfidence[] confidence = [];

    public ExtractionRun(IOracle oracle, ExtractionOptions options, CancellationToken cancellation)
    {
        this.options = options;
        meter = new QueryMeter(oracle, options.Budget, options.Progress, cancellation);
        random = new RandomStream(options.Seed, 8);
        if (options.Lower.Length != options.Upper.Length || (options.Lower.Length != 0 && options.Lower.Length != oracle.Inputs))
        {
            throw new OrthantInputException("extraction", "domain", $"{options.Lower.Length} sides", $"{oracle.Inputs}, one an input, or none");
        }
        domain = options.Lower.IsEmpty ? new SearchDomain(oracle.Inputs) : new SearchDomain([.. options.Lower], [.. options.Upper]);
        lastLayer = new LastLayer(meter, random, domain);
        asked = new AskedRows(meter.Inputs, meter.Outputs);
    }

    public RecoveredNetwork Run()
    {
        try
        {
            character = OracleSelfTest.Run(meter, random, new RandomStream(options.Seed, 82), domain);
            if (double.IsFinite(character.Reach)) LimitTo(character.Reach);
            notes.AddRange(character.Notes);
            characterNotes = notes.Count;
            RecoverLayers();
            // Noise makes attempts fail more often, and its tolerances make them cheap to repeat.
            (int attempts, int rows) = meter.IsCoarse ? (MostCoarseAttempts, RowsForAnotherCoarse) : (MostAttempts, RowsForAnother);
            for (int attempt = 1; attempt < attempts && !isComplete && meter.Rows < rows; attempt++)
            {
                (List<HiddenLayer>, HiddenLayer?, double, List<Seed>) before = (layers, output, residual, pool);
                meter.Limit = meter.Rows + Share();
                Begin(attempt);
                try
                {
                    RecoverLayers();
                }
                catch (BudgetExhaustedException) when (meter.Rows < options.Budget - QueryMeter.MostRowsPerCall)
                {
                    // This attempt has had its share; the next one gets another.
                    isComplete = false;
                }
                finally
                {
                    // Only a residual says that one partial network is better than another.
                    if (!isComplete && residual >= before.Item3) (layers, output, residual, pool) = before;
                }
            }
            meter.Limit = long.MaxValue;
            if (!isComplete && signDeviation > 0.1)
            {
                notes.Add("the sides on which units are active do not come out: an affine part leads around a layer (a skip connection, which makes them unidentifiable), or a unit is missing");
            }
            if (!isComplete && layers.Count > 0)
            {
                meter.Begin("verification");
                confidence = [.. UnitVerification.Run(meter, random, domain, layers)];
            }
        }
        catch (BudgetExhaustedException)
        {
            notes.Add($"the budget of {options.Budget} queries ended");
            isComplete = false;
        }
        catch (OperationCanceledException) when (meter.Cancellation.IsCancellationRequested)
        {
            notes.Add("the extraction was stopped");
            isComplete = false;
        }
        ReluNetwork? network = Network();
        if (isComplete) pool.RemoveAll(IsExplained);
        if (isComplete && meter.Inputs == 1)
        {
            // Planes of one input are points: nothing bends, so nothing tells layers apart.
            isIdentifiable = false;
            notes.Add("a function of one input does not tell its layers apart: this is an equivalent network");
        }
        if (isComplete)
        {
            bool isPaired = lastLayer.IsSplit || lastLayer.IsFolded, isOne = meter.Inputs == 1;
            confidence = [.. confidence.Select(c => c with { IsCertain = !isOne && c.OpenWeights.IsEmpty && double.IsFinite(c.Error) && (c.IsCertain || double.IsFinite(c.Amplification)) && !(isPaired && c.Layer == layers.Count) })];
        }
        return new RecoveredNetwork
        {
            Network = network,
            IsComplete = isComplete,
            IsIdentifiable = isIdentifiable && isComplete,
            HiddenWidths = [.. layers.Select(l => l.Units)],
            Queries = meter.Rows,
            PostProcessing = meter.Form,
            Kinks = meter.Kinks,
            UnexplainedKinks = pool.Count,
            Residual = residual,
            Stages = [.. meter.Stages()],
            Units = [.. confidence],
            Notes = [.. notes],
        };
    }

    /// <summary>What an attempt after the first may cost: twice the plan for three layers as wide as the first one turned out to be.</summary>
    private long Share() => layers.Count == 0 || meter.IsCoarse
        ? MostShare
        : Math.Clamp(2 * ExtractionPlan.Of(meter.Inputs, meter.Outputs, [.. Enumerable.Repeat(layers[0].Units, 3)]).Queries, LeastShare, MostShare);

    /// <summary>Begins a stage, and asks one of the first questions again.</summary>
    /// <exception cref="OrthantInputException">It has another answer now.</exception>
    private void Begin(string stage)
    {
        meter.Begin(stage);
        double[] now = meter.Ask(character!.Probe);
        double most = 1024 * meter.Noise(now);
        for (int o = 0; o < now.Length; o++)
        {
            double change = Math.Abs(now[o] - character.ProbeAnswer[o]);
            if (change > most) throw new OrthantInputException("oracle", "a question asked again", $"an answer that has changed by {change:G3}", "the answers of one function");
        }
    }

    /// <summary>Forgets everything but the oracle's character: other random rows may show what these did not.</summary>
    private void Begin(int attempt)
    {
        random = new RandomStream(options.Seed, 8 + (100 * (ulong)attempt));
        lastLayer = new LastLayer(meter, random, domain);
        asked = new AskedRows(meter.Inputs, meter.Outputs);
        gradients.Clear();
        looksHarder = true;
        signDeviation = 0;
        (pool, layers, output, residual, confidence, isIdentifiable) = ([], [], null, double.PositiveInfinity, [], true);
        if (notes.Count > characterNotes) notes.RemoveRange(characterNotes, notes.Count - characterNotes);
        notes.Add($"the result is that of attempt {attempt + 1}, with other random rows");
    }

    private void LimitTo(double reach)
    {
        domain = new SearchDomain([.. Enumerable.Repeat(-reach, meter.Inputs)], [.. Enumerable.Repeat(reach, meter.Inputs)]);
        lastLayer = new LastLayer(meter, random, domain);
    }

    private void RecoverLayers()
    {
        meter.Begin("layer 1");
        FirstLayerSearch first = new(meter, random, domain);
        first.Run(quietLines: domain.IsBounded ? 8 : meter.IsCoarse ? 4 : 2, mostLines: domain.IsBounded ? 60 : meter.IsCoarse ? 24 : 12, looksFar: looksHarder);
        pool = first.Pool;
        gradients.AddRange(first.Gradients);
        if (first.Planes.Count == 0 && meter.IsCoarse)
        {
            notes.Add("no kink of the first layer could be told from noise and rounding");
            return;
        }
        if (first.Planes.Count == 0) throw new OrthantInputException("oracle", "", "a function without a kink that is a plane", "a network of ReLUs");
        layers = [HiddenLayer.Of(meter.Inputs, first.Planes)];
        if (meter.IsCoarse) pool.RemoveAll(first.Explains);
        if ((pool.Count == 0 || meter.IsCoarse) && IsOneLayer(first)) return;
        KnownLayers known = new(meter.Inputs, layers, topIsSigned: false);
        LayerSearch? previous = null;
        for (int level = 2, returns = 0; level <= options.MostHiddenLayers; level++)
        {
            Begin($"layer {level}");
            LayerSearch search = new(meter, random, domain, known, pool);
            search.WalkPool(WalkEffort.Cheap, 1);
            if (returns < MostReturns && Return(previous, search, new WalkEffort(5, 7)) is KnownLayers before)
            {
                (known, returns, level) = (before, returns + 1, level - 1);
                continue;
            }
            if (SearchLayer(search) is not { } found) return;
            if (!found.IsLast && returns < MostReturns && Return(previous, search, WalkEffort.Full) is KnownLayers later)
            {
                (known, returns, level) = (later, returns + 1, level - 1);
                continue;
            }
            (KnownLayers signed, List<NextUnit> units, bool isLast) = found;
            pool = search.Pool;
            layers = [.. signed.Layers];
            if (isLast)
            {
                AuditLayer(search, ref signed, ref units);
                FinishLayers(signed, units);
                return;
            }
            gradients.AddRange(search.Gradients);
            known = Raise(signed, units);
            previous = search;
        }
    }

    /// <summary>Goes back to the layer below when kinks are in no span of what is known of it: the known layers with the unit that was missing; null when none was found.</summary>
    private KnownLayers? Return(LayerSearch? below, LayerSearch search, WalkEffort effort)
    {
        if (below is null || search.Ends.GetValueOrDefault(WalkEnd.NotInSpan) < 3 || !below.WalkAgain(search.Pool, effort)) return null;
        pool = below.Pool;
        (KnownLayers signed, List<NextUnit> units) = Signed(below);
        return Raise(signed, units);
    }

    /// <summary>The known layers with one more, with its signs where gradients tell them.</summary>
    private KnownLayers Raise(KnownLayers signed, List<NextUnit> units)
    {
        layers = [.. signed.Layers, HiddenLayer.Of(signed.Top.Units, [.. units.Select(u => (u.Weights, u.Bias))])];
        KnownLayers known = new(meter.Inputs, layers, topIsSigned: false);
        if (ActivationSides.Find(meter, random, domain, known, units, gradients) is not ({ } turned, < 0.1)) return known;
        layers[^1] = LayerSigns.Turned(layers[^1], turned);
        return new KnownLayers(meter.Inputs, layers, topIsSigned: true);
    }

    /// <summary>Whether the planes are all there is; if so, the network is finished.</summary>
    private bool IsOneLayer(FirstLayerSearch first)
    {
        KnownLayers input = new(meter.Inputs, [], topIsSigned: true);
        bool[] seen = [.. Enumerable.Repeat(true, meter.Inputs)];
        List<NextUnit> Units() => [.. first.Planes.Select(p => new NextUnit(p.Normal, p.Offset, seen, OnPlane(p.Normal, p.Offset), p.Normal))];
        List<NextUnit> units = Units();
        bool Fits() => lastLayer.Residual(input, units) <= lastLayer.Tolerance || (looksHarder && lastLayer.ResidualWithLinearPart(input, units) <= lastLayer.Tolerance);
        if (!Fits()) return false;
        // In a box a plane may cut off a corner that few lines and rows come near: rows at corners tell, and lead there.
        for (int round = 0; round < MostHunts && domain.IsBounded; round++)
        {
            AskedRows corners = new(meter.Inputs, meter.Outputs);
            corners.Add(meter, [.. Enumerable.Range(0, CornerRows).Select(i => i % 2 == 0 ? domain.Corner(random) : domain.Point(random, 2))]);
            List<SampledLine> lines = lastLayer.Audit(input, units, corners, AuditLines);
            int before = first.Planes.Count;
            foreach (SampledLine line in lines) first.InspectAll(line);
            if (first.Planes.Count == before) break;
            units = Units();
            if (!Fits()) return false;
        }
        layers = [HiddenLayer.Of(meter.Inputs, first.Planes)];
        FinishLayers(input, units);
        return true;
    }

    private double[] OnPlane(double[] normal, double offset)
    {
        double[] x = domain.Point(random, 1);
        TensorPrimitives.MultiplyAdd(normal, -(TensorPrimitives.Dot<double>(normal, x) + offset), x, x);
        return x;
    }

    /// <summary>Finds the units above the known layers, the signs below them, and whether they are the last.</summary>
    private (KnownLayers Signed, List<NextUnit> Units, bool IsLast)? SearchLayer(LayerSearch search)
    {
        search.Search(WalkEffort.Cheap, 1, QuietLines, MostLines);
        bool full = false;
        for (int hunt = 0; ; hunt++)
        {
            if (search.Units.Count == 0 && full) return null;
            (KnownLayers signed, List<NextUnit> units) = Signed(search);
            double worst = units.Count == 0 ? 1 : lastLayer.Residual(signed, units);
            if (worst <= lastLayer.Tolerance) return (signed, units, true);
            (double share, List<SampledLine> lines) = units.Count == 0 ? (0, []) : lastLayer.Hunt(signed, units);
            if (looksHarder && full && lines.Count == 0 && units.Count > 0 && lastLayer.ResidualWithLinearPart(signed, units) <= lastLayer.Tolerance) return (signed, units, true);
            if (hunt >= MostHunts) return (signed, units, share >= 0.4);
            if (!full)
            {
                // What was left for lack of effort: all of it when this is the last layer, a sample to find out.
                full = true;
                bool seemsLast = share >= 0.4;
                int found = search.WalkPool(WalkEffort.Full, 3, seemsLast ? int.MaxValue : SampledKinks);
                if (found == 0 && !seemsLast) return search.Units.Count == 0 ? null : (signed, units, false);
            }
            foreach (SampledLine line in lines) search.WalkLine(line, WalkEffort.Full, 2);
            search.Search(WalkEffort.Full, 2, 1, MostLines);
        }
    }

    private (KnownLayers Signed, List<NextUnit> Units) Signed(LayerSearch search)
    {
        KnownLayers known = search.Known;
        if (known.TopIsSigned)
        {
            return (known, [.. search.Units.Select(u => new NextUnit(u.Theta, u.Offset, [.. Enumerable.Range(0, known.Top.Units).Select(u.IsSeen)], u.Start, u.Jump))]);
        }
        if (search.Units.Count == 0) return (known, []);
        LayerSigns.Solution signs = LayerSigns.Solve(known, search.Units);
        signDeviation = signs.Deviation;
        return (new KnownLayers(known.Inputs, [.. known.Layers.SkipLast(1), signs.Layer], topIsSigned: true), signs.Units);
    }

    private void FinishLayers(KnownLayers known, List<NextUnit> units)
    {
        Begin("output");
        int before = units.Count;
        units = lastLayer.Prune(known, units);
        if (known.Layers.Count == 0 && units.Count < before)
        {
            // Planes are verified one by one: what is dropped was there, only too near to another one.
            isIdentifiable = false;
            notes.Add($"{before - units.Count} units have their boundaries so near to those of others that only inputs between them tell them apart: each is merged with the other one, an equivalent network but for that strip");
        }
        bool folds = looksHarder && lastLayer.Residual(known, units) > lastLayer.Tolerance && lastLayer.ResidualWithLinearPart(known, units) <= lastLayer.Tolerance;
        (HiddenLayer last, output, double bits, residual) = folds ? lastLayer.Fold(known, units) : lastLayer.Finish(known, units, (k, i) => !units[k].Seen[i]);
        if (folds)
        {
            isIdentifiable = false;
            notes.Add("the outputs have a part that is linear in the last layer's inputs (units that are always on, or a skip connection): it is folded into pairs of units, an equivalent network; on which side the other units of that layer are active cannot be known");
        }
        layers = [.. known.Layers, last];
        isComplete = true;
        if (lastLayer.IsSplit)
        {
            isIdentifiable = false;
            notes.Add("the function does not tell on which side some units of the last layer are active (antiparallel units, or an affine part of its own): they are given as pairs, an equivalent network");
        }
        int parameters = layers.Append(output).Sum(l => l.Units * (l.Inputs + 1));
        if (options.Refine && parameters <= MostDenseParameters) Refine(units);
        else if (options.Refine && layers.Count == 1 && meter.Outputs == 1 && !domain.IsBounded) RefineWide(parameters);
        else
        {
            isComplete = IsConfirmed([.. layers, output], lastLayer.Tolerance);
            if (isComplete) confidence = [.. UnitVerification.Run(meter, random, domain, layers)];
        }
    }

    /// <summary>The rows of the refinement, used beforehand to look for units that were missed.</summary>
    private void AskRefinementRows(int parameters)
    {
        int wanted = (int)RefinementRows(parameters);
        asked.Add(meter, [.. Enumerable.Range(0, wanted).Select(_ => domain.Point(random, random.NextInt32(3) switch { 0 => 0.3, 1 => 1, _ => 3 }))]);
    }

    /// <summary>Ten random rows a parameter, four where there are many.</summary>
    public static long RefinementRows(long parameters) => Math.Min(10 * parameters, Math.Max(4 * parameters, 10_000));

    private void AuditLayer(LayerSearch search, ref KnownLayers signed, ref List<NextUnit> units)
    {
        int outputs = meter.Outputs * (units.Count + 1), parameters = signed.Layers.Sum(l => l.Units * (l.Inputs + 1)) + (units.Count * (signed.Width + 1)) + outputs;
        if (!options.Refine || parameters > MostDenseParameters) return;
        meter.Begin("refinement");
        AskRefinementRows(parameters);
        meter.Begin("audit");
        for (int round = 0; round < 3; round++)
        {
            List<SampledLine> lines = lastLayer.Audit(signed, units, asked, AuditLines);
            int found = lines.Sum(l => search.WalkLine(l, WalkEffort.Full with { AcceptPart = true }, 2).Found);
            if (found == 0) return;
            (signed, units) = Signed(search);
        }
    }

    /// <summary>All parameters together, on random rows and on rows around every unit of the last layer.</summary>
    private void Refine(List<NextUnit> units)
    {
        Begin("refinement");
        List<HiddenLayer> all = [.. layers, output!];
        List<double[]> points = [];
        if (asked.Count == 0) AskRefinementRows(all.Sum(l => l.Units * (l.Inputs + 1)));
        points.AddRange(units.SelectMany(u => lastLayer.Near(u, 60)));
        points.AddRange(BetweenPlanes(layers[0]));
        AskedRows rows = asked;
        rows.Add(meter, points);
        GaussNewton refinement = new(all, rows, domain.Size, options.Threads, meter.Cancellation);
        refinement.Run(20, meter.Unit, rms => meter.Note($"residual {rms:G2}"));
        HashSet<WeakWeight> impossible = [];
        for (int round = 0; round < MostWeakRounds && refinement.Rms < Math.Max(1e-9, 1e3 * meter.Unit); round++)
        {
            // What random rows show badly is shown by rows that are made for it.
            WeakWeight[] weak = [.. Weak(refinement).Except(impossible)];
            List<double[]> shown = weak.Length is 0 or > MostWeakWeights ? [] : WeakWeights.Points(refinement.Layers, weak, domain, random, [.. units.Select(u => u.Start)], impossible);
            if (shown.Count == 0) break;
            rows.Add(meter, shown);
            refinement = new GaussNewton(refinement.Layers, rows, domain.Size, options.Threads, meter.Cancellation);
            refinement.Run(20, meter.Unit, rms => meter.Note($"residual {rms:G2}"));
        }
        residual = refinement.Rms;
        layers = [.. refinement.Layers.SkipLast(1)];
        output = refinement.Layers[^1];
        confidence = [.. Confidence(refinement)];
        // Rows that were not fitted have the last word; and a network with a unit that is mostly unknown is not whole.
        isComplete = residual < Math.Max(1e-9, 1e3 * meter.Unit) && confidence.All(c => 2 * c.OpenWeights.Length <= layers[c.Layer - 1].Inputs + 1) && IsConfirmed(refinement.Layers, Math.Max(1e-8, 1e4 * meter.Unit));
        int open = confidence.Sum(c => c.OpenWeights.Length);
        if (open > 0)
        {
            isIdentifiable = false;
            notes.Add($"{open} weights are not determined by the answers in the sampled domain");
            if (impossible.Count > 0) notes.Add($"of {impossible.Count} of them the two units are nowhere active together{(domain.IsBounded ? "" : ", as far as ten from the origin in every coordinate")}: no question can show them");
        }
    }

    /// <summary>Whether fresh rows are explained as well as those of the refinement.</summary>
    private bool IsConfirmed(IReadOnlyList<HiddenLayer> all, double tolerance)
    {
        AskedRows fresh = new(meter.Inputs, meter.Outputs);
        fresh.Add(meter, [.. Enumerable.Range(0, FreshRows).Select(i => domain.Point(random, (i % 4) switch { 0 => 0.3, 1 => 1, 2 => 3, _ => 10 }))]);
        return new GaussNewton(all, fresh, domain.Size, options.Threads, meter.Cancellation).Worst() < tolerance;
    }

    /// <summary>Weights between units that the rows show so badly that their error may be a thousand times that of the answers.</summary>
    private static IEnumerable<WeakWeight> Weak(GaussNewton refinement)
    {
        for (int l = 1; l < refinement.Layers.Count - 1; l++)
        {
            int n = refinement.Layers[l].Inputs;
            for (int p = 0; p < n * refinement.Layers[l].Units; p++)
            {
                if (!(refinement.Amplification[l][p] < WeakAmplification)) yield return new WeakWeight(l, p / n, p % n);
            }
        }
    }

    /// <summary>Points between nearly parallel planes of the first layer: no others tell the two units apart.</summary>
    private IEnumerable<double[]> BetweenPlanes(HiddenLayer first)
    {
        for (int i = 0; i < first.Units; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double[] a = first.Row(i).ToArray(), b = first.Row(j).ToArray();
                double lengthA = TensorPrimitives.Norm<double>(a), lengthB = TensorPrimitives.Norm<double>(b), cosine = TensorPrimitives.Dot<double>(a, b) / (lengthA * lengthB);
                if (Math.Abs(cosine) < 1 - 1e-4) continue;
                double[] normal = new double[a.Length];
                TensorPrimitives.Divide(a, lengthA, normal);
                TensorPrimitives.MultiplyAdd(b, Math.Sign(cosine) / lengthB, normal, normal);
                TensorPrimitives.Divide(normal, 2, normal);
                double offset = ((first.Bias[i] / lengthA) + (Math.Sign(cosine) * first.Bias[j] / lengthB)) / 2, square = TensorPrimitives.SumOfSquares<double>(normal);
                for (int k = 0; k < 4 * (a.Length + 1); k++)
                {
                    double[] x = domain.Point(random, k % 2 == 0 ? 1 : 3);
                    TensorPrimitives.MultiplyAdd(normal, -(TensorPrimitives.Dot<double>(normal, x) + offset) / square, x, x);
                    if (domain.Contains(x)) yield return x;
                }
            }
        }
    }

    /// <summary>Three rows a parameter for a single layer that is too wide for <see cref="Refine"/>.</summary>
    private void RefineWide(int parameters)
    {
        meter.Begin("refinement");
        WideLayerRefinement refinement = new(meter, random, layers[0], output!, 3 * parameters, options.Threads);
        (HiddenLayer layer, output) = refinement.Run();
        layers = [layer];
        residual = refinement.Rms;
        isComplete = residual < Math.Max(1e-9, 1e3 * meter.Unit);
        // With three times as many rows as parameters the least singular value of a unit's share of J is about (1 − 3^(−1/2)) times the root of its active rows.
        double[] amplification = [.. Enumerable.Range(0, layer.Units).Select(j => 1 / (0.42 * Math.Sqrt(Math.Max(1, refinement.ActiveRows(j)))))];
        confidence = [.. amplification.Select((a, j) => new UnitConfidence(1, j, a * Math.Sqrt(3.0 * parameters) * residual, a, []))];
    }

    private IEnumerable<UnitConfidence> Confidence(GaussNewton refinement)
    {
        for (int l = 0; l < layers.Count; l++)
        {
            int n = layers[l].Inputs, count = layers[l].Units;
            for (int i = 0; i < count; i++)
            {
                double[] mine = [.. refinement.Amplification[l].AsSpan(i * n, n), refinement.Amplification[l][(count * n) + i]];
                yield return new UnitConfidence(l + 1, i, mine.Max() * residual, mine.Max(), [.. Enumerable.Range(0, n + 1).Where(j => !(mine[j] < OpenAmplification))]);
            }
        }
    }

    /// <summary>Whether a kink lies on a boundary of the finished network.</summary>
    private bool IsExplained(Seed seed)
    {
        KnownLayers all = new(meter.Inputs, layers, topIsSigned: true);
        // Two kinks too close to be told apart are met as one, a little beside both.
        return all.NearestBoundary(seed.Point) < Math.Max(1e-5, 1e5 * meter.Unit) * Math.Max(1, TensorPrimitives.Norm<double>(seed.Point));
    }

    private ReluNetwork? Network()
    {
        if (layers.Count == 0) return null;
        HiddenLayer last = output ?? OutputFromGradients();
        return new ReluNetwork([.. layers.Select(l => Affine(l, ActivationFunction.Relu)), Affine(last, null)]);
    }

    /// <summary>The best affine output on the layers found, from what has been asked anyway: for a network that is not complete.</summary>
    private HiddenLayer OutputFromGradients()
    {
        KnownLayers known = new(meter.Inputs, layers, topIsSigned: true);
        int n = known.Top.Units, m = meter.Outputs, count = gradients.Count;
        double[] design = new double[count * (n + 1)];
        for (int r = 0; r < count; r++)
        {
            known.TopAt(gradients[r].Point).CopyTo(design, r * (n + 1));
            design[(r * (n + 1)) + n] = 1;
        }
        List<(double[] Weights, double Bias)> rows = [];
        LeastSquares? system = count > 0 ? new LeastSquares(count, n + 1, design, 1e-9) : null;
        for (int o = 0; o < m; o++)
        {
            double[] solution = system?.Solve([.. gradients.Select(g => g.Value[o])]) ?? new double[n + 1];
            rows.Add((solution[..n], solution[n]));
        }
        return HiddenLayer.Of(n, rows);
    }

    /// <summary>A layer of the network that is returned.</summary>
    internal static AffineLayer Affine(HiddenLayer layer, ActivationFunction? activation) =>
        new(new DenseOperator(layer.Units, layer.Inputs, layer.Weights), layer.Bias, activation);
}
