using CsCheck;
using Orthant.Geometry;
using Orthant.Geometry.Verification;
using Orthant.Networks;
using Orthant.Numerics;
using Orthant.Tests.Networks;

namespace Orthant.Tests.Geometry;

/// <summary>Bounds by assumed signs against exact values at points, for networks of every layer kind.</summary>
public sealed class BoundBatchTests
{
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.015625)]
    [InlineData(0.0)]
    public void NoExactValueIsBelowItsBound(double halfSide) =>
        Gen.Select(Gen.OneOf(RandomNetworks.WithPoint(RandomNetworks.Coarse), RandomNetworks.WithPoint(RandomNetworks.Fine)), Gen.ULong)
            .Where(t => t.Item1.Network.NormalForm.StageStarts[^1] <= 200)
            .Sample(t => Check(t.Item1.Network, t.Item1.X, halfSide, new RandomStream(t.Item2)), iter: 400);

    private static void Check(ReluNetwork network, double[] x, double halfSide, RandomStream random)
    {
        NormalForm form = network.NormalForm;
        if (!form.Stages[^1].Activations.IsIdentity) return;
        // The point lies anywhere in the box, its border included.
        double[] shift = [.. x.Select(_ => halfSide * random.NextInt32(-1, 2))];
        InputDomain box = InputDomain.ExactBox(
            x.Zip(shift, (v, s) => Rational.FromDouble(v) + Rational.FromDouble(s - halfSide)), x.Zip(shift, (v, s) => Rational.FromDouble(v) + Rational.FromDouble(s + halfSide)));
        BoundChain chain = new(form, box);
        for (int s = 0; s < form.Stages.Length; s++) chain.Settle(s);
        Rational[][] before = PreActivations(form, x);
        for (int s = 0; s < before.Length; s++)
        {
            for (int i = 0; i < before[s].Length; i++)
            {
                Assert.True(Rational.FromDouble(chain.Low[s][i]) <= before[s][i] && before[s][i] <= Rational.FromDouble(chain.High[s][i]), $"stage {s} unit {i}");
            }
        }
        const int rows = 3;
        int top = random.NextInt32(form.Stages.Length), units = form.Stages[top].Units;
        BoundBatch batch = new(chain, top, rows);
        Rational[] exact = new Rational[rows];
        for (int r = 0; r < rows; r++)
        {
            batch.Reset(r);
            for (int i = 0; i < units; i++)
            {
                batch.Start[(r * units) + i] = random.NextNormal();
                exact[r] += Rational.FromDouble(batch.Start[(r * units) + i]) * before[top][i];
            }
            Assume(chain, batch, r, top, before, random);
        }
        batch.Improve(rows, random.NextInt32(6), 0.3, double.PositiveInfinity, null, TestContext.Current.CancellationToken);
        for (int r = 0; r < rows; r++)
        {
            Assert.True(Rational.FromDouble(batch.Best[r]) <= exact[r], $"{batch.Best[r]:R} is above {exact[r].ToDouble():R} for {network}.");
            double size = chain.Sizes[top].Select((s, i) => s * Math.Abs(batch.Start[(r * units) + i])).Sum();
            // On a point there is nothing to relax beyond what rounding leaves open.
            if (halfSide == 0) Assert.True(batch.Best[r] >= exact[r].ToDouble() - (1e-9 * (1 + size)), $"{batch.Best[r]:R} is far below {exact[r].ToDouble():R}.");
        }
    }

    /// <summary>Assumes the true signs of some open units, with any multipliers.</summary>
    private static void Assume(BoundChain chain, BoundBatch batch, int row, int top, Rational[][] before, RandomStream random)
    {
        for (int s = 0; s < top; s++)
        {
            foreach (int i in chain.Open[s])
            {
                int place = (row * chain.Stages[s].Units) + i;
                double left = chain.Lines[s][i].Left;
                batch.Slopes[s][place] = random.NextDouble(Math.Min(left, 1), Math.Max(left, 1));
                if (random.NextInt32(2) == 0) continue;
                batch.Signs[s][place] = (sbyte)(before[s][i].Sign >= 0 ? 2 : -2);
                batch.Multipliers[s][place] = random.NextDouble();
            }
        }
    }

    private static Rational[][] PreActivations(NormalForm form, double[] x)
    {
        Rational[] values = Array.ConvertAll(x, Rational.FromDouble);
        List<Rational[]> all = [];
        foreach (NormalStage stage in form.Stages)
        {
            Rational[] next = new Rational[stage.Units];
            for (int i = 0; i < next.Length; i++)
            {
                next[i] = Rational.FromDouble(stage.Bias[i]);
                foreach ((int column, Rational weight) in stage.Linear.ExactRow(i)) next[i] += weight * values[column];
            }
            all.Add(next);
            values = [.. next.Select((z, i) => z.Sign > 0 || stage.Activations[i].IsIdentity ? z : z * Rational.FromDouble(stage.Activations[i].LeftSlope))];
        }
        return [.. all];
    }
}
