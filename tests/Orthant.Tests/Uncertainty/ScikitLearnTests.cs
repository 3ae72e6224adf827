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
        from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, log_loss, roc_auc_score, roc_curve, top_k_accuracy_score
        from sklearn.covariance import EmpiricalCovariance
        from sklearn.neighbors import NearestNeighbors
        from scipy.stats import entropy
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
        acc, conf = calibration_curve(right, confidence, n_bins=15)
        counts = np.histogram(confidence, np.linspace(0, 1, 16))[0]
        part = counts[counts > 0] / len(confidence)
        kept = counts[counts > 0] > 1
        chance = (acc * (1 - acc))[kept] / (counts[counts > 0][kept] - 1)
        mass = np.array_split(np.argsort(confidence, kind="stable"), 10)
        risks = np.cumsum(~right[order]) / np.arange(1, len(y) + 1)
        best = np.cumsum(~np.sort(right)[::-1]) / np.arange(1, len(y) + 1)
        parts = np.zeros(3)
        for k in range(p.shape[1]):
            bins = np.clip(np.ceil(p[:, k] * 15).astype(int) - 1, 0, 14)
            r = (y == k).mean()
            parts[2] += r * (1 - r)
            for b in np.unique(bins):
                own = bins == b
                parts[0] += own.mean() * (p[own, k].mean() - (y[own] == k).mean()) ** 2
                parts[1] += own.mean() * ((y[own] == k).mean() - r) ** 2
        members = np.array(data["members"]).reshape(3, -1, data["classes"])
        q = np.exp(members - members.max(2, keepdims=True)); q /= q.sum(2, keepdims=True)
        mean = q.mean(0)
        votes = q.argmax(2)
        pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
        train, probe, labels = np.array(data["train"]).reshape(-1, 4), np.array(data["probe"]).reshape(-1, 4), np.array(data["trainLabels"])
        means = np.array([train[labels == k].mean(0) for k in range(3)])
        cov = EmpiricalCovariance(assume_centered=True).fit(train - means[labels]).covariance_
        cov = cov + 1e-6 * np.trace(cov) / 4 * np.eye(4)
        away = probe[:, None, :] - means[None]
        unit = lambda v: v / np.linalg.norm(v, axis=1, keepdims=True)
        print(json.dumps({
            "accuracy": accuracy_score(y, p.argmax(1)), "nll": log_loss(y, p, eps=1e-300), "brier": float(((p - np.eye(p.shape[1])[y]) ** 2).sum(1).mean()),
            "ece": ece(confidence, right, 15), "classwise": float(np.mean([ece(p[:, k], y == k, 10) for k in range(p.shape[1])])),
            "aurc": float(np.mean(np.cumsum(~right[order]) / np.arange(1, len(y) + 1))),
            "misclassification": roc_auc_score(right, confidence), "auroc": roc_auc_score(truth, score),
            "auprOut": average_precision_score(truth, score), "auprIn": average_precision_score(1 - truth, -score),
            "fpr95": float(fpr[tpr >= 0.95][0]), "detection": float(((1 - tpr + fpr) / 2).min()),
            "brierBySklearn": sum(brier_score_loss(y == k, p[:, k]) for k in range(p.shape[1])), "top3": top_k_accuracy_score(y, p, k=3),
            "mce": float(np.abs(acc - conf).max()), "rms": float(np.sqrt((part * (acc - conf) ** 2).sum())),
            "debiased": float(np.sqrt(max(0, (part[kept] * ((acc - conf)[kept] ** 2 - chance)).sum()))),
            "adaptive": float(sum(len(m) / len(y) * abs(confidence[m].mean() - right[m].mean()) for m in mass)),
            "excess": float(risks.mean() - best.mean()), "coverage": float((np.nonzero(risks <= 0.2)[0].max(initial=-1) + 1) / len(y)),
            "reliability": parts[0], "resolution": parts[1], "uncertainty": parts[2],
            "entropy": float(entropy(mean, axis=1).mean()), "information": float((entropy(mean, axis=1) - entropy(q, axis=2).mean(0)).mean()),
            "variance": float(q.var(0).sum(1).mean()), "disagreement": float(np.mean([votes[i] != votes[j] for i, j in pairs])),
            "divergence": float(np.mean([entropy(q[i], q[j], axis=1) for i, j in pairs])),
            "mahalanobis": np.einsum("nkd,de,nke->nk", away, np.linalg.inv(cov), away).min(1).tolist(),
            "neighbours": NearestNeighbors(n_neighbors=7).fit(unit(train)).kneighbors(unit(probe))[0][:, 6].tolist(),
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
            double[] members = [.. Drawn(200, 5, seed + 10).Logits, .. Drawn(200, 5, seed + 20).Logits, .. Drawn(200, 5, seed + 30).Logits], train = Drawn(90, 4, seed + 40).Logits, probe = Drawn(30, 4, seed + 50).Logits;
            int[] trainLabels = [.. Enumerable.Range(0, 90).Select(i => i % 3)];
            string input = JsonSerializer.Serialize(new { logits = logits.Select(z => 2 * z), labels, classes = 5, inside, outside, members, train, probe, trainLabels });
            Calibration bins = Calibration.EqualWidth(confidences, correct, 15);
            RiskCoverage risk = RiskCoverage.Of(confidences, correct);
            BrierDecomposition parts = BrierDecomposition.Of(p, labels);
            PredictiveDistribution passes = PredictiveDistribution.FromLogits(members, 3, 5);
            JsonElement expected = JsonDocument.Parse(Run(Script, input)).RootElement;
            ClassificationMetrics m = ClassificationMetrics.Of(p, labels);
            DetectionMetrics d = DetectionMetrics.Of(inside, outside);
            (string Key, double Value)[] ours =
            [
                ("accuracy", m.Accuracy), ("nll", m.NegativeLogLikelihood), ("brier", m.Brier), ("ece", m.Ece), ("aurc", m.Aurc), ("classwise", Calibration.Classwise(p, labels, 10)),
                ("misclassification", DetectionMetrics.MisclassificationAuroc(confidences, correct)), ("auroc", d.Auroc), ("auprOut", d.AuprOut), ("auprIn", d.AuprIn),
                ("fpr95", d.Fpr95), ("detection", d.DetectionError), ("brierBySklearn", m.Brier), ("brierBySklearn", parts.Score), ("top3", ClassificationMetrics.TopAccuracy(p, labels, 3)),
                ("mce", bins.LargestError), ("rms", bins.RootMeanSquareError), ("debiased", bins.DebiasedError), ("adaptive", m.AdaptiveEce), ("excess", risk.ExcessArea),
                ("coverage", risk.CoverageAt(0.2)), ("reliability", parts.Reliability), ("resolution", parts.Resolution), ("uncertainty", parts.Uncertainty),
                ("entropy", passes.Entropy.ToArray().Average()), ("information", passes.MutualInformation.ToArray().Average()), ("variance", passes.Variance.ToArray().Average()),
                ("disagreement", passes.PairwiseDisagreement()), ("divergence", passes.MeanPairwiseDivergence()),
            ];
            Assert.All(ours, x => Assert.True(Math.Abs(expected.Number(x.Key) - x.Value) < 1e-10, string.Create(CultureInfo.InvariantCulture, $"{x.Key}: {x.Value} and {expected.Number(x.Key)}")));
            Assert.All(expected.GetProperty("mahalanobis").Numbers().Zip(MahalanobisScore.Fit(train, trainLabels).Of(probe)), x => Assert.Equal(x.First, x.Second, 1e-8));
            Assert.All(expected.GetProperty("neighbours").Numbers().Zip(NeighbourScore.Fit(train, 90, 7).Of(probe)), x => Assert.Equal(x.First, x.Second, 1e-9));
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
