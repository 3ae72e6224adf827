using System.Collections.Immutable;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Cli.Verbs;

/// <summary>What is to be trained: widths, an architecture with convolutions, or a model to go on from. One of the three is
/// given.</summary>
internal sealed record ArchitectureChoice(int[]? Widths, ReluNetwork? Start, TrainableArchitecture? Images, int Outputs)
{
    /// <summary>Reads widths such as 784-128-128-10, a .json architecture (a file, or its text), or a model.</summary>
    /// <param name="text">The text or path.</param>
    /// <param name="option">Where it stands, for errors.</param>
    /// <param name="source">The data that it is to read.</param>
    public static ArchitectureChoice Read(string text, string option, DataSource source)
    {
        if (RandomNetwork.ParseWidths(text) is int[] widths && !File.Exists(text))
        {
            // Two groups, such as 2-2, are inputs and outputs here: what is learned has no hidden layer.
            int[] own = text.Split('-').Length == 2 && !text.Contains('x', StringComparison.Ordinal) ? widths[..2] : widths;
            return new ArchitectureChoice(own, null, null, own[^1]);
        }
        if (text.StartsWith('{')) return Of(option, JsonNetwork.ParseArchitecture(option, text), source);
        if (!File.Exists(text)) throw new OrthantInputException("command line", option, $"'{text}'",
            "widths such as 784-128-128-10, or a file that exists");
        if (!text.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            ReluNetwork start = ModelFile.Load(text).Network;
            return new ArchitectureChoice(null, start, null, start.Outputs);
        }
        return Of(text, JsonNetwork.LoadArchitecture(text), source);
    }

    private static ArchitectureChoice Of(string text, NetworkArchitecture file, DataSource source)
    {
        if (file.Layers.All(l => l is DenseArchitecture or FlattenArchitecture))
        {
            int[] dense = [source.Width, .. file.Layers.OfType<DenseArchitecture>().Select(l => l.Units)];
            return new ArchitectureChoice(dense, null, null, dense[^1]);
        }
        ImageShape input = source.Images is ImageSet images ? new ImageShape(images.Channels, images.Height, images.Width)
            : new ImageShape(1, 1, source.Width);
        TrainableArchitecture architecture = new(input, Trainable(text, file.Layers));
        return new ArchitectureChoice(null, null, architecture, architecture.Layers is [.., TrainableDense last]
            ? last.Units
            : throw new OrthantInputException(text, "layers", "an end that is no dense layer", "a last {\"dense\": N}"));
    }

    public TrainingTask Task(LabelledData training, LabelledData? test) => Images is not null ? new TrainingTask(Images, training, test)
        : Start is not null ? new TrainingTask(Start, training, test) : new TrainingTask(Widths!, training, test);

    private static ImmutableArray<TrainableLayer> Trainable(string source, ImmutableArray<ArchitectureLayer> layers)
    {
        bool Activates(ActivationFunction activation) => activation.IsRelu || (activation.IsIdentity
            ? false
            : throw new OrthantInputException(source, "activation", $"{activation}",
                "relu or identity; the activation law says what relu stands for"));
        return
        [
            .. layers.Where(l => l is not FlattenArchitecture).Select(l => (TrainableLayer)(l switch
            {
                ConvolutionArchitecture c => new TrainableConvolution(c.Filters, c.Kernel, c.Stride, c.Padding, Activates(c.Activation)),
                BatchNormArchitecture b => new TrainableBatchNorm(Activates(b.Activation)),
                PoolArchitecture p => new TrainablePool(p.Largest, p.Size, p.Stride),
                ResidualArchitecture r => new TrainableResidual(Trainable(source, r.Layers), Activates(r.Activation)),
                DenseArchitecture d => new TrainableDense(d.Units, Activates(d.Activation)),
                _ => throw new OrthantInputException(source, "layers", l.GetType().Name, "layers that can be trained"),
            })),
        ];
    }
}
