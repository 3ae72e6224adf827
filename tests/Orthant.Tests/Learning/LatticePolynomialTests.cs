using CsCheck;
using Orthant.Geometry;
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
    public void TheFormIsTheNetworkOnEveryRegionWithoutRoundingAndGivesItBack(string widths) => Gen.Int[0, 1000].Sample(seed =>
    {
        ReluNetwork network = RandomNetwork.Create(RandomNetwork.ParseWidths(widths)!, WeightInitializer.He, 0.5, (ulong)seed);
        IsExact(network, network.Inputs == 4 ? 20 : 200, seed);
    }, iter: 4);

    [Fact]
    public void ARegionIsCutWhereNoPieceServesAllOfIt()
    {
        // With one term a region, and no cuts, the form of this network is off by up to 0.04.
        IsExact(RandomNetwork.Create([3, 4, 3, 1], WeightInitializer.He, 0.5, 318), 50, 318);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DoubleWeightsOfThreeLayersStayExact(int seed)
    {
        // Weights of 53 bits: coefficients of the pieces have some 200, which a network carries as sums of four doubles.
        ReluNetwork network = RandomNetwork.Create([2, 4, 3, 3, 1], WeightInitializer.He, 0, (ulong)seed);
        RandomStream random = new((ulong)seed, 5);
        network = new ReluNetwork([.. network.Layers.Cast<AffineLayer>().Select((l, i) => AffineLayer.Dense(
            Wide(l, random), [.. Enumerable.Range(0, l.Outputs).Select(_ => random.NextNormal())],
            i < 3 ? ActivationFunction.Relu : null))], ElementType.Float64);
        LatticePolynomial form = IsExact(network, 100, seed);
        Assert.Contains(form.Pieces, p => Rational.FromDouble(p.Gradient[0].ToDouble()) != p.Gradient[0]);
    }

    [Fact]
    public void ACoefficientThatIsNoSumOfDoublesIsRefused()
    {
        LatticePolynomial third = new([new LatticePiece([Rational.One / 3], 0), new LatticePiece([-Rational.One], 0)], [[0], [1]]);
        Assert.Equal(Rational.One / 3, third.EvaluateExactly([Rational.One]));
        Assert.Contains("0.333333 is not a sum of doubles", Assert.Throws<InvalidOperationException>(() => third.ToNetwork()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AKnownPolynomialHasItsOwnForm()
    {
        // max(min(u1, u2), −u1): three pieces, two terms.
        LatticePolynomial known = new(
            [LatticePiece.FromDoubles([1, 0], 0), LatticePiece.FromDoubles([0, 1], 0), LatticePiece.FromDoubles([-1, 0], 0)],
            [[0, 1], [2]]);
        LatticePolynomial found = LatticePolynomial.Of(known.ToNetwork(), 1);
        Assert.Equal(known.Pieces.ToHashSet(), found.Pieces.ToHashSet());
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

    /// <summary>Compares a network, its form and the network of that at the vertices and inside of every region, in rational
    /// numbers.</summary>
    private static LatticePolynomial IsExact(ReluNetwork network, int most, int seed)
    {
        LatticePolynomial form = LatticePolynomial.Of(network, 2);
        ReluNetwork back = form.ToNetwork();
        ExactForward first = new(network.NormalForm), second = new(back.NormalForm);
        Points points = new(new RandomStream((ulong)seed, 3));
        double[] corner = [.. Enumerable.Repeat(2.0, network.Inputs)];
        RegionEnumerator.Enumerate(
            network, InputDomain.Box([.. corner.Select(c => -c)], corner), new RegionOptions { Policy = SignPolicy.Exact }, points);
        int step = Math.Max(1, points.Found.Count / most);
        for (int i = 0; i < points.Found.Count; i++)
        {
            (Rational[] point, Rational value) = points.Found[i];
            Assert.Equal(value, form.EvaluateExactly(point));
            if (i % step != 0) continue;
            Assert.Equal(value, first.Evaluate(point)[0]);
            Assert.Equal(value, second.Evaluate(point)[0]);
            double[] u = Array.ConvertAll(point, c => c.ToDouble());
            Assert.Equal(form.Evaluate(u), back.Evaluate(u)[0], 1e-9);
        }
        return form;
    }

    private static double[,] Wide(AffineLayer layer, RandomStream random)
    {
        double[,] weights = new double[layer.Outputs, layer.Inputs];
        for (int i = 0; i < weights.Length; i++) weights[i / layer.Inputs, i % layer.Inputs] = random.NextNormal();
        return weights;
    }

    /// <summary>The vertices of every region and one point inside, with the values of the region's map.</summary>
    private sealed class Points(RandomStream random) : IRegionVisitor
    {
        public List<(Rational[] Point, Rational Value)> Found { get; } = [];

        public void Visit(in RegionView region)
        {
            (Rational[] gradient, Rational offset) = region.ExactMap(0);
            LatticePiece map = new([.. gradient], offset);
            Rational[] inside = new Rational[region.Dimension];
            Rational sum = 0;
            for (int k = 0; k < region.VertexCount; k++)
            {
                Rational[] vertex = region.ExactVertex(k);
                Rational weight = 1 + random.NextInt32(9);
                sum += weight;
                for (int q = 0; q < inside.Length; q++) inside[q] += weight * vertex[q];
                Found.Add((vertex, map.EvaluateExactly(vertex)));
            }
            for (int q = 0; q < inside.Length; q++) inside[q] /= sum;
            Found.Add((inside, map.EvaluateExactly(inside)));
        }
    }
}
