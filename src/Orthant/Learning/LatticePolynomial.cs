using System.Collections.Immutable;
using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Learning;

/// <summary>An affine function ⟨gradient, u⟩ + offset, one piece of a <see cref="LatticePolynomial"/>.</summary>
/// <param name="Gradient">k numbers.</param>
/// <param name="Offset">The value at 0.</param>
public sealed record LatticePiece(ImmutableArray<double> Gradient, double Offset)
{
    /// <summary>The value at a point.</summary>
    /// <param name="u">k numbers.</param>
    public double Evaluate(ReadOnlySpan<double> u)
    {
        double sum = Offset;
        for (int i = 0; i < u.Length; i++) sum += Gradient[i] * u[i];
        return sum;
    }
}

/// <summary>A continuous piecewise-linear function as a maximum of minima of affine functions: its lattice form.</summary>
/// <remarks>Every such function has one (J. Tarela and M. Martinez, Mathematical and Computer Modelling 30, 1999; S. Ovchinnikov, arXiv math/0009026): with
/// l_i the piece on region R_i and S_i the pieces that are at least l_i on all of R_i, f = max_i min over S_i.</remarks>
public sealed class LatticePolynomial
{
    /// <summary>Makes a lattice polynomial.</summary>
    /// <param name="pieces">At least one, all of one dimension.</param>
    /// <param name="terms">At least one; each names the pieces of one minimum.</param>
    /// <exception cref="ArgumentException">A term is empty or names a piece that there is not, or dimensions differ.</exception>
    public LatticePolynomial(IEnumerable<LatticePiece> pieces, IEnumerable<IEnumerable<int>> terms)
    {
        Pieces = [.. pieces];
        Terms = [.. terms.Select(t => t.Distinct().Order().ToImmutableArray())];
        if (Pieces.IsEmpty || Terms.IsEmpty || Terms.Any(t => t.IsEmpty || t[0] < 0 || t[^1] >= Pieces.Length))
        {
            throw new ArgumentException("A lattice polynomial has pieces, and terms that name them.", nameof(terms));
        }
        if (Pieces.Any(p => p.Gradient.Length != Pieces[0].Gradient.Length)) throw new ArgumentException("Pieces have one dimension.", nameof(pieces));
    }

    /// <summary>The affine functions.</summary>
    public ImmutableArray<LatticePiece> Pieces { get; }

    /// <summary>The minima, each by the numbers of its pieces.</summary>
    public ImmutableArray<ImmutableArray<int>> Terms { get; }

    /// <summary>The number of variables.</summary>
    public int Dimension => Pieces[0].Gradient.Length;

    /// <summary>The lattice form of a network on the cube [−reach, reach]ᵏ; of a homogeneous one everywhere.</summary>
    /// <param name="network">At most 4 inputs, one output.</param>
    /// <param name="reach">Half the side of the cube, greater than 0.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The form; pieces that are equal to 10⁻⁹ of the largest are one, and terms that others imply are left out.</returns>
    /// <exception cref="ArgumentException">The network has more inputs or outputs.</exception>
    public static LatticePolynomial Of(ReluNetwork network, double reach, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(reach);
        if (network.Inputs > 4 || network.Outputs != 1) throw new ArgumentException($"A network of at most 4 inputs and one output is needed, not {network}.", nameof(network));
        int k = network.Inputs;
        double[] lower = new double[k], upper = new double[k];
        Array.Fill(lower, -reach);
        Array.Fill(upper, reach);
        RegionCollector regions = new();
        RegionEnumerator.Enumerate(network, InputDomain.Box(lower, upper), new RegionOptions(), regions, cancellation: cancellation);
        List<LatticePiece> pieces = [];
        List<(double[][] Vertices, int Piece)> cells = [];
        foreach (double[][] vertices in regions.Vertices)
        {
            double[] centre = [.. Enumerable.Range(0, k).Select(i => vertices.Average(v => v[i]))];
            AffinePiece local = network.PieceAt(centre);
            double[] gradient = [.. Enumerable.Range(0, k).Select(i => local.Gradient[0, i])];
            LatticePiece piece = new([.. gradient], local.Offset[0]);
            double size = 1e-9 * (1 + gradient.Max(Math.Abs) + Math.Abs(piece.Offset));
            int at = pieces.FindIndex(p => Math.Abs(p.Offset - piece.Offset) <= size && p.Gradient.Zip(piece.Gradient).All(g => Math.Abs(g.First - g.Second) <= size));
            if (at < 0)
            {
                at = pieces.Count;
                pieces.Add(piece);
            }
            cells.Add((vertices, at));
        }
        List<HashSet<int>> terms = [];
        foreach ((double[][] vertices, int own) in cells)
        {
            cancellation.ThrowIfCancellationRequested();
            // A piece is at least the cell's own one on all of the cell when it is so at the cell's vertices.
            HashSet<int> term = [.. Enumerable.Range(0, pieces.Count).Where(j => vertices.All(v =>
            {
                double mine = pieces[own].Evaluate(v);
                return pieces[j].Evaluate(v) >= mine - (1e-9 * (1 + Math.Abs(mine)));
            }))];
            if (!terms.Any(t => t.IsSubsetOf(term)))
            {
                terms.RemoveAll(term.IsSubsetOf);
                terms.Add(term);
            }
        }
        return new LatticePolynomial(pieces, terms);
    }

    /// <summary>The value at a point.</summary>
    /// <param name="u">k numbers.</param>
    public double Evaluate(ReadOnlySpan<double> u)
    {
        double best = double.NegativeInfinity;
        foreach (ImmutableArray<int> term in Terms)
        {
            double least = double.PositiveInfinity;
            foreach (int piece in term) least = Math.Min(least, Pieces[piece].Evaluate(u));
            best = Math.Max(best, least);
        }
        return best;
    }

    /// <summary>The same function as a network: min(a, b) = a − ReLU(a − b) and max(a, b) = a + ReLU(b − a), pairwise in a tree.</summary>
    public ReluNetwork ToNetwork()
    {
        // Rows of affine functions of the current layer's outputs, one a value that is still needed; identity is ReLU(x) − ReLU(−x).
        List<List<double[]>> groups = [.. Terms.Select(t => t.Select(p => (double[])[.. Pieces[p].Gradient, Pieces[p].Offset]).ToList())];
        List<Layer> layers = [];
        int inputs = Dimension;
        bool isMinimum = true;
        while (groups.Count > 1 || groups[0].Count > 1)
        {
            if (isMinimum && groups.TrueForAll(g => g.Count == 1))
            {
                isMinimum = false;
                groups = [[.. groups.Select(g => g[0])]];
            }
            List<double[]> units = [];
            List<List<double[]>> next = [];
            foreach (List<double[]> group in groups)
            {
                List<double[]> merged = [];
                for (int i = 0; i < group.Count; i += 2)
                {
                    int first = units.Count;
                    units.Add(group[i]);
                    units.Add([.. group[i].Select(v => -v)]);
                    List<(int, double)> parts = [(first, 1), (first + 1, -1)];
                    if (i + 1 < group.Count)
                    {
                        // What the second value is below the first, or above it.
                        units.Add([.. group[i].Zip(group[i + 1], (a, b) => isMinimum ? a - b : b - a)]);
                        parts.Add((first + 2, isMinimum ? -1 : 1));
                    }
                    merged.Add(Combination(parts));
                }
                next.Add(merged);
            }
            layers.Add(Affine(units, inputs, ActivationFunction.Relu));
            inputs = units.Count;
            groups = [.. next.Select(g => g.Select(parts => Padded(parts, units.Count)).ToList())];
        }
        layers.Add(Affine([groups[0][0]], inputs, null));
        return new ReluNetwork(layers, name: "lattice");
    }

    /// <summary>For example <c>max(min(l1, l2), min(l3, l4))</c>.</summary>
    public override string ToString()
    {
        string[] terms = [.. Terms.Select(t => t.Length == 1 ? $"l{t[0] + 1}" : $"min({string.Join(", ", t.Select(p => $"l{p + 1}"))})")];
        return terms.Length == 1 ? terms[0] : $"max({string.Join(", ", terms)})";
    }

    private static double[] Combination(List<(int Unit, double Weight)> parts)
    {
        double[] row = new double[parts.Max(p => p.Unit) + 1];
        foreach ((int unit, double weight) in parts) row[unit] = weight;
        return row;
    }

    /// <summary>A row of weights with zeros for the other units and for the constant.</summary>
    private static double[] Padded(double[] row, int units)
    {
        double[] padded = new double[units + 1];
        row.CopyTo(padded, 0);
        return padded;
    }

    private static AffineLayer Affine(List<double[]> rows, int inputs, ActivationFunction? activation)
    {
        double[,] weights = new double[rows.Count, inputs];
        double[] bias = new double[rows.Count];
        for (int o = 0; o < rows.Count; o++)
        {
            for (int i = 0; i < inputs; i++) weights[o, i] = rows[o][i];
            bias[o] = rows[o][inputs];
        }
        return AffineLayer.Dense(weights, bias, activation);
    }

    private sealed class RegionCollector : IRegionVisitor
    {
        public List<double[][]> Vertices { get; } = [];

        public void Visit(in RegionView region)
        {
            double[][] vertices = new double[region.VertexCount][];
            for (int v = 0; v < vertices.Length; v++)
            {
                vertices[v] = new double[region.Dimension];
                region.Vertex(v, vertices[v]);
            }
            Vertices.Add(vertices);
        }
    }
}
