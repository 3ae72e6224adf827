using System.Globalization;

namespace Orthant.Formats;

/// <summary>The Python dictionary at the head of a <c>.npy</c> file: three keys with a string, a truth value and a tuple of
/// integers.</summary>
internal static class NpyHeader
{
    private const string Expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (…)}";

    public static (string Type, bool Fortran, long[] Shape) Parse(string source, string header)
    {
        Cursor cursor = new(source, header);
        string? type = null;
        bool? fortran = null;
        long[]? shape = null;
        cursor.Take('{');
        while (!cursor.TryTake('}'))
        {
            string key = cursor.Text();
            cursor.Take(':');
            switch (key)
            {
                case "descr" when type is null:
                    type = cursor.Text();
                    break;
                case "fortran_order" when fortran is null:
                    fortran = cursor.Truth();
                    break;
                case "shape" when shape is null:
                    shape = cursor.Tuple();
                    break;
                default:
                    throw new OrthantInputException(source, "header", $"the key '{key}'", $"once each of the keys in {Expected}");
            }
            if (cursor.TryTake(',')) continue;
            cursor.Take('}');
            break;
        }
        cursor.End();
        if (type is null || fortran is null || shape is null) throw new OrthantInputException(source, "header", "a key too few", Expected);
        return (type, fortran.Value, shape);
    }

    private sealed class Cursor(string source, string text)
    {
        private int at;

        public void Take(char wanted)
        {
            if (!TryTake(wanted)) throw Error();
        }

        public bool TryTake(char wanted)
        {
            while (at < text.Length && text[at] is ' ' or '\n' or '\t') at++;
            if (at >= text.Length || text[at] != wanted) return false;
            at++;
            return true;
        }

        public string Text()
        {
            char quote = TryTake('\'') ? '\'' : TryTake('"') ? '"' : throw Error();
            int end = text.IndexOf(quote, at);
            if (end < 0) throw Error();
            string content = text[at..end];
            at = end + 1;
            return content;
        }

        public bool Truth()
        {
            TryTake('\0');
            foreach (bool value in (ReadOnlySpan<bool>)[false, true])
            {
                string name = value ? "True" : "False";
                if (string.CompareOrdinal(text, at, name, 0, name.Length) != 0) continue;
                at += name.Length;
                return value;
            }
            throw Error();
        }

        public long[] Tuple()
        {
            List<long> lengths = [];
            Take('(');
            while (!TryTake(')'))
            {
                if (lengths.Count == 32) throw new OrthantInputException(source, "shape", "more than 32 dimensions", "at most 32");
                int start = at;
                while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
                if (!long.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out long length))
                {
                    throw Error();
                }
                TryTake('L');
                lengths.Add(length);
                if (TryTake(',')) TryTake('\0');
                else if (at >= text.Length || text[at] != ')') throw Error();
            }
            return [.. lengths];
        }

        public void End()
        {
            TryTake('\0');
            if (at < text.Length) throw Error();
        }

        private OrthantInputException Error()
        {
            string found = at >= text.Length ? "its end" : $"'{text.AsSpan(at, Math.Min(20, text.Length - at))}'";
            return new OrthantInputException(source, $"header, character {at}", found, Expected);
        }
    }
}
