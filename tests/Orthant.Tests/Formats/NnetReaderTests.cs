using Orthant.Formats;

namespace Orthant.Tests.Formats;

/// <summary>NNet files: what they compute, worked out by hand, and what is refused.</summary>
public sealed class NnetReaderTests
{
    private const string Text = """
        // two inputs, one hidden layer of two units, one output
        // second line
        2,2,1,2,
        2,2,1,
        0,
        -4,0,
        4,10,
        1,5,3,
        2,10,7,
        1,-1,
        0.5,2,
        0.25,
        -1,
        2,3,
        0.125,
        """;

    private static LoadedModel Load(string text, string name = "small.nnet")
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        try
        {
            return ModelFile.Load(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Reference(double a, double b)
    {
        double x = (Math.Clamp(a, -4, 4) - 1) / 2, y = (Math.Clamp(b, 0, 10) - 5) / 10;
        double h0 = Math.Max(0, x - y + 0.25), h1 = Math.Max(0, (0.5 * x) + (2 * y) - 1);
        return (((2 * h0) + (3 * h1) + 0.125) * 7) + 3;
    }

    [Fact]
    public void NormalisationAndLimitsArePartOfTheNetwork()
    {
        LoadedModel model = Load(Text);
        Assert.False(model.IsExact);
        foreach (double a in (double[])[-9, -4, -1, 0.5, 3, 4, 7])
        {
            foreach (double b in (double[])[-2, 0, 1, 6, 10, 30])
            {
                double[] y = new double[1];
                model.Network.Evaluate<double>(1, [a, b], y);
                Assert.Equal(Reference(a, b), y[0], 12);
            }
        }
    }

    [Fact]
    public void RangesThatArePowersOfTwoAreExact() => Assert.True(Load(Text.Replace("2,10,7,", "2,8,7,", StringComparison.Ordinal)).IsExact);

    [Theory]
    [InlineData("2,2,1,2,\n2,2,1,", "2,2,1,2,\n2,2,2,1,", "line 4", "4 widths")]
    [InlineData("2,2,1,2,\n2,2,1,", "2,3,1,2,\n2,2,1,", "line 4", "2 inputs and 1 outputs")]
    [InlineData("2,2,1,2,\n2,2,1,", "2,2,1,2,\n2,9999999999,1,", "line 4", "'9999999999'")]
    [InlineData("2,2,1,2,\n2,2,1,", "2,2,1,2,\n2,16000000,1,", "line 12", "1 fields")]
    [InlineData("\n4,10,", "\n-4,10,", "line 7", "the limits -4 and -4 of input 0")]
    [InlineData("2,10,7,", "2,0,7,", "line 9", "the range 0 of input 1")]
    [InlineData("2,3,\n0.125,", "2,3,\n", "line 15", "0 fields")]
    [InlineData("2,3,\n0.125,", "2,x,\n0.125,", "line 14", "'x'")]
    [InlineData("2,3,\n0.125,", "2,3,\n0.125,\nmore", "line 16", "more text")]
    [InlineData("2,3,\n0.125,", "2,NaN,\n0.125,", "line 14", "'NaN'")]
    public void WhatDoesNotFitIsNamed(string part, string changed, string place, string found)
    {
        string text = Text.ReplaceLineEndings("\n");
        Assert.Contains(part, text, StringComparison.Ordinal);
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Load(text.Replace(part, changed, StringComparison.Ordinal)));
        Assert.Equal((place, found), (e.Place, e.Found));
    }
}
