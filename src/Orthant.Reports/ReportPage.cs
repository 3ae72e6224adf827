using System.Globalization;
using System.Text;

namespace Orthant.Reports;

/// <summary>The page around the parts of a report: one file, no script, no address outside itself.</summary>
internal static class ReportPage
{
    private static readonly string Style = PictureStyle.Variables + SvgPicture.Style + """
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;-webkit-text-size-adjust:100%}
        main,header,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
        header{padding-top:2.2rem}
        h1{font-size:1.75rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}
        h2{font-size:1.25rem;margin:0 0 .8rem}
        h3{font-size:1rem;margin:1.4rem 0 .5rem}
        p{margin:.5rem 0;max-width:46rem}
        .lead{color:var(--muted);margin:0 0 1rem;overflow-wrap:anywhere}
        nav{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;border-block:1px solid var(--grid);padding:.6rem 0;font-size:.9rem}
        nav a,a{color:var(--accent);text-decoration:none}
        section{padding:1.8rem 0 .6rem;border-bottom:1px solid var(--grid)}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.7rem 1.4rem;margin:.4rem 0 1rem}
        .facts dt{color:var(--muted);font-size:.82rem}
        .facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .how{display:inline-block;color:var(--muted);background:var(--card);border:1px solid var(--grid);border-radius:.6rem;padding:0 .45rem;font-size:.72rem;line-height:1.35rem;white-space:nowrap;vertical-align:.08em}
        .scroll{overflow-x:auto;margin:.6rem 0 1rem}
        table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;min-width:60%}
        th,td{padding:.28rem .75rem;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
        thead th{color:var(--muted);font-weight:500}
        th:first-child{text-align:left;font-weight:500;max-width:20rem;overflow:hidden;text-overflow:ellipsis}
        figure{margin:1rem 0;background:var(--card);border:1px solid var(--grid);border-radius:.6rem;padding:.7rem}
        figure>svg{max-width:44rem;margin:0 auto}
        figcaption{color:var(--muted);font-size:.85rem;padding:.35rem .2rem 0}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:.8rem}
        .figures figure{margin:0}
        code{font:.85em ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
        footer{color:var(--muted);font-size:.85rem;padding-bottom:2.5rem;padding-top:1rem}
        @media print{body{font-size:10.5pt}nav{display:none}section{break-inside:auto}figure,tr{break-inside:avoid}main,header,footer{max-width:none;padding:0}}
        """;

    /// <summary>A page of one part.</summary>
    public static string Single(string title, string lead, string content, string command) => Head(title, lead)
        + $"</header>\n<main><section>{content}</section></main>\n<footer><p>Made by <code>{Html.Escape(command)}</code></p></footer></body></html>\n";

    private static string Head(string title, string lead) =>
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        + $"<title>{Html.Escape(title)} · Orthant report</title><style>{Style}</style></head>\n<body><header><h1>{Html.Escape(title)}</h1><p class=\"lead\">{Html.Escape(lead)}</p>";

    public static string Render(ReportInput input, IReadOnlyList<ReportSection> sections)
    {
        StringBuilder page = new();
        string title = input.FileName, name = input.Network.Name.Length > 0 ? $"{input.Network.Name} · " : "";
        page.Append(Head(title, name + input.Network.ToString())).Append("<nav aria-label=\"parts\">");
        foreach (ReportSection section in sections) page.Append(CultureInfo.InvariantCulture, $"<a href=\"#{section.Key}\">{Html.Escape(section.Title)}</a>");
        page.Append("</nav></header>\n<main>");
        foreach (ReportSection section in sections)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n<section id=\"{section.Key}\"><h2>{Html.Escape(section.Title)}</h2>{section.Html}</section>");
        }
        page.Append("</main>\n<footer><p>Every number says how it was obtained: rest the pointer on its label.</p>");
        if (input.Command.Length > 0) page.Append(CultureInfo.InvariantCulture, $"<p>Made by <code>{Html.Escape(input.Command)}</code></p>");
        page.Append("</footer></body></html>\n");
        return page.ToString();
    }
}
