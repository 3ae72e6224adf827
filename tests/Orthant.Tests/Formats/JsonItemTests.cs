using System.Text;
using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class JsonItemTests
{
    [Fact]
    public void AnErrorNamesTheValueAndItsLine()
    {
        using JsonSource source = Parse("{\n \"layers\": [\n  {\"weights\": [[1, 2],\n   [3, 1e999]]}]\n}");
        JsonItem layer = source.Root.Members("layers")["layers"].Items().Single();
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => layer.Members("weights")["weights"].Matrix());
        Assert.Equal("layers[0].weights[1][1] (line 4)", e.Place);
        Assert.Equal("1e999", e.Found);
    }

    [Theory]
    [InlineData("wieghts", "did you mean 'weights'?")]
    [InlineData("Bias", "did you mean 'bias'?")]
    [InlineData("biass", "did you mean 'bias'?")]
    [InlineData("padding", "one of weights, bias, activation")]
    public void AnUnknownKeyIsNamedWithASuggestion(string key, string expected)
    {
        using JsonSource source = Parse($"{{\"{key}\": 1}}");
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => source.Root.Members("weights", "bias", "activation"));
        Assert.Contains($"'{key}'", e.Found, StringComparison.Ordinal);
        Assert.EndsWith(expected, e.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    [InlineData("{\"a\": NaN}", "not JSON")]
    [InlineData("{\"a\": 1,}", "not JSON")]
    [InlineData("{\"a\": 1} 2", "not JSON")]
    [InlineData("{\"a\": 1,5}", "not JSON")]
    [InlineData("// note\n1", "not JSON")]
    [InlineData("{\"a\": 1, \"a\": 2}", "the key 'a' a second time")]
    [InlineData("{\"a\": \"1\"}", "\"1\"")]
    [InlineData("{\"a\": null}", "null")]
    [InlineData("{\"a\": [[1]]}", "an array of 1 items")]
    [InlineData("{\"\\ud800\": 1}", "not Unicode")]
    [InlineData("[1]", "an array of 1 items")]
    public void WhatIsNotAFiniteNumberUnderTheKeyIsRefused(string text, string found) => Assert.Contains(
        found,
        Assert.Throws<OrthantInputException>(() =>
        {
            using JsonSource source = Parse(text);
            source.Root.Members("a")["a"].Number();
        }).Found,
        StringComparison.Ordinal);

    [Fact]
    public void DepthIsLimitedTo256()
    {
        Parse(new string('[', 256) + new string(']', 256)).Dispose();
        Assert.Throws<OrthantInputException>(() => Parse(new string('[', 257) + new string(']', 257)));
        Assert.Throws<OrthantInputException>(() => Parse(new string('[', 1_000_000)));
    }

    [Fact]
    public void MarksLineEndsAndBytesThatAreNotUtf8()
    {
        Parse("\uFEFF{\r\n}\r\n").Dispose();
        byte[] latin = [.. "{\n\"a"u8, 0xE9, .. "\": 1}"u8];
        Assert.Equal("line 2", Assert.Throws<OrthantInputException>(() => JsonSource.Parse("x", latin)).Place);
    }

    [Fact]
    public void RaggedRowsAndEmptyArraysAreRefused()
    {
        foreach (string text in (string[])["[]", "[[]]", "[[1],[1,2]]", "[1]", "[[1],2]", "[[true]]", "[[\"1\"]]"])
        {
            using JsonSource source = Parse(text);
            Assert.Throws<OrthantInputException>(() => source.Root.Matrix());
        }
    }

    private static JsonSource Parse(string text) => JsonSource.Parse("x", Encoding.UTF8.GetBytes(text));
}
