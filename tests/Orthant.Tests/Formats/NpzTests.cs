using System.IO.Compression;
using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class NpzTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void ArraysAreReadByName(CompressionLevel level)
    {
        string file = Archive(level, ("a", new NpyArray([2, 3], new double[] { 1, 2, 3, 4, 5, 6 })), ("b", new NpyArray([2], new long[] { 7, 8 })));
        Assert.Equal(["a", "b"], Npz.Names(file));
        Assert.Equal(new double[] { 1, 2, 3, 4, 5, 6 }, TableFile.Read(file + ":a").ToDoubles());
        Assert.Equal(new double[] { 7, 8 }, TableFile.Read(file + ":b").ToDoubles());
        Assert.Contains("one of a, b", Assert.Throws<OrthantInputException>(() => TableFile.Read(file + ":c")).Message, StringComparison.Ordinal);
        Assert.Contains("arrays a, b", Assert.Throws<OrthantInputException>(() => TableFile.Read(file)).Message, StringComparison.Ordinal);
        DataSource data = DataSource.Load(file);
        Assert.Equal((2, 3), (data.Rows, data.Width));
        Assert.Equal([7.0, 8.0], data.Targets.ToArray());
        Assert.Equal(data.Inputs(), DataSource.Load(file + ":a,b").Inputs());
        Assert.Throws<OrthantInputException>(() => DataSource.Load(file + ":b,a"));
    }

    [Fact]
    public void BytesAreImagesWithTheChannelsFirst()
    {
        byte[] last = [.. Enumerable.Range(0, 2 * 4 * 5 * 3).Select(i => (byte)i)];
        string file = Archive(CompressionLevel.Fastest, ("labels", new NpyArray([2, 1], new byte[] { 3, 0 })), ("images", new NpyArray([2, 4, 5, 3], last)));
        DataSource data = DataSource.Load(file);
        ImageSet images = Assert.IsType<ImageSet>(data.Images);
        Assert.Equal((2, 3, 4, 5), (images.Count, images.Channels, images.Height, images.Width));
        Assert.Equal([3, 0], images.Labels.ToArray());
        for (int n = 0; n < 2; n++)
        {
            for (int at = 0; at < 60; at++)
            {
                (int c, int p) = (at / 20, at % 20);
                Assert.Equal(last[(((n * 20) + p) * 3) + c], images.Image(n)[at]);
            }
        }
    }

    [Fact]
    public void DamagedArchivesAreRefusedInOneLine()
    {
        string file = Archive(CompressionLevel.Fastest, ("a", new NpyArray([1000], new double[1000])));
        byte[] whole = File.ReadAllBytes(file);
        int refused = 0;
        Random random = new(4);
        for (int run = 0; run < 300; run++)
        {
            byte[] changed = run < 50 ? whole[..random.Next(1, whole.Length)] : [.. whole];
            if (run >= 50) changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, changed);
            try
            {
                _ = TableFile.Read(file);
            }
            catch (OrthantInputException wrong)
            {
                refused++;
                Assert.DoesNotContain('\n', wrong.Message);
            }
        }
        Assert.InRange(refused, 100, 300);
        File.WriteAllText(file, "no archive");
        Assert.Contains("no zip archive", Assert.Throws<OrthantInputException>(() => TableFile.Read(file)).Message, StringComparison.Ordinal);
    }

    private string Archive(CompressionLevel level, params (string Name, NpyArray Array)[] arrays)
    {
        string file = folder.File($"{Guid.NewGuid():N}.npz");
        using ZipArchive archive = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach ((string name, NpyArray array) in arrays)
        {
            string npy = folder.File(name + ".npy");
            Npy.Write(npy, array);
            archive.CreateEntryFromFile(npy, name + ".npy", level);
        }
        return file;
    }

    public void Dispose() => folder.Dispose();
}
