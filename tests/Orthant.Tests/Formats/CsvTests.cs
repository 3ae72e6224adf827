using System.Text;
using CsCheck;
using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class CsvTests
{
    private static readonly Gen<double> AnyNumber = Gen.OneOf(
        Gen.Double.Where(double.IsFinite), Gen.Const(-0.0), Gen.Const(double.Epsilon), Gen.Int.Select(i => (double)i));

    [Fact]
    public void WhatIsWrittenIsReadBackBitForBit() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 6], Gen.Bool, Gen.String[0, 4].Array[5]).Sample((columns, rows, named, names) =>
            AnyNumber.Array[rows * columns].Sample(values =>
            {
                if (rows == 0 && !named) return;
                string[]? header = named
                    ? [.. names.Take(columns).Select(
                        (n, i) => new string([.. n.Where(c => !char.IsControl(c) && !char.IsSurrogate(c))]).Trim() + "n" + i)]
                    : null;
                using ScratchFolder folder = new();
                Csv.Write(folder.File("t.csv"), new NumberTable(rows, columns, values, header));
                NumberTable back = Csv.Read(folder.File("t.csv"));
                Assert.Equal((rows, columns), (back.Rows, back.Columns));
                Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), back.ToDoubles().Select(BitConverter.DoubleToInt64Bits));
                Assert.Equal(header ?? [], back.ColumnNames);
            }, iter: 2, threads: 1), iter: 40, threads: 1);

    [Fact]
    public void Float32IsWrittenShortestAndReadBack()
    {
        using ScratchFolder folder = new();
        Csv.Write(folder.File("t.csv"), new NumberTable(1, 2, (float[])[0.1f, 1e-40f]));
        Assert.Equal("0.1,1E-40\n", File.ReadAllText(folder.File("t.csv")));
        Assert.Equal([0.1f, 1e-40f], Csv.Read(folder.File("t.csv")).ToSingles());
    }

    [Theory]
    [InlineData("1,2\n3,4\n")]
    [InlineData("1,2\r\n3,4\r\n")]
    [InlineData("1,2\r3,4")]
    [InlineData("\uFEFF1,2\n\n3,4\n\n")]
    [InlineData(" 1 ,+2.0\n3e0,4.\n")]
    [InlineData("a,b\n1,2\n3,4")]
    [InlineData("\"a, \"\"quoted\"\"\",\"b\nc\"\n\"1\",2\n3,4")]
    [InlineData("\"1\",\"2\"\n1,2\n3,4")]
    [InlineData("x;1,y\t\n1,2\n3,4", false)]
    public void WaysToWriteOneTable(string text, bool accepted = true)
    {
        if (accepted) Assert.Equal([1, 2, 3, 4], Parse(text).ToDoubles());
        else Assert.Throws<OrthantInputException>(() => Parse(text));
    }

    [Fact]
    public void NamesAreKeptAsTheyStand()
    {
        Assert.Equal(["<script>", "[red]", "\u001b[31m"], Parse("<script>,[red],\u001b[31m\n1,2,3").ColumnNames);
        Assert.Equal(1, Parse("a,b\n1,2").IndexOf("b"));
        Assert.Equal(-1, Parse("a,b\n1,2").IndexOf("c"));
    }

    [Theory]
    [InlineData("1,2\n3\n", "line 2", "1 fields")]
    [InlineData("1,2\n3,4,5\n", "line 2", "3 fields")]
    [InlineData("a,b\n1,2\n3,x\n", "line 3, column 2 (b)", "'x'")]
    [InlineData("a,b\n1,NaN\n", "line 2, column 2 (b)", "'NaN'")]
    [InlineData("1,inf\n", "line 1, column 2", "'inf'")]
    [InlineData("NaN,2\n", "line 1, column 1", "'NaN'")]
    [InlineData("1,-Infinity\n", "line 1, column 2", "'-Infinity'")]
    [InlineData("1,2\n1e999,2\n", "line 2, column 1", "'1e999'")]
    [InlineData("1,2\n,2\n", "line 2, column 1", "an empty field")]
    [InlineData("1,l0\n3,4\n", "line 1, column 2", "'l0' beside numbers")]
    [InlineData("1,0x10\n", "line 1, column 2", "'0x10' beside numbers")]
    [InlineData("a,a\n1,2\n", "line 1, column 2", "the name 'a' again")]
    [InlineData("1;2\n3;4\n", "line 1", "semicolons")]
    [InlineData("1,5;2,5\n", "line 1", "semicolons")]
    [InlineData("a;b\n1,5;2,5\n", "line 1", "semicolons")]
    [InlineData("a\tb\n1\t2\n", "line 1", "tabs")]
    [InlineData("a,b\n1;2\n", "line 2", "semicolons")]
    [InlineData("a,b\n\"1,5\",2\n", "line 2, column 1 (a)", "'1,5'")]
    [InlineData("1,\"2\n", "line 1", "a quote that is not closed")]
    [InlineData("1,\"2\"3\n", "line 1", "text after a closing quote")]
    [InlineData("\n\n", "", "no rows")]
    [InlineData("\"two\nlines\",b\n1,x", "line 3, column 2 (b)", "'x'")]
    public void WhatIsWrongIsNamedWithItsPlace(string text, string place, string found)
    {
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Parse(text));
        Assert.Equal(place, e.Place);
        Assert.Contains(found, e.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void ADecimalCommaIsToldFromAnyOtherMistake() =>
        Assert.Contains(
            "decimal point in place of the comma", Assert.Throws<OrthantInputException>(() => Parse("a\n\"1,5\"")).Expected,
            StringComparison.Ordinal);

    [Fact]
    public void AHeaderAloneIsAnEmptyTable() => Assert.True(Parse("a,b\n") is { Rows: 0, Columns: 2 });

    [Fact]
    public void AnyBytesAreATableOrOneClearError() =>
        Gen.OneOf(Gen.Byte.Array[0, 60], Gen.Int[0, 19].Select(i => "0123456789.,;\n\r\"e-+a"u8[i]).Array[0, 40]).Sample(bytes =>
        {
            try
            {
                NumberTable table = Csv.Parse("x", bytes);
                Assert.True(table.Columns > 0);
            }
            catch (OrthantInputException)
            {
            }
        }, iter: 5000);

    private static NumberTable Parse(string text) => Csv.Parse("x", Encoding.UTF8.GetBytes(text));
}
