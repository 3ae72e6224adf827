using System.Text;
using Orthant.Formats;
using Orthant.Geometry;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Formats;

public sealed class VnnLibTests
{
    private const string Declarations = "(declare-const X_0 Real) (declare-const X_1 Real)\n(declare-const Y_0 Real) (declare-const Y_1 Real)\n";

    private const string Box = "(assert (<= X_0 0.1)) (assert (>= X_0 -1e-1))\n(assert (and (<= X_1 2) (>= X_1 (- 2))))\n";

    private static VnnLibProperty Parse(string assertions) => VnnLibFile.Parse("p", Declarations + assertions);

    [Fact]
    public void DecimalsMeanWhatIsWritten()
    {
        VnnLibProperty property = Parse(Box + "(assert (<= Y_0 0.3)) ; a remark (with brackets\n");
        PropertyCase one = Assert.Single(property.Property.Cases);
        Assert.Equal((Rational.Parse("-1/10"), Rational.Parse("1/10"), (Rational)(-2)), (one.Domain.Lower[0], one.Domain.Upper[0], one.Domain.Lower[1]));
        LinearCondition c = Assert.Single(Assert.Single(one.Alternatives));
        Assert.Equal([1, 0], c.Outputs);
        Assert.Equal(Rational.Parse("-3/10"), c.Offset);
        Assert.Empty(c.Inputs);
        Assert.Empty(property.Notes);
    }

    [Fact]
    public void NestedAndOrMultipliesOut()
    {
        VnnLibProperty property = Parse(Box + "(assert (or (and (<= Y_0 Y_1) (or (<= Y_0 1) (<= Y_1 2))) (>= Y_1 (+ 3 (* 2 Y_0) X_1))))\n(assert (<= Y_1 9))");
        PropertyCase one = Assert.Single(property.Property.Cases);
        Assert.Equal([3, 3, 2], one.Alternatives.Select(a => a.Length));
        LinearCondition mixed = one.Alternatives[2].Single(c => c.Inputs.Length > 0);
        Assert.Equal([0, 1], mixed.Inputs);
        Assert.Equal([2, -1], mixed.Outputs);
        Assert.Equal(3, mixed.Offset);
    }

    [Fact]
    public void AlternativesOfInputsBecomeCases()
    {
        VnnLibProperty property = Parse(Box + "(assert (or (and (<= X_0 0) (<= Y_0 0)) (and (>= X_0 0) (<= Y_1 0)) (and (>= X_0 5) (<= Y_0 0)) (and (<= X_0 0) (<= Y_1 1))))");
        Assert.Equal([2, 1], property.Property.Cases.Select(c => c.Alternatives.Length));
        Assert.Equal(0, property.Property.Cases[0].Domain.Upper[0]);
        Assert.Equal(0, property.Property.Cases[1].Domain.Lower[0]);
        Assert.Contains("1 of 4 alternatives contradict", Assert.Single(property.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void ContradictionsAreSaid()
    {
        VnnLibProperty property = Parse(Box + "(assert (>= X_0 3)) (assert (<= Y_0 0))");
        Assert.Empty(property.Property.Cases);
        Assert.Contains("contradict each other", Assert.Single(property.Notes), StringComparison.Ordinal);
        Assert.Empty(Parse(Box + "(assert (<= 1 0)) (assert (<= Y_0 0))").Property.Cases);
    }

    [Fact]
    public void SumsOfInputsBecomeHalfSpaces()
    {
        PropertyCase one = Assert.Single(Parse(Box + "(assert (<= (+ X_0 (* 2 X_1)) 1)) (assert (<= Y_0 0))").Property.Cases);
        HalfSpace h = Assert.Single(one.Domain.HalfSpaces);
        Assert.Equal([-1, -2], h.Normal);
        Assert.Equal(1, h.Offset);
    }

    [Theory]
    [InlineData("(assert (<= Y_0 0)", "line 3", "the end of the text")]
    [InlineData("(assert (< Y_0 0))", "line 3", "the strict comparison <")]
    [InlineData("(assert (<= Z_0 0))", "line 3", "'Z_0'")]
    [InlineData("(assert (<= Y_7 0))", "line 3", "the variable Y_7, which is not declared")]
    [InlineData("(assert (<= (* Y_0 Y_1) 0))", "line 3", "a product of variables")]
    [InlineData("(assert (<= (^ Y_0 2) 0))", "line 3", "'^'")]
    [InlineData("(assert (or))", "line 3", "an empty or")]
    [InlineData("(declare-const X_0 Real)", "line 3", "a second declaration of X_0")]
    [InlineData("(declare-const Q Real)", "line 3", "'Q'")]
    [InlineData("(declare-const X_2 Int)", "line 3", "the sort 'Int' of 'X_2'")]
    [InlineData("(declare-const X_9 Real)(assert (<= Y_0 0))", "line 3", "no declaration of X_2")]
    [InlineData("(assert (<= X_0 1)) (assert (<= Y_0 0))", "X_0", "no lower bound")]
    [InlineData("", "line 2", "no assertion")]
    [InlineData("(prove (<= Y_0 0))", "line 3", "'prove'")]
    public void WhatIsWrongIsNamedWithItsLine(string text, string place, string found)
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Parse(text));
        Assert.Equal((place, found), (e.Place, e.Found));
    }

    [Fact]
    public void DeepNestingAndHugeProductsAreRefused()
    {
        string deep = string.Concat(Enumerable.Repeat("(and ", 100_000)) + "(<= Y_0 0)" + new string(')', 100_000);
        Assert.Contains("nested", Assert.Throws<OrthantInputException>(() => Parse($"(assert {deep})")).Found, StringComparison.Ordinal);
        string many = string.Concat(Enumerable.Repeat("(assert (or (<= Y_0 0) (<= Y_1 0)))", 40));
        Assert.Contains("multiply out", Assert.Throws<OrthantInputException>(() => Parse(Box + many)).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void APropertyOfAnotherNetworkIsRefused()
    {
        VnnLibProperty property = Parse(Box + "(assert (<= Y_0 0))");
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => VnnLibFile.CheckFits("p", property, new ReluNetwork([AffineLayer.Dense(new double[2, 1])])));
        Assert.Equal("X_1", e.Place);
        Assert.Contains("lacks", e.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void MutatedFilesAreReadOrRefused() => Mutate(20_000);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyMutatedFilesAreReadOrRefused() => Mutate(100_000);

    private static void Mutate(int count)
    {
        byte[] seed = Encoding.UTF8.GetBytes(Declarations + Box + "(assert (or (and (<= Y_0 Y_1) (<= (+ Y_0 (* 2 X_1)) 1)) (>= Y_1 (- 3.5 X_0))))\n");
        string[] words = ["(", ")", "and ", "or ", "<= ", ">= ", "X_0 ", "Y_1 ", "-", "1e300 ", "1/0 ", "assert ", "declare-const ", "\n", ";", "+ ", "* "];
        RandomStream random = new(5);
        int read = 0, refused = 0;
        for (int i = 0; i < count; i++)
        {
            List<byte> bytes = [.. seed];
            for (int k = random.NextInt32(1, 5); k > 0; k--)
            {
                int at = random.NextInt32(bytes.Count), length = Math.Min(random.NextInt32(12), bytes.Count - at);
                if (random.NextInt32(2) == 0) bytes.RemoveRange(at, length);
                if (random.NextInt32(2) == 0) bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[random.NextInt32(words.Length)]));
                if (bytes.Count == 0) bytes.Add((byte)' ');
            }
            try
            {
                VnnLibFile.Parse("p", Encoding.UTF8.GetString([.. bytes]));
                read++;
            }
            catch (OrthantInputException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }
        Assert.True(read > count / 20 && refused > count / 4, $"{read} read, {refused} refused");
    }
}
