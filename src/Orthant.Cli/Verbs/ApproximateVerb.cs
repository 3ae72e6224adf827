using System.CommandLine;
using System.Globalization;
using Orthant.Approximation;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>Compiles a function or a table into a ReLU network.</summary>
internal sealed class ApproximateVerb : Verb
{
    private readonly Argument<string> target = new("EXPR|TABLE|MODEL") { Description = "a formula in x, such as \"tanh(x)\", a .csv or .npy table of x and y, or a network of one input and one output" };
    private readonly Option<string?> on = new("--on") { Description = "the interval, of a formula", HelpName = "A,B" };
    private readonly Option<double?> error = new("--error") { Description = "the error to reach with the fewest pieces", HelpName = "E" };
    private readonly Option<int?> pieces = new("--pieces") { Description = "the number of pieces to do the best with", HelpName = "N" };
    private readonly Option<int?> depth = new("--depth") { Description = "the hidden layers of takagi, square and product; the k of power; the copies of pattern; the bits of a weight", HelpName = "M" };
    private readonly Option<string?> form = new("--form") { Description = "auto, shallow, chain, paper, hat3, zigzag, twoLayer, localHats; takagi, square, power, product, riesz, pattern, bits (default: auto)", HelpName = "F" };
    private readonly Option<int> width = new("--width") { Description = "the width of chain, paper, hat3 and zigzag", HelpName = "W" };
    private readonly Option<string?> norm = new("--norm") { Description = "sup or l2, over 2001 even samples or the rows (default: sup)", HelpName = "sup|l2" };
    private readonly Option<string?> shape = new("--shape") { Description = "increasing, decreasing, convex or concave", HelpName = "S" };
    private readonly Option<string?> pins = new("--pin") { Description = "points that the spline passes through", HelpName = "X:Y,…" };
    private readonly Option<string?> certificate = new("--certificate") { Description = "write the evidence, for orthant check", HelpName = "F" };
    private readonly Option<bool> disconnected = new("--disconnected") { Description = "straight pieces that need not meet: a table, not a network" };
    private readonly Option<bool> compare = new("--compare") { Description = "error against parameters for free knots, fixed knots, dictionaries, deep compositions and a trained network; --pieces: the most (default: 64)" };
    private readonly Option<string?> svg = new("--svg") { Description = "with --compare: draw it", HelpName = "F" };
    private readonly Option<string?> html = new("--html") { Description = "with --compare: a page of its picture and tables", HelpName = "F" };
    private readonly Option<bool> single = new("--float32") { Description = "write the network with float32 weights (default: float64)" };
    private readonly Option<string?> output = new("--out") { Description = "the network: .onnx or .json; or the table of knots as a C header: .h", HelpName = "FILE" };

    public override string Name => "approximate";

    public override string Summary => "compiles a function or a table into a ReLU network, with proof of its error and of what fewer pieces cannot do";

    public override IReadOnlyList<string> Examples =>
        ["./orthant approximate \"tanh(x)\" --on -4,4 --error 1e-3 --out out/tanh.onnx", "./orthant approximate \"sqrt(x)\" --on 0,1 --pieces 16 --json"];

    public override IReadOnlyList<Argument> Arguments => [target];

    public override IReadOnlyList<Option> Options => [on, error, pieces, depth, form, width, norm, shape, pins, disconnected, compare, svg, html, single, output, certificate];

    public override Answer Run(VerbCall call)
    {
        string text = call.Get(target);
        if (call.Get(error) is double e && !(e > 0 && double.IsFinite(e))) throw new OrthantInputException("command line", "--error", e.ToString("R", CultureInfo.InvariantCulture), "a positive number");
        if (call.Get(pieces) is int n && n is < 1 or > SplineFit.MostPieces) throw new OrthantInputException("command line", "--pieces", $"{n}", $"1 to {SplineFit.MostPieces}");
        bool isTable = IsTable(text);
        if (call.Get(compare)) return Compare(call, text, isTable);
        if (call.Has(svg) || call.Has(html)) throw new OrthantInputException("command line", call.Has(svg) ? "--svg" : "--html", "no --compare", "--compare with it");
        if (call.Get(form) is string special && SpecialForms.IsOne(special)) return SpecialForms.Run(call, special, text, Interval(call), call.Get(depth), call.Get(pieces), call.Get(error), call.Get(output));
        if (call.Has(depth)) throw new OrthantInputException("command line", "--depth", $"{call.Get(depth)} with a spline", $"--depth with one of {string.Join(", ", SpecialForms.Names)}; splines have --pieces or --error");
        if (call.Has(error) == call.Has(pieces)) throw new OrthantInputException("command line", "approximate", call.Has(error) ? "both --error and --pieces" : "neither --error nor --pieces", "one of the two");
        if (call.Get(disconnected)) return Disconnected(call, text, isTable);
        NetworkForm chosen = Form(call.Get(form));
        if (call.Get(norm) is string n2 && n2 is not ("sup" or "l2")) throw new OrthantInputException("command line", "--norm", $"'{n2}'", "sup or l2");
        if (call.Get(norm) == "l2" && (call.Has(error) || call.Has(shape) || call.Has(pins))) throw new OrthantInputException("command line", "--norm l2", "--error, --shape or --pin", "--pieces alone");
        FittedSpline fit = call.Get(norm) == "l2" ? FitSquares(call, text, isTable) : isTable ? FitTable(call, text) : FitFormula(call, text);
        ElementType type = call.Get(single) ? ElementType.Float32 : ElementType.Float64;
        CompiledSpline compiled = FunctionCompiler.Compile(fit.Spline, chosen, call.Get(width), type, fit.SeenError);
        CompiledSpline other = FunctionCompiler.Compile(fit.Spline, compiled.Form, call.Get(width), call.Get(single) ? ElementType.Float64 : ElementType.Float32, fit.SeenError);
        NetworkErrors own = NetworkErrors.Of(compiled), others = NetworkErrors.Of(other);
        if (call.Get(certificate) is string evidence) WriteCertificate(evidence, isTable || IsModel(text) ? null : Expression.Parse(text), fit);
        if (call.Get(output) is string path) Write(path, compiled, text, isTable);
        Dictionary<string, object?> json = Json(fit, compiled, type == ElementType.Float64 ? (own, others) : (others, own), own);
        return new Answer(json, view => Show(view, text, call, fit, compiled, own, others), fit.IsCertified);
    }

    private Answer Disconnected(VerbCall call, string text, bool isTable)
    {
        Option[] others = [form, width, norm, shape, pins, single, output, certificate];
        if (others.FirstOrDefault(call.Has) is Option other) throw new OrthantInputException("command line", other.Name, "--disconnected", "pieces that need not meet with --error or --pieces alone");
        DisconnectedSpline fit;
        if (isTable)
        {
            (double[] x, double[] y) = Columns(text);
            fit = call.Get(error) is double e ? DisconnectedFit.WithError(x, y, e) : DisconnectedFit.WithPieces(x, y, call.Get(pieces)!.Value, call.Cancellation);
        }
        else
        {
            TargetFunction function = Function(text);
            double[] ends = Interval(call);
            int most = Math.Min(call.Get(pieces) ?? 1, 100_000);
            fit = call.Get(error) is double e ? DisconnectedFit.WithError(function, ends[0], ends[1], e, call.Cancellation) : DisconnectedFit.WithPieces(function, ends[0], ends[1], most, call.Cancellation);
        }
        Dictionary<string, object?> json = new()
        {
            ["pieces"] = fit.Pieces.Length,
            ["segments"] = fit.Pieces.Select(p => new { from = p.Knots[0], to = p.Knots[1], left = p.Values[0], right = p.Values[1] }).ToArray(),
            ["certifiedError"] = Known(fit.Error),
            ["seenError"] = fit.SeenError,
            ["lowerBoundError"] = fit.LowerBound,
            ["impossiblePieces"] = fit.ImpossiblePieces,
        };
        return new Answer(json, view =>
        {
            view.Heading($"{text}: {View.Count(fit.Pieces.Length)} pieces that need not meet, error at most {View.Number(fit.Error)}");
            view.Facts(fit.ImpossiblePieces > 0
                ? ("proved impossible", $"{View.Count(fit.ImpossiblePieces)} pieces within {View.Number(call.Get(error) ?? 0)}, whatever the jumps")
                : ("no pieces of this number below", View.Number(fit.LowerBound)));
            view.Next("the same without --disconnected: what continuity costs");
        }, double.IsFinite(fit.Error));
    }

    private Answer Compare(VerbCall call, string text, bool isTable)
    {
        Option[] others = [error, depth, form, width, norm, shape, pins, disconnected, single, output, certificate];
        if (others.FirstOrDefault(call.Has) is Option other) throw new OrthantInputException("command line", other.Name, "--compare", "a comparison with --pieces, --svg and --html alone");
        int most = call.Get(pieces) ?? 64;
        if (most is < 4 or > 4096) throw new OrthantInputException("command line", "--pieces", $"{most} with --compare", "4 to 4096");
        if (isTable)
        {
            (double[] x, double[] y) = Columns(text);
            return ComparisonForm.Run(call, text, TargetFunction.Of(new LinearSpline(x, y).Evaluate), [x[0], x[^1]], most, call.Get(svg), call.Get(html), text);
        }
        return ComparisonForm.Run(call, text, Function(text), Interval(call), most, call.Get(svg), call.Get(html));
    }

    private static (double[] X, double[] Y) Columns(string path)
    {
        NumberTable table = TableFile.Read(path);
        if (table.Columns != 2) throw new OrthantInputException(path, "", $"{table.Columns} columns", "two, x and y");
        (double[] x, double[] y) = (table.Column(0), table.Column(1));
        TableFit.Check(path, x, y);
        return (x, y);
    }

    private static bool IsModel(string text) => Path.GetExtension(text.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? text[..^3] : text).ToLowerInvariant() is ".onnx" or ".nnet" or ".json";

    /// <summary>A formula, or a network that is tabulated: sampled, and so without proofs.</summary>
    private static TargetFunction Function(string text)
    {
        if (!IsModel(text)) return Expression.Parse(text);
        ReluNetwork network = ModelFile.Load(text).Network;
        if (network.Inputs != 1 || network.Outputs != 1) throw new OrthantInputException(text, "", $"{network.Inputs} inputs and {network.Outputs} outputs", "one of each");
        return TargetFunction.Of(x => network.Evaluate([x])[0]);
    }

    private static bool IsTable(string text)
    {
        string name = text.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? text[..^3] : text;
        return Path.GetExtension(name).ToLowerInvariant() is ".csv" or ".npy" or ".txt";
    }

    private FittedSpline FitFormula(VerbCall call, string text)
    {
        TargetFunction function = Function(text);
        double[] ends = Interval(call);
        SplineFitOptions options = Wishes(call);
        foreach ((double x, _) in options.Pins)
        {
            if (x < ends[0] || x > ends[1]) throw new OrthantInputException("command line", "--pin", x.ToString("R", CultureInfo.InvariantCulture), "an abscissa in the interval");
        }
        return call.Get(error) is double e
            ? SplineFit.WithError(function, ends[0], ends[1], e, options, call.Cancellation)
            : SplineFit.WithPieces(function, ends[0], ends[1], call.Get(pieces)!.Value, options, call.Cancellation);
    }

    private double[] Interval(VerbCall call)
    {
        if (call.Get(on) is not string interval) throw new OrthantInputException("command line", "--on", "nothing", "the interval A,B of the formula");
        double[] ends = ArgumentText.Numbers(interval, "--on");
        return ends.Length == 2 && ends[0] < ends[1] ? ends : throw new OrthantInputException("command line", "--on", $"'{interval}'", "two numbers A,B with A < B");
    }

    private FittedSpline FitTable(VerbCall call, string path)
    {
        (double[] x, double[] y) = Columns(path);
        SplineFitOptions options = Wishes(call);
        foreach ((double at, _) in options.Pins)
        {
            if (Array.BinarySearch(x, at) < 0) throw new OrthantInputException("command line", "--pin", at.ToString("R", CultureInfo.InvariantCulture), "an abscissa of the table");
        }
        return call.Get(error) is double e
            ? TableFit.WithError(x, y, e, options, call.Cancellation)
            : TableFit.WithPieces(x, y, call.Get(pieces)!.Value, options, call.Cancellation);
    }

    private FittedSpline FitSquares(VerbCall call, string text, bool isTable)
    {
        int wanted = call.Get(pieces)!.Value;
        if (!isTable)
        {
            TargetFunction function = Function(text);
            double[] ends = Interval(call);
            LinearSpline best = LeastSquaresFit.OfFunction(function, ends[0], ends[1], wanted, call.Cancellation);
            return SplineFit.Certify(function, best);
        }
        (double[] x, double[] y) = Columns(text);
        return TableFit.Certify(x, y, LeastSquaresFit.OfSamples(x, y, wanted, call.Cancellation));
    }

    private SplineFitOptions Wishes(VerbCall call)
    {
        SplineShape wanted = SplineShape.Free;
        if (call.Get(shape) is string name && (!Enum.TryParse(name, ignoreCase: true, out wanted) || !Enum.IsDefined(wanted) || char.IsAsciiDigit(name[0])))
        {
            throw new OrthantInputException("command line", "--shape", $"'{name}'", "increasing, decreasing, convex or concave");
        }
        List<(double X, double Y)> points = [];
        foreach (string pin in (call.Get(pins) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (pin.Split(':') is not [string x, string y]) throw new OrthantInputException("command line", "--pin", $"'{pin}'", "X:Y");
            points.Add((ArgumentText.Numbers(x, "--pin")[0], ArgumentText.Numbers(y, "--pin")[0]));
        }
        points.Sort();
        for (int i = 1; i < points.Count; i++)
        {
            if (points[i].X == points[i - 1].X) throw new OrthantInputException("command line", "--pin", "an abscissa twice", "each once");
        }
        return new SplineFitOptions { Shape = wanted, Pins = points };
    }

    private static NetworkForm Form(string? name)
    {
        if (name is null) return NetworkForm.Auto;
        if (Enum.TryParse(name, ignoreCase: true, out NetworkForm found) && Enum.IsDefined(found) && !char.IsAsciiDigit(name[0])) return found;
        string[] names = [.. Enum.GetNames<NetworkForm>().Select(f => char.ToLowerInvariant(f[0]) + f[1..]), .. SpecialForms.Names];
        throw new OrthantInputException("command line", "--form", $"'{name}'", Spelling.Nearest(name, names) is string near ? $"perhaps {near}" : $"one of {string.Join(", ", names)}");
    }

    private static void Write(string path, CompiledSpline compiled, string source, bool isTable)
    {
        OutputFolder.PrepareFor(path);
        string[] inputs = isTable || IsModel(source) ? [source] : [];
        if (path.EndsWith(".h", StringComparison.OrdinalIgnoreCase)) OutputFile.WriteText(path, KnotTable.ToCHeader(compiled.Spline, source), inputs);
        else ModelFile.Write(path, compiled.Network, inputs);
    }

    private static void WriteCertificate(string path, Expression? function, FittedSpline fit)
    {
        Certificates.ApproximationCertificate made = (function is null ? null : fit.ToCertificate(function))
            ?? throw new OrthantInputException("command line", "--certificate", function is null ? "a table or a network, of which no formula is known" : $"'{function}'", "a formula of the functions that certificates know, with a proved error");
        OutputFolder.PrepareFor(path);
        OutputFile.WriteText(path, made.ToJson());
    }

    private static double? Known(double value) => double.IsFinite(value) ? value : null;

    private static Dictionary<string, object?> Json(FittedSpline fit, CompiledSpline compiled, (NetworkErrors Double, NetworkErrors Single) errors, NetworkErrors own) => new()
    {
        ["pieces"] = fit.Spline.Pieces,
        ["knots"] = fit.Spline.Knots,
        ["values"] = fit.Spline.Values,
        ["width"] = compiled.Width,
        ["depth"] = compiled.Depth,
        ["neurons"] = compiled.Network.HiddenWidths.Sum(),
        ["parameters"] = compiled.Parameters,
        ["form"] = FormName(compiled.Form),
        ["formReason"] = compiled.Why,
        ["certifiedError"] = Known(fit.Error),
        ["seenError"] = fit.SeenError,
        ["lowerBoundError"] = fit.LowerBound,
        ["impossiblePieces"] = fit.ImpossiblePieces,
        ["representationError"] = own.Representation,
        ["representationExact"] = own.IsExact,
        ["float64Error"] = errors.Double.Total,
        ["float32Error"] = errors.Single.Total,
        ["totalError"] = Known(((Numerics.Interval)Math.Min(fit.Error, double.MaxValue) + own.Total).Upper),
    };

    private static string FormName(NetworkForm form) => char.ToLowerInvariant(form.ToString()[0]) + form.ToString()[1..];

    private void Show(View view, string text, VerbCall call, FittedSpline fit, CompiledSpline compiled, NetworkErrors own, NetworkErrors others)
    {
        string reached = fit.IsCertified ? $"error at most {View.Number(fit.Error)}" : $"error {View.Number(fit.SeenError)} seen, nothing proved";
        view.Heading($"{text}: {View.Count(fit.Spline.Pieces)} pieces, {reached}");
        (string, string) proof = fit.ImpossiblePieces > 0
            ? ("proved impossible", $"{View.Count(fit.ImpossiblePieces)} pieces within {View.Number(call.Get(error) ?? 0)}")
            : ("no spline of as many pieces below", View.Number(fit.LowerBound));
        (NetworkErrors inDouble, NetworkErrors inSingle) = call.Get(single) ? (others, own) : (own, others);
        view.Facts(
            proof,
            ("network", $"{compiled.Network}, {View.Count(compiled.Parameters)} parameters"),
            ("form", $"{FormName(compiled.Form)}: {compiled.Why}"),
            ("network against spline", $"{View.Number(own.Representation)} ({(own.IsExact ? "exact arithmetic" : "intervals")})"),
            ("computed in float64", $"within {View.Number(inDouble.Total)} of the spline"),
            ("computed in float32", $"within {View.Number(inSingle.Total)} of the spline"));
        string command = call.Get(error) is double e ? $"--error {View.Number(e)}" : $"--pieces {call.Get(pieces)}";
        view.Next(call.Get(output) is string path ? $"orthant inspect {path}" : $"orthant approximate \"{text}\" {(call.Get(on) is string interval ? $"--on {interval} " : "")}{command} --out out/network.onnx");
    }
}
