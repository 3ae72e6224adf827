namespace Orthant.Numerics;

public sealed partial class DenseSimplex
{
    /// <summary>The same program in rational numbers, begun at the floating-point basis.</summary>
    private sealed class ExactSimplex
    {
        private readonly DenseSimplex _program;
        private readonly int _n;
        private readonly int _m;
        private readonly Rational[][] _rows;
        private readonly Rational[] _cost;
        private readonly Rational?[] _lower;
        private readonly Rational?[] _upper;

        public ExactSimplex(DenseSimplex program)
        {
            _program = program;
            (_n, _m) = (program._n, program._m);
            _rows = [.. Enumerable.Range(0, _m).Select(i => Exact(program._rows.AsSpan(i * _n, _n)))];
            _cost = Exact(program._cost);
            _lower = [.. Enumerable.Range(0, _n + _m).Select(v => Bound(program._lower[v]))];
            _upper = [.. Enumerable.Range(0, _n + _m).Select(v => Bound(program._upper[v]))];
        }

        public VerifiedOptimum Prove() =>
            _program.Status switch
            {
                SimplexStatus.Optimal => ProveOptimum(),
                SimplexStatus.Infeasible => ProveInfeasible(),
                _ => null,
            } ?? Continue();

        /// <summary>The basis' exact point and duals, if the point is feasible and the duals' bound meets its value.</summary>
        private VerifiedOptimum? ProveOptimum()
        {
            Rational[]? point = BasicPoint();
            Rational[]? duals = Multipliers(Enumerable.Range(0, _n).ToDictionary(j => j, j => _cost[j]));
            if (point is null || duals is null || !IsFeasible(point)) return null;
            Rational objective = Dot(_cost, point);
            return LowerBound(duals) == objective ? Optimum(point, duals, objective, 0) : null;
        }

        private VerifiedOptimum? ProveInfeasible()
        {
            Dictionary<int, Rational> weights = [];
            for (int i = 0; i < _m; i++)
            {
                if (_program._proof[i] != 0) weights[_program._basic[i]] = Rational.FromDouble(_program._proof[i]);
            }
            Rational[]? ray = Multipliers(weights);
            if (ray is null) return null;
            foreach (KeyValuePair<int, Rational> weight in weights)
            {
                if (weight.Key >= _n) ray[weight.Key - _n] -= weight.Value;
            }
            return IsFarkas(ray) ? Infeasible(ray, 0) : null;
        }

        private static Rational[] Exact(ReadOnlySpan<double> values)
        {
            Rational[] exact = new Rational[values.Length];
            for (int i = 0; i < values.Length; i++) exact[i] = Rational.FromDouble(values[i]);
            return exact;
        }

        private static Rational? Bound(double value) => double.IsInfinity(value) ? null : Rational.FromDouble(value);

        private static Rational Dot(ReadOnlySpan<Rational> a, ReadOnlySpan<Rational> b)
        {
            Rational sum = Rational.Zero;
            for (int i = 0; i < a.Length; i++)
            {
                if (!a[i].IsZero && !b[i].IsZero) sum += a[i] * b[i];
            }
            return sum;
        }

        private static VerifiedOptimum Optimum(Rational[] point, Rational[] duals, Rational objective, int pivots) =>
            new(SimplexStatus.Optimal, objective, point, duals, [], [], pivots);

        private static VerifiedOptimum Infeasible(Rational[] ray, int pivots) =>
            new(SimplexStatus.Infeasible, Rational.Zero, [], [], ray, [], pivots);

        /// <summary>Rows whose activity is nonbasic, and variables that are basic: the square system of a basis.</summary>
        private (int[] Rows, int[] Variables) Core() =>
            ([.. Enumerable.Range(0, _m).Where(i => _program._place[_n + i] < 0)],
                [.. Enumerable.Range(0, _n).Where(j => _program._place[j] >= 0)]);

        private Rational At(int variable) => Rational.FromDouble(_program._value[variable]);

        /// <summary>The exact values of all variables, nonbasic ones being at their bounds.</summary>
        private Rational[]? BasicPoint()
        {
            (int[] rows, int[] variables) = Core();
            Rational[] point = new Rational[_n];
            for (int j = 0; j < _n; j++)
            {
                if (_program._place[j] < 0) point[j] = At(j);
            }
            Rational[,] system = new Rational[rows.Length, variables.Length];
            Rational[] right = new Rational[rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                right[i] = At(_n + rows[i]) - Dot(_rows[rows[i]], point);
                for (int j = 0; j < variables.Length; j++) system[i, j] = _rows[rows[i]][variables[j]];
            }
            Rational[]? basics = new RationalMatrix(system).Solve(right);
            if (basics is null) return null;
            for (int j = 0; j < variables.Length; j++) point[variables[j]] = basics[j];
            return point;
        }

        /// <summary>y over the rows of nonbasic activities with (Aᵀy)ⱼ = the form's coefficient for every basic variable.</summary>
        private Rational[]? Multipliers(Dictionary<int, Rational> form)
        {
            (int[] rows, int[] variables) = Core();
            Rational[,] system = new Rational[variables.Length, rows.Length];
            Rational[] right = new Rational[variables.Length];
            for (int j = 0; j < variables.Length; j++)
            {
                for (int i = 0; i < rows.Length; i++) system[j, i] = _rows[rows[i]][variables[j]];
                foreach (KeyValuePair<int, Rational> term in form)
                {
                    if (term.Key >= _n) right[j] += term.Value * _rows[term.Key - _n][variables[j]];
                    else if (term.Key == variables[j]) right[j] += term.Value;
                }
            }
            Rational[]? multipliers = new RationalMatrix(system).Solve(right);
            if (multipliers is null) return null;
            Rational[] full = new Rational[_m];
            for (int i = 0; i < rows.Length; i++) full[rows[i]] = multipliers[i];
            return full;
        }

        private bool IsFeasible(Rational[] point)
        {
            for (int j = 0; j < _n; j++)
            {
                if (point[j] < _lower[j] || point[j] > _upper[j]) return false;
            }
            for (int i = 0; i < _m; i++)
            {
                Rational activity = Dot(_rows[i], point);
                if (activity < _lower[_n + i] || activity > _upper[_n + i]) return false;
            }
            return true;
        }

        /// <summary>The smallest value of Σ yᵢrᵢ + Σ (c − Aᵀy)ⱼxⱼ over the bounds; null when unbounded below.</summary>
        private Rational? LowerBound(Rational[] duals)
        {
            Rational bound = Rational.Zero;
            for (int v = 0; v < _n + _m; v++)
            {
                Rational weight = v < _n ? _cost[v] - ColumnDot(v, duals) : duals[v - _n];
                if (weight.IsZero) continue;
                if ((weight.Sign > 0 ? _lower[v] : _upper[v]) is not { } end) return null;
                bound += weight * end;
            }
            return bound;
        }

        /// <summary>Whether Σ yᵢrᵢ − Σ (Aᵀy)ⱼxⱼ has one strict sign over the bounds.</summary>
        private bool IsFarkas(Rational[] ray) => Side(ray, 1) || Side(ray, -1);

        private bool Side(Rational[] ray, int sign)
        {
            Rational least = Rational.Zero;
            for (int v = 0; v < _n + _m; v++)
            {
                Rational weight = sign * (v < _n ? -ColumnDot(v, ray) : ray[v - _n]);
                if (weight.IsZero) continue;
                if ((weight.Sign > 0 ? _lower[v] : _upper[v]) is not { } end) return false;
                least += weight * end;
            }
            return least.Sign > 0;
        }

        private Rational ColumnDot(int column, Rational[] multipliers)
        {
            Rational sum = Rational.Zero;
            for (int i = 0; i < _m; i++)
            {
                if (!multipliers[i].IsZero && !_rows[i][column].IsZero) sum += multipliers[i] * _rows[i][column];
            }
            return sum;
        }

        /// <summary>Goes on from the floating-point basis with exact pivots by Bland's rule.</summary>
        private VerifiedOptimum Continue()
        {
            RationalDictionary dictionary = new(_rows, _cost, _lower, _upper);
            dictionary.Enter([.. Enumerable.Range(0, _n).Where(j => _program._place[j] >= 0)],
                [.. Enumerable.Range(0, _m).Where(i => _program._place[_n + i] < 0)]);
            for (int v = 0; v < _n + _m; v++) dictionary.Prefer(v, _program._atUpper[v]);
            SimplexStatus status = dictionary.Run();
            return status switch
            {
                SimplexStatus.Optimal => Optimum(dictionary.Point(), dictionary.Duals(), Dot(_cost, dictionary.Point()), dictionary.Pivots),
                SimplexStatus.Infeasible => Infeasible(dictionary.Farkas(), dictionary.Pivots),
                _ => new(status, Rational.Zero, [], [], [], dictionary.Ray(), dictionary.Pivots),
            };
        }
    }
}
