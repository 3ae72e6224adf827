using CsCheck;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public sealed class DenseSimplexTests
{
    private const double Infinity = double.PositiveInfinity;

    /// <summary>A program with small integer data: ties, parallel rows and empty sets are frequent.</summary>
    internal sealed record Program(double[] Lower, double[] Upper, double[][] Rows, double[] RowLower, double[] RowUpper, double[] Cost)
    {
        public int Variables => Lower.Length;

        public DenseSimplex Build()
        {
            DenseSimplex simplex = new(Lower, Upper);
            simplex.SetObjective(Cost);
            for (int i = 0; i < Rows.Length; i++) simplex.AddRow(Rows[i], RowLower[i], RowUpper[i]);
            return simplex;
        }
    }

    private static readonly Gen<(double Lower, double Upper)> Bounds = Gen.Select(Gen.Int[-4, 4], Gen.Int[0, 5], Gen.Int[0, 5],
        (low, range, kind) => kind switch
        {
            0 => (-Infinity, (double)low),
            1 => ((double)low, Infinity),
            2 => ((double)low, (double)low),
            _ => ((double)low, (double)low + range),
        });

    [Fact]
    public void Agrees_with_the_enumeration_of_vertices() => Programs(true).Sample(program =>
    {
        DenseSimplex simplex = program.Build();
        SimplexStatus status = simplex.Solve();
        VerifiedOptimum proved = simplex.Verify();
        Rational? best = BestVertex(program);
        Assert.Equal(best is null ? SimplexStatus.Infeasible : SimplexStatus.Optimal, proved.Status);
        Assert.Equal(proved.Status, status);
        if (best is { } value)
        {
            Assert.Equal(value, proved.Objective);
            Assert.Equal(value.ToDouble(), simplex.Objective, 1e-8);
        }
        AssertProof(program, proved);
    }, iter: 2000);

    [Fact]
    public void Programs_with_infinite_bounds_end_with_a_proof() => Programs(false).Sample(program =>
    {
        DenseSimplex simplex = program.Build();
        SimplexStatus status = simplex.Solve();
        VerifiedOptimum proved = simplex.Verify();
        Assert.Equal(proved.Status, status);
        AssertProof(program, proved);
    }, iter: 2000);

    [Fact]
    public void Warm_starts_give_the_answers_of_fresh_starts() => Gen.Select(Programs(true), Gen.Int[-4, 4].Array[4], Gen.Int[0, 3].Array[6])
        .Sample((program, numbers, steps) =>
        {
            DenseSimplex warm = program.Build();
            warm.Solve();
            List<double[]> rows = [.. program.Rows];
            List<double> low = [.. program.RowLower], high = [.. program.RowUpper];
            double[] cost = program.Cost, lower = [.. program.Lower], upper = [.. program.Upper];
            foreach (int step in steps)
            {
                switch (step)
                {
                    case 0:
                        double[] row = [.. Enumerable.Range(0, program.Variables).Select(j => (double)numbers[(j + rows.Count) % 4])];
                        warm.AddRow(row, -5, numbers[0]);
                        (rows, low, high) = ([.. rows, row], [.. low, -5], [.. high, numbers[0]]);
                        break;
                    case 1 when rows.Count > 0:
                        warm.TruncateRows(rows.Count - 1);
                        rows.RemoveAt(rows.Count - 1);
                        low.RemoveAt(low.Count - 1);
                        high.RemoveAt(high.Count - 1);
                        break;
                    case 2:
                        cost = [.. cost.Select((c, j) => c - numbers[j % 4])];
                        warm.SetObjective(cost);
                        break;
                    default:
                        (lower[0], upper[0]) = (numbers[1] - 1, numbers[1] + 1);
                        warm.SetBounds(0, lower[0], upper[0]);
                        break;
                }
                Program now = new(lower, upper, [.. rows], [.. low], [.. high], cost);
                SimplexStatus status = warm.Solve();
                VerifiedOptimum expected = Fresh(now), proved = warm.Verify();
                Assert.Equal(expected.Status, status);
                Assert.Equal(expected.Status, proved.Status);
                Assert.Equal(expected.Objective, proved.Objective);
            }

            static VerifiedOptimum Fresh(Program program)
            {
                DenseSimplex fresh = program.Build();
                fresh.Solve();
                return fresh.Verify();
            }
        }, iter: 500);

    [Fact]
    public void Verification_finishes_a_solve_that_was_stopped() => Programs(false).Sample(program =>
    {
        DenseSimplex stopped = program.Build(), whole = program.Build();
        stopped.Solve(1);
        whole.Solve();
        VerifiedOptimum proved = stopped.Verify();
        Assert.Equal(whole.Status, proved.Status);
        AssertProof(program, proved);
    }, iter: 300);

    [Fact]
    public void Does_not_cycle_on_the_examples_of_Beale_and_Kuhn()
    {
        // E. M. L. Beale, 1955: optimum -1/20. H. W. Kuhn: optimum -2.
        DenseSimplex beale = new([0, 0, 0, 0], [Infinity, Infinity, Infinity, Infinity]);
        beale.SetObjective([-0.75, 150, -0.02, 6]);
        beale.AddRow([0.25, -60, -0.04, 9], -Infinity, 0);
        beale.AddRow([0.5, -90, -0.02, 3], -Infinity, 0);
        beale.AddRow([0, 0, 1, 0], -Infinity, 1);
        Assert.Equal(SimplexStatus.Optimal, beale.Solve());
        Assert.Equal(-0.05, beale.Objective, 1e-12);
        DenseSimplex kuhn = new([0, 0, 0, 0], [Infinity, Infinity, Infinity, Infinity]);
        kuhn.SetObjective([-2, -3, 1, 12]);
        kuhn.AddRow([-2, -9, 1, 9], -Infinity, 0);
        kuhn.AddRow([1.0 / 3, 1, -1.0 / 3, -2], -Infinity, 0);
        kuhn.AddRow([2, 3, -1, -12], -Infinity, 2);
        Assert.Equal(SimplexStatus.Optimal, kuhn.Solve());
        Assert.Equal(-2, kuhn.Objective, 1e-9);
        Assert.Equal(SimplexStatus.Optimal, beale.Verify().Status);
    }

    [Fact]
    public void Solves_the_cube_of_Klee_and_Minty()
    {
        const int n = 10;
        DenseSimplex simplex = new(new double[n], [.. Enumerable.Repeat(Infinity, n)]);
        double[] cost = new double[n];
        for (int i = 0; i < n; i++)
        {
            double[] row = new double[n];
            for (int j = 0; j < i; j++) row[j] = Math.ScaleB(1, i - j + 1);
            row[i] = 1;
            cost[i] = -Math.ScaleB(1, n - 1 - i);
            simplex.AddRow(row, -Infinity, Math.Pow(5, i + 1));
        }
        simplex.SetObjective(cost);
        Assert.Equal(SimplexStatus.Optimal, simplex.Solve());
        VerifiedOptimum proved = simplex.Verify();
        Assert.Equal(-Rational.Pow(5, n), proved.Objective);
    }

    [Fact]
    public void A_larger_program_is_proved_at_its_floating_basis()
    {
        // A random polytope around 0 and random objectives, warm from one to the next.
        const int n = 30, m = 120;
        Random random = new(7);
        DenseSimplex simplex = new([.. Enumerable.Repeat(-Infinity, n)], [.. Enumerable.Repeat(Infinity, n)]);
        for (int j = 0; j < n; j++)
        {
            double[] unit = new double[n];
            unit[j] = 1;
            simplex.AddRow(unit, -2, 2);
        }
        for (int i = n; i < m; i++) simplex.AddRow([.. Enumerable.Range(0, n).Select(_ => random.NextDouble() - 0.5)], -Infinity, 1);
        for (int round = 0; round < 4; round++)
        {
            double[] cost = [.. Enumerable.Range(0, n).Select(_ => random.NextDouble() - 0.5)];
            simplex.SetObjective(cost);
            Assert.Equal(SimplexStatus.Optimal, simplex.Solve());
            VerifiedOptimum proved = simplex.Verify();
            Assert.Equal(SimplexStatus.Optimal, proved.Status);
            Assert.Equal(0, proved.ExactPivots);
            Assert.Equal(proved.Objective.ToDouble(), simplex.Objective, 1e-9);
        }
    }

    [Fact]
    public void Duals_are_the_slopes_of_the_optimum()
    {
        // max 3x + 5y: x <= 4, 2y <= 12, 3x + 2y <= 18 has duals 0, 3/2, 1.
        DenseSimplex simplex = new([0, 0], [Infinity, Infinity]);
        simplex.SetObjective([-3, -5]);
        simplex.AddRow([1, 0], -Infinity, 4);
        simplex.AddRow([0, 2], -Infinity, 12);
        simplex.AddRow([3, 2], -Infinity, 18);
        Assert.Equal(SimplexStatus.Optimal, simplex.Solve());
        Assert.Equal(-36, simplex.Objective, 1e-12);
        Assert.Equal(0, simplex.Dual(0), 1e-12);
        Assert.Equal(-1.5, simplex.Dual(1), 1e-12);
        Assert.Equal(-1, simplex.Dual(2), 1e-12);
        Assert.Equal(2, simplex.Point[0], 1e-12);
        Assert.Equal(6, simplex.Point[1], 1e-12);
        Assert.Equal(18, simplex.RowActivities[2], 1e-12);
        Assert.Throws<InvalidOperationException>(simplex.FarkasRay);
    }

    [Fact]
    public void An_infeasible_margin_below_rounding_is_still_proved()
    {
        // x <= 0.1 + 0.2 in doubles and x >= the next double: no point, though any tolerance would accept it.
        double sum = 0.1 + 0.2;
        DenseSimplex simplex = new([-Infinity], [Infinity]);
        simplex.AddRow([1], -Infinity, sum);
        simplex.AddRow([1], Math.BitIncrement(sum), Infinity);
        simplex.Solve();
        Assert.Equal(SimplexStatus.Infeasible, simplex.Verify().Status);
        DenseSimplex touching = new([-Infinity], [Infinity]);
        touching.AddRow([1], -Infinity, sum);
        touching.AddRow([1], sum, Infinity);
        touching.Solve();
        Assert.Equal(SimplexStatus.Optimal, touching.Verify().Status);
    }

    [Fact]
    public void Programs_without_rows_or_variables()
    {
        DenseSimplex box = new([-1, 2], [3, 5]);
        box.SetObjective([1, -1]);
        Assert.Equal(SimplexStatus.Optimal, box.Solve());
        Assert.Equal(-6, box.Objective);
        Assert.Equal((Rational)(-6), box.Verify().Objective);
        box.SetBounds(0, -Infinity, 3);
        Assert.Equal(SimplexStatus.Unbounded, box.Solve());
        DenseSimplex nothing = new([], []);
        nothing.AddRow([], 1, 2);
        Assert.Equal(SimplexStatus.Infeasible, nothing.Solve());
        Assert.Equal(SimplexStatus.Infeasible, nothing.Verify().Status);
    }

    [Fact]
    public void Refuses_what_is_no_program()
    {
        DenseSimplex simplex = new([0], [1]);
        Assert.Throws<ArgumentException>(() => simplex.AddRow([1, 2], 0, 1));
        Assert.Throws<ArgumentException>(() => simplex.AddRow([double.NaN], 0, 1));
        Assert.Throws<ArgumentException>(() => simplex.AddRow([1], 2, 1));
        Assert.Throws<ArgumentException>(() => simplex.SetBounds(0, double.NaN, 1));
        Assert.Throws<ArgumentException>(() => simplex.SetObjective([Infinity]));
        Assert.Throws<ArgumentOutOfRangeException>(() => simplex.SetRowBounds(0, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => simplex.TruncateRows(1));
        Assert.Throws<ArgumentException>(() => new DenseSimplex([1], [0]));
    }

    private static Gen<Program> Programs(bool bounded) => Gen.Select(Gen.Int[1, 3], Gen.Int[0, 5]).SelectMany((n, m) => Gen.Select(
        (bounded ? Bounds.Where(b => double.IsFinite(b.Lower) && double.IsFinite(b.Upper)) : Bounds).Array[n],
        Gen.Int[-3, 3].Select(i => (double)i).Array[n].Array[m],
        Bounds.Array[m],
        Gen.Int[-3, 3].Select(i => (double)i).Array[n],
        (box, rows, sides, cost) => new Program([.. box.Select(b => b.Lower)], [.. box.Select(b => b.Upper)], rows,
            [.. sides.Select(b => b.Lower)], [.. sides.Select(b => b.Upper)], cost)));

    /// <summary>The least objective over all feasible intersections of n bounds of rows and variables.</summary>
    private static Rational? BestVertex(Program program)
    {
        int n = program.Variables;
        List<(Rational[] Form, Rational Value)> planes = [];
        for (int j = 0; j < n; j++)
        {
            Rational[] unit = new Rational[n];
            unit[j] = 1;
            planes.Add((unit, Rational.FromDouble(program.Lower[j])));
            planes.Add((unit, Rational.FromDouble(program.Upper[j])));
        }
        for (int i = 0; i < program.Rows.Length; i++)
        {
            Rational[] form = [.. program.Rows[i].Select(Rational.FromDouble)];
            if (double.IsFinite(program.RowLower[i])) planes.Add((form, Rational.FromDouble(program.RowLower[i])));
            if (double.IsFinite(program.RowUpper[i])) planes.Add((form, Rational.FromDouble(program.RowUpper[i])));
        }
        Rational? best = null;
        Choose(0, []);
        return best;

        void Choose(int first, List<int> chosen)
        {
            if (chosen.Count < n)
            {
                for (int p = first; p < planes.Count; p++) Choose(p + 1, [.. chosen, p]);
                return;
            }
            Rational[,] system = new Rational[n, n];
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < n; j++) system[i, j] = planes[chosen[i]].Form[j];
            }
            RationalMatrix matrix = new(system);
            if (matrix.Rank() < n) return;
            Rational[] point = matrix.Solve([.. chosen.Select(p => planes[p].Value)])!;
            if (!Feasible(program, point)) return;
            Rational value = Dot(program.Cost, point);
            if (best is null || value < best) best = value;
        }
    }

    private static void AssertProof(Program program, VerifiedOptimum proved)
    {
        switch (proved.Status)
        {
            case SimplexStatus.Optimal:
                Assert.True(Feasible(program, proved.Point));
                Assert.Equal(proved.Objective, Dot(program.Cost, proved.Point));
                Assert.Equal(proved.Objective, Least(program, [.. program.Cost.Select(Rational.FromDouble)], proved.RowDuals));
                break;
            case SimplexStatus.Infeasible:
                Rational[] zero = new Rational[program.Variables];
                Rational? plus = Least(program, zero, proved.FarkasRay);
                Rational? minus = Least(program, zero, [.. proved.FarkasRay.Select(y => -y)]);
                Assert.True(plus > Rational.Zero || minus > Rational.Zero);
                break;
            case SimplexStatus.Unbounded:
                Assert.True(Dot(program.Cost, proved.Ray).Sign < 0);
                for (int j = 0; j < program.Variables; j++) AssertRecedes(proved.Ray[j], program.Lower[j], program.Upper[j]);
                for (int i = 0; i < program.Rows.Length; i++)
                {
                    AssertRecedes(Dot(program.Rows[i], proved.Ray), program.RowLower[i], program.RowUpper[i]);
                }
                break;
            default:
                Assert.Fail("A proof ends with an answer.");
                break;
        }

        static void AssertRecedes(Rational speed, double lower, double upper) =>
            Assert.True(speed.IsZero || double.IsInfinity(speed.Sign > 0 ? upper : lower));
    }

    /// <summary>The least value of Σ yᵢrᵢ + Σ (c − Aᵀy)ⱼxⱼ over the bounds; null if there is none.</summary>
    private static Rational? Least(Program program, Rational[] cost, IReadOnlyList<Rational> y)
    {
        Rational sum = Rational.Zero;
        for (int j = 0; j < program.Variables; j++)
        {
            Rational weight = cost[j];
            for (int i = 0; i < y.Count; i++) weight -= y[i] * Rational.FromDouble(program.Rows[i][j]);
            if (!Add(weight, program.Lower[j], program.Upper[j])) return null;
        }
        for (int i = 0; i < y.Count; i++)
        {
            if (!Add(y[i], program.RowLower[i], program.RowUpper[i])) return null;
        }
        return sum;

        bool Add(Rational weight, double lower, double upper)
        {
            if (weight.IsZero) return true;
            double end = weight.Sign > 0 ? lower : upper;
            if (double.IsInfinity(end)) return false;
            sum += weight * Rational.FromDouble(end);
            return true;
        }
    }

    private static bool Feasible(Program program, IReadOnlyList<Rational> point)
    {
        for (int j = 0; j < program.Variables; j++)
        {
            if (!Within(point[j], program.Lower[j], program.Upper[j])) return false;
        }
        for (int i = 0; i < program.Rows.Length; i++)
        {
            if (!Within(Dot(program.Rows[i], point), program.RowLower[i], program.RowUpper[i])) return false;
        }
        return true;

        static bool Within(Rational x, double lower, double upper) =>
            (double.IsInfinity(lower) || x >= Rational.FromDouble(lower)) && (double.IsInfinity(upper) || x <= Rational.FromDouble(upper));
    }

    private static Rational Dot(double[] a, IReadOnlyList<Rational> b)
    {
        Rational sum = Rational.Zero;
        for (int i = 0; i < a.Length; i++) sum += Rational.FromDouble(a[i]) * b[i];
        return sum;
    }
}
