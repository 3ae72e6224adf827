using System.CommandLine;
using Orthant.Formats;
using Orthant.Learning;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Cli.Verbs;

/// <summary>Writes example networks and tables.</summary>
internal sealed class SampleVerb : Verb
{
    /// <summary>A kind of sample: its name or pattern, what it is, and how it is written.</summary>
    private static readonly (string Name, string Kind, string Description)[] Catalogue =
    [
        ("spiral", "table", "points of two spiral arms and their arm (2 inputs, 2 classes)"),
        ("control", "table", "encounters of two aircraft and the advice of a rule (5 inputs, 5 classes)"),
        ("digits", "table", "grey images of drawn digits (14 × 14 pixels, 10 classes); IMAGES,LABELS writes idx files"),
        ("random:WIDTHS", "network", "W ~ N(0, 2/fan-in), b ~ U(-0.5, 0.5), float32; WIDTHS like 2-64x3 or 784-64-64-10"),
        ("he:WIDTHS", "network", "He's initialisation: W ~ N(0, 2/fan-in), no biases, float32"),
        ("fanout:WIDTHS", "network", "W ~ N(0, 2/fan-out), b ~ U(-0.5, 0.5), float32"),
        .. SampleFamily.Names.Select(n => (n.Name, "samples", n.Description)),
    ];

    private readonly Argument<string?> name = new("NAME") { Description = "the sample; without one, all are listed", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> output = new("--out") { Description = "the file to write: .onnx or .json for networks, .csv or .npy for tables", HelpName = "FILE" };
    private readonly Option<int> rows = new("--rows") { Description = "rows of a table (default: 2000)", HelpName = "N", DefaultValueFactory = _ => 2000 };

    private readonly Option<int> inputs = new("--inputs") { Description = "inputs of learning samples (default: 50)", HelpName = "D", DefaultValueFactory = _ => 50 };
    private readonly Option<double?> noise = new("--noise") { Description = "noise of learning samples, over the target's standard deviation", HelpName = "S" };
    private readonly Option<string> law = new("--law") { Description = "inputs of learning samples: normal, uniform or student", HelpName = "L", DefaultValueFactory = _ => "normal" };
    private readonly Option<string?> truth = new("--truth") { Description = "write the hidden directions of learning samples, a row each", HelpName = "FILE" };

    public override string Name => "sample";

    public override string Summary => "writes an example: a random network, or a table to learn from";

    public override IReadOnlyList<string> Examples => ["./orthant sample random:2-64x3 --seed 1 --out out/random.onnx", "./orthant sample altplane6 --rows 8000 --seed 1 --out out/altplane.npy"];

    public override IReadOnlyList<Argument> Arguments => [name];

    public override IReadOnlyList<Option> Options => [output, rows, inputs, noise, law, truth];

    public override Answer Run(VerbCall call)
    {
        if (call.Get(name) is not string sample)
        {
            var samples = Catalogue.Select(c => new { name = c.Name, kind = c.Kind, description = c.Description });
            return new Answer(new { samples }, view =>
            {
                view.Facts([.. Catalogue.Select(c => (c.Name, $"{c.Kind}: {c.Description}"))]);
            });
        }
        string path = call.Get(output) ?? throw new OrthantInputException("command line", "--out", "nothing", "the file to write");
        foreach (string file in path.Split(',')) OutputFolder.PrepareFor(file);
        if (call.Get(rows) < 1) throw new OrthantInputException("command line", "--rows", $"{call.Get(rows)}", "at least 1");
        return sample.Split(':', 2) is [string law, string widths] ? WriteNetwork(call, law, widths, path) : WriteTable(call, sample, path);
    }

    private static Answer WriteNetwork(VerbCall call, string law, string text, string path)
    {
        (WeightInitializer weights, double bias) = law switch
        {
            "random" => (WeightInitializer.He, 0.5),
            "he" => (WeightInitializer.He, 0.0),
            "fanout" => (WeightInitializer.FanOut, 0.5),
            _ => throw Unknown(law),
        };
        int[] widths = RandomNetwork.ParseWidths(text)
            ?? throw new OrthantInputException("command line", $"sample {law}:", $"'{text}'", "widths such as 2-64x3 or 784-64-64-10");
        ReluNetwork network = RandomNetwork.Create(widths, weights, bias, call.Seed).With(name: $"{law}:{text} seed {call.Seed}");
        ModelFile.Write(path, network);
        return Written(path, network.ToString(), $"orthant inspect {path}");
    }

    private Answer WriteTable(VerbCall call, string sample, string path)
    {
        if (sample == "digits") return WriteDigits(call, path);
        if (SampleFamily.Parse(sample, call.Seed) is SampleFamily family) return WriteSamples(call, family, path);
        SampleTable table = sample switch
        {
            "spiral" => SampleTable.Spiral(call.Get(rows), call.Seed),
            "control" => SampleTable.Control(call.Get(rows), call.Seed),
            _ => throw Unknown(sample),
        };
        WriteTable(path, table.Width, table.Columns, table.Inputs, table.Targets);
        return Written(path, $"{table.Rows} rows of {table.Width} inputs and a target", $"orthant train {path} --arch {table.Width}-32-32-{(int)table.Targets.Max() + 1} --out out/{sample}.onnx");
    }

    private Answer WriteSamples(VerbCall call, SampleFamily family, string path)
    {
        int d = call.Get(inputs);
        if (d < Math.Max(1, family.Dimension)) throw new OrthantInputException("command line", "--inputs", $"{d}", $"at least {Math.Max(1, family.Dimension)}");
        if (call.Get(noise) is double s && !(s >= 0 && double.IsFinite(s))) throw new OrthantInputException("command line", "--noise", $"{s}", "a number from 0");
        InputLaw inputLaw = call.Get(law) switch
        {
            "normal" => InputLaw.Normal,
            "uniform" => InputLaw.Uniform,
            "student" => InputLaw.StudentT,
            _ => throw new OrthantInputException("command line", "--law", $"'{call.Get(law)}'", "normal, uniform or student"),
        };
        if ((long)call.Get(rows) * (d + 1) > Array.MaxLength) throw new OrthantInputException("command line", "--rows", $"{call.Get(rows)} rows of {d} inputs", $"at most {Array.MaxLength} numbers");
        FamilySample drawn = family.WithInputs(inputLaw).WithNoise(call.Get(noise) ?? family.Noise).Draw(call.Get(rows), d, call.Seed);
        ReadOnlySpan<float> x = drawn.Samples.AllInputs.Span;
        ReadOnlySpan<double> y = drawn.Samples.AllTargets.Span;
        string[] names = [.. Enumerable.Range(0, d).Select(i => $"x{i}"), "y"];
        float[] values = new float[checked(y.Length * (d + 1))];
        for (int r = 0; r < y.Length; r++)
        {
            x.Slice(r * d, d).CopyTo(values.AsSpan(r * (d + 1)));
            values[(r * (d + 1)) + d] = (float)y[r];
        }
        TableFile.Write(path, new NumberTable(y.Length, d + 1, values, names));
        if (call.Get(truth) is string file)
        {
            OutputFolder.PrepareFor(file);
            if (family.Dimension == 0) throw new OrthantInputException("command line", "--truth", $"{family.Name}, which has no hidden directions", "another family");
            TableFile.Write(file, new NumberTable(family.Dimension, d, [.. drawn.Basis]));
        }
        return Written(path, $"{y.Length} rows of {d} inputs and a target: {family.Description}", $"orthant learn {path}");
    }

    private Answer WriteDigits(VerbCall call, string path)
    {
        (byte[] pixels, int[] labels) = DrawnDigits.Draw(call.Get(rows), call.Seed);
        const int width = DrawnDigits.Size * DrawnDigits.Size;
        if (path.Split(',') is [string images, string classes])
        {
            Idx.Write(images, [labels.Length, DrawnDigits.Size, DrawnDigits.Size], pixels);
            Idx.Write(classes, [labels.Length], Array.ConvertAll(labels, l => (byte)l));
        }
        else
        {
            WriteTable(path, width, [.. Enumerable.Range(0, width).Select(i => $"p{i}"), "digit"], Array.ConvertAll(pixels, p => p / 255.0), Array.ConvertAll(labels, l => (double)l));
        }
        return Written(path, $"{labels.Length} images of {DrawnDigits.Size}×{DrawnDigits.Size} pixels", $"orthant train {path} --arch {width}-32-32-10 --out out/digits.onnx");
    }

    private static void WriteTable(string path, int width, IEnumerable<string> columns, double[] inputs, double[] targets)
    {
        double[] values = new double[checked(targets.Length * (width + 1))];
        for (int row = 0; row < targets.Length; row++)
        {
            inputs.AsSpan(row * width, width).CopyTo(values.AsSpan(row * (width + 1)));
            values[(row * (width + 1)) + width] = targets[row];
        }
        TableFile.Write(path, new NumberTable(targets.Length, width + 1, values, columns));
    }

    private static Answer Written(string path, string what, string next) => new(new { file = path, content = what }, view =>
    {
        view.Line($"{path}: {what}");
        view.Next(next);
    });

    private static OrthantInputException Unknown(string found)
    {
        IEnumerable<string> names = Catalogue.Select(c => c.Name.Split(':')[0]);
        string expected = Spelling.Nearest(found, names) is string near ? $"perhaps {near}" : $"one of {string.Join(", ", names)}";
        return new OrthantInputException("command line", "sample", $"'{found}'", expected);
    }
}
