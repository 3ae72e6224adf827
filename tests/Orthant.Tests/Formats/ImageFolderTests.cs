using Orthant.Formats;
using Orthant.Networks;
using Orthant.Training;

namespace Orthant.Tests.Formats;

public sealed class ImageFolderTests
{
    /// <summary>A PNG of one colour, 2 × 1 unless said otherwise, written by hand: a stored block, so that no compressor is needed.</summary>
    private static byte[] Png(byte red, byte green, byte blue, int width = 2, int height = 1)
    {
        byte[] raw = [.. Enumerable.Range(0, height).SelectMany(_ => (byte[])[0, .. Enumerable.Repeat(new[] { red, green, blue }, width).SelectMany(c => c)])];
        (uint a, uint b) = (1, 0);
        foreach (byte value in raw)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }
        byte[] data = [0x78, 0x01, 0x01, (byte)raw.Length, (byte)(raw.Length >> 8), (byte)~raw.Length, (byte)(~raw.Length >> 8), .. raw, (byte)(b >> 8), (byte)b, (byte)(a >> 8), (byte)a];
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", [0, 0, 0, (byte)width, 0, 0, 0, (byte)height, 8, 2, 0, 0, 0]), .. Chunk("IDAT", data), .. Chunk("IEND", [])];
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
        return [0, 0, (byte)(data.Length >> 8), (byte)data.Length, .. body, (byte)(crc >> 24), (byte)(crc >> 16), (byte)(crc >> 8), (byte)crc];
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

    /// <summary>Training and validation part as they are unpacked: class folders with <c>images</c> and a list of boxes, annotations, 64 × 64 pixels, names in no
    /// order. A class that the validation part lacks shifts no number.</summary>
    [Fact]
    public void Both_parts_of_TinyImageNet_number_their_classes_alike()
    {
        using ScratchFolder folder = new();
        string[] names = ["n02", "n01", "n03"];
        void Text(string name, string text) => Put(folder.File(name), System.Text.Encoding.UTF8.GetBytes(text));
        Text("tiny/wnids.txt", string.Join('\n', names) + "\n");
        for (int k = 0; k < 3; k++)
        {
            for (int i = 0; i < 2; i++) Put(folder.File($"tiny/train/{names[k]}/images/{names[k]}_{i}.JPEG"), Png((byte)(10 * k), (byte)i, 5, 64, 64));
            Text($"tiny/train/{names[k]}/{names[k]}_boxes.txt", $"{names[k]}_0.JPEG\t0\t0\t62\t62\n");
        }
        Put(folder.File("tiny/val/images/val_0.JPEG"), Png(1, 2, 3, 64, 64));
        Put(folder.File("tiny/val/images/val_1.JPEG"), Png(4, 5, 6, 64, 64));
        Text("tiny/val/val_annotations.txt", "val_1.JPEG\tn03\t0\t32\t44\t62\nval_0.JPEG\tn02\t52\t55\t57\t59\n");
        DataSource train = DataSource.Load(folder.File("tiny/train")), val = DataSource.Load(folder.File("tiny/val") + Path.DirectorySeparatorChar);
        Assert.Equal([0, 0, 1, 1, 2, 2], train.Targets.ToArray());
        Assert.Equal([1, 2], val.Targets.ToArray());
        Assert.Equal((3 * 64 * 64, 64, 64), (train.Width, train.Images!.Height, train.Images.Width));
        Assert.Equal(10, train.Images.Image(0)[0]);
        Assert.Equal(0, train.Images.Image(2)[0]);
        // Halved, as a network of CIFAR's images reads it.
        DataSource small = val.LikeImages(Cifar(folder, 2));
        Assert.Equal(3 * 32 * 32, small.Width);
        Assert.Equal([1, 2, 3], new[] { small.Images!.Image(0)[0], small.Images.Image(0)[1024], small.Images.Image(0)[2048] });
        Put(folder.File("tiny/train/n09/images/n09_0.JPEG"), Png(0, 0, 0, 64, 64));
        Assert.Contains("'n09'", Assert.Throws<OrthantInputException>(() => DataSource.Load(folder.File("tiny/train"))).Message, StringComparison.Ordinal);
    }

    /// <summary>CIFAR-100's <c>train.bin</c>: a coarse class, a fine class, then three planes of 32 × 32; every fine class occurs.</summary>
    private static DataSource Cifar(ScratchFolder folder, int perClass)
    {
        byte[] Record(int i) => [(byte)(i % 100 / 5), (byte)(i % 100), .. Enumerable.Range(0, 3072).Select(p => (byte)(i + (p / 1024)))];
        return DataSource.Load(folder.Write("train.bin", [.. Enumerable.Range(0, 100 * perClass).SelectMany(Record)]));
    }

    [Fact]
    public void Cifar_100_gives_the_fine_classes_and_a_network_of_convolutions_is_trained_on_it()
    {
        using ScratchFolder folder = new();
        DataSource data = Cifar(folder, 2);
        Assert.Equal((200, 3072, 100), (data.Rows, data.Width, data.Classes));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => i % 100.0), data.Targets.ToArray());
        Assert.Equal([57, 58, 59], new[] { data.Images!.Image(57)[0], data.Images.Image(57)[1024], data.Images.Image(57)[3071] });
        LabelledData labelled = LabelledData.Classification(InputRows.OfBytes(data.Images.Pixels, data.Width, 0.5, 0.25), data.Images.Labels, 100);
        TrainableArchitecture shape = new(new ImageShape(3, 32, 32), [new TrainableConvolution(4, 3, 2, 1, true), new TrainablePool(false, 4, 4), new TrainableDense(100, false)]);
        TrainingResult result = NetworkTrainer.Train(new TrainingTask(shape, labelled), new TrainingOptions { Epochs = 1, BatchSize = 50, Augmentation = new Augmentation(true, 2) });
        Assert.Equal((3072, 100), (result.Network.Inputs, result.Network.Outputs));
        Assert.True(double.IsFinite(result.Metrics.NegativeLogLikelihood!.Value));
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
