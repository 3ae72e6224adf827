using System.CommandLine;
using System.Globalization;
using Orthant.Convergence;
using Orthant.Formats;
using Orthant.Numerics;

namespace Orthant.Cli.Verbs;

/// <summary>Bounds the joint spectral radius of matrices.</summary>
internal sealed class JsrVerb : Verb
{
    private readonly Argument<string> matrices = new("MATRICES") { Description = "a JSON file with the key 'matrices', also .gz" };
    private readonly Option<bool> relu = new("--relu") { Description = "of {I_S W} over all sets S of neurons, for the one matrix W given" };
    private readonly Option<double?> gap = new("--gap") { Description = "relative width to stop at (default: 1e-9)", HelpName = "G" };
    private readonly Option<double?> seconds = new("--seconds") { Description = "time to spend (default: 10)", HelpName = "S" };
    private readonly Option<string?> certificate = new("--certificate") { Description = "write the evidence, for orthant check", HelpName = "F" };

    public override string Name => "jsr";

    public override string Summary => "bounds of a joint spectral radius, the growth of long matrix products, with a certificate";

    public override IReadOnlyList<string> Examples => ["./orthant jsr samples/matrices.json", "./orthant jsr samples/masks.json --relu --json"];

    public override IReadOnlyList<Argument> Arguments => [matrices];

    public override IReadOnlyList<Option> Options => [relu, gap, seconds, certificate];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(matrices);
        IReadOnlyList<Rational[][]> set = MatricesFile.Load(path);
        if (call.Get(relu) && set.Count != 1) throw new OrthantInputException(path, "matrices", $"{set.Count} matrices", "one, W, with --relu");
        if (call.Get(relu) && set[0].Length > 30) throw new OrthantInputException(path, "matrices", $"{set[0].Length} neurons", "at most 30 with --relu");
        JointRadiusOptions options = new() { RelativeGap = Positive(call.Get(gap), "--gap", 1e-9), Seconds = Positive(call.Get(seconds), "--seconds", 10), Seed = call.Seed };
        JointRadius found = call.Get(relu) ? JointSpectralRadius.BoundMasks(set[0], options, call.Cancellation) : JointSpectralRadius.Bound(set, options, call.Cancellation);
        if (call.Get(certificate) is string file)
        {
            OutputFolder.PrepareFor(file);
            OutputFile.WriteText(file, found.Certificate.ToJson(), path);
        }
        bool closed = found.Upper <= found.Lower * (1 + (options.RelativeGap * 1.01)) || found.Upper == 0;
        return new Answer(Json(found, call.Get(relu), set[0].Length), view => Show(view, path, call.Get(certificate), found, call.Get(relu), set[0].Length), closed);
    }

    private static double Positive(double? value, string option, double usual) =>
        value is not double v ? usual : v > 0 && double.IsFinite(v) ? v : throw new OrthantInputException("command line", option, v.ToString("R", CultureInfo.InvariantCulture), "a positive number");

    private static Dictionary<string, object?> Json(JointRadius found, bool masks, int neurons) => new()
    {
        ["lower"] = found.Lower,
        ["upper"] = found.Upper,
        ["exact"] = found.IsExact,
        ["method"] = found.Method,
        ["word"] = masks ? found.Word.Select(m => Mask(m, neurons)).ToArray() : found.Word.Select(i => i + 1).ToArray(),
        ["certificate"] = found.Certificate.ToJsonNode(),
    };

    private static int[] Mask(int mask, int neurons) => [.. Enumerable.Range(0, neurons).Select(k => mask >> k & 1)];

    private static void Show(View view, string path, string? certificate, JointRadius found, bool masks, int neurons)
    {
        view.Heading($"{found.Lower.ToString("R", CultureInfo.InvariantCulture)} ≤ joint spectral radius ≤ {found.Upper.ToString("R", CultureInfo.InvariantCulture)}");
        view.Facts(
            ("exact", found.IsExact ? "yes, the lower bound is the radius" : "a bracket"),
            ("method", found.Method),
            ("word", string.Join(masks ? " · " : " ", found.Word.Select(w => masks ? string.Concat(Mask(w, neurons)) : $"{w + 1}"))));
        view.Next(certificate is null ? $"orthant jsr {path}{(masks ? " --relu" : "")} --certificate out/radius.json" : $"orthant check {certificate}");
    }
}
