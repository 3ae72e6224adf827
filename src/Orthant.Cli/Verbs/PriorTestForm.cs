using System.Collections.Immutable;
using System.CommandLine;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Priors;

namespace Orthant.Cli.Verbs;

/// <summary><c>prior test</c>: samples, an initialiser's networks, or a model's weights against the law, with p-values.</summary>
internal sealed class PriorTestForm
{
    private readonly Option<int?> draws = new("--draws") { Description = "test INIT: networks to draw (default: 2000)", HelpName = "N" };

    public IReadOnlyList<Option> All => [draws];

    public Answer Run(VerbCall call, string subject, PriorNetworkOptions networks, Func<NamedPrior, PriorLaw> lawOf)
    {
        string name = subject.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? subject[..^3] : subject;
        bool isFile = File.Exists(subject), isModel = Path.GetExtension(name).ToLowerInvariant() is ".onnx" or ".nnet" or ".json";
        WeightInitializer? initializer = isFile || isModel ? null : WeightInitializer.Parse(subject);
        if (initializer is null && call.Has(draws)) throw PriorNetworkOptions.Wrong("--draws", $"beside {subject}", "an initialiser to test, such as heUniform");
        if (isModel)
        {
            networks.RefuseBesideModel(call);
            return Weights(subject, networks.Initialisation(call));
        }
        NamedPrior named = networks.Read(call);
        PriorLaw law = lawOf(named);
        if (initializer is not null) return Fit(law.Fit(Draw(call, initializer, named)));
        NumberTable table = TableFile.Read(subject);
        return Fit(law.Fit(table.Column(table.Columns - 1)));
    }

    private double[] Draw(VerbCall call, WeightInitializer initializer, NamedPrior named)
    {
        PriorNetwork network = named.Network;
        int count = call.Get(draws) ?? 2000;
        if (count < 1) throw PriorNetworkOptions.Wrong("--draws", $"{count}", "at least 1");
        if (named.OfNorm) throw PriorNetworkOptions.Wrong("--outputs", "the norm of several outputs", "one output beside an initialiser");
        PriorLayer? first = network.Hidden.Count > 0 ? network.Hidden[0] : null;
        if (network.Hidden.Any(l => l.KeepProbability < 1 || l.Kind != first!.Kind || l.Slope != first.Slope || l.Kind is PriorLayerKind.OrthogonalRelu or PriorLayerKind.OrthogonalLinear))
        {
            throw PriorNetworkOptions.Wrong("prior test", "a mixed stack", "layers of one kind, without dropout, beside an initialiser");
        }
        ActivationFunction activation = first?.Kind switch
        {
            PriorLayerKind.Linear => ActivationFunction.Identity,
            PriorLayerKind.LeakyRelu => ActivationFunction.Leaky(first.Slope),
            _ => ActivationFunction.Relu,
        };
        int[] widths = [network.Inputs, .. network.Hidden.Select(l => l.Width), network.Outputs];
        double[]? biases = network.HasBiases ? [.. network.Hidden.Select(l => l.BiasStd), network.ReadOutBiasStd] : null;
        return InitializerSample.Outputs(widths, initializer, activation, named.InputNorm, count, call.Seed, biases, call.Cancellation);
    }

    private static Answer Fit(PriorFit fit)
    {
        var json = new
        {
            samples = fit.Count,
            zeros = fit.Zeros,
            atomAtZero = fit.AtomAtZero,
            atomPValue = fit.AtomPValue,
            kolmogorov = fit.Kolmogorov,
            kolmogorovPValue = fit.KolmogorovPValue,
            andersonDarling = fit.AndersonDarling,
            andersonDarlingPValue = fit.AndersonDarlingPValue,
        };
        return new Answer(json, view => view.Table(["test", "statistic", "p-value"],
        [
            ["Kolmogorov-Smirnov", View.Number(fit.Kolmogorov), View.Number(fit.KolmogorovPValue)],
            ["Anderson-Darling", View.Number(fit.AndersonDarling), View.Number(fit.AndersonDarlingPValue)],
            [$"zeros, {fit.Zeros} of {fit.Count}", View.Number(fit.AtomAtZero), View.Number(fit.AtomPValue)],
        ]));
    }

    private static Answer Weights(string path, string name)
    {
        // The tangent parametrisation has the function's law, but no law of weights in a file.
        WeightInitializer initializer = name == "ntk"
            ? throw PriorNetworkOptions.Wrong("--init", "ntk", "he, lecun, xavier, fanout or normal:S for the weights of a model")
            : PriorNetworkOptions.NormalInitializer(name);
        ImmutableArray<WeightFit> fits = WeightFit.Test(ModelFile.Load(path).Network, initializer, path);
        return new Answer(new { init = name, layers = fits }, view => view.Table(["dense layer", name, "measured", "p, scale", "p, KS", "p, AD"],
            fits.Select(f => new[]
            {
                $"{f.Number}", View.Number(f.ClaimedStd), View.Number(f.MeasuredStd), View.Number(f.ScalePValue), View.Number(f.KolmogorovPValue), View.Number(f.AndersonDarlingPValue),
            })));
    }
}
