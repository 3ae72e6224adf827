using System.CommandLine;
using System.Globalization;
using Orthant.Certificates;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Cli.Verbs;

/// <summary>Decides a VNN-LIB property of a network: a counterexample, or a proof that there is none.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> model = new("MODEL") { Description = "an .onnx, .nnet or .json network, also .gz" };
    private readonly Argument<string> property = new("PROPERTY") { Description = "a .vnnlib property, also .gz: its assertions describe the counterexamples" };
    private readonly Option<double?> timeout = new("--timeout") { Description = "give up after S seconds", HelpName = "S" };

    private readonly Option<string?> certificate = new("--certificate") { Description = "write the proof of an unsat for check", HelpName = "F" };

    public override string Name => "verify";

    public override string Summary => "a property decided exactly: a counterexample, or a proof that there is none";

    public override IReadOnlyList<string> Examples => ["./orthant verify samples/spiral.onnx samples/spiral.vnnlib", "./orthant verify samples/spiral.onnx samples/spiral.vnnlib --timeout 60 --json"];

    public override IReadOnlyList<Argument> Arguments => [model, property];

    public override IReadOnlyList<Option> Options => [timeout, certificate];

    public override Answer Run(VerbCall call)
    {
        if (call.Get(timeout) is double limit && !(limit > 0 && limit <= 1e6)) throw new OrthantInputException("command line", "--timeout", limit.ToString("R", CultureInfo.InvariantCulture), "seconds, above 0 and at most 1000000");
        string path = call.Get(property);
        LoadedModel loaded = ModelFile.Load(call.Get(model));
        VnnLibProperty asked = VnnLibFile.Load(path);
        VnnLibFile.CheckFits(path, asked, loaded.Network);
        foreach (string note in loaded.Notes.Concat(asked.Notes)) call.Note(note);
        VerifierOptions options = new() { Seed = call.Seed, TimeLimit = call.Get(timeout) is double s ? TimeSpan.FromSeconds(s) : null, KeepProof = call.Get(certificate) is not null };
        VerificationResult found;
        using (ProgressLine progress = call.ShowProgress()) found = Verifier.Decide(loaded.Network, asked.Property, options, progress, call.Cancellation);
        if (call.Get(certificate) is string file)
        {
            if (found.Certificate is null) call.Note("no certificate was written: there is no proof by cells to certify");
            else WriteCertificate(file, found.Certificate, call);
        }
        Replay? replay = found.Verdict == PropertyVerdict.Violated ? Replayed(loaded.Network, asked.Property, found) : null;
        bool decided = found.Verdict is PropertyVerdict.Holds or PropertyVerdict.Violated;
        return new Answer(Json(found, replay, asked), view => Show(view, loaded.Network, found, replay), decided);
    }

    private void WriteCertificate(string file, PropertyCertificate proof, VerbCall call)
    {
        OutputFolder.PrepareFor(file);
        OutputFile.WriteText(file, proof.ToJson(), call.Get(model));
    }

    /// <summary>What the network answers in the type that its file computes in.</summary>
    private sealed record Replay(string Type, double[] Inputs, double[] Outputs, bool Violates);

    private static Replay Replayed(ReluNetwork network, Property property, VerificationResult found)
    {
        double[] x = [.. found.Counterexample], y = new double[network.Outputs];
        bool single = network.ElementType != ElementType.Float64;
        if (single)
        {
            float[] narrow = Array.ConvertAll(x, v => (float)v), answer = new float[y.Length];
            network.Evaluate<float>(1, narrow, answer);
            x = Array.ConvertAll(narrow, v => (double)v);
            y = Array.ConvertAll(answer, v => (double)v);
        }
        else
        {
            network.Evaluate<double>(1, x, y);
        }
        Rational[] outputs = Array.ConvertAll(y, Rational.FromDouble), inputs = Array.ConvertAll(x, Rational.FromDouble);
        // A float nearest to a point of the border may lie outside; what counts is what the network answers.
        Property anywhere = new([.. property.Cases.Select(c => new PropertyCase(InputDomain.ExactBox(
            inputs.Zip(c.Domain.Lower, (v, l) => v < l && single && (l - v).ToDouble() < Math.Abs(v.ToDouble()) * 1e-7 ? v : l),
            inputs.Zip(c.Domain.Upper, (v, u) => v > u && single && (v - u).ToDouble() < Math.Abs(v.ToDouble()) * 1e-7 ? v : u)), c.Alternatives))]);
        return new Replay(single ? "float32" : "float64", x, y, anywhere.IsViolatedBy(inputs, outputs));
    }

    private static Dictionary<string, object?> Json(VerificationResult found, Replay? replay, VnnLibProperty asked) => new()
    {
        ["result"] = Word(found.Verdict),
        ["counterexample"] = found.Counterexample,
        ["counterexampleOutputs"] = found.CounterexampleOutputs,
        ["replay"] = replay is null ? null : new { type = replay.Type, inputs = replay.Inputs, outputs = replay.Outputs, violates = replay.Violates },
        ["arithmetic"] = "real",
        ["regionsVisited"] = found.Cells,
        ["notes"] = asked.Notes,
        ["seconds"] = found.Seconds,
    };

    private static string Word(PropertyVerdict verdict) => verdict switch
    {
        PropertyVerdict.Holds => "unsat",
        PropertyVerdict.Violated => "sat",
        PropertyVerdict.Timeout => "timeout",
        _ => "unknown",
    };

    private static void Show(View view, ReluNetwork network, VerificationResult found, Replay? replay)
    {
        view.Heading(found.Verdict switch
        {
            PropertyVerdict.Holds => "unsat: no counterexample exists",
            PropertyVerdict.Violated => "sat: a counterexample was found",
            PropertyVerdict.Timeout => "timeout: not decided in the time given",
            _ => "unknown: not decided",
        });
        view.Facts(
            ("network", network.ToString()),
            ("speaks of", found.Verdict == PropertyVerdict.Violated ? "the network in real arithmetic; checked in rational numbers" : "the network in real arithmetic"),
            ("cells visited", View.Count(found.Cells)),
            ("seconds", View.Number(found.Seconds)));
        if (replay is not null)
        {
            view.Table(["", "values"],
            [
                ["inputs", Numbers(found.Counterexample)],
                ["outputs", Numbers(found.CounterexampleOutputs)],
                [$"outputs in {replay.Type}", Numbers(replay.Outputs)],
                [$"a counterexample in {replay.Type}", replay.Violates ? "yes" : "no"],
            ]);
        }
        if (found.Verdict is PropertyVerdict.Timeout or PropertyVerdict.Unknown) view.Next("a longer --timeout, or a smaller box");

        static string Numbers(IReadOnlyList<double> all) =>
            string.Join(", ", all.Take(12).Select(v => View.Number(v))) + (all.Count > 12 ? $", … ({all.Count})" : "");
    }
}
