using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using Orthant.Formats;
using Orthant.Learning;
using Orthant.Reports;

namespace Orthant.Cli.Verbs;

/// <summary>Learns a network from samples.</summary>
internal sealed class LearnVerb : Verb
{
    private readonly Argument<string> samples = new("SAMPLES")
    {
        Description = "rows of inputs and a target: .csv with a header, or .npy, also .gz",
    };
    private readonly Option<string?> target = new("--target")
    {
        Description = "the target's name or number from 1 (default: the last column)",
        HelpName = "COLUMN",
    };
    private readonly Option<string> whiten = new("--whiten")
    {
        Description = "covariance of the inputs: sample, none (they have mean 0 and covariance I), or a d × d table",
        HelpName = "sample|none|FILE",
        DefaultValueFactory = _ => "sample",
    };

    private readonly Option<int> directions = new("--directions")
    {
        Description = "the most hidden directions (default: 8)",
        HelpName = "K",
        DefaultValueFactory = _ => 8,
    };
    private readonly Option<string> method = new("--method")
    {
        Description = "fpca, or the paper's enumeration: paper (networks of 3 units), lattice (4 pieces), for at most 2 directions",
        HelpName = "fpca|paper|lattice",
        DefaultValueFactory = _ => "fpca",
    };

    private readonly Option<bool> lattice = new("--lattice")
    {
        Description = "also give the function as a maximum of minima, for at most 4 directions",
    };
    private readonly Option<bool> compare = new("--compare")
    {
        Description = "also run SIR, SAVE, DR, PHD and students trained by Adam on the same rows",
    };
    private readonly Option<string?> html = new("--html")
    {
        Description = "write a page with the evidence and pictures of the function",
        HelpName = "F",
    };
    private readonly Option<string?> output = new("--out")
    {
        Description = "write the network, on the original inputs: .onnx or .json",
        HelpName = "NET.onnx",
    };

    public override string Name => "learn";

    public override string Summary => "learns a network from samples by filtered PCA, where gradient descent fails";

    public override IReadOnlyList<string> Examples =>
        ["./orthant learn samples/altplane.csv --out out/learned.onnx",
        "./orthant learn samples/altplane.csv --compare --html out/learned.html"];

    public override IReadOnlyList<Argument> Arguments => [samples];

    public override IReadOnlyList<Option> Options => [target, method, whiten, directions, lattice, compare, html, output];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(samples);
        if (call.Get(directions) < 1)
        {
            throw new OrthantInputException("command line", "--directions", $"{call.Get(directions)}", "at least 1");
        }
        if (call.Get(output) is string file) OutputFile.RefuseInput(file, path);
        Stopwatch clock = Stopwatch.StartNew();
        using SampleFile source = Read(call, path);
        LearnedNetwork learned;
        ImmutableArray<RivalResult> rivals = [];
        double seconds;
        using (ProgressLine progress = call.ShowProgress())
        {
            FilteredPcaOptions choices = Choices(call, source);
            int most = Math.Min(2, call.Get(directions));
            learned = call.Get(method) switch
            {
                null or "fpca" => FilteredPca.Fit(source, choices, progress, call.Cancellation),
                "paper" => EnumerationLearner.Fit(source, EnumeratedClass.Networks, most, null, choices, call.Cancellation),
                "lattice" => EnumerationLearner.Fit(source, EnumeratedClass.Lattices, most, null, choices, call.Cancellation),
                string other => throw new OrthantInputException("command line", "--method", $"'{other}'", "fpca, paper or lattice"),
            };
            seconds = clock.Elapsed.TotalSeconds;
            if (call.Get(compare))
            {
                rivals = RivalComparison.Run(source, learned, choices, progress: progress, cancellation: call.Cancellation);
            }
        }
        foreach (string note in learned.Notes) call.Note(note);
        if (call.Get(output) is string model)
        {
            OutputFolder.PrepareFor(model);
            ModelFile.Write(model, learned.Network);
        }
        if (call.Get(html) is string page)
        {
            OutputFolder.PrepareFor(page);
            OutputFile.WriteText(page, LearningReport.Render(learned, Path.GetFileName(path), rivals, $"orthant learn {path}"), path);
        }
        LatticePolynomial? form = null;
        if (call.Get(lattice))
        {
            if (learned.Dimension is 0 or > 4) call.Note($"{learned.Dimension} directions: the lattice form is for 1 to 4");
            else form = LatticePolynomial.Of(learned.OnBasis(), 4 * learned.BasisSpread.Max(), call.Cancellation);
        }
        return new Answer(Json(source, learned, rivals, form, seconds), view =>
        {
            Show(view, source, learned, rivals, call.Get(output));
            if (form is not null) view.Line($"on its basis: {Described(form)}");
        });
    }

    private SampleFile Read(VerbCall call, string path)
    {
        using ProgressLine progress = call.ShowProgress();
        return SampleFile.Open(path, call.Get(target), progress, call.Cancellation);
    }

    private FilteredPcaOptions Choices(VerbCall call, SampleFile source)
    {
        FilteredPcaOptions options = new() { MostDirections = call.Get(directions), Seed = call.Seed, Threads = call.Threads };
        switch (call.Get(whiten))
        {
            case null or "sample":
                return options;
            case "none":
                return options with { Whitening = WhiteningKind.None };
            case string table:
                NumberTable covariance = TableFile.Read(table);
                if (covariance.Rows != source.Inputs || covariance.Columns != source.Inputs)
                {
                    throw new OrthantInputException(
                        table, "", $"{covariance.Rows} × {covariance.Columns} numbers", $"the covariance of {source.Inputs} inputs");
                }
                return options with { Whitening = WhiteningKind.Known, Covariance = [.. covariance.ToDoubles()] };
        }
    }

    private static Dictionary<string, object?> Json(
        SampleFile source, LearnedNetwork learned, ImmutableArray<RivalResult> rivals, LatticePolynomial? form, double seconds)
    {
        return new Dictionary<string, object?>
        {
            ["dimension"] = learned.Dimension,
            ["basis"] = learned.Basis.Select(b => b.ToArray()).ToArray(),
            ["nrmse"] = learned.HeldOutError,
            ["rounds"] = learned.Rounds.Select(r => new
            {
                round = r.Round,
                filter = r.Filter,
                eigenvalue = r.Eigenvalue,
                nullQuantile = r.NullQuantile,
                z = double.IsNaN(r.Z) ? (double?)null : r.Z,
                probability = double.IsNaN(r.Probability) ? (double?)null : r.Probability,
                significant = r.Significant,
                accepted = r.Accepted,
            }).ToArray(),
            ["directions"] = learned.Directions.Select(d => new
            {
                gradientShare = d.GradientShare,
                errorWithout = d.ErrorWithout,
                standardAngle = d.StandardAngle,
                angle95 = d.Angle95,
            }).ToArray(),
            ["significantNotValidated"] = learned.IsSignificantButNotValidated,
            ["homogeneous"] = learned.IsHomogeneous,
            ["exact"] = learned.IsExact,
            ["hiddenWidths"] = learned.HiddenWidths.ToArray(),
            ["rows"] = source.Rows,
            ["inputs"] = source.Inputs,
            ["heldOutRows"] = learned.HeldOutRows,
            ["compare"] = rivals.Select(r => new
            {
                method = r.Method,
                sineToLearned = r.SineToLearned,
                nrmse = r.HeldOutError,
                seconds = r.Seconds,
            }).ToArray(),
            ["lattice"] = form is null ? null : new
            {
                pieces = form.Pieces.Select(p => new
                {
                    gradient = p.Gradient.Select(g => g.ToDouble()).ToArray(),
                    offset = p.Offset.ToDouble(),
                }).ToArray(),
                terms = form.Terms.Select(t => t.ToArray()).ToArray(),
            },
            ["notes"] = learned.Notes.ToArray(),
            ["seconds"] = seconds,
        };
    }

    private static void Show(View view, SampleFile source, LearnedNetwork learned, ImmutableArray<RivalResult> rivals, string? written)
    {
        view.Heading(learned.Dimension == 0
            ? learned.IsSignificantButNotValidated ? "directions are significant, but no fit was validated" : "no significant direction"
            : $"{learned.Dimension} hidden direction{(learned.Dimension == 1 ? "" : "s")} of {source.Inputs}");
        List<(string, string)> facts = [("samples", $"{View.Count(source.Rows)} rows of {View.Count(source.Inputs)} inputs")];
        if (learned.HeldOutError is double error)
        {
            string rest = learned.IsExact ? "" : " (noise, or not all was learned)";
            string held = $"on {View.Count(learned.HeldOutRows)} rows held out{rest}";
            facts.Add(("error", $"{Short(error)} of the target's standard deviation, {held}"));
            facts.Add(("network", $"{learned.Network}{(learned.IsHomogeneous ? ", homogeneous" : "")}"));
        }
        view.Facts(facts);
        view.Table(["round", "filter", "eigenvalue", "chance reaches", "z", "directions", "taken"],
            learned.Rounds.Select(r => (IEnumerable<string>)
            [$"{r.Round}", r.Filter, Short(r.Eigenvalue), Short(r.NullQuantile), double.IsNaN(r.Z) ? "" : r.Z.ToString("F1"),
                $"{r.Significant}", r.Accepted ? "yes" : ""]));
        if (learned.Directions.Length > 0)
        {
            view.Table(["direction", "gradient", "error without", "off by (95 %)", "largest parts"],
                learned.Directions.Select((d, i) => (IEnumerable<string>)
                [$"{i + 1}", $"{100 * d.GradientShare:F1} %", Short(d.ErrorWithout), Angle(d.Angle95), Largest(source, d)]));
        }
        if (rivals.Length > 0)
        {
            view.Table(["other method", "sine to the directions", "error on held-out rows", "seconds"],
                rivals.Select(r => (IEnumerable<string>)
                [r.Method, r.SineToLearned is double s ? Short(s) : "", Short(r.HeldOutError), View.Number(Math.Round(r.Seconds, 2))]));
        }
        if (written is not null) view.Line($"written: {written}");
        view.Next(written is not null ? $"orthant inspect {written}" : learned.Dimension > 0
            ? $"orthant learn {source.Name} --out out/learned.onnx" : "orthant sample");
    }

    private static string Described(LatticePolynomial form) => form.Pieces.Length <= 12 ? $"{form}, {form.Pieces.Length} pieces"
        : $"the maximum of {form.Terms.Length} minima of {form.Pieces.Length} pieces in all";

    private static string Angle(double radians) => $"< {radians * 180 / Math.PI:G2}°";

    private static string Short(double value) => value.ToString("G3");

    private static string Largest(SampleFile source, LearnedDirection direction) =>
        string.Join(" ", direction.Row.Select((v, i) => (Value: v, Input: i))
        .OrderByDescending(p => Math.Abs(p.Value)).Take(3).Select(p => $"{p.Value:+0.00;−0.00}\u00a0{source.ShortName(p.Input)}"));
}
