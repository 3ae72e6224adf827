using System.CommandLine;
using System.Globalization;
using Orthant.Formats;
using Orthant.Networks;

namespace Orthant.Cli.Verbs;

/// <summary>Evaluates a network at points, with the affine piece at each when asked for.</summary>
internal sealed class EvaluateVerb : Verb
{
    private readonly Argument<string> model = new("MODEL") { Description = "an .onnx or .json network, also .gz" };
    private readonly Option<string?> at = new("--at") { Description = "one point", HelpName = "X1,X2,…" };
    private readonly Option<string?> input = new("--input") { Description = "points as rows of a .csv or .npy file", HelpName = "FILE" };
    private readonly Option<bool> pieces = new("--pieces") { Description = "also the activation pattern, gradient and offset at each point" };
    private readonly Option<bool> single = new("--float32") { Description = "compute in float32 (default: float64)" };
    private readonly Option<bool> lines = new("--lines") { Description = "read a point a line from standard input and write its outputs, until the input ends" };
    private readonly Option<string?> output = new("--out") { Description = "write the outputs as .csv or .npy", HelpName = "FILE" };

    public override string Name => "evaluate";

    public override string Summary => "outputs at points, and the affine map that the network is around each";

    public override IReadOnlyList<string> Examples =>
        ["./orthant evaluate samples/spiral.onnx --at 0.25,-0.5", "./orthant evaluate samples/spiral.onnx --at -1,1 --pieces --json"];

    public override IReadOnlyList<Argument> Arguments => [model];

    public override IReadOnlyList<Option> Options => [at, input, lines, pieces, single, output];

    public override Answer Run(VerbCall call)
    {
        ReluNetwork network = ModelFile.Load(call.Get(model)).Network;
        if (call.Get(lines)) return Serve(call, network);
        NumberTable points = Points(call, network);
        double[] y = Evaluate(call, network, points);
        double[][] outputs = Rows(y, points.Rows, network.Outputs);
        PieceLine[]? found = call.Get(pieces) ? Pieces(call, network, points) : null;
        if (call.Get(output) is string path)
        {
            TableFile.Write(path, new NumberTable(points.Rows, network.Outputs, y, Enumerable.Range(0, network.Outputs).Select(i => $"y{i}")),
                call.Get(input) is string read ? [call.Get(model), read] : [call.Get(model)]);
        }
        object json = found is null ? new { outputs } : new { outputs, pieces = found };
        return new Answer(json, view => Show(view, points, outputs, found));
    }

    /// <summary>Answers line by line: what <c>extract exec:</c> asks.</summary>
    private Answer Serve(VerbCall call, ReluNetwork network)
    {
        if (call.Get(at) is not null || call.Get(input) is not null || call.Get(output) is not null || call.Get(pieces))
        {
            throw new OrthantInputException("command line", "--lines", "points or an output from elsewhere too", "--lines alone, or with --float32");
        }
        int count = 0;
        double[] y = new double[network.Outputs];
        float[] narrow = new float[network.Outputs];
        while (call.Input.ReadLine() is string line)
        {
            call.Cancellation.ThrowIfCancellationRequested();
            double[] x = ArgumentText.Numbers(line, $"standard input, line {++count}", network.Inputs);
            if (call.Get(single))
            {
                network.Evaluate<float>(1, Array.ConvertAll(x, v => (float)v), narrow);
                for (int i = 0; i < y.Length; i++) y[i] = narrow[i];
            }
            else
            {
                network.Evaluate<double>(1, x, y);
            }
            call.Output.WriteLine(string.Join(',', y.Select(v => v.ToString("R", CultureInfo.InvariantCulture))));
            // Whoever asks waits for the answer before the next question.
            call.Output.Flush();
        }
        return new Answer(new { points = count }, _ => { }) { IsWritten = true };
    }

    private NumberTable Points(VerbCall call, ReluNetwork network)
    {
        if (call.Get(at) is string text == call.Get(input) is not null)
        {
            throw new OrthantInputException("command line", Name, "no point, or points from two places", "either --at X1,X2,… or --input FILE");
        }
        if (call.Get(input) is not string path) return new NumberTable(1, network.Inputs, ArgumentText.Numbers(call.Get(at)!, "--at", network.Inputs));
        NumberTable table = TableFile.Read(path);
        if (table.Columns == network.Inputs) return table;
        throw new OrthantInputException(path, "", $"{table.Columns} columns", $"{network.Inputs}, one an input of the network");
    }

    private double[] Evaluate(VerbCall call, ReluNetwork network, NumberTable points)
    {
        if (!call.Get(single))
        {
            double[] y = new double[checked(points.Rows * network.Outputs)];
            network.EvaluateParallel<double>(points.Rows, points.ToDoubles(), y, call.Threads, null, call.Cancellation);
            return y;
        }
        float[] narrow = new float[checked(points.Rows * network.Outputs)];
        network.EvaluateParallel<float>(points.Rows, points.ToSingles(), narrow, call.Threads, null, call.Cancellation);
        return Array.ConvertAll(narrow, v => (double)v);
    }

    private static PieceLine[] Pieces(VerbCall call, ReluNetwork network, NumberTable points)
    {
        double[] x = points.ToDoubles();
        PieceLine[] lines = new PieceLine[points.Rows];
        for (int row = 0; row < lines.Length; row++)
        {
            call.Cancellation.ThrowIfCancellationRequested();
            AffinePiece piece = network.PieceAt(x.AsSpan(row * network.Inputs, network.Inputs));
            lines[row] = new PieceLine(piece.Pattern.ToText(network.Sites), piece.Gradient, piece.Offset);
        }
        return lines;
    }

    private static void Show(View view, NumberTable points, double[][] outputs, PieceLine[]? pieces)
    {
        const int most = 20;
        view.Table(["point", .. outputs[0].Take(10).Select((_, i) => $"output {i}")],
            outputs.Take(most).Select((y, row) => y.Take(10).Select(View.Number).Prepend(Text(points, row))));
        if (outputs.Length > most) view.Line($"… and {View.Count(outputs.Length - most)} more; --json or --out has all");
        for (int row = 0; row < Math.Min(most, pieces?.Length ?? 0); row++)
        {
            view.Line($"at {Text(points, row)}: pattern {Shorten(pieces![row].Pattern, 200)}");
            for (int i = 0; i < Math.Min(10, pieces[row].Offset.Length); i++)
            {
                string slopes = string.Join(", ", Enumerable.Range(0, Math.Min(8, points.Columns)).Select(j => View.Number(pieces[row].Gradient[i, j])));
                view.Line($"  output {i} = ({slopes}{(points.Columns > 8 ? ", …" : "")}) · x + {View.Number(pieces[row].Offset[i])}");
            }
        }
    }

    private static string Text(NumberTable points, int row) =>
        string.Join(", ", Enumerable.Range(0, Math.Min(4, points.Columns)).Select(j => View.Number(points[row, j]))) + (points.Columns > 4 ? ", …" : "");

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..length] + "…";

    private static double[][] Rows(double[] y, int rows, int width)
    {
        double[][] result = new double[rows][];
        for (int row = 0; row < rows; row++) result[row] = y[(row * width)..((row + 1) * width)];
        return result;
    }

    private sealed record PieceLine(string Pattern, double[,] Gradient, double[] Offset);
}
