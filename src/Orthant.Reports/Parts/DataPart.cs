using Orthant.Networks;

namespace Orthant.Reports.Parts;

/// <summary>How the network does on the user's data: accuracy and likelihood for classes, errors for values.</summary>
internal static class DataPart
{
    public static ReportSection? Build(ReportInput input, CancellationToken cancellation)
    {
        ReluNetwork network = input.Network;
        if (input.Data.IsEmpty || input.Targets.IsEmpty) return null;
        int rows = input.Targets.Length;
        double[] y = new double[checked(rows * network.Outputs)];
        network.EvaluateParallel(rows, input.Data, y, Environment.ProcessorCount, null, cancellation);
        return network.Outputs == 1 ? Values(input, y) : input.TargetsAreClasses && input.Targets.Span.ToArray().Max() < network.Outputs ? Classes(input, y) : null;
    }

    private static ReportSection Values(ReportInput input, double[] y)
    {
        ReadOnlySpan<double> targets = input.Targets.Span;
        double squares = 0, largest = 0, mean = 0, spread = 0;
        foreach (double t in targets) mean += t / targets.Length;
        for (int i = 0; i < y.Length; i++)
        {
            double error = y[i] - targets[i];
            squares += error * error;
            largest = Math.Max(largest, Math.Abs(error));
            spread += (targets[i] - mean) * (targets[i] - mean);
        }
        double rmse = Math.Sqrt(squares / y.Length);
        string evidence = Evidence.Measured(y.Length);
        HtmlPart html = new();
        html.Facts(("root mean square error", Html.Number(rmse), evidence), ("largest error", Html.Number(largest), evidence),
            ("share of the variance explained", spread > 0 ? Html.Percent(1 - (squares / spread)) : "the targets do not vary", evidence));
        return new ReportSection("data", "On the data", html.ToString(), new { rows = y.Length, rmse, largestError = largest });
    }

    private static ReportSection Classes(ReportInput input, double[] y)
    {
        ReadOnlySpan<double> targets = input.Targets.Span;
        int outputs = input.Network.Outputs, right = 0;
        double nll = 0;
        int[,] confusion = new int[outputs, outputs];
        for (int i = 0; i < targets.Length; i++)
        {
            ReadOnlySpan<double> one = y.AsSpan(i * outputs, outputs);
            int best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(one), truth = (int)targets[i];
            confusion[truth, best]++;
            if (best == truth) right++;
            double sum = 0;
            foreach (double v in one) sum += Math.Exp(v - one[best]);
            nll += (one[best] + Math.Log(sum) - one[truth]) / targets.Length;
        }
        double accuracy = (double)right / targets.Length;
        string evidence = Evidence.Measured(targets.Length);
        HtmlPart html = new();
        html.Facts(("accuracy", Html.Percent(accuracy), evidence), ("negative log-likelihood", Html.Number(nll), evidence));
        if (outputs <= 20)
        {
            html.Table(["class \\ answer", .. Enumerable.Range(0, outputs).Select(o => $"{o}")], Enumerable.Range(0, outputs).Select(truth =>
                (IReadOnlyList<string>)[$"{truth}", .. Enumerable.Range(0, outputs).Select(o => confusion[truth, o] == 0 ? "·" : Html.Count(confusion[truth, o]))]));
        }
        return new ReportSection("data", "On the data", html.ToString(), new { rows = targets.Length, accuracy, nll });
    }
}
