using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>The function on a two-dimensional slice of its inputs.</summary>
internal static class SlicePart
{
    private const int MostOutputs = 4;

    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        if (network.Inputs < 2) return Curve(input);
        double[] centre = input.Lower.Zip(input.Upper, (l, u) => (l / 2) + (u / 2)).ToArray();
        (int first, int second) = MostInfluential(input, centre);
        InputSlice slice = InputSlice.OfCoordinates(centre, first, second);
        (double, double) s = (input.Lower[first], input.Upper[first]), t = (input.Lower[second], input.Upper[second]);
        HtmlPart html = new();
        html.Paragraph(network.Inputs == 2
            ? "The function on the whole box."
            : $"Inputs {first} and {second} vary over the box, all others stay at its centre; at the centre these two change the outputs most.");
        int size = Budget.GridSize(network);
        double[][,] grids = slice.Grid(network, s, t, size, cancellation);
        List<(SvgPicture, string)> pictures = [];
        List<object> json = [];
        for (int output = 0; output < Math.Min(network.Outputs, MostOutputs); output++)
        {
            double[,] grid = grids[output];
            (double least, double largest) = Range(grid);
            pictures.Add((Draw(grid, least, largest, $"x{first}", $"x{second}", s, t, output),
                $"Output {output}: from {Html.Number(least)} (dark) to {Html.Number(largest)} (light); the bold line is its zero."));
            json.Add(new { output, min = least, max = largest });
        }
        if (pictures.Count == 1) html.Figure(pictures[0].Item1, pictures[0].Item2, Evidence.Grid(size));
        else html.Figures(pictures);
        if (network.Outputs is > 1 and <= 64) Decisions(html, grids, s, t, first, second);
        return new ReportSection("slice", "A slice of the function", html.ToString(), new { first, second, outputs = json });
    }

    private static void Decisions(HtmlPart html, double[][,] grids, (double, double) s, (double, double) t, int first, int second)
    {
        int size = grids[0].GetLength(0);
        PixelImage image = new(size, size);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                int best = 0;
                for (int o = 1; o < grids.Length; o++)
                {
                    if (grids[o][i, j] > grids[best][i, j]) best = o;
                }
                image.Set(j, size - 1 - i, ColourMap.At((double)best / (grids.Length - 1)));
            }
        }
        Plot plot = new(440, 390, "Largest output", "Which output is the largest at each point of the slice.", new Axis($"x{first}", s.Item1, s.Item2), new Axis($"x{second}", t.Item1, t.Item2));
        plot.Background(image);
        html.Figure(plot.Finish(), $"Which output is the largest, from 0 (dark) to {grids.Length - 1} (light).", Evidence.Grid(size));
    }

    private static SvgPicture Draw(double[,] grid, double least, double largest, string xLabel, string yLabel, (double, double) s, (double, double) t, int output)
    {
        int size = grid.GetLength(0);
        PixelImage image = new(size, size);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++) image.Set(j, size - 1 - i, ColourMap.At(largest > least ? (grid[i, j] - least) / (largest - least) : 0.5));
        }
        Plot plot = new(440, 390, $"Output {output} on the slice", $"Values from {least:G4} to {largest:G4}.", new Axis(xLabel, s.Item1, s.Item2), new Axis(yLabel, t.Item1, t.Item2));
        plot.Background(image);
        if (least < 0 && largest > 0) plot.Segments(Scaled(ContourLines.At(grid, 0), size, s, t), "paper bold");
        return plot.Finish();
    }

    private static IEnumerable<(double, double, double, double)> Scaled(
        IEnumerable<(double X1, double Y1, double X2, double Y2)> lines, int size, (double Lower, double Upper) s, (double Lower, double Upper) t)
    {
        double sx = (s.Upper - s.Lower) / (size - 1), sy = (t.Upper - t.Lower) / (size - 1);
        return lines.Select(l => (s.Lower + (sx * l.X1), t.Lower + (sy * l.Y1), s.Lower + (sx * l.X2), t.Lower + (sy * l.Y2)));
    }

    /// <summary>A network of one input is drawn as its graph.</summary>
    private static ReportSection Curve(ReportInput input)
    {
        const int points = 1001;
        ReluNetwork network = input.Network;
        double lower = input.Lower[0], upper = input.Upper[0];
        double[] x = Enumerable.Range(0, points).Select(i => lower + ((upper - lower) * i / (points - 1))).ToArray(), y = new double[points * network.Outputs];
        network.Evaluate<double>(points, x, y);
        Plot plot = new(460, 270, "Graph", "The outputs over the box.", new Axis("x", lower, upper), new Axis("output", y.Min(), y.Max()));
        for (int o = 0; o < Math.Min(8, network.Outputs); o++)
        {
            plot.Curve(Enumerable.Range(0, points).Select(i => (x[i], y[(i * network.Outputs) + o])), $"s{o} thick", network.Outputs > 1 ? $"output {o}" : null);
        }
        HtmlPart html = new();
        html.Figure(plot.Finish(), "The function on the box.", Evidence.Grid(points));
        return new ReportSection("slice", "The function", html.ToString(), new { min = y.Min(), max = y.Max() });
    }

    /// <summary>The two inputs with the largest slope at the centre times the side of the box.</summary>
    public static (int First, int Second) MostInfluential(ReportInput input, double[] centre)
    {
        if (input.Network.Inputs == 2) return (0, 1);
        double[,] gradient = input.Network.PieceAt(centre).Gradient;
        int[] order = Enumerable.Range(0, input.Network.Inputs).OrderByDescending(j =>
        {
            double largest = 0;
            for (int i = 0; i < gradient.GetLength(0); i++) largest = Math.Max(largest, Math.Abs(gradient[i, j]));
            return largest * (input.Upper[j] - input.Lower[j]);
        }).Take(2).Order().ToArray();
        return (order[0], order[1]);
    }

    private static (double, double) Range(double[,] grid)
    {
        double least = double.PositiveInfinity, largest = double.NegativeInfinity;
        foreach (double value in grid)
        {
            least = Math.Min(least, value);
            largest = Math.Max(largest, value);
        }
        return (least, largest);
    }
}
