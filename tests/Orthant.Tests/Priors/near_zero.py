"""Reference values of prior predictive laws near 0, for PriorNearZeroTests.

Written from the definition alone, with mpmath: the moment function of a layer is its plain sum over the number m of active units,
K(s) = 2^(s/2) sum of C(d,m) 2^-d Gamma((m+s)/2)/Gamma(m/2), and the law of a norm R (in units of tau) is

    density of log R at y = 1/(2 pi) int M(c+it) e^(-(c+it)y) dt,    P(0 < R <= e^y) with -M(s)/s in place of M(s),

on the line c = -1/2 with so many digits that its cancellation does not matter, or, at 1e-100 and below, the residue at -1 alone (the
one at -2 is smaller by that factor). Usage: python3 near_zero.py > near-zero.json
"""
import json
from mpmath import mp, mpf, mpc, gamma, log, exp, pi, binomial, sqrt

CASES = [
    ("relu", [10, 10, 10], 10), ("relu", [30, 20], 5), ("relu", [64], 3), ("relu", [5, 40, 7], 1), ("relu", [3, 2, 2, 2], 1),
    ("relu", [15] * 12, 15), ("relu", [21] * 17, 6), ("relu", [37] * 20, 5), ("relu", [12] * 18, 24), ("relu", [100, 50], 12),
    ("relu", [1, 2, 3, 4, 5, 6], 2), ("relu", [2] * 40, 4), ("linear", [4, 9], 7), ("linear", [2] * 30, 3), ("relu", [8] * 99, 1),
    ("relu", [120, 6], 40),
]
LINE = ["1e-10", "1e-7", "1e-5", "1e-4", "1e-3", "0.01", "0.03", "0.1", "0.3", "0.7"]
FAR = ["1e-300", "1e-100"]


def layer(kind, d, s):
    if kind == "linear":
        return 2 ** (s / 2) * gamma((d + s) / 2) / gamma(mpf(d) / 2)
    return 2 ** (s / 2) * sum(binomial(d, m) * mpf(2) ** -d * gamma((m + s) / 2) / gamma(mpf(m) / 2) for m in range(1, d + 1))


def moments(kind, widths, k, s):
    value = 2 ** (s / 2) * gamma((k + s) / 2) / gamma(mpf(k) / 2)
    for d in set(widths):
        value *= layer(kind, d, s) ** widths.count(d)
    return value


def on_line(kind, widths, k, ys):
    c, period = mpf(-1) / 2, mpf(400)
    h = 2 * pi / period
    values, j = [], 0
    while True:
        values.append(moments(kind, widths, k, mpc(c, j * h)))
        if abs(values[-1]) < abs(values[0]) * mpf(10) ** -65:
            break
        j += 1
    results = []
    for y in ys:
        density = lower = mpf(0)
        for j, v in enumerate(values):
            turned = v * exp(-mpc(c, j * h) * y) * (h / pi if j else h / pi / 2)
            density += turned.real
            lower += (-turned / mpc(c, j * h)).real
        results.append((log(density), log(lower)))
    return results


def residue(kind, widths, k, ys):
    nodes, radius = 700, mpf(1) / 8
    circle = [radius * exp(mpc(0, 2 * pi * (n + mpf(1) / 2) / nodes)) for n in range(nodes)]
    values = [moments(kind, widths, k, d - 1) * d for d in circle]
    results = []
    for y in ys:
        terms = [v * exp(-(d - 1) * y) for v, d in zip(values, circle)]
        density = sum(t.real for t in terms) / nodes
        lower = sum((-t / (d - 1)).real for t, d in zip(terms, circle)) / nodes
        results.append((log(density), log(lower)))
    return results


def main():
    cases = []
    for kind, widths, k in CASES:
        mp.dps = 70
        # E R^2 in units of tau^2.
        rms = sqrt(mpf(k))
        for d in widths:
            rms *= sqrt(mpf(d) / 2 if kind == "relu" else mpf(d))
        far = FAR if k == 1 or kind == "relu" else []
        points = []
        for names, method in ((far, residue), (LINE, on_line)):
            if not names:
                continue
            mp.dps = 160 if method is residue else 70
            ys = [log(mpf(x) * rms) for x in names]
            for x, y, (density, lower) in zip(names, ys, method(kind, widths, k, ys)):
                # The density of R itself, R in units of its root mean square.
                points.append({"x": x, "logPdf": mp.nstr(density - log(mpf(x)), 22), "logLower": mp.nstr(lower, 22)})
        cases.append({"kind": kind, "hidden": widths, "outputs": k, "points": points})
    print(json.dumps({"script": "near_zero.py", "mpmath": __import__("mpmath").__version__, "cases": cases}, indent=1))


main()
