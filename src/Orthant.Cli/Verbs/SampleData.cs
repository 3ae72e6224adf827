using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Cli.Verbs;

/// <summary>How inputs enter a network: (x − Mean) / Deviation, pixels divided by 255 before.</summary>
internal readonly record struct InputScaling(double Mean, double Deviation)
{
    public static InputScaling None => new(0, 1);

    /// <summary>Reads <c>MEAN,SD</c>.</summary>
    public static InputScaling Parse(string text)
    {
        double[] numbers = ArgumentText.Numbers(text, "--normalize");
        if (numbers.Length != 2 || numbers[1] <= 0) throw new OrthantInputException("command line", "--normalize", $"'{text}'",
            "MEAN,SD with a positive SD");
        return new InputScaling(numbers[0], numbers[1]);
    }

    /// <summary>What a call says, or else what a network's metadata say.</summary>
    public static InputScaling Of(string? text, ReluNetwork? network) =>
        (text ?? network?.Metadata.GetValueOrDefault("input-normalization")) is string given ? Parse(given) : None;
}

/// <summary>Samples as a network reads them, with the class or value of each.</summary>
internal sealed class SampleData
{
    private readonly InputScaling scaling;
    private readonly float[]? values;

    private SampleData(string name, DataSource source, InputScaling scaling, float[]? values)
    {
        Name = name;
        Source = source;
        this.scaling = scaling;
        this.values = values;
        Rows = First(source.Rows);
    }

    /// <summary>The text that names the data, for errors.</summary>
    public string Name { get; }

    public DataSource Source { get; }

    public InputRows Rows { get; }

    public ReadOnlyMemory<double> Targets => Source.Targets;

    /// <summary>Reads data for a network.</summary>
    /// <param name="name">The text that names the data.</param>
    /// <param name="target">The target column of a table, or null.</param>
    /// <param name="scaling">How inputs enter the network.</param>
    /// <param name="reader">The network.</param>
    /// <param name="like">Images whose shape larger ones are averaged down to; null to take images as they are.</param>
    public static SampleData Load(string name, string? target, InputScaling scaling, ReluNetwork reader, DataSource? like = null)
    {
        DataSource source = DataSource.Load(name, target);
        SampleData data = Of(name, like is null ? source : source.LikeImages(like), scaling);
        if (data.Source.Width == reader.Inputs) return data;
        throw new OrthantInputException(name, "", $"{data.Source.Width} inputs a sample", $"{reader.Inputs}, as many as {reader} reads");
    }

    public static SampleData Of(string name, DataSource source, InputScaling scaling)
    {
        if (source.Rows == 0) throw new OrthantInputException(name, "", "no samples", "at least one");
        return new SampleData(name, source, scaling, source.Images is null
            ? Array.ConvertAll(source.Inputs(), x => (float)((x - scaling.Mean) / scaling.Deviation)) : null);
    }

    public InputRows First(int count) => Range(0, Math.Min(count, Source.Rows));

    /// <summary>Some samples that follow one another.</summary>
    public InputRows Range(int first, int count) => Source.Images is ImageSet images
        ? InputRows.OfBytes(images.Pixels.Slice(first * Source.Width, count * Source.Width), Source.Width, scaling.Mean, scaling.Deviation)
        : InputRows.OfSingles(values.AsMemory(first * Source.Width, count * Source.Width), Source.Width);

    /// <summary>Some of the samples.</summary>
    /// <param name="rows">Their numbers, in any order.</param>
    public SampleData Take(int[] rows) => Of(Name, Source.Take(rows), scaling);

    /// <summary>The same samples with other pixels.</summary>
    public InputRows WithPixels(byte[] pixels) => InputRows.OfBytes(pixels, Source.Width, scaling.Mean, scaling.Deviation);

    /// <summary>The classes of the samples.</summary>
    public int[] Labels(int classes)
    {
        if (!Source.TargetsAreClasses) throw new OrthantInputException(Name, "target", "numbers that are no classes",
            $"whole numbers from 0 to {classes - 1}");
        int[] labels = Array.ConvertAll(Source.Targets.ToArray(), t => (int)t);
        int wrong = Array.FindIndex(labels, l => l >= classes);
        if (wrong >= 0) throw new OrthantInputException(Name, $"sample {wrong}", $"class {labels[wrong]}",
            $"classes below {classes}, the network's outputs");
        return labels;
    }

    /// <summary>The samples to learn from or to measure training on: classes for several outputs, values for one.</summary>
    public LabelledData Labelled(int outputs)
    {
        if (outputs == 1) return LabelledData.Regression(Rows, Array.ConvertAll(Targets.ToArray(), t => (float)t), 1);
        if (!Source.TargetsAreClasses) throw new OrthantInputException(Name, "target", "numbers that are no classes",
            $"whole numbers from 0 to {outputs - 1}, or a network of one output");
        return LabelledData.Classification(Rows, Labels(outputs), outputs);
    }
}
