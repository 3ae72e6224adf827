using System.CommandLine;
using Orthant.Certificates;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>Checks a certificate with code that shares nothing with what made it.</summary>
internal sealed class CheckVerb : Verb
{
    private readonly Argument<string> certificate = new("CERTIFICATE") { Description = "what a verb with --certificate wrote, also .gz" };
    private readonly Argument<string?> model = new("MODEL") { Description = "the network or sequence that it has to be about", Arity = ArgumentArity.ZeroOrOne };

    public override string Name => "check";

    public override string Summary => "believes a certificate only after verifying every step of it";

    public override IReadOnlyList<string> Examples => ["./orthant check samples/tied.cert.json", "./orthant check samples/tied.cert.json samples/tied.json --json"];

    public override IReadOnlyList<Argument> Arguments => [certificate, model];

    public override Answer Run(VerbCall call)
    {
        string path = call.Get(certificate);
        Certificate claim = Certificate.Parse(path, InputFile.ReadAllText(path));
        ReluNetwork? network = null;
        bool matches = true;
        if (call.Get(model) is string file)
        {
            if (SequenceFile.IsSequence(file)) matches = claim.IsAbout(SequenceFile.Load(file).ToData());
            else network = ModelFile.Load(file).Network;
        }
        CheckResult result = CertificateChecker.Check(claim, network, call.Cancellation);
        if (!matches) result = result with { Valid = false, Reason = "it is about another sequence" };
        object json = new { valid = result.Valid, claims = new[] { result.Claim }, checkedIn = result.CheckedIn, reason = result.Reason, seconds = result.Seconds };
        return new Answer(json, view =>
        {
            view.Heading(result.Valid ? "valid" : "not valid");
            view.Facts(("claim", result.Claim), ("checked in", $"{result.CheckedIn} arithmetic"), ("seconds", View.Number(result.Seconds)), ("why not", result.Valid ? "nothing to object to" : result.Reason));
        }, result.Valid);
    }
}
