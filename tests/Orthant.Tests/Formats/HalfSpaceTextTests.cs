using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Tests.Formats;

public sealed class HalfSpaceTextTests
{
    [Theory]
    [InlineData("x0 + 2*x1 <= 1/2", "-1 -2 1/2")]
    [InlineData("x0>=x1", "1 -1 0")]
    [InlineData("-0.25x0 - 1e-1*x1 + 3 >= 2", "-1/4 -1/10 1")]
    [InlineData("  - x1 <= 2x1 - 1/3  ", "0 3 -1/3")]
    [InlineData("1/3 x0 <= 5", "-1/3 0 5")]
    public void IsReadExactly(string text, string wanted)
    {
        HalfSpace h = HalfSpaceText.Parse(text, 2, "here", "it");
        Assert.Equal(wanted, string.Join(' ', h.Normal.Append(h.Offset)));
    }

    [Theory]
    [InlineData("x0 + x1", "an inequality with <= or >=")]
    [InlineData("x0 <= x1 >= 2", "an inequality with <= or >=")]
    [InlineData("x2 <= 1", "an input x0 to x1")]
    [InlineData("x <= 1", "an input x0 to x1")]
    [InlineData("x0 <= ", "a number, or an input")]
    [InlineData("x0 x1 <= 1", "+ or -")]
    [InlineData("2* <= 1", "an input such as x0")]
    [InlineData("*x0 <= 1", "a number before *")]
    [InlineData("a + x0 <= 1", "a number, or an input")]
    [InlineData("x0 - x0 <= 1", "an inequality that an input takes part in")]
    public void IsRefusedInOneLine(string text, string expected)
    {
        OrthantInputException wrong = Assert.Throws<OrthantInputException>(() => HalfSpaceText.Parse(text, 2, "here", "it"));
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    [Fact]
    public void CutsTheBoxOfAnEnumeration()
    {
        ReluNetwork network = RandomNetwork.Create([2, 12, 8, 1], WeightInitializer.He, 0.5, 3);
        InputDomain box = InputDomain.Box([-1, -1], [1, 1]);
        InputDomain below = box.CutBy(HalfSpaceText.Parse("x0 + x1 <= 1/3", 2, "", "")), above = box.CutBy(HalfSpaceText.Parse("x0 + x1 >= 1/3", 2, "", ""));
        RegionSummary a = RegionEnumerator.Enumerate(network, below), b = RegionEnumerator.Enumerate(network, above), whole = RegionEnumerator.Enumerate(network, box);
        // The corner above the line is a triangle with legs of 5/3.
        Assert.Equal(25.0 / 18, b.Volume!.Value, 1e-12);
        Assert.Equal(4, a.Volume!.Value + b.Volume.Value, 1e-12);
        Assert.InRange(whole.ActivationRegions, Math.Max(a.ActivationRegions, b.ActivationRegions), a.ActivationRegions + b.ActivationRegions);
        Assert.Equal(whole.Outputs[0].Maximum, Math.Max(a.Outputs[0].Maximum, b.Outputs[0].Maximum), 1e-12);
    }
}
