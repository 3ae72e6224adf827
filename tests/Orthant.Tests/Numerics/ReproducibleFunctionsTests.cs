using System.Numerics;
using Orthant.Numerics;

namespace Orthant.Tests.Numerics;

public class ReproducibleFunctionsTests
{
    [Fact]
    public void The_exponential_is_accurate_over_its_range_and_the_same_in_vectors()
    {
        double worst = 0;
        for (int i = 0; i < 400_000; i++)
        {
            float x = -88f + (i * (177f / 400_000));
            float y = ReproducibleFunctions.Exp(x);
            if (x >= -86.75f && x <= 88.7228f) worst = Math.Max(worst, Math.Abs((y - Math.Exp(x)) / Math.Exp(x)));
            CheckWidths(x, y);
        }
        Assert.InRange(worst, 0, 1.3e-7);
    }

    [Fact]
    public void The_exponential_saturates_and_keeps_what_is_not_a_number()
    {
        foreach ((float x, float y) in new (float, float)[]
        {
            (0, 1), (-0f, 1), (float.NegativeInfinity, 0), (-86.8f, 0), (88.8f, float.PositiveInfinity), (float.PositiveInfinity, float.PositiveInfinity),
            (float.NaN, float.NaN), (float.MaxValue, float.PositiveInfinity), (float.MinValue, 0),
        })
        {
            Assert.Equal(y, ReproducibleFunctions.Exp(x));
            CheckWidths(x, y);
        }
    }

    [Fact]
    public void The_logarithm_is_accurate()
    {
        Random random = new(1);
        for (int i = 0; i < 200_000; i++)
        {
            double x = Math.Exp((random.NextDouble() * 1400) - 700) * (1 + random.NextDouble());
            if (i % 2 == 0) x = 1 + ((random.NextDouble() - 0.5) * Math.ScaleB(1, -random.Next(40)));
            double expected = Math.Log(x);
            // Three units in the last place, and one for the oracle.
            Assert.Equal(expected, ReproducibleFunctions.Log(x), 4 * Math.ScaleB(Math.Abs(expected), -52));
        }
        Assert.Equal(0, ReproducibleFunctions.Log(1));
    }

    [Fact]
    public void The_cosine_of_half_turns_and_whole_powers_are_accurate()
    {
        for (int i = 0; i <= 1000; i++) Assert.Equal(Math.Cos(Math.PI * i / 1000), ReproducibleFunctions.CosPi(i / 1000.0), 6e-16);
        Assert.Equal(1, ReproducibleFunctions.CosPi(0));
        Assert.Equal(-1, ReproducibleFunctions.CosPi(1));
        foreach (long n in (long[])[0, 1, 2, 7, 1000, 4690]) Assert.Equal(1, ReproducibleFunctions.Power(0.999, n) / Math.Pow(0.999, n), (n + 4) * Math.ScaleB(1, -52));
    }

    private static void CheckWidths(float x, float y)
    {
        Vector<float> result = ReproducibleFunctions.Exp(new Vector<float>(x));
        Assert.Equal(new Vector<float>(y).As<float, int>(), result.As<float, int>());
    }
}
