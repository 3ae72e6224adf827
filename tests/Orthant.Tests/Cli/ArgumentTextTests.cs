using Orthant.Cli;

namespace Orthant.Tests.Cli;

public sealed class ArgumentTextTests
{
    [Fact]
    public void BoxesAreOneSideForAllOrOneForEach()
    {
        (double[] lower, double[] upper) = ArgumentText.Box("-1,2.5", 3);
        Assert.Equal([-1, -1, -1], lower);
        Assert.Equal([2.5, 2.5, 2.5], upper);
        (lower, upper) = ArgumentText.Box("-1,1; 0,2e-3", 2);
        Assert.Equal([-1, 0], lower);
        Assert.Equal([1, 2e-3], upper);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1,2,3")]
    [InlineData("1;2")]
    [InlineData("2,1")]
    [InlineData("0,1;0,1;0,1")]
    [InlineData("0,1e999")]
    [InlineData("")]
    public void OtherTextsAreRefused(string text) => Assert.Throws<OrthantInputException>(() => ArgumentText.Box(text, 2));

    [Theory]
    [InlineData("inpect", "inspect")]
    [InlineData("--jsn", "--json")]
    [InlineData("eval", "evaluate")]
    [InlineData("xyz", null)]
    [InlineData("smaple", "sample")]
    public void TheNearestNameIsSuggested(string word, string? name) =>
        Assert.Equal(name, Spelling.Nearest(word, ["inspect", "evaluate", "sample", "--json", "--seed"]));
}
