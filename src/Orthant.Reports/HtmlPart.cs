using System.Globalization;
using System.Text;

namespace Orthant.Reports;

/// <summary>Writes the content of a report part: paragraphs, facts, tables and pictures. All text is escaped.</summary>
internal sealed class HtmlPart
{
    private readonly StringBuilder html = new();

    public void Paragraph(string text, string evidence = "") => html.Append(CultureInfo.InvariantCulture, $"<p>{Html.Escape(text)} {evidence}</p>");

    public void SubHeading(string text) => html.Append(CultureInfo.InvariantCulture, $"<h3>{Html.Escape(text)}</h3>");

    /// <summary>Names, values and how each was obtained.</summary>
    public void Facts(params ReadOnlySpan<(string Name, string Value, string Evidence)> facts)
    {
        html.Append("<dl class=\"facts\">");
        foreach ((string name, string value, string evidence) in facts)
        {
            html.Append(CultureInfo.InvariantCulture, $"<div><dt>{Html.Escape(name)}</dt><dd>{Html.Escape(value)} {evidence}</dd></div>");
        }
        html.Append("</dl>");
    }

    /// <summary>A table with numbers on the right; wide ones scroll inside their frame.</summary>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        html.Append("<div class=\"scroll\"><table><thead><tr>");
        foreach (string column in columns) html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{Html.Escape(column)}</th>");
        html.Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
        {
            html.Append("<tr>");
            for (int i = 0; i < row.Count; i++)
            {
                html.Append(i == 0 ? "<th scope=\"row\">" : "<td>").Append(Html.Escape(row[i])).Append(i == 0 ? "</th>" : "</td>");
            }
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div>");
    }

    public void Figure(SvgPicture picture, string caption, string evidence = "") =>
        html.Append(CultureInfo.InvariantCulture, $"<figure>{picture.ToElement()}<figcaption>{Html.Escape(caption)} {evidence}</figcaption></figure>");

    /// <summary>Pictures side by side where there is room.</summary>
    public void Figures(IEnumerable<(SvgPicture Picture, string Caption)> figures)
    {
        html.Append("<div class=\"figures\">");
        foreach ((SvgPicture picture, string caption) in figures) Figure(picture, caption);
        html.Append("</div>");
    }

    public void List(IEnumerable<string> items)
    {
        html.Append("<ul>");
        foreach (string item in items) html.Append(CultureInfo.InvariantCulture, $"<li>{Html.Escape(item)}</li>");
        html.Append("</ul>");
    }

    public override string ToString() => html.ToString();
}
