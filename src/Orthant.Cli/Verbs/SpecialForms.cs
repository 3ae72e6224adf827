using Orthant.Approximation;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>The forms of <c>approximate</c> that are made for one kind of function, not for splines.</summary>
internal static class SpecialForms
{
    public static IReadOnlyList<string> Names { get; } = ["takagi", "square", "power", "product", "riesz", "pattern", "bits"];

    public static bool IsOne(string name) => Names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>A network with what is known of it.</summary>
    /// <param name="Network">The network.</param>
    /// <param name="Certified">A proved bound of its error in real arithmetic; null where there is none.</param>
    /// <param name="Why">What it is.</param>
    /// <param name="IsExact">Whether the weights are those of the formula, without any rounding.</param>
    private sealed record Made(ReluNetwork Network, double? Certified, string Why, bool IsExact = false);

    public static Answer Run(VerbCall call, string form, string text, double[] on, int? depth, int? pieces, double? error, string? output)
    {
        form = form.ToLowerInvariant();
        Expression function = Expression.Parse(text);
        Made made = form switch
        {
            "takagi" => Takagi(function, on, Depth(depth, form, SpecialNetworks.MostDepth)),
            "square" => Square(function, on, Depth(depth, form, 500)),
            "power" => Power(function, on, Depth(depth, form, 200), pieces ?? 64, call.Cancellation),
            "product" => Product(function, on, depth, error),
            "riesz" => Riesz(function, on, pieces ?? 16),
            "bits" => Bits(function, on, Depth(depth, form, BitExtraction.MostBits), pieces ?? 16),
            _ => Pattern(function, on, Depth(depth, form, 100_000), pieces ?? 16, call.Cancellation),
        };
        Func<double, double> meant = form switch
        {
            "power" => x => Repeated(function, x, depth!.Value),
            "pattern" => x => function.Value(Folded(x, on)),
            _ => function.Value,
        };
        double right = form == "pattern" ? on[0] + (depth!.Value * (on[1] - on[0])) : on[1];
        double seen = Enumerable.Range(0, 4097).Max(i => Distance(made.Network, meant, on[0] + ((right - on[0]) * (i / 4096.0))));
        if (output is not null)
        {
            OutputFolder.PrepareFor(output);
            ModelFile.Write(output, made.Network);
        }
        // Ramps of slope 2^K turn every rounding into a wrong bit or none: no bound of the usual kind says anything.
        (double Double, double Single)? rounding = form == "bits" ? null : SpecialNetworks.RoundingBounds(made.Network, on[0], right);
        double? total = made.Certified is double proved && rounding is (double own, _) ? ((Numerics.Interval)proved + own).Upper : null;
        long parameters = made.Network.Layers.Sum(l => ((long)l.Inputs + 1) * l.Outputs);
        Dictionary<string, object?> json = new()
        {
            ["form"] = form,
            ["formReason"] = made.Why,
            ["width"] = made.Network.HiddenWidths.Max(),
            ["depth"] = made.Network.HiddenWidths.Length,
            ["neurons"] = made.Network.HiddenWidths.Sum(),
            ["parameters"] = parameters,
            ["certifiedError"] = made.Certified,
            ["seenError"] = seen,
            ["representationError"] = made.IsExact ? 0.0 : null,
            ["float64Error"] = rounding?.Double,
            ["float32Error"] = rounding?.Single,
            ["totalError"] = total,
            ["pieces"] = null,
        };
        return new Answer(json, view =>
        {
            view.Heading($"{text} as {made.Network.HiddenWidths.Length} layers of {made.Network.HiddenWidths.Max()} neurons, {View.Count(parameters)} parameters");
            view.Facts(
                ("form", $"{form}: {made.Why}"),
                ("error", made.Certified is double e ? $"at most {View.Number(e)} (proved, real arithmetic)" : "not proved"),
                ("network against its formula", made.IsExact ? "0: all weights are exact" : "part of the error above"),
                ("rounding in float64", Rounding(rounding?.Double)),
                ("rounding in float32", Rounding(rounding?.Single)),
                ("seen in float64", View.Number(seen)));
            view.Next(output is null ? "the same with --out out/network.onnx" : $"orthant inspect {output}");
        });
    }

    private static string Rounding(double? bound) => bound is double b ? $"at most {View.Number(b)}" : "not bounded";

    private static double Distance(ReluNetwork network, Func<double, double> meant, double x) => Math.Abs(network.Evaluate([x])[0] - meant(x));

    private static int Depth(int? depth, string form, int most) => depth is int m
        ? m >= 1 && m <= most ? m : throw new OrthantInputException("command line", "--depth", $"{m}", $"1 to {most} for the form {form}")
        : throw new OrthantInputException("command line", "--depth", "nothing", $"a number for the form {form}");

    private static Made Takagi(Expression function, double[] on, int m)
    {
        RequireUnit(on, "takagi");
        RequireSame(function, on, "takagi", "takagi(x)");
        return new Made(SpecialNetworks.Takagi(m), 2.0 / 3 * Math.ScaleB(1, -m) * (1 + 1e-15), "the sum of 2^-k times the hat's k-th power, cut off after m terms; what is cut off is 2^-m takagi(2^m x)", IsExact: true);
    }

    private static Made Square(Expression function, double[] on, int m)
    {
        RequireUnit(on, "square");
        RequireSame(function, on, "square", "x^2");
        return new Made(SpecialNetworks.Square(m), 0.5 * Math.ScaleB(1, -2 * (m + 1)), "the best spline of 2^m pieces", IsExact: true);
    }

    private static Made Power(Expression function, double[] on, int k, int pieces, CancellationToken cancellation)
    {
        FittedSpline fit = SplineFit.WithPieces(function, on[0], on[1], pieces, null, cancellation);
        if (fit.Spline.Values.Min() < on[0] - 1e-9 || fit.Spline.Values.Max() > on[1] + 1e-9)
        {
            throw new OrthantInputException("command line", "--form power", $"values from {fit.Spline.Values.Min():G4} to {fit.Spline.Values.Max():G4}", "a function that maps the interval into itself");
        }
        // The hat itself is two neurons with exact weights; every other function is its spline.
        bool isHat = on is [0, 1] && Enumerable.Range(0, 1025).All(i => function.Value(i / 1024.0) == 1 - Math.Abs((i / 512.0) - 1));
        ReluNetwork network = isHat ? SpecialNetworks.HatPower(k) : SpecialNetworks.Power(FunctionCompiler.Compile(fit.Spline, NetworkForm.Shallow).Network, k);
        return new Made(network, null, isHat ? $"the hat, {k} times" : $"the function's spline of {fit.Spline.Pieces} pieces, {k} times", isHat);
    }

    private static Made Product(Expression function, double[] on, int? depth, double? error)
    {
        if (depth is < 2) throw new OrthantInputException("command line", "--depth", $"{depth}", "at least 2 for the form product");
        if (depth is null && error is null) throw new OrthantInputException("command line", "--form product", "neither --depth nor --error", "one of the two, or both");
        ChebyshevNetwork found = ChebyshevNetwork.Of(function, on[0], on[1], error ?? 0, Math.Min(depth ?? 2400, 2400));
        return new Made(found.Network, found.Error, $"a Chebyshev polynomial of degree {found.Degree} by Clenshaw's rule, products of depth {found.ProductDepth}");
    }

    private static Made Riesz(Expression function, double[] on, int terms)
    {
        RequireUnit(on, "riesz");
        if (terms is < 1 or > 1024) throw new OrthantInputException("command line", "--pieces", $"{terms} terms", "1 to 1024 for the form riesz");
        return new Made(RieszExpansion.Of(function, terms).ToNetwork(), null, $"the {terms} largest of the terms C(kx), S(kx)");
    }

    private static Made Bits(Expression function, double[] on, int bits, int cells)
    {
        if (cells is < 1 or > BitExtraction.MostCells) throw new OrthantInputException("command line", "--pieces", $"{cells} cells", $"1 to {BitExtraction.MostCells} for the form bits");
        BitExtraction made = BitExtraction.Of(function, on[0], on[1], cells, bits);
        return new Made(made.Network, null, string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"a demonstration of theory, not for use: {cells} weights of {bits} bits, one for {bits} steps each; within about {made.Bound:G3} outside ramps that take {100 * made.RampShare:G2} % of the interval, where nothing is promised"));
    }

    private static Made Pattern(Expression function, double[] on, int copies, int pieces, CancellationToken cancellation)
    {
        FittedSpline fit = SplineFit.WithPieces(function, on[0], on[1], pieces, null, cancellation);
        return new Made(SpecialNetworks.Replicate(fit.Spline, copies), fit.IsCertified ? fit.Error : null, $"a spline of {fit.Spline.Pieces} pieces and its mirror images in turn, {copies} times");
    }

    private static double Repeated(Expression function, double x, int times)
    {
        for (int i = 0; i < times; i++) x = function.Value(x);
        return x;
    }

    private static double Folded(double x, double[] on)
    {
        double width = on[1] - on[0], t = (x - on[0]) % (2 * width);
        return on[0] + (t <= width ? t : (2 * width) - t);
    }

    private static void RequireUnit(double[] on, string form)
    {
        if (on is not [0, 1]) throw new OrthantInputException("command line", "--on", $"{on[0]},{on[1]}", $"0,1 for the form {form}");
    }

    private static void RequireSame(Expression function, double[] on, string form, string wanted)
    {
        Expression known = Expression.Parse(wanted);
        for (int i = 0; i <= 64; i++)
        {
            double x = on[0] + ((on[1] - on[0]) * i / 64);
            if (Math.Abs(function.Value(x) - known.Value(x)) > 1e-13) throw new OrthantInputException("command line", $"--form {form}", $"'{function}'", $"{wanted}, which this form is made for");
        }
    }
}
