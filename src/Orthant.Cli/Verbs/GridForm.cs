using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orthant.Formats;
using Orthant.Networks;
using Orthant.Reports;
using Orthant.Store;
using Orthant.Training;
using Orthant.Uncertainty;

namespace Orthant.Cli.Verbs;

/// <summary><c>uncertainty --grid</c>: methods × data sets × seeds, cell by cell; a run that was ended goes on where it was.</summary>
internal sealed class GridForm
{
    private const string SecondsKey = "training-seconds";

    private readonly Option<string?> grid =
        new("--grid") { Description = "compare methods × data sets × seeds as a .json file says (docs/uncertainty.md); needs --out, no MODEL", HelpName = "FILE" };
    private readonly Option<string?> output = new("--out")
    {
        Description = "with --grid the folder for cells.jsonl, networks, and grid.json, .md, .svg and .html; the same folder goes on with what is there",
        HelpName = "DIR",
    };

    public IReadOnlyList<Option> All => [grid, output];

    public bool IsWanted(VerbCall call) => call.Get(grid) is not null;

    public Answer Run(VerbCall call)
    {
        string path = call.Get(grid)!, folder = call.Get(output)
            ?? throw new OrthantInputException("command line", "--out", "nothing", "a folder for the results of --grid");
        GridFile file = GridFile.Load(path);
        GridMethod[] methods = [.. file.Methods.Select(m => Method(path, m, false)), .. file.Afterwards.Select(m => Method(path, m, true))];
        OutputFolder.Create(Path.Combine(folder, "networks"));
        using ResultLog log = new(Path.Combine(folder, "cells.jsonl"));
        List<GridCell> known = [.. log.Lines.Select((line, i) =>
            GridCell.Parse($"{Path.Combine(folder, "cells.jsonl")}, line {i + 1}", line))], cells = [];
        int total = file.DataSets.Length * file.Seeds.Length * methods.Length, fresh = 0;
        bool complete = true;
        using (ProgressLine progress = call.ShowProgress())
        {
            foreach (GridSource source in file.DataSets)
            {
                string settings = Settings(source, file.Passes);
                Lazy<DataSet> data = new(() => DataSet.Load(path, source));
                foreach ((ulong seed, GridMethod method) in file.Seeds.SelectMany(s => methods.Select(m => (s, m))))
                {
                    progress.Report(new WorkProgress($"{source.Name}, {method}, seed {seed}", cells.Count, total, "cells"));
                    GridCell? cell = known.Find(c => c.Settings == settings && c.DataSet == source.Name && c.Method == method.ToString()
                        && c.Seed == seed);
                    if (cell is null)
                    {
                        try
                        {
                            Networks networks = new(Path.Combine(folder, "networks"), settings, data.Value, source.Recipe, call);
                            GridCell measured = MethodGrid.Measure(
                                data.Value.Grid, method, seed, networks.Get, file.Passes, call.Threads, call.Cancellation);
                            cell = measured with { Settings = settings };
                        }
                        catch (OperationCanceledException)
                        {
                            complete = false;
                            break;
                        }
                        log.Append(cell.ToLine());
                        fresh++;
                    }
                    cells.Add(cell);
                }
                if (!complete) break;
            }
        }
        IReadOnlyList<GridRow> rows = GridRow.Of(cells);
        string command = $"orthant uncertainty --grid {path} --out {folder}", title = file.Name.Length > 0 ? file.Name
            : Path.GetFileNameWithoutExtension(path);
        object json = new
        {
            name = title,
            complete,
            passes = file.Passes,
            seeds = file.Seeds,
            measured = fresh,
            known = cells.Count - fresh,
            rows,
            cells
        };
        if (cells.Count > 0)
        {
            OutputFile.WriteText(Path.Combine(folder, "grid.json"), OrthantJson.SerializeIndented(json) + "\n", path);
            OutputFile.WriteText(Path.Combine(folder, "grid.md"), GridTable.Markdown(rows), path);
            OutputFile.WriteText(Path.Combine(folder, "grid.svg"), GridPicture.Draw(title, rows).ToFile(), path);
            OutputFile.WriteText(Path.Combine(folder, "grid.html"), GridPage.Render(title, rows, command), path);
        }
        return new Answer(json, view =>
        {
            view.Heading($"{title}: {cells.Count} of {total} cells, {fresh} of them measured now");
            foreach (IGrouping<string, GridRow> set in rows.GroupBy(r => r.DataSet))
            {
                view.Line(set.Key);
                view.Table(GridTable.Short, set.Select(GridTable.ShortRow));
            }
            if (complete) view.Next($"open {Path.Combine(folder, "grid.html")}");
            else view.Next($"go on with the same call: {command}");
        }, complete);
    }

    private static GridMethod Method(string path, string text, bool afterwards)
    {
        PredictiveMethod method = PredictiveMethod.Parse(text);
        if (method.IsTuned) throw new OrthantInputException(path, "methods", $"'{text}'", "a method with its numbers");
        if (method is { Predictor: PredictorKind.Ensemble, Members: null }) throw new OrthantInputException(path, "methods", $"'{text}'",
            "ensemble:N");
        if (afterwards && method.Predictor != PredictorKind.Randomized) throw new OrthantInputException(path, "afterwards", $"'{text}'",
            "a random law, such as mc-rrelu:-0.2,0.2");
        return new GridMethod(method, afterwards);
    }

    /// <summary>A digest of everything but method and seed that a cell depends on.</summary>
    private static string Settings(GridSource source, int passes)
    {
        string architecture = File.Exists(source.Architecture) ? Encoding.UTF8.GetString(InputFile.ReadAllBytes(source.Architecture))
            : source.Architecture;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{source with { Architecture = architecture }}, {passes} passes")))[..16];
    }

    /// <summary>A data set as it is read, with the shape of its networks.</summary>
    private sealed record DataSet(GridDataSet Grid, ArchitectureChoice Architecture)
    {
        public static DataSet Load(string path, GridSource source)
        {
            InputScaling scaling = new(source.Mean, source.Deviation);
            SampleData Read(string name) => SampleData.Of(name, DataSource.Load(name), scaling);
            SampleData all = Read(source.Training), test = Read(source.Test);
            int[] order = Order(all.Source.Rows, source.Shuffle),
                tested = Order(test.Source.Rows, source.Shuffle)[..Math.Min(source.TestRows ?? int.MaxValue, test.Source.Rows)];
            int kept = source.ValidationRows ?? 0;
            if (kept >= order.Length) throw new OrthantInputException(path, $"{source.Name}.validationRows", $"{kept}",
                $"fewer than the {order.Length} rows of the training data");
            SampleData validation = source.Validation is string own ? Read(own) : all.Take(order[^kept..]);
            SampleData training = all.Take(order[..Math.Min(source.TrainingRows ?? int.MaxValue, order.Length - kept)]);
            ArchitectureChoice choice = ArchitectureChoice.Read(source.Architecture, "architecture", training.Source);
            if (choice.Outputs < 2) throw new OrthantInputException(path, $"{source.Name}.architecture", $"{choice.Outputs} output",
                "one for each of two classes or more");
            SampleData? outside = source.Outside is string other
                ? SampleData.Of(other, DataSource.Load(other).LikeImages(training.Source), scaling) : null;
            foreach (SampleData part in new[] { validation, test, outside }.OfType<SampleData>())
            {
                if (part.Source.Width != training.Source.Width) throw new OrthantInputException(part.Name, "",
                    $"{part.Source.Width} inputs a sample", $"{training.Source.Width}, as in {source.Training}");
            }
            if (source.TestRows is int most && outside is not null && most < outside.Source.Rows) outside =
                outside.Take(Order(outside.Source.Rows, source.Shuffle)[..most]);
            LabelledData Of(SampleData d) => d.Labelled(choice.Outputs);
            return new DataSet(new GridDataSet(source.Name, Of(training), Of(validation), Of(test.Take(tested)), outside?.Rows), choice);
        }

        private static int[] Order(int count, bool shuffle) => shuffle ? new Numerics.RandomStream(0, ShuffleStream).Permutation(count)
            : [.. Enumerable.Range(0, count)];

        private const ulong ShuffleStream = 0x5F1E;
    }

    /// <summary>Networks by law and seed, trained when first asked for and kept in files.</summary>
    private sealed class Networks(string folder, string settings, DataSet data, string recipe, VerbCall call)
    {
        public TrainedNetwork Get(ActivationLaw law, ulong seed)
        {
            string name = $"{settings}-{law.ToString().Replace(':', '-').Replace(',', '_')}-{seed}",
                path = Path.Combine(folder, name + ".onnx");
            if (File.Exists(path))
            {
                ReluNetwork known = ModelFile.Load(path).Network;
                if (double.TryParse(known.Metadata.GetValueOrDefault(SecondsKey), NumberStyles.Float, CultureInfo.InvariantCulture,
                    out double seconds)) return new TrainedNetwork(known, seconds);
            }
            TrainingOptions how = TrainingRecipe.Parse(recipe, "recipe", seed, call.Threads) with { Activation = law };
            TimeSpan started = Environment.CpuUsage.TotalTime;
            TrainingResult result = NetworkTrainer.Train(data.Architecture.Task(data.Grid.Training, null), how, null, call.Cancellation);
            call.Cancellation.ThrowIfCancellationRequested();
            double taken = (Environment.CpuUsage.TotalTime - started).TotalSeconds;
            ReluNetwork network = result.Network.With(name: name,
                metadata: result.Network.Metadata.SetItem(SecondsKey, taken.ToString("R", CultureInfo.InvariantCulture)));
            ModelFile.Write(path, network);
            // What is measured is what a later run will read from the file.
            return new TrainedNetwork(ModelFile.Load(path).Network, taken);
        }
    }
}
