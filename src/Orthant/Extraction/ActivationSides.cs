using System.Numerics.Tensors;
using Orthant.Numerics;

namespace Orthant.Extraction;

/// <summary>On which side of its boundary each unit of the top layer is active, from gradients alone.</summary>
/// <remarks>In a cell the gradient is a combination of the top units' gradients in which only active units have a share: solve Jᵀc = g, and c_k vanishes on the inactive side of unit k
/// (I. Canales-Martínez et al., "Polynomial time cryptanalytic extraction of neural network models", EUROCRYPT 2024, where it is called SOE). It needs cells in which the units' gradients
/// are independent, so a layer no wider than those below it; random cells rarely show both sides of every unit, so two more gradients are taken on each side of each surface.</remarks>
internal static class ActivationSides
{
    private const int Candidates = 400;

    /// <summary>Which units have to be turned, and how clearly: the largest ratio of the smaller to the larger share, small when certain; null where some unit was not told.</summary>
    public static (bool[] Turned, double Separation)? Find(
        QueryMeter meter, RandomStream random, SearchDomain domain, KnownLayers known, IReadOnlyList<NextUnit> units, List<CellGradient> gradients)
    {
        int n = known.Top.Units, first = known.Boundaries - n;
        double[] above = new double[n], below = new double[n];
        foreach (CellGradient gradient in gradients) Vote(known, gradient, 1e-2, above, below);
        for (int k = 0; k < n; k++)
        {
            double size = Math.Max(0.3 * domain.Size, TensorPrimitives.Norm<double>(units[k].Start) / Math.Sqrt(known.Inputs) * 0.5);
            List<(double Quality, double[] Point, int Side)> points = [];
            for (int c = 0; c < Candidates; c++)
            {
                double radius = size * random.NextInt32(4) switch { 0 => 0.1, 1 => 0.3, 2 => 1, _ => 3 };
                double[] x = domain.Near(random, units[k].Start, radius), pattern = known.PatternAt(x);
                points.Add((Independence(known, new CellGeometry(known, pattern, withFeatures: false)), x, pattern[first + k] > 0 ? 1 : -1));
            }
            foreach (int side in (ReadOnlySpan<int>)[1, -1])
            {
                foreach ((double quality, double[] point, _) in points.Where(p => p.Side == side && p.Quality > 1e-3).OrderByDescending(p => p.Quality).Take(2))
                {
                    double step = Math.Min(0.05 * domain.Size, 0.9 * domain.Clearance(point));
                    if (step <= 0 || CellGradient.Measure(meter, random, point, step) is not CellGradient gradient) continue;
                    gradients.Add(gradient);
                    Vote(known, gradient, 1e-3, above, below);
                }
            }
        }
        bool[] turned = new bool[n];
        double separation = 0;
        for (int k = 0; k < n; k++)
        {
            double most = Math.Max(above[k], below[k]);
            if (most == 0) return null;
            turned[k] = above[k] < below[k];
            separation = Math.Max(separation, Math.Min(above[k], below[k]) / most);
        }
        return (turned, separation);
    }

    private static void Vote(KnownLayers known, CellGradient gradient, double least, double[] above, double[] below)
    {
        int n = known.Top.Units, d = known.Inputs, first = known.Boundaries - n;
        if (n > d) return;
        double[] pattern = known.PatternAt(gradient.Point);
        CellGeometry cell = new(known, pattern, withFeatures: false);
        if (Independence(known, cell) < least) return;
        int output = 0, outputs = gradient.Value.Length;
        for (int o = 1; o < outputs; o++)
        {
            if (TensorPrimitives.Norm<double>(gradient.Gradient.AsSpan(o * d, d)) > TensorPrimitives.Norm<double>(gradient.Gradient.AsSpan(output * d, d))) output = o;
        }
        ReadOnlySpan<double> g = gradient.Gradient.AsSpan(output * d, d);
        double size = TensorPrimitives.Norm(g);
        if (!(size > 0)) return;
        double[] shares = LeastSquares.Solve(d, n, Columns(known, cell), g, 1e-9);
        for (int k = 0; k < n; k++)
        {
            double share = Math.Abs(shares[k]) * cell.Lengths[first + k] / size;
            double[] side = pattern[first + k] > 0 ? above : below;
            side[k] = Math.Max(side[k], share);
        }
    }

    /// <summary>inputs × units: the gradients of the top layer's units, not masked.</summary>
    private static double[] Columns(KnownLayers known, CellGeometry cell)
    {
        int n = known.Top.Units, d = known.Inputs, first = known.Boundaries - n;
        double[] a = new double[d * n];
        for (int k = 0; k < n; k++)
        {
            for (int j = 0; j < d; j++) a[(j * n) + k] = cell.Normals[((first + k) * d) + j];
        }
        return a;
    }

    /// <summary>Near 1 for orthogonal gradients, 0 for dependent ones.</summary>
    private static double Independence(KnownLayers known, CellGeometry cell)
    {
        int n = known.Top.Units, d = known.Inputs, first = known.Boundaries - n;
        if (n > d) return 0;
        double[] columns = new double[n * d];
        for (int k = 0; k < n; k++)
        {
            if (cell.Lengths[first + k] < 1e-9) return 0;
            TensorPrimitives.Divide(cell.Normal(first + k), cell.Lengths[first + k], columns.AsSpan(k * d, d));
        }
        PivotedQr qr = new(d, n, columns);
        return qr.Diagonal(n - 1) / Math.Max(qr.Diagonal(0), 1e-300);
    }
}
