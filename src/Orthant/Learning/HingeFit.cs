using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Learning;

/// <summary>Fits a homogeneous function of two coordinates, which is a sum of hinges ReLU(⟨w, u⟩) exactly, however nearly parallel they are.</summary>
/// <remarks>Orthogonal greedy selection over a fine grid of angles, with one Gram matrix (S. Chen, S. Billings and W. Luo, "Orthogonal least squares methods",
/// Int. J. Control 50, 1989), then least squares, then a joint refinement of angles and subspace. Each restart selects from the data anew in the better
/// subspace, which frees kinks that a descent leaves stuck.</remarks>
internal static class HingeFit
{
    private const int Angles = 1440, Rows = 16_384, MostUnits = 48, Stages = 10;

    public static Candidate Run(StudentSearch search, Candidate start, double exact)
    {
        Candidate best = start;
        Candidate? grown = null;
        RefinementPlan plan = new(40, 8000, true, SeeksErrors: true);
        for (int stage = 0; stage < Stages && best.Error >= exact; stage++)
        {
            // Six more hinges beside those that stand; where that gains little, all are selected anew.
            int units = grown is null ? 16 : Math.Min(MostUnits, grown.Student.Widths[1] + 6);
            Candidate selected = Select(search, grown?.Subspace ?? best.Subspace, grown?.Student, units);
            Candidate next = search.Refine(selected, plan);
            search.Trace?.Invoke($"{units} hinges: {selected.Error:G3} to {next.Error:G3}");
            bool gains = grown is null || next.Error < 0.7 * grown.Error;
            grown = gains ? next : null;
            if (next.Error < best.Error) best = next;
        }
        return best;
    }

    /// <summary>The hinges of a student, if any, and the best ones of the grid beside them, one after another.</summary>
    private static Candidate Select(StudentSearch search, Subspace subspace, Student? standing, int units)
    {
        FitRows rows = search.Training;
        List<(double Sin, double Cos)> directions = [];
        for (int j = 0; j < (standing?.Widths[1] ?? 0); j++)
        {
            double x = standing!.Weights(0)[2 * j], z = standing.Weights(0)[(2 * j) + 1], norm = Math.Sqrt((x * x) + (z * z));
            if (norm * Math.Abs(standing.Weights(1)[j]) > 1e-6) directions.Add((z / norm, x / norm));
        }
        int stand = directions.Count, columns = stand + Angles, count = Math.Min(rows.Count, Rows);
        for (int a = 0; a < Angles; a++) directions.Add(Math.SinCos(2 * Math.PI * a / Angles));
        double[] gram = new double[columns * columns], inner = new double[columns];
        float[] u = rows.Project(subspace), features = new float[columns * StudentPass.Block], product = new float[columns * columns];
        float[] y = Array.ConvertAll(rows.Targets, t => (float)t);
        for (int first = 0; first < count; first += StudentPass.Block)
        {
            int block = Math.Min(StudentPass.Block, count - first);
            for (int a = 0; a < columns; a++)
            {
                Span<float> row = features.AsSpan(a * StudentPass.Block, block);
                float sin = (float)directions[a].Sin, cos = (float)directions[a].Cos;
                for (int r = 0; r < block; r++) row[r] = MathF.Max(0, (cos * u[2 * (first + r)]) + (sin * u[(2 * (first + r)) + 1]));
                inner[a] += TensorPrimitives.Dot(row, y.AsSpan(first, block));
            }
            SymmetricRankUpdate.LowerInto(new ReadOnlyMatrixSpan<float>(features, columns, block, StudentPass.Block), new MatrixSpan<float>(product, columns, columns));
            for (int a = 0; a < columns; a++)
            {
                for (int b = 0; b <= a; b++) gram[(a * columns) + b] += product[(a * columns) + b];
            }
        }
        SymmetricRankUpdate.Mirror(new MatrixSpan<double>(gram, columns, columns));
        (int[] chosen, double[] weights) = Choose(gram, inner, stand, Math.Min(units, count / 8));
        Student student = new([2, chosen.Length, 1], false);
        for (int j = 0; j < chosen.Length; j++)
        {
            // Both layers share a unit's weight, so that neither is large.
            double root = Math.Sqrt(Math.Abs(weights[j]));
            student.Weights(0)[2 * j] = root * directions[chosen[j]].Cos;
            student.Weights(0)[(2 * j) + 1] = root * directions[chosen[j]].Sin;
            student.Weights(1)[j] = Math.CopySign(root, weights[j]);
        }
        return search.Judge(new StudentFit(student, subspace, double.NaN));
    }

    /// <summary>Columns by the gain of the residual's square, by a Cholesky factor that grows by a row each time.</summary>
    private static (int[] Chosen, double[] Weights) Choose(double[] gram, double[] inner, int stand, int units)
    {
        int n = inner.Length;
        double[] rest = new double[n], share = [.. inner];
        for (int a = 0; a < n; a++) rest[a] = gram[(a * n) + a];
        List<int> chosen = [];
        List<double[]> factor = [];
        while (chosen.Count < units)
        {
            int best = chosen.Count < stand ? chosen.Count : -1;
            double gain = 0;
            for (int a = stand; a < n && chosen.Count >= stand; a++)
            {
                double g = rest[a] > 1e-7 * gram[(a * n) + a] ? share[a] * share[a] / rest[a] : 0;
                if (g > gain) (gain, best) = (g, a);
            }
            if (best < 0) break;
            // q(a) = ⟨a, best⟩ after what was chosen before, over the length of what is left of best.
            double[] q = gram[(best * n)..((best + 1) * n)];
            foreach (double[] row in factor) TensorPrimitives.MultiplyAdd(row, -row[best], q, q);
            double length = Math.Sqrt(Math.Max(q[best], 1e-12 * gram[(best * n) + best])), along = share[best] / length;
            TensorPrimitives.Divide(q, length, q);
            for (int a = 0; a < n; a++)
            {
                share[a] -= q[a] * along;
                rest[a] -= q[a] * q[a];
            }
            chosen.Add(best);
            factor.Add(q);
        }
        int m = chosen.Count;
        double[] matrix = new double[m * m], right = new double[m];
        for (int i = 0; i < m; i++)
        {
            right[i] = inner[chosen[i]];
            for (int j = 0; j < m; j++) matrix[(i * m) + j] = gram[(chosen[i] * n) + chosen[j]] * (i == j ? 1 + 1e-8 : 1);
        }
        new Cholesky(m, matrix, 0).Solve(right);
        return ([.. chosen], right);
    }
}
