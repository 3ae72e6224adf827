using MathNet.Numerics.LinearAlgebra;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>A student on its subspace with its error on held-out rows, over the targets' standard deviation.</summary>
internal sealed record Candidate(Student Student, Subspace Subspace, double Error);

/// <summary>One stage of a search: the widths, how many starts, and how they are thinned out.</summary>
/// <param name="Hidden">The hidden widths.</param>
/// <param name="Starts">Random starts.</param>
/// <param name="Steps">Adam's steps of each.</param>
/// <param name="Kept">How many are refined.</param>
internal sealed record SearchStage(int[] Hidden, int Starts, int Steps, int Kept)
{
    /// <summary>Whether the subspace is moved from the first refinement on, since it is only as good as the spectrum was.</summary>
    public bool MovesAtOnce { get; init; }

    /// <summary>An error after the brief refinement at which the stage is not worth more.</summary>
    public double GivesUpAbove { get; init; } = double.PositiveInfinity;

    /// <summary>Steps of the long refinement in a fixed subspace, for the best two.</summary>
    public int LongSteps { get; init; } = 40;

    /// <summary>Steps of the joint refinement at the end.</summary>
    public int JointSteps { get; init; } = 20;

    /// <summary>Rows of a subset of the long refinement.</summary>
    public int Rows { get; init; } = 10_000;
}

/// <summary>Fits students on a subspace: many random starts, of which the best on held-out rows are refined (successive halving).</summary>
internal sealed class StudentSearch(FitRows training, FitRows heldOut, ulong seed, int threads, CancellationToken cancellation)
{
    private ulong stream = 100;

    public FitRows Training => training;

    public FitRows HeldOut => heldOut;

    /// <summary>Below this a fit counts as exact.</summary>
    public double Exact { get; init; } = 3e-4;

    /// <summary>Called with each stage's outcome.</summary>
    public Action<string>? Trace { get; init; }

    public RandomStream Random() => new(seed, stream++);

    public Candidate Judge(StudentFit fit) => new(fit.Student, fit.Subspace, heldOut.RelativeError(fit.Student, fit.Subspace, threads));

    /// <summary>Refines a candidate; what comes out is not worse on held-out rows, or only by a factor where all rows together
    /// gain.</summary>
    public Candidate Refine(Candidate candidate, RefinementPlan plan, double tolerance = 1)
    {
        Candidate next = Judge(
            StudentRefinement.Run(training, candidate.Student, candidate.Subspace, plan, Random(), threads, cancellation));
        if (tolerance <= 1) return next.Error < candidate.Error ? next : candidate;
        double before = training.RelativeError(candidate.Student, candidate.Subspace, threads),
            after = training.RelativeError(next.Student, next.Subspace, threads);
        Trace?.Invoke($"all rows {before:G3} to {after:G3}, held out {candidate.Error:G3} to {next.Error:G3}");
        return after < before && next.Error < Math.Max(tolerance * candidate.Error, 0.1 * Exact) ? next : candidate;
    }

    public Candidate Run(SearchStage stage, Subspace subspace, bool hasBiases)
    {
        int[] widths = [subspace.Dimension, .. stage.Hidden, 1];
        float[] coordinates = training.Project(subspace);
        RandomStream[] streams = [.. Enumerable.Range(0, stage.Starts).Select(_ => Random())];
        Candidate[] starts = new Candidate[stage.Starts];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, stage.Starts, parallel, s =>
        {
            Student start = StudentDescent.Start(widths, hasBiases, streams[s]);
            Student student = StudentDescent.Train(start, coordinates, training.Targets, stage.Steps, 1e-2, streams[s]);
            starts[s] = new Candidate(student, subspace, heldOut.RelativeError(student, subspace, 1));
        });
        Candidate[] kept = [.. starts.OrderBy(c => c.Error).Take(stage.Kept)];
        RandomStream[] own = [.. kept.Select(_ => Random())];
        RefinementPlan brief = new(12, stage.MovesAtOnce ? 5000 : 4000, stage.MovesAtOnce);
        int inside = Math.Max(1, threads / kept.Length);
        Parallel.For(0, kept.Length, parallel, i =>
        {
            StudentFit fit = StudentRefinement.Run(training, kept[i].Student, subspace, brief, own[i], inside, cancellation);
            kept[i] = new Candidate(fit.Student, fit.Subspace, heldOut.RelativeError(fit.Student, fit.Subspace, inside));
        });
        kept = [.. kept.OrderBy(c => c.Error)];
        double early = kept[0].Error;
        Candidate? best = null;
        foreach (Candidate one in kept.Take(early > stage.GivesUpAbove ? 0 : stage.MovesAtOnce ? 1 : 2))
        {
            Candidate refined = stage.MovesAtOnce ? one
                : Refine(one, new RefinementPlan(stage.LongSteps, stage.Rows, false, SeeksErrors: true));
            refined = Refine(refined, new RefinementPlan(stage.JointSteps, 8000, true, SeeksErrors: !stage.MovesAtOnce));
            if (best is null || refined.Error < best.Error) best = refined;
            if (best.Error < Exact) break;
        }
        Trace?.Invoke($"{string.Join('-', stage.Hidden)}{(hasBiases ? " biases" : "")}: "
            + $"descent {starts.Min(c => c.Error):G3}, brief {early:G3}, refined {best?.Error:G3}");
        return best ?? kept[0];
    }

    /// <summary>The mean outer product of gradients in the subspace: eigenvalues descending, and their directions row by row.</summary>
    public (double[] Values, double[] Directions) Gradients(Student student, Subspace subspace)
    {
        int k = subspace.Dimension, rows = Math.Min(training.Count, 8192);
        double[,] sum = new double[k, k];
        StudentPass pass = new(student);
        float[] jacobian = new float[student.Parameters.Length * StudentPass.Block];
        for (int first = 0; first < rows; first += StudentPass.Block)
        {
            int count = Math.Min(StudentPass.Block, rows - first);
            FitRows.Coordinates(subspace, training.Values.AsSpan(first * training.Inputs, count * training.Inputs), count, pass.Inputs);
            pass.Forward(student, count);
            pass.Jacobian(student, count, jacobian, StudentPass.Block);
            for (int i = 0; i < k; i++)
            {
                for (int j = 0; j < k; j++)
                {
                    for (int r = 0; r < count; r++)
                    {
                        sum[i, j] += (double)pass.InputSlopes[(i * StudentPass.Block) + r] * pass.InputSlopes[(
                            j * StudentPass.Block) + r] / rows;
                    }
                }
            }
        }
        MathNet.Numerics.LinearAlgebra.Factorization.Evd<double> evd = Matrix<double>.Build.DenseOfArray(sum).Evd(Symmetricity.Symmetric);
        double[] values = new double[k], directions = new double[k * k];
        for (int i = 0; i < k; i++)
        {
            values[i] = Math.Max(0, evd.EigenValues[k - 1 - i].Real);
            for (int j = 0; j < k; j++) directions[(i * k) + j] = evd.EigenVectors[j, k - 1 - i];
        }
        return (values, directions);
    }

    /// <summary>Leaves out directions along which the fit hardly changes, where that does not cost accuracy on held-out rows.</summary>
    public Candidate Prune(Candidate candidate)
    {
        (double[] values, double[] directions) = Gradients(candidate.Student, candidate.Subspace);
        int k = values.Length;
        double share = candidate.Error < Exact ? 1e-8 : Math.Clamp(0.1 * candidate.Error * candidate.Error, 1e-7, 1e-3);
        int kept = values.Count(v => v > share * values[0]);
        if (kept == k || kept == 0) return candidate;
        Candidate pruned = OnStrongest(candidate, directions, kept, new RefinementPlan(20, 8000, true));
        return pruned.Error <= Math.Max(1.1 * candidate.Error, Exact) ? pruned : candidate;
    }

    /// <summary>Leaves out the weakest direction, one at a time, for as long as a longer fit without it predicts held-out rows as well: a
    /// spurious one may carry more of the gradient than a first look leaves out.</summary>
    public Candidate PruneWeakest(Candidate candidate)
    {
        while (true)
        {
            (double[] values, double[] directions) = Gradients(candidate.Student, candidate.Subspace);
            if (values.Length < 2 || values[^1] > 1e-2 * values[0]) return candidate;
            Candidate pruned = OnStrongest(candidate, directions, values.Length - 1, new RefinementPlan(40, 12_000, true));
            if (pruned.Error > Math.Max(1.1 * candidate.Error, Exact)) return candidate;
            candidate = pruned;
        }
    }

    /// <summary>The student refitted on the strongest of its gradient's directions.</summary>
    private Candidate OnStrongest(Candidate candidate, double[] directions, int kept, RefinementPlan plan)
    {
        int k = candidate.Subspace.Dimension;
        double[] rows = directions[..(kept * k)];
        Subspace subspace = candidate.Subspace.Turned(rows);
        // u = Mᵀ v on what is kept.
        double[] back = new double[k * kept];
        for (int i = 0; i < kept; i++)
        {
            for (int j = 0; j < k; j++) back[(j * kept) + i] = rows[(i * k) + j];
        }
        return Judge(StudentRefinement.Run(
            training, candidate.Student.OnCoordinates(back, kept), subspace, plan, Random(), threads, cancellation));
    }
}
