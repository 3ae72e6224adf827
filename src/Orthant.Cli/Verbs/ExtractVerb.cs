using System.CommandLine;
using Orthant.Extraction;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Reports;
using Orthant.Store;

namespace Orthant.Cli.Verbs;

/// <summary>Recovers a network from its answers.</summary>
internal sealed class ExtractVerb : Verb
{
    private const int ComparedInputs = 20_000;

    /// <summary>Regions of the difference network after which the search for the worst input is given up.</summary>
    private const int MostRegions = 2_000_000;

    private readonly Argument<string> oracle = new("ORACLE") { Description = "a model file, http(s)://… or \"exec:COMMAND\": asked for outputs, never looked into" };
    private readonly Option<int?> inputs = new("--inputs") { Description = "the number of inputs, where the oracle cannot tell", HelpName = "D" };
    private readonly Option<string?> domain = new("--domain") { Description = "ask only in this box: LO,HI or lo,hi;lo,hi;… (default: everywhere)", HelpName = "BOX" };
    private readonly Option<long?> budget = new("--budget") { Description = "the largest number of queries; what was found until then is written", HelpName = "N" };
    private readonly Option<string?> cache = new("--cache") { Description = "keep all answers in this file: a stopped run goes on without asking twice", HelpName = "F.db" };
    private readonly Option<string?> keys = new("--keys") { Description = "http: the request's key and where the answer holds its rows (default: inputs,outputs)", HelpName = "IN,OUT" };
    private readonly Option<string[]> header = new("--header") { Description = "http: send a header whose value is that of an environment variable", HelpName = "NAME=VARIABLE", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<int> batch = new("--batch") { Description = "http: rows of a request (default: 256)", HelpName = "N", DefaultValueFactory = _ => 256 };
    private readonly Option<int> concurrency = new("--concurrency") { Description = "http: requests at one time (default: 1)", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<double?> rate = new("--rate") { Description = "http: requests a second at most", HelpName = "R" };
    private readonly Option<double> timeout = new("--timeout") { Description = "http, exec: seconds to wait for an answer (default: 30)", HelpName = "S", DefaultValueFactory = _ => 30 };
    private readonly Option<string?> truth = new("--truth") { Description = "the true network, to compare the result with", HelpName = "MODEL" };
    private readonly Option<bool> audit = new("--audit") { Description = "compare with the oracle on fresh inputs afterwards" };
    private readonly Option<string[]> defence = new("--defence") { Description = "recover it again behind round:K, noise:S, float16 or topk:N: what each costs both sides", HelpName = "D", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string> method = new("--method")
    {
        Description = "chains, or rk2020: the algorithms of Rolnick and Kording (2020) as published",
        HelpName = "chains|rk2020",
        DefaultValueFactory = _ => "chains",
    };

    private readonly Option<bool> compare = new("--compare") { Description = "also recover it by the other method, and show both in one table" };
    private readonly Option<bool> plan = new("--plan") { Description = "only say what it will cost, stage by stage; nothing is asked" };
    private readonly Option<string?> assume = new("--assume") { Description = "the hidden widths that the plan assumes (default: two layers as wide as the input)", HelpName = "W1,W2,…" };
    private readonly Option<bool> exact = new("--exact") { Description = "with --truth: the worst input of the box, by all regions of the difference (up to 12 inputs; may take minutes)" };
    private readonly Option<string?> certificate = new("--certificate") { Description = "with --truth: write the proof of the error bound for check", HelpName = "F" };
    private readonly Option<string?> html = new("--html") { Description = "write a page: what was recovered, how surely, and what was asked", HelpName = "F" };
    private readonly Option<string?> output = new("--out") { Description = "the .onnx or .json file to write", HelpName = "NET" };

    public override string Name => "extract";

    public override string Summary => "recovers a network, widths included, from its answers (for models one is entitled to test)";

    public override IReadOnlyList<string> Examples =>
        ["./orthant extract samples/secret.json --truth samples/secret.json --out out/recovered.json", "./orthant extract samples/secret.json --budget 20000 --audit --json"];

    public override IReadOnlyList<Argument> Arguments => [oracle];

    public override IReadOnlyList<Option> Options => [inputs, domain, budget, cache, keys, header, batch, concurrency, rate, timeout, method, compare, plan, assume, truth, audit, defence, exact, certificate, html, output];

    public override Answer Run(VerbCall call)
    {
        string source = call.Get(oracle), shown = OracleSource.Shown(source);
        if (call.Get(budget) is < 1) throw new OrthantInputException("command line", "--budget", $"{call.Get(budget)}", "at least 1");
        ExtractionMethod chosen = call.Get(method) switch
        {
            null or "chains" => ExtractionMethod.Chains,
            "rk2020" => ExtractionMethod.RolnickKording,
            string other => throw new OrthantInputException("command line", "--method", $"'{other}'", "chains or rk2020"),
        };
        using OracleSource opened = OpenOracle(call, source);
        IOracle asked = opened.Oracle;
        if (call.Get(inputs) is int given && given != asked.Inputs) throw new OrthantInputException("command line", "--inputs", $"{given}", $"{asked.Inputs}, as {shown} says");
        (double[] lower, double[] upper) = call.Get(domain) is string box ? ArgumentText.Box(box, asked.Inputs, "--domain") : ([], []);
        ReluNetwork? known = call.Get(truth) is string file ? ModelFile.Load(file).Network : null;
        if (known is not null && (known.Inputs != asked.Inputs || known.Outputs != asked.Outputs))
        {
            throw new OrthantInputException(call.Get(truth)!, "", $"{known.Inputs} inputs and {known.Outputs} outputs", $"{asked.Inputs} and {asked.Outputs}, as the oracle has");
        }
        if (known is null && call.Get(certificate) is not null) throw new OrthantInputException("command line", "--certificate", "no true network", "--truth MODEL, which the proof is about");
        Defence[] defences = [.. (call.Get(defence) ?? []).Select(Defence.Parse)];
        ExtractionPlan planned = Planned(call, asked, known);
        if (call.Get(plan)) return new Answer(ExtractionView.Plan(planned), view => ExtractionView.ShowPlan(view, shown, planned));
        call.Note(ExtractionView.InALine(planned));
        IReadOnlyList<(ExtractionMethod Method, RecoveredNetwork Found)> methods = [];
        RecoveredNetwork found;
        IReadOnlyList<DefenceCost> costs = [];
        using (ProgressLine progress = call.ShowProgress())
        {
            ExtractionOptions how = new()
            {
                Seed = call.Seed,
                Lower = [.. lower],
                Upper = [.. upper],
                Budget = call.Get(budget) ?? long.MaxValue,
                Threads = call.Threads,
                Method = chosen,
                Progress = progress,
            };
            found = NetworkExtraction.Run(asked, how, call.Cancellation);
            if (call.Get(compare))
            {
                ExtractionMethod[] both = [ExtractionMethod.Chains, ExtractionMethod.RolnickKording];
                methods = [.. both.Select(m => (m, m == chosen ? found : NetworkExtraction.Run(asked, how with { Method = m }, call.Cancellation)))];
            }
            if (defences.Length > 0) costs = DefenceAudit.Run(asked, [new Defence(DefenceKind.None), .. defences], how, ComparedInputs / 10, call.Cancellation);
        }
        if (call.Get(output) is string path && found.Network is ReluNetwork network)
        {
            OutputFolder.PrepareFor(path);
            ModelFile.Write(path, network, source);
        }
        bool upToShift = found.PostProcessing != PostProcessing.Raw;
        SampledError? compared = found.Network is null ? null
            : known is not null ? SampledError.Measure(new NetworkOracle(known), found.Network, ComparedInputs, call.Seed, lower, upper, form: upToShift ? PostProcessing.LogSoftmax : PostProcessing.Raw, cancellation: call.Cancellation)
            : call.Get(audit) ? SampledError.Measure(asked, found.Network, ComparedInputs, call.Seed, lower, upper, form: found.PostProcessing, cancellation: call.Cancellation) : null;
        VisibleNetwork? visible = known is null ? null : VisibleNetwork.Of(known, lower, upper, call.Seed);
        if (visible is not null && (!visible.IsWhole || visible.Notes.Length > 0)) found = found with { IsIdentifiable = false, Notes = [.. found.Notes, .. visible.Notes.Select(n => $"of the true network: {n}")] };
        (double[] low, double[] high) = lower.Length > 0 ? (lower, upper) : (Sides(asked.Inputs, -1), Sides(asked.Inputs, 1));
        ReluNetwork? comparable = upToShift ? null : known;
        ExtractionOutcome outcome = new()
        {
            Plan = planned,
            Found = found,
            Aligned = known is not null && found.Network is not null ? NetworkAlignment.Of(visible!.Network, found.Network, upToShift) : null,
            Compared = compared,
            Formal = comparable is not null && found.Network is not null ? FormalError.Of(comparable, found.Network, low, high) : null,
            Worst = comparable is not null && found.Network is not null && call.Get(exact)
                ? WorstDifference.Of(comparable, found.Network, low, high, MostRegions, call.Threads, call.Cancellation) : null,
            Defences = costs,
            Lower = low,
            Upper = high,
        };
        if (call.Get(exact) && outcome.Worst is null) call.Note("the worst input is out of reach: too many inputs or regions, or nothing to compare with");
        if (call.Get(certificate) is string proof)
        {
            if (outcome.Formal is null) call.Note("no certificate was written: the units could not be matched with those of the true network");
            else Write(proof, outcome.Formal.Certificate.ToJson(), source);
        }
        if (call.Get(html) is string page)
        {
            if (found.Network is null) call.Note("no page was written: nothing was recovered");
            else Write(page, ExtractionReport.Render(outcome, Path.GetFileName(shown), $"orthant extract {shown}"), source);
        }
        ExtractionView.MethodLine[] lines = [.. methods.Select(m => ExtractionView.MethodLine.Of(m.Method, m.Found, known, call.Seed))];
        return new Answer(ExtractionView.Json(outcome, known, lines), view => ExtractionView.Show(view, shown, outcome, known, lines), found.IsComplete);
    }

    private static double[] Sides(int inputs, double value) => [.. Enumerable.Repeat(value, inputs)];

    private static void Write(string path, string text, string source)
    {
        OutputFolder.PrepareFor(path);
        OutputFile.WriteText(path, text, source);
    }

    private ExtractionPlan Planned(VerbCall call, IOracle asked, ReluNetwork? known)
    {
        int[]? widths = known is null || known.HiddenWidths.IsEmpty ? null : [.. known.HiddenWidths];
        if (call.Get(assume) is string text)
        {
            widths = [.. ArgumentText.Numbers(text, "--assume").Select(w =>
                w is >= 1 and <= 100_000 && w == Math.Floor(w) ? (int)w : throw new OrthantInputException("command line", "--assume", $"{w}", "widths, whole numbers from 1 to 100000"))];
        }
        return ExtractionPlan.Of(asked.Inputs, asked.Outputs, widths, new ExtractionOptions { Budget = call.Get(budget) ?? long.MaxValue });
    }

    private OracleSource OpenOracle(VerbCall call, string source)
    {
        HttpOracleOptions http = new()
        {
            Headers = [.. (call.Get(header) ?? []).Select(OracleSource.Header)],
            RowsPerRequest = Positive(call.Get(batch), "--batch"),
            Concurrency = Positive(call.Get(concurrency), "--concurrency"),
            RequestsPerSecond = call.Get(rate) is double limit ? Positive(limit, "--rate") : double.PositiveInfinity,
            Patience = TimeSpan.FromSeconds(Math.Min(86400, Positive(call.Get(timeout), "--timeout"))),
        };
        if (call.Get(keys) is string names)
        {
            if (names.Split(',', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } request, string answer]) throw new OrthantInputException("command line", "--keys", names, "two names, such as inputs,outputs");
            http = http with { InputKey = request, OutputPath = answer };
        }
        return OracleSource.Open(source, call.Get(inputs), http, call.Get(cache));
    }

    private static T Positive<T>(T value, string option)
        where T : System.Numerics.INumber<T> =>
        value > T.Zero ? value : throw new OrthantInputException("command line", option, $"{value}", "more than 0");
}
