using System.Text;
using CsCheck;
using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class NpyTests
{
    /// <summary>numpy.save of arange(6, float32) / 4 as 2×3 in C order, and of arange(6, int64) as 2×3 in Fortran order.</summary>
    private const string SinglesInCOrder =
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8=";

    private const string LongsInFortranOrder =
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAMAAAAAAAAAAQAAAAAAAAAEAAAAAAAAAAIAAAAAAAAABQAAAAAAAAA=";

    [Fact]
    public void NumpysOwnFilesAreRead()
    {
        NpyArray singles = Npy.Parse("x", Convert.FromBase64String(SinglesInCOrder));
        Assert.Equal([2, 3], singles.Shape);
        Assert.Equal([0f, 0.25f, 0.5f, 0.75f, 1f, 1.25f], Assert.IsType<float[]>(singles.Elements));
        NpyArray longs = Npy.Parse("x", Convert.FromBase64String(LongsInFortranOrder));
        Assert.Equal([0L, 1, 2, 3, 4, 5], Assert.IsType<long[]>(longs.Elements));
        Assert.Equal(5, longs.ToTable("x")[1, 2]);
    }

    [Fact]
    public void OursIsNumpysByteForByte()
    {
        using ScratchFolder folder = new();
        Npy.Write(folder.File("a.npy"), new NpyArray([2, 3], (float[])[0f, 0.25f, 0.5f, 0.75f, 1f, 1.25f]));
        Assert.Equal(SinglesInCOrder, Convert.ToBase64String(File.ReadAllBytes(folder.File("a.npy"))));
    }

    [Fact]
    public void EveryTypeAndRankIsReadBackAsWritten() =>
        Gen.Select(Gen.Int[0, 4].Array[0, 4], Gen.Int[0, 4], Gen.Int).Sample((shape, type, seed) =>
        {
            int count = shape.Aggregate(1, (a, b) => a * b);
            Random random = new(seed);
            Array elements = type switch
            {
                0 => Fill(count, () => BitConverter.Int32BitsToSingle(random.Next())),
                1 => Fill(count, () => BitConverter.Int64BitsToDouble(random.NextInt64())),
                2 => Fill(count, () => random.Next()),
                3 => Fill(count, () => random.NextInt64()),
                _ => Fill(count, () => (byte)random.Next()),
            };
            using ScratchFolder folder = new();
            Npy.Write(folder.File("a.npy"), new NpyArray(shape, elements));
            NpyArray back = Npy.Read(folder.File("a.npy"));
            Assert.Equal(shape, back.Shape);
            Assert.Equal(elements, back.Elements);
        }, iter: 60, threads: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AllThreeVersionsAreRead(byte version)
    {
        NpyArray array = Npy.Parse("x", Build("{\"shape\":(2,),'fortran_order':False,'descr':'|u1'}", [7, 9], version));
        Assert.Equal((byte[])[7, 9], array.Elements);
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }", "1099511627776")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "4294967296")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "8 bytes of data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "8 bytes of data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807), }", "the length 9223372036854775807")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "'>f4'")]
    [InlineData("{'descr': 'O', 'fortran_order': False, 'shape': (2,), }", "'O'")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "[('a'")]
    [InlineData("{'descr': '<f4', 'fortran_order': Perhaps, 'shape': (2,), }", "Perhaps")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "-2")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "a key too few")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', }", "descr")]
    [InlineData("{'descr': '<f4", "<f4")]
    [InlineData("", "its end")]
    public void AWrongHeaderIsOneClearError(string header, string found)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => Npy.Parse("x", Build(header, new byte[8], 1)));
        Assert.Contains(found, e.Found, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void EveryCutAndEveryFlippedByteIsAnArrayOrOneClearError()
    {
        byte[] file = Convert.FromBase64String(LongsInFortranOrder);
        for (int i = 0; i < file.Length; i++)
        {
            Assert.Throws<OrthantInputException>(() => Npy.Parse("x", file.AsSpan(0, i)));
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] flipped = [.. file];
                flipped[i] ^= (byte)(1 << bit);
                ArrayOrRefusal(flipped);
            }
        }
    }

    [Fact]
    public void ATableHoldsOnlyFiniteNumbersThatAreExact()
    {
        Assert.Contains("row 1, column 0", Place(new NpyArray([2, 2], (double[])[1, 2, double.NaN, 3])), StringComparison.Ordinal);
        Assert.Contains("row 0, column 1", Place(new NpyArray([1, 2], (float[])[1, float.PositiveInfinity])), StringComparison.Ordinal);
        Assert.Contains("row 1, column 0", Place(new NpyArray([2], (long[])[1L << 60, (1L << 53) + 1])), StringComparison.Ordinal);
        Assert.Contains("row 0, column 0", Place(new NpyArray([1], (long[])[long.MaxValue])), StringComparison.Ordinal);
        Assert.Equal(-Math.Pow(2, 63), new NpyArray([1], (long[])[long.MinValue]).ToTable("x")[0, 0]);
        Place(new NpyArray([], (float[])[1]));
        Place(new NpyArray([3, 0], (float[])[]));
        Assert.True(new NpyArray([2, 1, 3], (float[])[1, 2, 3, 4, 5, 6]).ToTable("x") is { Rows: 2, Columns: 3, IsSingle: true });

        static string Place(NpyArray array) => Assert.Throws<OrthantInputException>(() => array.ToTable("x")).Place;
    }

    private static void ArrayOrRefusal(byte[] file)
    {
        try
        {
            Npy.Parse("x", file);
        }
        catch (OrthantInputException)
        {
        }
    }

    private static T[] Fill<T>(int count, Func<T> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    private static byte[] Build(string header, ReadOnlySpan<byte> data, byte version)
    {
        byte[] length = version == 1 ? [(byte)header.Length, 0] : [(byte)header.Length, 0, 0, 0];
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. data];
    }
}
