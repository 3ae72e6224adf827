using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orthant.Uncertainty;
using static Orthant.Tests.Uncertainty.RecalibrationTests;

namespace Orthant.Tests.Uncertainty;

/// <summary>Metrics and maps against scikit-learn's and NumPy's own computations of them.</summary>
[Trait("Category", "Long")]
public class ScikitLearnTests
{
    private const string Script = """
        import json, sys
        import numpy as np
        from sklearn.metrics import accuracy_score, average_precision_score, log_loss, roc_auc_score, roc_curve
        from sklearn.calibration import calibration_curve
        from sklearn.isotonic import IsotonicRegression
        data = json.load(sys.stdin)
        z, y = np.array(data["logits"]).reshape(-1, data["classes"]), np.array(data["labels"])
        p = np.exp(z - z.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
        confidence, right = p.max(1), p.argmax(1) == y
        def ece(c, r, bins):
            acc, conf = calibration_curve(r, c, n_bins=bins)
            counts = np.histogram(c, np.linspace(0, 1, bins + 1))[0]
            return float((counts[counts > 0] / len(c) * np.abs(acc - conf)).sum())
        inside, outside = np.array(data["inside"]), np.array(data["outside"])
        truth, score = np.r_[np.zeros(len(inside)), np.ones(len(outside))], np.r_[inside, outside]
        fpr, tpr, _ = roc_curve(truth, score, drop_intermediate=False)
        curve = IsotonicRegression(out_of_bounds="clip").fit(confidence, right)
        order = np.argsort(-confidence, kind="stable")
        print(json.dumps({
            "accuracy": accuracy_score(y, p.argmax(1)), "nll": log_loss(y, p, eps=1e-300), "brier": float(((p - np.eye(p.shape[1])[y]) ** 2).sum(1).mean()),
            "ece": ece(confidence, right, 15), "classwise": float(np.mean([ece(p[:, k], y == k, 10) for k in range(p.shape[1])])),
            "aurc": float(np.mean(np.cumsum(~right[order]) / np.arange(1, len(y) + 1))),
            "misclassification": roc_auc_score(right, confidence), "auroc": roc_auc_score(truth, score),
            "auprOut": average_precision_score(truth, score), "auprIn": average_precision_score(1 - truth, -score),
            "fpr95": float(fpr[tpr >= 0.95][0]), "detection": float(((1 - tpr + fpr) / 2).min()),
            "isotonic": curve.predict(np.linspace(0, 1, 41)).tolist()}))
        """;

    [Fact]
    public void Every_metric_is_that_of_scikit_learn()
    {
        if (Run("import sklearn; print('fine')", "").Trim() != "fine") Assert.Skip("scikit-learn is not installed: apt install python3-sklearn.");
        for (ulong seed = 1; seed <= 5; seed++)
        {
            (double[] logits, int[] labels) = Drawn(500, 5, seed);
            ClassProbabilities p = ClassProbabilities.FromLogits([.. logits.Select(z => 2 * z)], 5);
            (double[] confidences, bool[] correct) = ClassificationMetrics.Outcomes(p, labels);
            // Rounded to one digit, so that most scores are tied.
            double[] inside = [.. logits.Take(300).Select(z => Math.Round(z, 1))], outside = [.. logits.Skip(300).Take(200).Select(z => Math.Round(z + 1, 1))];
            string input = JsonSerializer.Serialize(new { logits = logits.Select(z => 2 * z), labels, classes = 5, inside, outside });
            JsonElement expected = JsonDocument.Parse(Run(Script, input)).RootElement;
            ClassificationMetrics m = ClassificationMetrics.Of(p, labels);
            DetectionMetrics d = DetectionMetrics.Of(inside, outside);
            (string Key, double Value)[] ours =
            [
                ("accuracy", m.Accuracy), ("nll", m.NegativeLogLikelihood), ("brier", m.Brier), ("ece", m.Ece), ("aurc", m.Aurc), ("classwise", Calibration.Classwise(p, labels, 10)),
                ("misclassification", DetectionMetrics.MisclassificationAuroc(confidences, correct)), ("auroc", d.Auroc), ("auprOut", d.AuprOut), ("auprIn", d.AuprIn),
                ("fpr95", d.Fpr95), ("detection", d.DetectionError),
            ];
            Assert.All(ours, x => Assert.True(Math.Abs(expected.Number(x.Key) - x.Value) < 1e-10, string.Create(CultureInfo.InvariantCulture, $"{x.Key}: {x.Value} and {expected.Number(x.Key)}")));
            CalibrationCurve curve = CalibrationCurve.Isotonic(confidences, [.. correct.Select(c => c ? 1.0 : 0)]);
            Assert.All(expected.GetProperty("isotonic").Numbers().Select((v, i) => (v, i)), x => Assert.Equal(x.v, curve.At(x.i / 40.0), 1e-9));
        }
    }

    private static string Run(string script, string input)
    {
        if (!File.Exists("/usr/bin/python3")) return "";
        ProcessStartInfo start = new("/usr/bin/python3", ["-c", script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        _ = errors.Result;
        return output;
    }
}
