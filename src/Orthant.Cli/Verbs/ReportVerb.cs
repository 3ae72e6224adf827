using System.CommandLine;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Reports;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary>Writes the report of a network: one page that needs nothing else, and the same numbers as JSON.</summary>
internal sealed class ReportVerb : Verb
{
    private readonly Argument<string> model = new("MODEL") { Description = "an .onnx or .json network, also .gz" };
    private readonly Option<string?> data = new("--data") { Description = "inputs and targets: IMAGES,LABELS (idx), .csv or .npy", HelpName = "D" };
    private readonly Option<string?> box = new("--box") { Description = "the box to look at (default: the data's ranges, or -1,1)", HelpName = "LO,HI" };
    private readonly Option<bool> audit = new("--audit") { Description = "also recover the network from its own answers, plainly and behind defences" };
    private readonly Option<string?> grid = new("--grid") { Description = "cells.jsonl of uncertainty --grid, shown as a part", HelpName = "CELLS" };
    private readonly Option<string?> output = new("--out") { Description = "the folder to write report.html and report.json to", HelpName = "DIR" };

    public override string Name => "report";

    public override string Summary => "one self-contained page about a network, each number with how it was obtained";

    public override IReadOnlyList<string> Examples => ["./orthant report samples/spiral.onnx --out out", "./orthant report samples/control.onnx --box -1,1 --out out/control"];

    public override IReadOnlyList<Argument> Arguments => [model];

    public override IReadOnlyList<Option> Options => [data, box, audit, grid, output];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(model);
        string folder = call.Get(output) ?? throw new OrthantInputException("command line", "--out", "nothing", "the folder to write the report to");
        LoadedModel loaded = ModelFile.Load(path);
        ReluNetwork network = loaded.Network;
        DataSource? rows = call.Get(data) is string text ? DataSource.Load(text) : null;
        if (rows is not null && rows.Width != network.Inputs)
        {
            throw new OrthantInputException(call.Get(data)!, "", $"{rows.Width} inputs a row", $"{network.Inputs}, one an input of the network");
        }
        (double[] lower, double[] upper, string source) = Box(call, network, rows);
        ReportInput input = new()
        {
            Network = network,
            FileName = Path.GetFileName(path),
            Notes = loaded.Notes,
            Lower = [.. lower],
            Upper = [.. upper],
            BoxSource = source,
            Data = rows?.Inputs() ?? default,
            Targets = rows?.Targets ?? default,
            TargetsAreClasses = rows?.TargetsAreClasses ?? false,
            Comparison = call.Get(grid) is string cells
                ? [.. InputFile.ReadAllText(cells).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, i) => GridCell.Parse($"{cells}, line {i + 1}", line))]
                : [],
            Seed = call.Seed,
            Audit = call.Get(audit),
            Command = $"orthant report {path}" + (call.Get(audit) ? " --audit" : "") + (call.Get(data) is string d ? $" --data {d}" : "") + (call.Get(box) is string b ? $" --box {b}" : "") + (call.Get(grid) is string g ? $" --grid {g}" : "") + $" --seed {call.Seed} --out {folder}",
        };
        ReportDocument report;
        using (ProgressLine progress = call.ShowProgress()) report = Report.Build(input, progress, call.Cancellation);
        string html = Path.Combine(folder, "report.html"), json = Path.Combine(folder, "report.json");
        OutputFolder.Create(folder);
        OutputFile.WriteText(html, report.Html, path);
        OutputFile.WriteText(json, report.Json, path);
        return new Answer(new { html, json, sections = report.Sections }, view =>
        {
            view.Line($"{html}: {string.Join(", ", report.Sections.Select(s => s.ToLowerInvariant()))}");
            view.Line($"{json}: the same numbers");
        });
    }

    private (double[] Lower, double[] Upper, string Source) Box(VerbCall call, ReluNetwork network, DataSource? rows)
    {
        if (call.Get(box) is string text)
        {
            (double[] lower, double[] upper) = ArgumentText.Box(text, network.Inputs);
            return (lower, upper, "given");
        }
        double[] low = new double[network.Inputs], high = new double[network.Inputs];
        if (rows is null)
        {
            Array.Fill(low, -1);
            Array.Fill(high, 1);
            return (low, high, "the usual one, as none was given");
        }
        Array.Fill(low, double.PositiveInfinity);
        Array.Fill(high, double.NegativeInfinity);
        double[] x = rows.Inputs();
        for (int i = 0; i < x.Length; i++)
        {
            low[i % low.Length] = Math.Min(low[i % low.Length], x[i]);
            high[i % low.Length] = Math.Max(high[i % low.Length], x[i]);
        }
        return (low, high, "the data's ranges");
    }
}
