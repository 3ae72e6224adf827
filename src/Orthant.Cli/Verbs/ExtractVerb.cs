using System.CommandLine;
using Orthant.Extraction;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Store;

namespace Orthant.Cli.Verbs;

/// <summary>Recovers a network from its answers.</summary>
internal sealed class ExtractVerb : Verb
{
    private const int ComparedInputs = 20_000;

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
    private readonly Option<string?> output = new("--out") { Description = "the .onnx or .json file to write", HelpName = "NET" };

    public override string Name => "extract";

    public override string Summary => "recovers a network, widths included, from its answers (for models one is entitled to test)";

    public override IReadOnlyList<string> Examples =>
        ["./orthant extract samples/secret.json --truth samples/secret.json --out out/recovered.json", "./orthant extract samples/secret.json --budget 20000 --audit --json"];

    public override IReadOnlyList<Argument> Arguments => [oracle];

    public override IReadOnlyList<Option> Options => [inputs, domain, budget, cache, keys, header, batch, concurrency, rate, timeout, truth, audit, defence, output];

    public override Answer Run(VerbCall call)
    {
        string source = call.Get(oracle);
        if (call.Get(budget) is < 1) throw new OrthantInputException("command line", "--budget", $"{call.Get(budget)}", "at least 1");
        using OracleSource opened = OpenOracle(call, source);
        IOracle asked = opened.Oracle;
        if (call.Get(inputs) is int given && given != asked.Inputs) throw new OrthantInputException("command line", "--inputs", $"{given}", $"{asked.Inputs}, as {source} says");
        (double[] lower, double[] upper) = call.Get(domain) is string box ? ArgumentText.Box(box, asked.Inputs, "--domain") : ([], []);
        ReluNetwork? known = call.Get(truth) is string file ? ModelFile.Load(file).Network : null;
        Defence[] defences = [.. (call.Get(defence) ?? []).Select(Defence.Parse)];
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
                Progress = progress,
            };
            found = NetworkExtraction.Run(asked, how, call.Cancellation);
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
        NetworkAlignment? aligned = known is not null && found.Network is not null ? NetworkAlignment.Of(known, found.Network, upToShift) : null;
        long audited = known is null && compared is not null ? compared.Samples : 0;
        return new Answer(Json(found, aligned, compared, audited, costs, known), view => Show(view, source, found, known is not null, aligned, compared, costs, known), found.IsComplete);
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

    private static double? Error(DefenceCost cost, ReluNetwork? known) =>
        known is null || cost.Found.Network is null ? null : NetworkAlignment.Of(known, cost.Found.Network, cost.Found.PostProcessing != PostProcessing.Raw)?.MaxParameterError;

    private static T Positive<T>(T value, string option)
        where T : System.Numerics.INumber<T> =>
        value > T.Zero ? value : throw new OrthantInputException("command line", option, $"{value}", "more than 0");

    private static Dictionary<string, object?> Json(RecoveredNetwork found, NetworkAlignment? aligned, SampledError? compared, long audited, IReadOnlyList<DefenceCost> costs, ReluNetwork? known) => new()
    {
        ["hiddenWidths"] = found.HiddenWidths,
        ["queries"] = found.Queries,
        ["auditQueries"] = audited,
        ["complete"] = found.IsComplete,
        ["identifiable"] = found.IsIdentifiable,
        ["postProcessing"] = found.PostProcessing.ToString().ToLowerInvariant(),
        ["unexplainedKinks"] = found.UnexplainedKinks,
        ["residual"] = double.IsFinite(found.Residual) ? found.Residual : null,
        ["maxParameterError"] = aligned?.MaxParameterError,
        ["layerErrors"] = aligned?.LayerErrors,
        ["maxOutputError"] = compared?.Maximum,
        ["outputErrorShare"] = compared?.WorseShare,
        ["stages"] = found.Stages,
        ["units"] = found.Units,
        ["notes"] = found.Notes,
        ["defences"] = costs.Count == 0 ? null : costs.Select(c => new Dictionary<string, object?>
        {
            ["defence"] = c.Defence.ToString(),
            ["queries"] = c.Found.Queries,
            ["complete"] = c.Found.IsComplete,
            ["hiddenWidths"] = c.Found.HiddenWidths,
            ["maxParameterError"] = Error(c, known),
            ["maxOutputError"] = c.OutputError,
            ["userError"] = c.UserError,
            ["userAgreement"] = c.UserAgreement,
            ["patternShare"] = c.PatternShare,
        }).ToArray(),
    };

    private static void Show(View view, string source, RecoveredNetwork found, bool hasTruth, NetworkAlignment? aligned, SampledError? compared, IReadOnlyList<DefenceCost> costs, ReluNetwork? known)
    {
        view.Heading(found.Network is null ? "nothing was recovered" : $"{(found.IsComplete ? "recovered" : "recovered in part")}: {found.Network}");
        List<(string, string)> facts =
        [
            ("queries", $"{View.Count(found.Queries)} (2^{Math.Log2(found.Queries):F2})"),
            ("identifiable", found.IsIdentifiable ? "yes, up to order and scale" : "not all of it"),
            ("unexplained kinks", View.Count(found.UnexplainedKinks)),
        ];
        if (found.Units.Length > 0) facts.Add(("worst unit", $"parameters within about {View.Number(found.Units.Max(u => u.Error))}"));
        if (aligned is not null) facts.Add(("parameter error", $"{View.Number(aligned.MaxParameterError)} (2^{Math.Log2(aligned.MaxParameterError):F1})"));
        else if (hasTruth) facts.Add(("parameter error", "none: the widths differ from the true ones"));
        if (compared is not null) facts.Add(("output error", $"{View.Number(compared.Maximum)} on {View.Count(compared.Samples)} inputs; at most {compared.WorseShare:P3} of them are worse"));
        view.Facts(facts);
        view.Table(["stage", "queries", "seconds"], found.Stages.Select(s => (IEnumerable<string>)[s.Name, View.Count(s.Queries), View.Number(s.Seconds)]));
        if (costs.Count > 0)
        {
            view.Line("behind a defence: the largest errors of weights and outputs, what users lose (root mean square, same decisions), and the share of questions that show a pattern");
            view.Table(["defence", "whole", "queries", "weights", "outputs", "users", "agree", "pattern"], costs.Select(c => (IEnumerable<string>)
            [
                c.Defence.ToString(), c.Found.IsComplete ? "yes" : "no", View.Count(c.Found.Queries), Error(c, known) is double e ? $"{e:G2}" : "-",
                c.OutputError is double o ? $"{o:G2}" : "-", $"{c.UserError:G2}", $"{c.UserAgreement:P1}", $"{c.PatternShare:P0}",
            ]));
        }
        foreach (string note in found.Notes) view.Line($"note: {note}");
        view.Next(found.IsComplete ? $"orthant extract {source} --audit" : $"orthant extract {source} --budget {2 * found.Queries}");
    }
}
