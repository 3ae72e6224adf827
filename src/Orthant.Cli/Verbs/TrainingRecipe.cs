using System.CommandLine;
using Orthant.Training;

namespace Orthant.Cli.Verbs;

/// <summary>Where the values of options come from: a call, or a text that names some of them.</summary>
internal interface IOptionValues
{
    T? Get<T>(Option<T> option);
}

/// <summary>How networks are trained, as options of <c>train</c>, or as one text <c>epochs=5,rate=0.01</c> elsewhere.</summary>
internal sealed class TrainingRecipe
{
    private readonly Option<int> epochs =
        new("--epochs") { Description = "how often every sample is seen (default: 5)", HelpName = "N", DefaultValueFactory = _ => 5 };
    private readonly Option<int> batch =
        new("--batch") { Description = "samples of a step (default: 128)", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<double> rate =
        new("--rate") { Description = "the largest learning rate (default: 0.001)", HelpName = "R", DefaultValueFactory = _ => 1e-3 };
    private readonly Option<string> optimizer =
        new("--optimizer")
        {
            Description = "adam or sgd (momentum 0.9, Nesterov; default: adam)",
            HelpName = "NAME",
            DefaultValueFactory = _ => "adam"
        };
    private readonly Option<double> decay =
        new("--weight-decay") { Description = "weight decay (default: 0)", HelpName = "D", DefaultValueFactory = _ => 0 };
    private readonly Option<string> schedule = new("--schedule")
    {
        Description = "constant, linear or cosine (both after a warm-up), or steps (default: constant)",
        HelpName = "NAME",
        DefaultValueFactory = _ => "constant",
    };

    private readonly Option<double> gain =
        new("--gain") { Description = "multiplies the first weights (default: 1)", HelpName = "G", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> flip =
        new("--flip") { Description = "mirror half of the training images at random (networks of convolutions)" };
    private readonly Option<int> shift =
        new("--shift")
        {
            Description = "move training images by up to N pixels at random (default: 0)",
            HelpName = "N",
            DefaultValueFactory = _ => 0
        };
    private readonly Option<double> warmUp =
        new("--warm-up")
        {
            Description = "the part of the run in which linear and cosine rise (default: 0.1)",
            HelpName = "W",
            DefaultValueFactory = _ => 0.1
        };

    public IReadOnlyList<Option> All => [epochs, batch, rate, optimizer, decay, schedule, warmUp, gain, flip, shift];

    /// <summary>Reads <c>name=value</c> pairs; a name is that of an option of <c>train</c> without its dashes.</summary>
    /// <param name="text">Pairs with commas between them; may be empty for the usual.</param>
    /// <param name="place">The option or key that the text stands at, for errors.</param>
    /// <param name="seed">The seed of weights, order and activations.</param>
    /// <param name="threads">At least 1.</param>
    public static TrainingOptions Parse(string text, string place, ulong seed, int threads)
    {
        TrainingRecipe recipe = new();
        Command command = new("recipe");
        foreach (Option option in recipe.All) command.Options.Add(option);
        List<string> words = [];
        foreach (string pair in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = pair.Split('=', 2, StringSplitOptions.TrimEntries);
            if (sides.Length < 2) throw new OrthantInputException("command line", place, $"'{pair}'", "pairs such as epochs=5,rate=0.01");
            string[] names = [.. recipe.All.Select(o => o.Name[2..])];
            if (!names.Contains(sides[0])) throw new OrthantInputException("command line", place, $"'{sides[0]}'",
                Spelling.Nearest(sides[0], names) is string near ? $"perhaps {near}" : string.Join(", ", names));
            words.AddRange(["--" + sides[0], sides[1]]);
        }
        ParseResult parsed = command.Parse([.. words]);
        if (parsed.Errors is [{ } error, ..]) throw new OrthantInputException("command line", place,
            $"'{text}' ({error.Message.Replace('\n', ' ').TrimEnd('.')})", "values as options of orthant train take them");
        return recipe.Read(new ParsedValues(parsed), seed, threads);
    }

    /// <summary>The training options, with plain rectifiers.</summary>
    public TrainingOptions Read(IOptionValues values, ulong seed, int threads)
    {
        double peak = values.Get(rate), weightDecay = values.Get(decay), rise = values.Get(warmUp);
        if (!(rise is >= 0 and <= 1)) throw new OrthantInputException("command line", "--warm-up", $"{rise}", "a number from 0 to 1");
        if (!(peak > 0) || !double.IsFinite(peak)) throw new OrthantInputException("command line", "--rate", $"{peak}",
            "a positive number");
        return new TrainingOptions
        {
            Epochs = values.Get(epochs),
            BatchSize = values.Get(batch),
            InitialGain = values.Get(gain),
            Augmentation = new Augmentation(values.Get(flip), values.Get(shift)),
            Seed = seed,
            Threads = threads,
            Optimizer = values.Get(optimizer) switch
            {
                "adam" => new Adam(WeightDecay: weightDecay),
                "sgd" => new MomentumDescent(WeightDecay: weightDecay),
                string name => throw new OrthantInputException("command line", "--optimizer", $"'{name}'", "adam or sgd"),
                null => new Adam(),
            },
            Schedule = values.Get(schedule) switch
            {
                "constant" => LearningRateSchedule.Constant(peak),
                "linear" => LearningRateSchedule.WarmUpLinear(peak, rise),
                "cosine" => LearningRateSchedule.WarmUpCosine(peak, rise),
                "steps" => LearningRateSchedule.Steps(peak, 0.1, 3),
                string name => throw new OrthantInputException("command line", "--schedule", $"'{name}'",
                    "constant, linear, cosine or steps"),
                null => LearningRateSchedule.Constant(peak),
            },
        };
    }

    private sealed class ParsedValues(ParseResult parsed) : IOptionValues
    {
        public T? Get<T>(Option<T> option) => parsed.GetValue(option);
    }
}
