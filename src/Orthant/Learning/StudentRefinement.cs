using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>A student on a subspace, and how well it does.</summary>
internal sealed record StudentFit(Student Student, Subspace Subspace, double MeanSquare);

/// <summary>How long and on what <see cref="StudentRefinement"/> works.</summary>
/// <param name="Steps">The most steps.</param>
/// <param name="Rows">Rows of a subset; a new one is drawn every five steps.</param>
/// <param name="MovesSubspace">Whether the subspace is fitted too.</param>
/// <param name="SeeksErrors">Whether half of each subset are the rows with the largest errors of all, at weight 1, and the others stand
/// for the rest: the mean square that is minimised is still that of all rows, but a kink that few rows show is not missed.</param>
internal readonly record struct RefinementPlan(int Steps, int Rows, bool MovesSubspace, bool SeeksErrors = false);

/// <summary>Levenberg and Marquardt's method for the parameters of a student and, jointly, the subspace that it looks at.</summary>
/// <remarks>
/// <para>With r = y − N(Uz) the unknowns are the parameters and a matrix Δ perpendicular to U: ∂N/∂Δ(j, a) = ∂N/∂u(j) · (z − UᵀUz)(a).
/// After a step U + Δ = T U′ with orthonormal rows again, and the first layer takes T. Damping is relative to the diagonal; where the
/// labels have no noise the steps end at the exact piecewise-linear function.</para>
/// <para>Normal equations come from one symmetric rank update a block of rows, in float32, added in double:
/// <code>
///                rows of a block →
///   parameters   J J J J J J J J
///   Δ            S S S S S S S S        A = [J; S; r] · [J; S; r]ᵀ,  the last row of A is the gradient
///   residual     r r r r r r r r
/// </code></para>
/// </remarks>
internal sealed class StudentRefinement
{
    private const int Chunks = 4, StepsPerSubset = 5, Patience = 6, Tries = 7;

    private readonly FitRows rows;
    private readonly RefinementPlan plan;
    private readonly RandomStream random;
    private readonly int threads;
    private readonly CancellationToken cancellation;
    private readonly double variance;
    private double[][] inputs = [];
    private double[][] targets = [];
    private double[][] weights = [];
    private double mass;

    private StudentRefinement(FitRows rows, RefinementPlan plan, RandomStream random, int threads, CancellationToken cancellation)
    {
        this.rows = rows;
        this.plan = plan;
        this.random = random;
        this.threads = threads;
        this.cancellation = cancellation;
        variance = rows.Deviation * rows.Deviation;
    }

    /// <summary>Refines a student, and its subspace where the plan says so.</summary>
    public static StudentFit Run(
        FitRows rows, Student student, Subspace subspace, RefinementPlan plan, RandomStream random, int threads,
        CancellationToken cancellation) =>
        new StudentRefinement(rows, plan, random, threads, cancellation).Run(new StudentFit(student, subspace, double.NaN));

    /// <summary>The means of g gᵀ and of r² g gᵀ over rows, where g is the derivative by all unknowns and r the residual over its root
    /// mean square.</summary>
    /// <returns>Two matrices of one row more than there are unknowns, of which the lower triangles count; the residual's mean square; the
    /// rows.</returns>
    public static (double[] Curvature, double[] Spread, double MeanSquare, int Rows) Information(
        FitRows rows, Student student, Subspace subspace, int most, RandomStream random, int threads, CancellationToken cancellation)
    {
        StudentRefinement run = new(rows, new RefinementPlan(0, most, true), random, threads, cancellation);
        StudentFit fit = new(student, subspace, double.NaN);
        Chunk[] chunks = [.. Enumerable.Range(0, Chunks)
            .Select(_ => new Chunk(student, subspace.Dimension * subspace.Inputs, rows.Inputs))];
        run.Draw(fit);
        double[] curvature = run.Assemble(chunks, fit, out double square);
        double scale = Math.Sqrt(square);
        for (int b = 0; b < run.inputs.Length; b++)
        {
            run.weights[b] = chunks[0].Residuals(fit, run.inputs[b], run.targets[b], scale > 0 ? scale : 1);
        }
        return (curvature, run.Assemble(chunks, fit, out _), square, (int)run.mass);
    }

    private StudentFit Run(StudentFit fit)
    {
        double damping = 1e-2;
        int stalled = 0;
        Chunk[] chunks = [.. Enumerable.Range(0, Chunks)
            .Select(_ => new Chunk(fit.Student, plan.MovesSubspace ? fit.Subspace.Dimension * fit.Subspace.Inputs : 0, rows.Inputs))];
        int size = chunks[0].Size;
        bool isFresh = false;
        for (int step = 0; step < plan.Steps && stalled < Patience; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (inputs.Length == 0 || (step % StepsPerSubset == 0 && rows.Count > plan.Rows))
            {
                Draw(fit);
                isFresh = true;
            }
            double[] normal = Assemble(chunks, fit, out double now);
            if (isFresh) fit = fit with { MeanSquare = now };
            isFresh = false;
            if (now < 1e-20 * variance) break;
            double before = now;
            bool better = false;
            for (int attempt = 0; attempt < Tries && !better; attempt++)
            {
                if (Step(normal, size, damping) is double[] change)
                {
                    StudentFit next = Moved(fit, change);
                    double after = Evaluate(chunks, next);
                    if (after < now)
                    {
                        fit = next with { MeanSquare = after };
                        better = true;
                        damping = Math.Max(damping * 0.3, 1e-10);
                        break;
                    }
                }
                damping *= 4;
            }
            if (!better)
            {
                damping = Math.Min(damping, 1e2);
                stalled++;
                inputs = rows.Count > plan.Rows ? [] : inputs;
            }
            else
            {
                stalled = (before - fit.MeanSquare) / before < 1e-4 ? stalled + 1 : 0;
            }
        }
        return fit;
    }

    private void Draw(StudentFit fit)
    {
        int[] chosen;
        HashSet<int> hard = [];
        if (plan.SeeksErrors && rows.Count > plan.Rows)
        {
            double[] errors = rows.Outputs(fit.Student, fit.Subspace, threads);
            int[] order = new int[errors.Length];
            for (int r = 0; r < errors.Length; r++) (errors[r], order[r]) = (-Math.Abs(errors[r] - rows.Targets[r]), r);
            Array.Sort(errors, order);
            int seek = plan.Rows / 2;
            hard = [.. order[..seek]];
            random.Shuffle(order.AsSpan(seek));
            chosen = order[..plan.Rows];
            Array.Sort(chosen);
        }
        else
        {
            chosen = rows.Choose(plan.Rows, random);
        }
        double heavy = hard.Count == 0 ? 1 : Math.Sqrt((rows.Count - hard.Count) / (double)(chosen.Length - hard.Count));
        int[][] blocks = [.. chosen.Chunk(StudentPass.Block)];
        inputs = new double[blocks.Length][];
        targets = new double[blocks.Length][];
        weights = new double[blocks.Length][];
        for (int b = 0; b < blocks.Length; b++)
        {
            inputs[b] = new double[rows.Inputs * StudentPass.Block];
            rows.Turn(blocks[b], inputs[b]);
            targets[b] = [.. blocks[b].Select(r => rows.Targets[r])];
            weights[b] = hard.Count == 0 ? [] : [.. blocks[b].Select(r => hard.Contains(r) ? 1 : heavy)];
        }
        mass = hard.Count == 0 ? chosen.Length : rows.Count;
    }

    private double[] Assemble(Chunk[] chunks, StudentFit fit, out double meanSquare)
    {
        ForEach(chunks, (chunk, first) =>
        {
            chunk.Clear();
            for (int b = first; b < inputs.Length; b += Chunks) chunk.Add(fit, inputs[b], targets[b], weights[b]);
        });
        int size = chunks[0].Size;
        double[] sum = new double[size * size];
        double squares = 0;
        foreach (Chunk chunk in chunks)
        {
            TensorPrimitives.Add(sum, chunk.Normal, sum);
            squares += chunk.Squares;
        }
        TensorPrimitives.Divide(sum, mass, sum);
        meanSquare = squares / mass;
        return sum;
    }

    private double Evaluate(Chunk[] chunks, StudentFit fit)
    {
        ForEach(chunks, (chunk, first) =>
        {
            chunk.Squares = 0;
            for (int b = first; b < inputs.Length; b += Chunks) chunk.Measure(fit, inputs[b], targets[b], weights[b]);
        });
        return chunks.Sum(c => c.Squares) / mass;
    }

    private void ForEach(Chunk[] chunks, Action<Chunk, int> action) =>
        Parallel.For(0, Chunks, new ParallelOptions { MaxDegreeOfParallelism = threads }, c => action(chunks[c], c));

    /// <summary>Solves (A + λ D) x = g, where A's last row is g.</summary>
    private static double[]? Step(double[] normal, int size, double damping)
    {
        int n = size - 1;
        double largest = 0;
        for (int i = 0; i < n; i++) largest = Math.Max(largest, normal[(i * size) + i]);
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            normal.AsSpan(i * size, i + 1).CopyTo(a.AsSpan(i * n));
            a[(i * n) + i] += damping * (normal[(i * size) + i] + (1e-9 * largest));
        }
        double[] x = normal.AsSpan(n * size, n).ToArray();
        new Cholesky(n, a, 0).Solve(x);
        return Array.TrueForAll(x, double.IsFinite) ? x : null;
    }

    private StudentFit Moved(StudentFit fit, double[] change)
    {
        int p = fit.Student.Parameters.Length, d = rows.Inputs, k = fit.Subspace.Dimension;
        double[] parameters = new double[p];
        TensorPrimitives.Add(fit.Student.Parameters, change.AsSpan(0, p), parameters);
        Student student = fit.Student.With(parameters);
        if (!plan.MovesSubspace) return fit with { Student = student };
        double[] moved = new double[k * d];
        for (int j = 0; j < k; j++)
        {
            Span<double> row = moved.AsSpan(j * d, d);
            change.AsSpan(p + (j * d), d).CopyTo(row);
            for (int i = 0; i < k; i++)
            {
                TensorPrimitives.MultiplyAdd(fit.Subspace.Row(i), -TensorPrimitives.Dot(row, fit.Subspace.Row(i)), row, row);
            }
            TensorPrimitives.Add(row, fit.Subspace.Row(j), row);
        }
        Subspace subspace = Subspace.Span(d, moved, out double[] triangle);
        return new StudentFit(student.OnCoordinates(triangle, k), subspace, double.NaN);
    }

    /// <summary>One part of the blocks, with buffers of its own, so that sums do not depend on the number of threads.</summary>
    private sealed class Chunk(Student shape, int movable, int width)
    {
        private readonly StudentPass pass = new(shape);
        private readonly float[] jacobian = new float[(shape.Parameters.Length + movable + 1) * StudentPass.Block];
        private readonly double[] perpendicular = new double[StudentPass.Block];
        private readonly float[] single = new float[StudentPass.Block];
        private readonly float[] product = new float[(shape.Parameters.Length + movable + 1) * (shape.Parameters.Length + movable + 1)];

        /// <summary>Unknowns and one.</summary>
        public int Size { get; } = shape.Parameters.Length + movable + 1;

        public double[] Normal { get; } = new double[(shape.Parameters.Length + movable + 1) * (shape.Parameters.Length + movable + 1)];

        public double Squares { get; set; }

        public void Clear()
        {
            Array.Clear(Normal);
            Squares = 0;
        }

        public void Measure(StudentFit fit, double[] inputs, double[] targets, double[] weights)
        {
            Coordinates(fit.Subspace, inputs, targets.Length);
            ReadOnlySpan<double> outputs = pass.Forward(fit.Student, targets.Length);
            Span<double> residual = perpendicular.AsSpan(0, targets.Length);
            TensorPrimitives.Subtract(targets, outputs, residual);
            if (weights.Length > 0) TensorPrimitives.Multiply(residual, weights, residual);
            Squares += TensorPrimitives.SumOfSquares<double>(residual);
        }

        /// <summary>The residuals of a block over a scale.</summary>
        public double[] Residuals(StudentFit fit, double[] inputs, double[] targets, double scale)
        {
            Measure(fit, inputs, targets, []);
            double[] residuals = new double[targets.Length];
            TensorPrimitives.Divide(perpendicular.AsSpan(0, targets.Length), scale, residuals);
            return residuals;
        }

        public void Add(StudentFit fit, double[] inputs, double[] targets, double[] weights)
        {
            const int stride = StudentPass.Block;
            int count = targets.Length, p = fit.Student.Parameters.Length;
            Measure(fit, inputs, targets, weights);
            TensorPrimitives.ConvertTruncating<double, float>(perpendicular.AsSpan(0, count), jacobian.AsSpan((Size - 1) * stride, count));
            pass.Jacobian(fit.Student, count, jacobian, stride);
            if (Size > p + 1)
            {
                for (int a = 0; a < width; a++)
                {
                    // What input a has beside the subspace: z(a) − Σ U(i, a) u(i).
                    inputs.AsSpan(a * stride, count).CopyTo(perpendicular);
                    Span<double> rest = perpendicular.AsSpan(0, count);
                    for (int i = 0; i < fit.Subspace.Dimension; i++)
                    {
                        TensorPrimitives.MultiplyAdd(pass.Inputs.Slice(i * stride, count), -fit.Subspace.Row(i)[a], rest, rest);
                    }
                    TensorPrimitives.ConvertTruncating<double, float>(rest, single.AsSpan(0, count));
                    for (int j = 0; j < fit.Subspace.Dimension; j++)
                    {
                        TensorPrimitives.Multiply(
                            pass.InputSlopes.Slice(j * stride, count), single.AsSpan(0, count),
                            jacobian.AsSpan((p + (j * width) + a) * stride, count));
                    }
                }
            }
            if (weights.Length > 0)
            {
                TensorPrimitives.ConvertTruncating<double, float>(weights, single.AsSpan(0, count));
                for (int i = 0; i < Size - 1; i++)
                {
                    TensorPrimitives.Multiply(
                        jacobian.AsSpan(i * stride, count), single.AsSpan(0, count), jacobian.AsSpan(i * stride, count));
                }
            }
            SymmetricRankUpdate.LowerInto(
                new ReadOnlyMatrixSpan<float>(jacobian, Size, count, stride), new MatrixSpan<float>(product, Size, Size));
            for (int i = 0; i < Size; i++)
            {
                Span<double> row = Normal.AsSpan(i * Size, i + 1);
                ReadOnlySpan<float> add = product.AsSpan(i * Size, i + 1);
                for (int j = 0; j < add.Length; j++) row[j] += add[j];
            }
        }

        private void Coordinates(Subspace subspace, double[] inputs, int count)
        {
            const int stride = StudentPass.Block;
            for (int j = 0; j < subspace.Dimension; j++)
            {
                Span<double> u = pass.Inputs.Slice(j * stride, count);
                u.Clear();
                ReadOnlySpan<double> row = subspace.Row(j);
                for (int a = 0; a < row.Length; a++) TensorPrimitives.MultiplyAdd(inputs.AsSpan(a * stride, count), row[a], u, u);
            }
        }
    }
}
