namespace Orthant.Reports;

/// <summary>A straight piece of a neuron's boundary on a plane, in the box scaled to [-1, 1]².</summary>
/// <param name="Stage">The neuron's stage in the normal form.</param>
/// <param name="Unit">The neuron within the stage.</param>
/// <param name="X1">One end.</param>
/// <param name="Y1">One end.</param>
/// <param name="X2">The other end.</param>
/// <param name="Y2">The other end.</param>
public sealed record NeuronSegment(int Stage, int Unit, double X1, double Y1, double X2, double Y2);

/// <summary>Draws the boundaries of neurons on a plane as bent lines, coloured by neuron; the first layer is drawn thick, those after the second thin.</summary>
public static class NeuronPicture
{
    private const double Size = 1000;

    /// <summary>Draws boundaries.</summary>
    /// <param name="segments">Their pieces.</param>
    /// <param name="name">What is drawn.</param>
    public static SvgPicture Draw(IEnumerable<NeuronSegment> segments, string name)
    {
        ArgumentNullException.ThrowIfNull(segments);
        ILookup<int, NeuronSegment> byStage = segments.ToLookup(s => s.Stage);
        int[] stages = [.. byStage.Select(g => g.Key).Order()];
        SvgPicture picture = new(Size, Size, $"Neuron boundaries of {name}", $"Bent lines where neurons of {stages.Length} layers change sign, coloured by neuron; thick: the first layer, thin: the third and on.");
        for (int i = stages.Length - 1; i >= 0; i--)
        {
            foreach (IGrouping<int, NeuronSegment> neuron in byStage[stages[i]].GroupBy(n => n.Unit))
            {
                picture.Segments(neuron.Select(s => (X(s.X1), Y(s.Y1), X(s.X2), Y(s.Y2))), $"s{neuron.Key % 7}{(i == 0 ? " thick" : i == 1 ? "" : " thin")}");
            }
        }
        return picture;

        static double X(double t) => (t + 1) / 2 * Size;
        static double Y(double t) => (1 - t) / 2 * Size;
    }
}
