using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>What one defence costs both sides.</summary>
/// <param name="Defence">The defence.</param>
/// <param name="Found">What is recovered behind it.</param>
/// <param name="OutputError">The largest difference between the recovered network and the undefended answers on fresh inputs; null when nothing was recovered.</param>
/// <param name="UserError">The root mean square by which the defended answers differ from the undefended ones on these inputs: what users lose.</param>
/// <param name="UserAgreement">The share of these inputs with the same largest output; the same sign where there is one output only.</param>
/// <param name="PatternShare">The share of all questions that lie next to one of the sixteen before them, a hundredth of their size or nearer: what a server would see.</param>
public sealed record DefenceCost(Defence Defence, RecoveredNetwork Found, double? OutputError, double UserError, double UserAgreement, double PatternShare);

/// <summary>Extracts a model once more behind each of some defences.</summary>
public static class DefenceAudit
{
    /// <summary>Measures defences.</summary>
    /// <param name="oracle">The undefended model.</param>
    /// <param name="defences">The defences; <see cref="DefenceKind.None"/> is one.</param>
    /// <param name="options">How to extract; the budget holds for each defence.</param>
    /// <param name="samples">How many fresh inputs to compare on, at least 1; they are asked of the undefended model and of every defended one.</param>
    /// <param name="cancellation">Stops the extraction.</param>
    /// <returns>One entry a defence.</returns>
    public static IReadOnlyList<DefenceCost> Run(IOracle oracle, IReadOnlyList<Defence> defences, ExtractionOptions options, int samples, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(oracle);
        ArgumentNullException.ThrowIfNull(defences);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        int d = oracle.Inputs, m = oracle.Outputs;
        RandomStream random = new(options.Seed, 84);
        double[] x = new double[samples * d], honest = new double[samples * m], defended = new double[samples * m], own = new double[samples * m];
        for (int i = 0; i < x.Length; i++) x[i] = options.Lower.IsEmpty ? random.NextNormal() : random.NextDouble(options.Lower[i % d], options.Upper[i % d]);
        oracle.Query(samples, x, honest, cancellation);
        List<DefenceCost> result = [];
        foreach (Defence defence in defences)
        {
            IOracle guarded = defence.Guard(oracle, options.Seed);
            guarded.Query(samples, x, defended, cancellation);
            Watched watched = new(guarded);
            RecoveredNetwork found = NetworkExtraction.Run(watched, options, cancellation);
            double? worst = null;
            if (found.Network is { } network)
            {
                network.Evaluate(samples, x, own);
                double[] wanted = [.. honest];
                AnswerForm.Undo(found.PostProcessing, m, wanted);
                worst = Enumerable.Range(0, own.Length).Max(i => Math.Abs(own[i] - wanted[i]));
            }
            double square = Enumerable.Range(0, honest.Length).Sum(i => (honest[i] - defended[i]) * (honest[i] - defended[i]));
            int same = Enumerable.Range(0, samples).Count(r => Decision(honest, r, m) == Decision(defended, r, m));
            result.Add(new DefenceCost(defence, found, worst, Math.Sqrt(square / honest.Length), same / (double)samples, watched.Share));
        }
        return result;
    }

    private static int Decision(double[] answers, int row, int outputs) =>
        outputs == 1 ? Math.Sign(answers[row]) : Enumerable.Range(0, outputs).MaxBy(k => answers[(row * outputs) + k]);

    /// <summary>Sees the questions as a server does.</summary>
    private sealed class Watched(IOracle oracle) : IOracle
    {
        private const int Remembered = 16;

        private readonly Queue<double[]> last = [];
        private long asked;
        private long near;

        public int Inputs => oracle.Inputs;

        public int Outputs => oracle.Outputs;

        public double Share => asked == 0 ? 0 : near / (double)asked;

        public void Query(int rows, ReadOnlySpan<double> x, Span<double> y, CancellationToken cancellation = default)
        {
            for (int r = 0; r < rows; r++)
            {
                double[] row = x.Slice(r * Inputs, Inputs).ToArray();
                double size = 0.01 * System.Numerics.Tensors.TensorPrimitives.Norm<double>(row);
                asked++;
                if (last.Any(o => System.Numerics.Tensors.TensorPrimitives.Distance<double>(o, row) <= size)) near++;
                last.Enqueue(row);
                if (last.Count > Remembered) last.Dequeue();
            }
            oracle.Query(rows, x, y, cancellation);
        }
    }
}
