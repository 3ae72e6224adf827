using System.Numerics;
using System.Numerics.Tensors;

namespace Orthant.Uncertainty;

/// <summary>Sums over passes from which every predictive statistic follows, sample by sample, so that no pass has to be kept.</summary>
/// <remarks>
/// <para>Passes fall into groups, pass t into group t mod groups; leaving one group out shows how far the result depends on the passes drawn.</para>
/// <code>
///     probability   sample × group × class     Σ p
///     entropy       sample × group             Σ H(p)
///     square        sample × group             Σ Σ_k p²
///     classSquare   sample × class             Σ p²
///     logarithm     sample × class             Σ ln p
///     votes         sample × class             how often the class was the most probable
/// </code>
/// <para>Samples may be added from several threads, as long as no two threads add the same sample; the passes of a sample come in ascending order.</para>
/// </remarks>
internal sealed class PassSums
{
    private const int MostGroups = 10;
    private const long MostGroupValues = 40_000_000;
    private const double SmallestProbability = 1e-300;

    [ThreadStatic]
    private static double[]? scratch;

    private readonly int samples;
    private readonly int classes;
    private readonly double[] probability;
    private readonly double[] entropy;
    private readonly double[] square;
    private readonly double[] classSquare;
    private readonly double[] logarithm;
    private readonly int[] votes;
    private int passes;

    public PassSums(int samples, int classes, int passes)
    {
        this.samples = samples;
        this.classes = classes;
        long fitting = Math.Max(2, MostGroupValues / ((long)samples * classes));
        Groups = (int)Math.Min(Math.Min(MostGroups, fitting), passes);
        probability = new double[checked(samples * Groups * classes)];
        entropy = new double[samples * Groups];
        square = new double[samples * Groups];
        classSquare = new double[samples * classes];
        logarithm = new double[samples * classes];
        votes = new int[samples * classes];
    }

    public int Groups { get; }

    /// <summary>Adds the logits of one pass for some samples.</summary>
    public void Add(int pass, int firstSample, int rows, ReadOnlySpan<float> logits) => AddLogits(pass, firstSample, rows, logits);

    /// <summary>Adds the logits of one pass for some samples.</summary>
    public void Add(int pass, int firstSample, int rows, ReadOnlySpan<double> logits) => AddLogits(pass, firstSample, rows, logits);

    /// <summary>Adds the probabilities of one pass for all samples.</summary>
    public void Add(int pass, ClassProbabilities probabilities)
    {
        double[] logs = new double[classes];
        for (int i = 0; i < samples; i++)
        {
            for (int k = 0; k < classes; k++) logs[k] = probabilities.LogOf(i, k);
            AddRow(i, pass % Groups, logs, probabilities.Row(i), 1);
        }
        passes = Math.Max(passes, pass + 1);
    }

    /// <summary>Everything that follows from the passes so far.</summary>
    public PredictiveDistribution ToDistribution()
    {
        PassMeans[] without = passes < 2 ? [] : [.. Enumerable.Range(0, Math.Min(Groups, passes)).Select(g => Means(g))];
        return new PredictiveDistribution(Means(null), passes, without, classSquare, logarithm, votes);
    }

    private void AddLogits<T>(int pass, int firstSample, int rows, ReadOnlySpan<T> logits)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int count = rows * classes, group = pass % Groups;
        if (scratch is null || scratch.Length < 2 * count) scratch = new double[2 * count];
        Span<double> shifted = scratch.AsSpan(0, count), e = scratch.AsSpan(count, count);
        for (int row = 0; row < count; row += classes)
        {
            ReadOnlySpan<T> z = logits.Slice(row, classes);
            T top = z[0];
            for (int k = 1; k < z.Length; k++) top = z[k] > top ? z[k] : top;
            double largest = double.CreateTruncating(top);
            for (int k = 0; k < z.Length; k++) shifted[row + k] = double.CreateTruncating(z[k]) - largest;
        }
        TensorPrimitives.Exp<double>(shifted, e);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> own = e.Slice(row * classes, classes);
            AddRow(firstSample + row, group, shifted.Slice(row * classes, classes), own, ClassProbabilities.Total(own));
        }
        // Every tile of a pass says the same.
        Volatile.Write(ref passes, Math.Max(Volatile.Read(ref passes), pass + 1));
    }

    /// <summary>Adds p = e/sum of one sample, with ln p = z − ln sum and H = ln sum − Σ p z, where e = exp z; z may be −∞ where e is 0.</summary>
    private void AddRow(int sample, int group, ReadOnlySpan<double> z, ReadOnlySpan<double> e, double sum)
    {
        double log = Math.Log(sum), scale = 1 / sum, weighted = 0, squares = 0;
        int at = ((sample * Groups) + group) * classes, of = sample * classes, winner = 0;
        for (int k = 0; k < e.Length; k++)
        {
            double p = e[k] * scale, p2 = p * p;
            probability[at + k] += p;
            classSquare[of + k] += p2;
            logarithm[of + k] += z[k] - log;
            if (p > 0) weighted += p * z[k];
            squares += p2;
            if (z[k] > z[winner]) winner = k;
        }
        entropy[(sample * Groups) + group] += log - weighted;
        square[(sample * Groups) + group] += squares;
        votes[of + winner]++;
    }

    /// <summary>The means over all passes, or over those of all groups but one.</summary>
    private PassMeans Means(int? without)
    {
        int count = Enumerable.Range(0, passes).Count(t => t % Groups != without);
        double[] p = new double[samples * classes], logs = new double[p.Length], h = new double[samples], variance = new double[samples];
        double scale = 1.0 / count;
        for (int i = 0; i < samples; i++)
        {
            Span<double> row = p.AsSpan(i * classes, classes);
            double squares = 0;
            for (int g = 0; g < Groups; g++)
            {
                if (g == without) continue;
                TensorPrimitives.Add(row, probability.AsSpan(((i * Groups) + g) * classes, classes), row);
                h[i] += entropy[(i * Groups) + g];
                squares += square[(i * Groups) + g];
            }
            TensorPrimitives.Multiply(row, scale, row);
            h[i] *= scale;
            variance[i] = Math.Max(0, (squares * scale) - TensorPrimitives.SumOfSquares<double>(row));
            // Probabilities that are too small for a double keep the mean of their logarithms: exact for one pass, and too small by little for more.
            for (int k = 0; k < classes; k++)
            {
                logs[(i * classes) + k] = passes == 1 || row[k] < SmallestProbability ? logarithm[(i * classes) + k] / passes : Math.Log(row[k]);
            }
        }
        return new PassMeans(new ClassProbabilities(classes, p, logs), h, variance, count);
    }
}

/// <summary>The means of some passes: probabilities, the entropy within a pass, and the variance between passes.</summary>
internal sealed record PassMeans(ClassProbabilities Probabilities, double[] ExpectedEntropy, double[] Variance, int Passes);
