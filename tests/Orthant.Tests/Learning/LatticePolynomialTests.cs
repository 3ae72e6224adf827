using CsCheck;
using Orthant.Learning;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Tests.Learning;

/// <summary>The max-min form of a network, and back.</summary>
public sealed class LatticePolynomialTests
{
    [Theory]
    [InlineData("1-4-3-1")]
    [InlineData("2-5-4-1")]
    [InlineData("3-4-3-1")]
    [InlineData("4-4-1")]
    public void TheFormIsTheNetworkAndGivesItBack(string widths) => Gen.Int[0, 1000].Sample(seed =>
    {
        ReluNetwork network = RandomNetwork.Create(RandomNetwork.ParseWidths(widths)!, WeightInitializer.He, 0.5, (ulong)seed);
        LatticePolynomial form = LatticePolynomial.Of(network, 2);
        ReluNetwork back = form.ToNetwork();
        RandomStream random = new((ulong)seed, 3);
        double[] u = new double[network.Inputs];
        for (int point = 0; point < 50; point++)
        {
            for (int i = 0; i < u.Length; i++) u[i] = random.NextDouble(-2, 2);
            double expected = network.Evaluate(u)[0];
            Assert.Equal(expected, form.Evaluate(u), 1e-7);
            Assert.Equal(form.Evaluate(u), back.Evaluate(u)[0], 1e-9);
        }
    }, iter: 6);

    [Fact]
    public void AKnownPolynomialHasItsOwnForm()
    {
        // max(min(u1, u2), −u1): three pieces, two terms.
        LatticePolynomial known = new([new LatticePiece([1, 0], 0), new LatticePiece([0, 1], 0), new LatticePiece([-1, 0], 0)], [[0, 1], [2]]);
        LatticePolynomial found = LatticePolynomial.Of(known.ToNetwork(), 1);
        Assert.Equal(3, found.Pieces.Length);
        Assert.Equal([1, 2], found.Terms.Select(t => t.Length).Order());
        Assert.Equal("max(min(l1, l2), l3)", known.ToString());
        Assert.Throws<ArgumentException>(() => new LatticePolynomial(known.Pieces, [[3]]));
    }

    [Fact]
    public void WhatWasLearnedHasAForm()
    {
        FamilySample sample = SampleFamily.AlternatingPlane(2).Draw(4000, 6, 2);
        LearnedNetwork learned = FilteredPca.Fit(sample.Samples);
        ReluNetwork small = learned.OnBasis();
        LatticePolynomial form = LatticePolynomial.Of(small, 1);
        double[] x = [0.3, -1, 0.2, 0.7, -0.4, 0.1];
        double[] u = [.. learned.Basis.Select(b => b.Zip(x, (p, q) => p * q).Sum())];
        Assert.Equal(learned.Network.Evaluate(x)[0], small.Evaluate(u)[0], 1e-9);
        // Homogeneous: the form holds beyond the cube.
        Assert.Equal(small.Evaluate([3, -5])[0], form.Evaluate([3, -5]), 1e-6);
    }
}
