using Orthant.Numerics;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.RecalibrationTests;

namespace Orthant.Tests.Uncertainty;

public class OutlierScoreTests
{
    [Fact]
    public void Scores_of_logits_are_their_formulas()
    {
        double[] z = [1, 2, 3, -4, 0, 4];
        Assert.Equal([-3, -4], OutlierScores.MaxLogit(z, 3));
        Assert.Equal(-Math.Log(Math.E + Math.Exp(2) + Math.Exp(3)), OutlierScores.Energy(z, 3)[0], 1e-12);
        Assert.Equal(-2 * Math.Log(Math.Exp(0.5) + Math.E + Math.Exp(1.5)), OutlierScores.Energy(z, 3, 2)[0], 1e-12);
        ClassProbabilities p = ClassProbabilities.FromLogits(z, 3);
        Assert.Equal(1 - p.Row(0)[2], OutlierScores.MaxProbability(p)[0]);
        Assert.Equal(p.Entropy(1), OutlierScores.Entropy(p)[1]);
        Assert.Equal([-1000 - Math.Log(2)], OutlierScores.Energy([1000, 1000], 2));
    }

    [Fact]
    public void The_Mahalanobis_score_is_the_distance_to_the_nearest_mean()
    {
        // Around (0, 0) and (10, 0): variance 1 along the first axis, 4 along the second.
        double[] x = [-1, -2, 1, 2, -1, 2, 1, -2, 9, -2, 11, 2, 9, 2, 11, -2];
        MahalanobisScore score = MahalanobisScore.Fit(x, [0, 0, 0, 0, 1, 1, 1, 1], 1e-12);
        Assert.All(new[] { 0.0, 9, 4, 1 }.Zip(score.Of([0, 0, 0, 6, 12, 0, 1, 0])), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    }

    [Fact]
    public void Neighbours_are_counted_on_the_sphere()
    {
        NeighbourScore score = NeighbourScore.Fit([1, 0, 0, 1, -1, 0], 3, 2);
        Assert.Equal(Math.Sqrt(2), score.Of([5, 0])[0], 1e-12);
        Assert.Equal(Math.Sqrt(2), score.Of([0, 0.1])[0], 1e-12);
        Assert.Contains("1 to 3", Refusal(() => NeighbourScore.Fit([1, 0, 0, 1, -1, 0], 3, 4)));
    }

    [Fact]
    public void Features_of_elsewhere_score_higher_and_ties_tell_nothing()
    {
        RandomStream random = new(5);
        double[] inside = new double[600], outside = new double[600];
        random.FillNormals(inside);
        random.FillNormals(outside);
        for (int i = 0; i < 600; i++)
        {
            inside[i] += i % 3 == 0 ? 4 : 0;
            outside[i] += i % 3 == 1 ? 4 : 0;
        }
        double Auroc(Func<double[], double[]> of) => DetectionMetrics.Of(of(inside), of(outside)).Auroc;
        Assert.True(Auroc(x => MahalanobisScore.Fit(inside, new int[200]).Of(x)) > 0.95);
        Assert.True(Auroc(x => NeighbourScore.Fit(inside, 200, 5).Of(x)) > 0.9);
        Assert.Equal(0.5, DetectionMetrics.Of(new double[9], new double[5]).Auroc);
        Assert.All(MahalanobisScore.Fit([1, 1, 1, 1], [0, 1]).Of([1, 1]), s => Assert.Equal(0, s));
    }
}
