using Orthant.Geometry;
using Orthant.Networks;

namespace Orthant.Tests.Geometry;

/// <summary>Domains and walks across facets against the enumeration by cutting.</summary>
public sealed class ActivationDomainTests
{
    private static ReluNetwork Net(int seed, params int[] widths) => RandomNetwork.Create(widths, WeightInitializer.Parse("he")!, 0.5, (ulong)seed);

    private static InputDomain Cube(int inputs) => InputDomain.Box([.. Enumerable.Repeat(-1.0, inputs)], [.. Enumerable.Repeat(1.0, inputs)]);

    [Theory]
    [InlineData(1, 2, 8, 8)]
    [InlineData(2, 3, 6, 5)]
    [InlineData(3, 4, 6, 3)]
    [InlineData(4, 5, 5, 4)]
    public void TheWalkFindsTheRegionsThatCuttingFinds(int seed, int inputs, int first, int second)
    {
        ReluNetwork network = Net(seed, inputs, first, second, 2);
        InputDomain box = Cube(inputs);
        RegionSummary cut = RegionEnumerator.Enumerate(network, box), walked = FacetWalk.Enumerate(network, box);
        Assert.Equal((cut.ActivationRegions, true, false), (walked.ActivationRegions, walked.IsComplete, walked.IsProved));
        for (int o = 0; o < 2; o++)
        {
            Assert.Equal(cut.Outputs[o].Minimum, walked.Outputs[o].Minimum, 1e-8);
            Assert.Equal(cut.Outputs[o].Maximum, walked.Outputs[o].Maximum, 1e-8);
            Assert.Equal(cut.Outputs[o].Lipschitz.L2, walked.Outputs[o].Lipschitz.L2, 1e-8);
            Assert.Equal(walked.Outputs[o].Maximum, network.Evaluate(walked.Outputs[o].ArgMaximum.AsSpan())[o], 1e-8);
        }
        Assert.Equal(10, FacetWalk.Enumerate(network, box, most: 10).ActivationRegions);
    }

    [Fact]
    public void ManyInputsAreWalked()
    {
        // One hidden layer of n units that all cross the box near its middle: all 2^n patterns when inputs are many.
        double[,] weights = new double[6, 20];
        for (int i = 0; i < 6; i++) weights[i, i] = 1;
        ReluNetwork network = new([AffineLayer.Dense(weights, [.. Enumerable.Repeat(0.1, 6)], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1, 1, 1, 1, 1, 1 } })]);
        RegionSummary walked = FacetWalk.Enumerate(network, Cube(20));
        Assert.Equal(64, walked.ActivationRegions);
        Assert.Equal(6.6, walked.Outputs[0].Maximum, 1e-9);
        Assert.Equal(0, walked.Outputs[0].Minimum, 1e-9);
    }

    [Fact]
    public void ADomainKnowsItsPolytope()
    {
        // |x| ≤ 1/2 off, beyond it on, on both sides: three intervals.
        ReluNetwork network = new([AffineLayer.Dense(new double[,] { { 2 }, { -2 } }, [-1, -1], ActivationFunction.Relu), AffineLayer.Dense(new double[,] { { 1, 1 } })]);
        ActivationDomain middle = ActivationDomain.At(network, Cube(1), [0.1]);
        Assert.True(middle.IsFullDimensional);
        Assert.Equal(0, middle.InteriorPoint[0], 1e-9);
        Assert.Equal(0.5, middle.Radius, 1e-9);
        Assert.Equal(2, middle.Facets.Length);
        foreach (DomainFacet facet in middle.Facets) Assert.Equal(0.5, Math.Abs(facet.Offset / facet.Normal[0]), 1e-9);
        Assert.Equal([-0.5, 0.5], middle.Vertices()!.Value.Select(v => Math.Round(v[0], 9)).Order());
        ActivationDomain[] beside = [.. middle.Neighbours().Select(n => n.Neighbour)];
        Assert.Equal([-0.75, 0.75], beside.Select(n => Math.Round(n.InteriorPoint[0], 6)).Order());
        Assert.Equal(2, Math.Abs(beside[0].Piece.Gradient[0, 0]));
        ActivationDomain none = ActivationDomain.Of(network, Cube(1), new ActivationPattern([1, 1]));
        Assert.True(none.IsEmpty);
        Assert.False(none.IsFullDimensional);
        Assert.Empty(none.Facets);
        Assert.Empty(none.InteriorPoint);
    }

    [Fact]
    public void VerticesAreThoseOfTheEnumeration()
    {
        ReluNetwork network = Net(7, 3, 7, 5, 1);
        InputDomain box = Cube(3);
        RegionComplex complex = RegionComplex.Build(network, box);
        foreach (ComplexRegion region in complex.Regions)
        {
            ActivationDomain domain = ActivationDomain.Of(network, box, region.Pattern);
            if (domain.Radius < 1e-6) continue;
            Assert.Equal(region.VertexCount, domain.Vertices()!.Value.Length);
            Assert.Equal(region.Pattern, ActivationDomain.At(network, box, region.Centre.AsSpan()).Pattern);
            // Euler: a simple polytope of three dimensions has 2F - 4 vertices.
            Assert.Equal((2 * domain.Facets.Length) - 4, region.VertexCount);
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        ReluNetwork network = Net(1, 2, 3, 1);
        Assert.Throws<ArgumentException>(() => ActivationDomain.At(network, Cube(3), [0, 0, 0]));
        Assert.Throws<ArgumentException>(() => ActivationDomain.At(network, Cube(2), [2, 0]));
        Assert.Throws<ArgumentException>(() => ActivationDomain.Of(network, Cube(2), new ActivationPattern([1, 1])));
        Assert.Throws<ArgumentException>(() => ActivationDomain.Of(network, Cube(2), new ActivationPattern([2, 0, 0])));
    }
}
