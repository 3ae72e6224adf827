using CsCheck;
using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class IdxTests
{
    [Fact]
    public void ImagesAndLabelsAreReadBackAsWritten() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int, Gen.Bool).Sample((count, height, width, seed, packed) =>
        {
            byte[] pixels = new byte[count * height * width], labels = new byte[count];
            new Random(seed).NextBytes(pixels);
            new Random(seed + 1).NextBytes(labels);
            using ScratchFolder folder = new();
            string images = folder.File(packed ? "images.gz" : "images"), classes = folder.File("labels");
            Idx.Write(images, [count, height, width], pixels);
            Idx.Write(classes, [count], labels);
            ImageSet set = Idx.ReadImages(images, classes);
            Assert.Equal((count, 1, height, width), (set.Count, set.Channels, set.Height, set.Width));
            Assert.Equal(pixels, set.Pixels.ToArray());
            Assert.Equal(labels.Select(l => (int)l), set.Labels.ToArray());
            Assert.Equal(count == 0 ? 0 : labels.Max() + 1, set.Classes);
            for (int i = 0; i < count; i++) Assert.Equal(pixels.AsSpan(i * set.Size, set.Size), set.Image(i));
        }, iter: 40, threads: 1);

    [Fact]
    public void AllSixTypesAreReadBigEndian()
    {
        Assert.Equal((byte[])[0xFE], Elements(0x08, 0xFE));
        Assert.Equal((sbyte[])[-2], Elements(0x09, 0xFE));
        Assert.Equal((short[])[-2], Elements(0x0B, 0xFF, 0xFE));
        Assert.Equal((int[])[258], Elements(0x0C, 0, 0, 1, 2));
        Assert.Equal((float[])[1.5f], Elements(0x0D, 0x3F, 0xC0, 0, 0));
        Assert.Equal((double[])[-2.0], Elements(0x0E, 0xC0, 0, 0, 0, 0, 0, 0, 0));

        static Array Elements(byte type, params byte[] data) => Idx.Parse("x", [0, 0, type, 1, 0, 0, 0, 1, .. data]).Elements;
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 8 }, "no idx magic")]
    [InlineData(new byte[] { 1, 0, 8, 1, 0, 0, 0, 0 }, "no idx magic")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0, 0, 0, 1 }, "8 bytes in all")]
    [InlineData(new byte[] { 0, 0, 7, 1, 0, 0, 0, 1, 5 }, "0x07")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 2, 5 }, "1 bytes of data")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 5, 6 }, "2 bytes of data")]
    [InlineData(new byte[] { 0, 0, 14, 2, 255, 255, 255, 255, 255, 255, 255, 255, 5 }, "4294967295")]
    [InlineData(new byte[] { 0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 0 }, "the length 4294967295")]
    public void AWrongHeaderIsOneClearError(byte[] file, string found) =>
        Assert.Contains(found, Assert.Throws<OrthantInputException>(() => Idx.Parse("x", file)).Found, StringComparison.Ordinal);

    [Fact]
    public void ImagesAndLabelsHaveToFitTogether()
    {
        using ScratchFolder folder = new();
        Idx.Write(folder.File("images"), [2, 1, 1], new byte[2]);
        Idx.Write(folder.File("labels"), [3], new byte[3]);
        Assert.Contains("3 labels", Refused("images", "labels").Found, StringComparison.Ordinal);
        Assert.Contains("shape (3)", Refused("labels", null).Found, StringComparison.Ordinal);
        Assert.Contains("shape (2, 1, 1)", Refused("images", "images").Found, StringComparison.Ordinal);

        OrthantInputException Refused(string images, string? labels) => Assert.Throws<OrthantInputException>(
            () => Idx.ReadImages(folder.File(images), labels is null ? null : folder.File(labels)));
    }

    [Fact]
    public void MnistIsReadWhole()
    {
        string folder = Repository.Need(Repository.Data("mnist"), "MNIST");
        ImageSet set = Idx.ReadImages(Path.Combine(folder, "t10k-images-idx3-ubyte.gz"), Path.Combine(folder, "t10k-labels-idx1-ubyte.gz"));
        Assert.Equal((10000, 28, 28, 10), (set.Count, set.Height, set.Width, set.Classes));
        Assert.Equal([7, 2, 1, 0, 4], set.Labels.Span[..5]);
        Assert.Equal(0.1325, set.Pixels.ToArray().Average(p => p / 255.0), 1e-4);
    }
}
