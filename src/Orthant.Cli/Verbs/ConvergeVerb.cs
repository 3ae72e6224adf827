using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Orthant.Convergence;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>Decides where depth leads.</summary>
internal sealed class ConvergeVerb : Verb
{
    private readonly Argument<string> input = new("INPUT") { Description = "a sequence as .json, or a network whose layers are the prefix, also .gz" };
    private readonly Option<string?> tail = new("--tail") { Description = "the law of all layers after those of a network: a JSON tail", HelpName = "FILE" };
    private readonly Option<string?> box = new("--box") { Description = "inputs, instead of the file's: LO,HI or lo,hi;lo,hi;… (networks: default 0,1)", HelpName = "BOX" };
    private readonly Option<string?> depths = new("--depths") { Description = "depths to give bounds at (default: 1, 2, 3, 5, 10, … 1000)", HelpName = "N,N,…" };
    private readonly Option<string?> certificate = new("--certificate") { Description = "write the evidence, for orthant check", HelpName = "F" };
    private readonly Option<string?> svg = new("--svg") { Description = "draw the distance to the limit against depth, bound beside truth", HelpName = "F" };
    private readonly Option<string?> data = new("--data") { Description = "inputs to measure relative updates on: .csv or .npy", HelpName = "D" };

    public override string Name => "converge";

    public override string Summary => "where depth leads: limits of infinitely deep networks, with bounds and a certificate";

    public override IReadOnlyList<string> Examples => ["./orthant converge samples/tied.json", "./orthant converge samples/residual.json --certificate out/residual.cert.json --json"];

    public override IReadOnlyList<Argument> Arguments => [input];

    public override IReadOnlyList<Option> Options => [tail, box, depths, certificate, svg, data];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(input);
        DepthProfile? profile = null;
        DepthLimitResult result;
        LayerSequence? sequence = null;
        DepthLimitOptions options = Depths(call);
        if (SequenceFile.IsSequence(path))
        {
            sequence = SequenceFile.Load(path);
            if (call.Get(tail) is not null) throw new OrthantInputException("command line", "--tail", "a sequence that has its own tail", "a network as INPUT");
            if (call.Get(box) is string text) sequence = sequence.On(Sides(text, sequence.InputBox.Length));
            if (call.Get(data) is not null) throw new OrthantInputException("command line", "--data", "a sequence", "a network as INPUT");
            result = DepthLimit.Decide(sequence, options, call.Cancellation);
        }
        else
        {
            ReluNetwork network = ModelFile.Load(path).Network;
            IReadOnlyList<(Rational Lower, Rational Upper)> sides = Sides(call.Get(box) ?? "0,1", network.Inputs);
            profile = DepthProfile.Of(network, sides.Select(s => s.Lower.ToDouble()).ToArray(), sides.Select(s => s.Upper.ToDouble()).ToArray(), Rows(call, network));
            if (call.Get(tail) is string tailFile) sequence = SequenceFile.FromNetwork(path, network, sides, width => SequenceFile.LoadTail(tailFile, width));
            result = sequence is not null
                ? DepthLimit.Decide(sequence, options, call.Cancellation)
                : new DepthLimitResult { Verdict = DepthVerdict.Undecided, InputSet = "every input of the box", Reason = "a file has finitely many layers: name the law of the others with --tail" };
        }
        if (call.Get(certificate) is string file)
        {
            if (result.Certificate is null) call.Note("nothing was proved: no certificate was written");
            else
            {
                OutputFolder.PrepareFor(file);
                OutputFile.WriteText(file, result.Certificate.ToJson(), path);
            }
        }
        if (call.Get(svg) is string drawing)
        {
            if (sequence is null || !result.TailBounds.Any(b => b.Depth > 0)) call.Note("there is no bound to draw: no picture was written");
            else
            {
                OutputFolder.PrepareFor(drawing);
                OutputFile.WriteText(drawing, DepthPicture.Draw(sequence, result).ToFile(), path);
            }
        }
        return new Answer(Json(result, profile), view => Show(view, path, call.Get(certificate), result, profile), result.Verdict != DepthVerdict.Undecided && result.Parts.All(p => p.Verdict != DepthVerdict.Undecided));
    }

    private DepthLimitOptions Depths(VerbCall call)
    {
        if (call.Get(depths) is not string text) return new DepthLimitOptions();
        double[] numbers = ArgumentText.Numbers(text, "--depths");
        if (numbers.FirstOrDefault(n => n < 0 || n > 100_000 || n != Math.Floor(n), -1) is double wrong and not -1)
        {
            throw new OrthantInputException("command line", "--depths", wrong.ToString("R", CultureInfo.InvariantCulture), "depths from 0 to 100000");
        }
        return new DepthLimitOptions { Depths = [.. numbers.Select(n => (int)n).Distinct().Order()] };
    }

    private double[]? Rows(VerbCall call, ReluNetwork network)
    {
        if (call.Get(data) is not string path) return null;
        NumberTable table = TableFile.Read(path);
        if (table.Columns < network.Inputs) throw new OrthantInputException(path, "", $"{table.Columns} columns", $"{network.Inputs}, one an input");
        double[] rows = new double[table.Rows * network.Inputs];
        for (int i = 0; i < rows.Length; i++) rows[i] = table[i / network.Inputs, i % network.Inputs];
        return rows;
    }

    private static IReadOnlyList<(Rational Lower, Rational Upper)> Sides(string text, int inputs)
    {
        InputDomain domain = ArgumentText.ExactBox(text, inputs);
        return [.. domain.Lower.Zip(domain.Upper)];
    }

    private static Dictionary<string, object?> Json(DepthLimitResult found, DepthProfile? profile) => new()
    {
        ["verdict"] = found.Verdict.ToString(),
        ["inputSet"] = found.InputSet,
        ["reason"] = found.Reason,
        ["certificate"] = found.Certificate?.ToJsonNode(),
        ["tailBound"] = found.TailBounds.Select(b => new { depth = b.Depth, norm = b.Norm, bound = b.Bound }).ToArray(),
        ["coordinateBound"] = found.CoordinateBounds.Select(b => new { depth = b.Depth, bounds = b.Bounds.ToArray() }).ToArray(),
        ["effectiveDepth"] = found.EffectiveDepths.Select(e => new { epsilon = e.Epsilon, depth = e.Depth }).ToArray(),
        ["limit"] = found.ExactLimit is { } exact ? exact.Select(e => e.ToDouble()).ToArray() : Known(found)?.Select(e => e.Midpoint).ToArray(),
        ["limitExact"] = found.ExactLimit?.Select(e => e.ToString()).ToArray(),
        ["limitEnclosure"] = found.Limit?.Select(e => new[] { e.Lower, e.Upper }).ToArray(),
        ["rate"] = found.Rate,
        ["lipschitzBound"] = found.LipschitzBound,
        ["parts"] = found.Parts.Select(p => new { verdict = p.Verdict.ToString(), inputSet = p.InputSet, share = p.Share }).ToArray(),
        ["fixedPoints"] = found.FixedPoints?.Points.Select(p => p.Select(e => e.ToString()).ToArray()).ToArray(),
        ["singularSupports"] = found.FixedPoints?.SingularSupports.Select(s => s.Select(k => k + 1).ToArray()).ToArray(),
        ["spectralRadius"] = found.SpectralRadius is { } r ? new { lower = r.Lower, upper = r.Upper } : null,
        ["notes"] = found.Notes.ToArray(),
        ["layers"] = profile?.Layers.ToArray() ?? [],
        ["removable"] = profile?.Removable.ToArray() ?? [],
        ["advice"] = profile?.Advice.ToArray() ?? [],
    };

    private static void Show(View view, string path, string? certificate, DepthLimitResult found, DepthProfile? profile)
    {
        view.Heading($"{found.Verdict}: {found.InputSet}");
        List<(string, string)> facts = [("why", found.Reason)];
        if (found.ExactLimit is { } exact) facts.Add(("limit", string.Join(", ", exact)));
        else if (Known(found) is { } limit) facts.Add(("limit", string.Join(", ", limit.Select(e => e.Midpoint.ToString("R", CultureInfo.InvariantCulture)))));
        if (found.Rate is double rate) facts.Add(("factor a layer", View.Number(rate)));
        if (found.FixedPoints is { } points) facts.Add(("fixed points", points.SingularSupports.IsEmpty ? View.Count(points.Points.Length) : "infinitely many"));
        if (found.SpectralRadius is { } r) facts.Add(("joint spectral radius", $"{View.Number(r.Lower)} … {View.Number(r.Upper)}"));
        if (found.EffectiveDepths.Length > 0) facts.Add(("effective depth", string.Join(", ", found.EffectiveDepths.Select(e => $"{e.Epsilon:P1} from {View.Number(e.Depth)}"))));
        if (found.Certificate is not null) facts.Add(("evidence", found.Certificate.Claim));
        view.Facts(facts);
        foreach (DepthPart part in found.Parts) view.Line($"part: {part.Verdict}, {part.InputSet}{(part.Share is double s ? $", {s:P2} of the box" : "")}");
        if (found.TailBounds.Length > 0)
        {
            string[] norms = [.. found.TailBounds.Select(b => b.Norm).Distinct()];
            view.Table(["depth", .. norms.Select(n => $"distance to the limit, {n}")], found.TailBounds.GroupBy(b => b.Depth).Select(g =>
                (IEnumerable<string>)[$"{g.Key}", .. norms.Select(n => g.FirstOrDefault(b => b.Norm == n) is { } b ? View.Number(b.Bound) : "")]));
        }
        if (profile is not null)
        {
            view.Table(["layer", "‖W − I‖ l1", "l2", "linf", "‖b‖ l2", "relative update", "always on", "always off"], profile.Layers.Select(l => (IEnumerable<string>)
                [l.Name, Text(l.DistanceL1), Text(l.DistanceL2), Text(l.DistanceLInf), View.Number(l.BiasL2), Text(l.RelativeUpdate), View.Count(l.AlwaysOn), View.Count(l.AlwaysOff)]));
            foreach (string advice in profile.Advice) view.Line(advice);
        }
        foreach (string note in found.Notes) view.Line($"note: {note}");
        if (found.Certificate is null && profile is not null) view.Next($"orthant converge {path} --tail tail.json");
        else if (found.Certificate is null) view.Next("orthant converge --help");
        else view.Next(certificate is null ? $"orthant converge {path} --certificate out/evidence.json" : $"orthant check {certificate}");
    }

    /// <summary>The limit where its enclosure is narrow enough to be called one.</summary>
    private static ImmutableArray<Interval>? Known(DepthLimitResult found) =>
        found.Limit is { } limit && limit.All(e => e.Radius <= 1e-3 * Math.Max(1, e.Magnitude)) ? limit : null;

    private static string Text(double? value) => value is double v ? View.Number(v) : "";
}
