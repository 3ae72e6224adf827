using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class ImageFolderTests
{
    /// <summary>A PNG of one colour, 2 × 1, written by hand: stored blocks, so that no compressor is needed.</summary>
    private static byte[] Png(byte red, byte green, byte blue, int width = 2)
    {
        byte[] raw = [0, .. Enumerable.Repeat(new[] { red, green, blue }, width).SelectMany(c => c)];
        (uint a, uint b) = (1, 0);
        foreach (byte value in raw)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }
        byte[] data = [0x78, 0x01, 0x01, (byte)raw.Length, 0, (byte)~raw.Length, 0xFF, .. raw, (byte)(b >> 8), (byte)b, (byte)(a >> 8), (byte)a];
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", [0, 0, 0, (byte)width, 0, 0, 0, 1, 8, 2, 0, 0, 0]), .. Chunk("IDAT", data), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(type), .. data];
        uint crc = 0xFFFFFFFF;
        foreach (byte value in body)
        {
            crc ^= value;
            for (int k = 0; k < 8; k++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        crc = ~crc;
        return [0, 0, 0, (byte)data.Length, .. body, (byte)(crc >> 24), (byte)(crc >> 16), (byte)(crc >> 8), (byte)crc];
    }

    private static void Put(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    [Fact]
    public void Class_folders_are_read_in_the_order_of_their_names()
    {
        using ScratchFolder folder = new();
        Put(folder.File("b/2.png"), Png(4, 5, 6));
        Put(folder.File("b/1.png"), Png(1, 2, 3));
        Put(folder.File("a/images/x.png"), Png(7, 8, 9));
        Put(folder.File("a/notes.txt"), "no image"u8.ToArray());
        DataSource data = DataSource.Load(folder.Root);
        Assert.Equal((3, 6), (data.Rows, data.Width));
        Assert.Equal([0, 1, 1], data.Targets.ToArray());
        Assert.Equal([7, 7, 8, 8, 9, 9, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], data.Images!.Pixels.ToArray());
    }

    [Fact]
    public void The_layout_of_TinyImageNets_validation_part_is_read()
    {
        using ScratchFolder folder = new();
        Put(folder.File("images/val_0.JPEG"), Png(1, 1, 1));
        Put(folder.File("images/val_1.JPEG"), Png(2, 2, 2));
        folder.Write("val_annotations.txt", "val_0.JPEG\tn09\t0\t0\t1\t1\nval_1.JPEG\tn01\t0\t0\t1\t1\n");
        ImageSet set = ImageFolder.Read(folder.Root);
        Assert.Equal([1, 0], set.Labels.ToArray());
        Assert.Equal(1, set.Image(0)[0]);
    }

    [Fact]
    public void Files_that_are_no_images_and_classes_without_any_are_refused_by_name()
    {
        using ScratchFolder folder = new();
        Assert.Contains("no class folders", Assert.Throws<OrthantInputException>(() => ImageFolder.Read(folder.Root)).Message, StringComparison.Ordinal);
        Put(folder.File("a/1.png"), Png(1, 2, 3));
        Put(folder.File("a/2.png"), Png(1, 2, 3, width: 3));
        Assert.Contains("2.png", Assert.Throws<OrthantInputException>(() => ImageFolder.Read(folder.Root)).Message, StringComparison.Ordinal);
        Put(folder.File("a/2.png"), "not a picture"u8.ToArray());
        Assert.Contains("no image", Assert.Throws<OrthantInputException>(() => ImageFolder.Read(folder.Root)).Message, StringComparison.Ordinal);
        Put(folder.File("a/2.png"), Png(1, 2, 3));
        Directory.CreateDirectory(folder.File("b"));
        Assert.Contains("a class without images", Assert.Throws<OrthantInputException>(() => ImageFolder.Read(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Cifar_batches_are_read_one_after_the_other(int labelBytes)
    {
        using ScratchFolder folder = new();
        byte[] Record(byte label, byte pixel) => [.. labelBytes == 2 ? new byte[] { 19, label } : [label], .. Enumerable.Repeat(pixel, 3072)];
        string first = folder.Write("1.bin", [.. Record(3, 7), .. Record(9, 8)]), second = folder.Write("2.bin", Record(0, 9));
        DataSource data = DataSource.Load($"{first},{second}");
        Assert.Equal([3, 9, 0], data.Targets.ToArray());
        Assert.Equal((3072, 3), (data.Width, data.Rows));
        Assert.Equal(9, data.Images!.Image(2)[3071]);
        Assert.Contains("records", Assert.Throws<OrthantInputException>(() => DataSource.Load(folder.Write("3.bin", new byte[100]))).Message, StringComparison.Ordinal);
        string wrong = folder.Write("4.bin", Record(labelBytes == 1 ? (byte)10 : (byte)100, 0));
        Assert.Contains("class 10", Assert.Throws<OrthantInputException>(() => DataSource.Load(wrong)).Message, StringComparison.Ordinal);
    }
}
