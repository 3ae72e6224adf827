namespace Orthant.Reports;

/// <summary>The colours of pages and pictures, as CSS variables for light and dark.</summary>
/// <remarks>Series colours differ in lightness as well as in hue, so that they stay apart for every common kind of colour vision and on
/// grey paper.</remarks>
internal static class PictureStyle
{
    private const string Light =
        "--paper:#ffffff;--card:#f6f7f9;--ink:#1d2430;--muted:#5c6675;--grid:#d9dee6;--accent:#0b62a8;--good:#1a7f4b;--warn:#9a5b00;"
        + "--s0:#0b62a8;--s1:#d1495b;--s2:#2e8b57;--s3:#b7791f;--s4:#6f4fb0;--s5:#00798c;--s6:#8a3b12;--s7:#5c6675;";

    private const string Dark =
        "--paper:#12161d;--card:#1a2029;--ink:#e8ecf2;--muted:#9ca8b8;--grid:#2e3744;--accent:#6db7f2;--good:#5fcf94;--warn:#f0b35a;"
        + "--s0:#6db7f2;--s1:#ff8a93;--s2:#6fd49b;--s3:#f0b35a;--s4:#b9a1f5;--s5:#5cd0df;--s6:#e09a72;--s7:#9ca8b8;";

    public const string Variables =
        ":root{color-scheme:light dark;" + Light + "}@media (prefers-color-scheme:dark){:root{" + Dark + "}}@media print{:root{" + Light + "}}";

    public static string Shared { get; } =
        ".picture{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
        + ".picture line,.picture polyline,.picture path{fill:none;stroke:currentColor;stroke-width:1;vector-effect:non-scaling-stroke}"
        + ".picture polygon,.picture rect,.picture circle{stroke:none;fill:currentColor}"
        + ".picture text{fill:currentColor;stroke:none}"
        + ".picture .hollow{fill:none;stroke:currentColor}.picture .thick{stroke-width:2}.picture .bold{stroke-width:2.5}.picture .thin{stroke-width:.6}"
        + ".picture .dashed{stroke-dasharray:5 4}.picture .soft{opacity:.35}.picture .outlined{stroke:var(--paper);stroke-width:.6}"
        + ".picture .middle{text-anchor:middle}.picture .end{text-anchor:end}.picture .start{text-anchor:start}.picture .small{font-size:10.5px}.picture .strong{font-weight:600}"
        + ".picture .ink{color:var(--ink)}.picture .muted{color:var(--muted)}.picture .grid{color:var(--grid)}.picture .paper{color:var(--paper)}"
        + ".picture .zero{color:#ffffff}"
        + ".picture .accent{color:var(--accent)}.picture .card{color:var(--card)}"
        + string.Concat(Enumerable.Range(0, 8).Select(i => $".picture .s{i}{{color:var(--s{i})}}"));

    public static string Standalone { get; } = Variables + ".picture{background:var(--paper)}" + Shared;
}
