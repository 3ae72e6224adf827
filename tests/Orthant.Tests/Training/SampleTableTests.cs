using Orthant.Training;

namespace Orthant.Tests.Training;

public sealed class SampleTableTests
{
    [Fact]
    public void SpiralArmsAreTurnedIntoEachOther()
    {
        SampleTable table = SampleTable.Spiral(400, 1);
        Assert.Equal((400, 2), (table.Rows, table.Width));
        Assert.Equal(200, table.Targets.Count(t => t == 1));
        Assert.All(table.Inputs, x => Assert.InRange(x, -1.2, 1.2));
        Assert.Equal(table.Inputs, SampleTable.Spiral(400, 1).Inputs);
        Assert.NotEqual(table.Inputs, SampleTable.Spiral(400, 2).Inputs);
    }

    [Fact]
    public void EveryAdviceOccursAndFollowsTheRule()
    {
        SampleTable table = SampleTable.Control(4000, 3);
        for (int i = 0; i < table.Rows; i++) Assert.Equal(SampleTable.Advice(table.Inputs.AsSpan(5 * i, 5)), table.Targets[i]);
        for (int advice = 0; advice < 5; advice++) Assert.InRange(table.Targets.Count(t => t == advice), 40, 3500);
    }

    [Fact]
    public void AnIntruderStraightAheadAndClosingIsAnsweredStronglyAndOneFarBehindNot()
    {
        Assert.InRange(SampleTable.Advice([-0.6, 0, 1, 0.5, 0.5]), 3, 4);
        Assert.Equal(0, SampleTable.Advice([1, 1, 1, 0.5, -1]));
    }

    [Fact]
    public void DigitsAreDrawnInkOnPaperAndDiffer()
    {
        (byte[] pixels, int[] labels) = DrawnDigits.Draw(200, 4);
        const int size = DrawnDigits.Size * DrawnDigits.Size;
        Assert.Equal(Enumerable.Range(0, 200).Select(i => i % 10), labels);
        for (int i = 0; i < 200; i++)
        {
            int ink = pixels.AsSpan(i * size, size).ToArray().Count(p => p > 128);
            Assert.InRange(ink, 8, 110);
        }
        Assert.False(pixels.AsSpan(0, size).SequenceEqual(pixels.AsSpan(10 * size, size)));
        Assert.Equal(pixels, DrawnDigits.Draw(200, 4).Pixels);
    }
}
