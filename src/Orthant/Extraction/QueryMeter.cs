using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;

namespace Orthant.Extraction;

/// <summary>The only door to the oracle: counts every row, by stage, holds the budget, and refuses answers that are none.</summary>
internal sealed class QueryMeter
{
    /// <summary>Rows that go to the oracle in one call at most, so that stopping and progress do not wait long.</summary>
    public const int MostRowsPerCall = 4096;

    private readonly IOracle oracle;
    private readonly long budget;
    private readonly IProgress<WorkProgress>? progress;
    private readonly CancellationToken cancellation;
    private readonly List<(string Name, long Rows, TimeSpan Time)> finished = [];
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private string stage = "self-test";
    private long stageStart;
    private TimeSpan stageTime;

    public QueryMeter(IOracle oracle, long budget, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (oracle.Inputs < 1 || oracle.Outputs < 1) throw new OrthantInputException("oracle", "size", $"{oracle.Inputs} inputs and {oracle.Outputs} outputs", "at least one of each");
        this.oracle = oracle;
        this.budget = budget;
        this.progress = progress;
        this.cancellation = cancellation;
    }

    public int Inputs => oracle.Inputs;

    public int Outputs => oracle.Outputs;

    /// <summary>All rows asked so far.</summary>
    public long Rows { get; private set; }

    /// <summary>The size of one rounding of the oracle's answers, where these are about 1; 2⁻⁵² for exact doubles, more for float32, rounding and noise.</summary>
    public double Unit { get; set; } = OracleSelfTest.DoubleUnit;

    /// <summary>By how much the rounding grows with the answer.</summary>
    public double Growth { get; set; } = OracleSelfTest.DoubleUnit;

    /// <summary>What is undone in every answer.</summary>
    public PostProcessing Form { get; set; }

    /// <summary>Whether answers are coarser than doubles.</summary>
    public bool IsCoarse => Unit > 1e-14;

    /// <summary>The number of rows, all in all, at which an attempt is given up.</summary>
    public long Limit { get; set; } = long.MaxValue;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Kinks met on lines so far.</summary>
    public long Kinks { get; set; }

    /// <summary>What has been found so far, for progress.</summary>
    public string Detail { get; set; } = "";

    /// <summary>Says how many units there are in each layer so far, and how many kinks they leave unexplained.</summary>
    public void Tell(IEnumerable<int> widths, int unexplained) =>
        Detail = string.Create(CultureInfo.InvariantCulture, $"units {string.Join(" + ", widths)}; {Kinks} kinks met, {unexplained} unexplained");

    /// <summary>Names what the rows from here on are for.</summary>
    public void Begin(string name)
    {
        Close();
        stage = name;
    }

    /// <summary>What each stage has cost, in the order of their beginnings; stages of one name are one.</summary>
    public ExtractionStage[] Stages()
    {
        Close();
        return [.. finished.GroupBy(s => s.Name).Select(g => new ExtractionStage(g.Key, g.Sum(s => s.Rows), g.Sum(s => s.Time.TotalSeconds))).Where(s => s.Queries > 0)];
    }

    /// <summary>The answers to some rows.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="x">rows × inputs.</param>
    /// <returns>rows × outputs.</returns>
    /// <exception cref="BudgetExhaustedException">There are not so many rows left.</exception>
    public double[] Ask(int rows, ReadOnlySpan<double> x)
    {
        double[] y = AskUnchecked(rows, x);
        for (int i = 0; i < y.Length; i++)
        {
            if (double.IsFinite(y[i])) continue;
            throw new OrthantInputException("oracle", $"an answer, output {i % Outputs}", y[i].ToString(CultureInfo.InvariantCulture), "a finite number");
        }
        return y;
    }

    /// <summary>The same for rows of which some answers may not be finite.</summary>
    public double[] AskUnchecked(int rows, ReadOnlySpan<double> x)
    {
        double[] y = new double[rows * Outputs];
        for (int first = 0; first < rows; first += MostRowsPerCall)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(MostRowsPerCall, rows - first);
            if (Rows + count > Math.Min(budget, Limit)) throw new BudgetExhaustedException();
            oracle.Query(count, x.Slice(first * Inputs, count * Inputs), y.AsSpan(first * Outputs, count * Outputs), cancellation);
            Rows += count;
        }
        AnswerForm.Undo(Form, Outputs, y);
        Report();
        return y;
    }

    /// <summary>The answer to one row.</summary>
    public double[] Ask(ReadOnlySpan<double> x) => Ask(1, x);

    /// <summary>What rounding may do to answers of this size.</summary>
    public double Noise(ReadOnlySpan<double> answers) => Unit + (Growth * Largest(answers));

    public static double Largest(ReadOnlySpan<double> values) => values.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(values));

    /// <summary>Reports progress that costs no query.</summary>
    public void Note(string detail)
    {
        Detail = detail;
        Report();
    }

    private void Report() => progress?.Report(new WorkProgress(stage, Rows, budget == long.MaxValue ? null : budget, "queries") { Detail = Detail });

    private void Close()
    {
        finished.Add((stage, Rows - stageStart, clock.Elapsed - stageTime));
        stageStart = Rows;
        stageTime = clock.Elapsed;
    }
}

/// <summary>The next question would cost more than the budget holds.</summary>
internal sealed class BudgetExhaustedException : Exception;
