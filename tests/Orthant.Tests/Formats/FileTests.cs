using System.IO.Compression;
using System.Text;
using CsCheck;
using Orthant.Formats;

namespace Orthant.Tests.Formats;

public sealed class FileTests
{
    [Fact]
    public void WhatIsWrittenIsReadPackedOrNot() =>
        Gen.Byte.Array[1, 5000].Sample(content =>
        {
            using ScratchFolder folder = new();
            foreach (string name in (string[])["a.bin", "a.bin.gz"])
            {
                OutputFile.Write(folder.File(name), stream => stream.Write(content));
                Assert.Equal(content, InputFile.ReadAllBytes(folder.File(name)));
            }
            Assert.Equal(2, Directory.GetFiles(folder.Root).Length);
            Assert.Equal(0x1F, File.ReadAllBytes(folder.File("a.bin.gz"))[0]);
        }, iter: 30, threads: 1);

    [Fact]
    public void GzipIsToldByItsContentNotItsName()
    {
        using ScratchFolder folder = new();
        Assert.Equal("plain", InputFile.ReadAllText(folder.Write("plain.gz", "plain")));
        Assert.Equal("packed", InputFile.ReadAllText(folder.Write("packed.txt", Pack("packed"u8))));
    }

    [Fact]
    public void ATextLosesItsMarkAndHasToBeUtf8()
    {
        using ScratchFolder folder = new();
        Assert.Equal("é", InputFile.ReadAllText(folder.Write("mark", [0xEF, 0xBB, 0xBF, 0xC3, 0xA9])));
        Assert.Contains(
            "line 2", Refused(() => InputFile.ReadAllText(folder.Write("latin", [0x61, 0x0A, 0xE9, 0x0A]))).Place,
            StringComparison.Ordinal);
        Assert.Contains(
            "UTF-16", Refused(() => InputFile.ReadAllText(folder.Write("wide", [0xFF, 0xFE, 0x61, 0]))).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCannotBeReadIsOneClearError()
    {
        using ScratchFolder folder = new();
        Assert.Equal("no such file", Refused(() => InputFile.Open(folder.File("missing"))).Found);
        Assert.Equal("no such file", Refused(() => InputFile.Open(folder.File("missing/deeper"))).Found);
        Assert.Equal("a folder", Refused(() => InputFile.Open(folder.Root)).Found);
        Assert.Equal("an empty file", Refused(() => InputFile.Open(folder.Write("empty", ""))).Found);
        Assert.Equal("an empty path", Refused(() => InputFile.Open("")).Found);
        Refused(() => InputFile.Open("a\0b"));
    }

    [Fact]
    public void ADamagedArchiveIsOneClearError()
    {
        using ScratchFolder folder = new();
        byte[] packed = Pack(Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, 5000))));
        for (int cut = 3; cut < packed.Length; cut += 97) Refused(
            () => InputFile.ReadAllBytes(folder.Write("cut.gz", packed.AsSpan(0, cut))));
        packed[packed.Length / 2] ^= 0x55;
        Assert.Contains(
            "damaged", Refused(() => InputFile.ReadAllBytes(folder.Write("broken.gz", packed))).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void ABombIsStoppedAtTheLimitWhileItIsUnpacked()
    {
        using ScratchFolder folder = new();
        string bomb = folder.Write("bomb.gz", Pack(new byte[100_000_000]));
        Assert.True(new FileInfo(bomb).Length < 1_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more than 1000000 bytes", Refused(() => InputFile.ReadAllBytes(bomb, 1_000_000)).Found, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8_000_000);
        Assert.Equal(100_000_000, InputFile.ReadAllBytes(bomb, 100_000_000).Length);
    }

    [Fact]
    public void AFailedWriteLeavesTheOldFileAndNothingElse()
    {
        using ScratchFolder folder = new();
        string path = folder.Write("kept", "old");
        Assert.Throws<InvalidOperationException>(() => OutputFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void WhatCannotBeWrittenIsOneClearError()
    {
        using ScratchFolder folder = new();
        Assert.Equal("a folder that does not exist", Refused(() => OutputFile.WriteText(folder.File("no/where"), "x")).Found);
        Assert.Equal("a folder", Refused(() => OutputFile.WriteText(folder.Root, "x")).Found);
        Refused(() => OutputFile.WriteText("", "x"));
        Refused(() => OutputFile.WriteText("a\0b", "x", "input"));
        Refused(() => OutputFile.WriteText(folder.Write("file", "x") + "/below", "x"));
    }

    [Fact]
    public void AFullDiskIsOneClearError()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is not on this machine");
        Assert.Contains("space", Refused(() => OutputFile.WriteText("/dev/full", "x")).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void TheOutputIsNeverTheInput()
    {
        using ScratchFolder folder = new();
        string input = folder.Write("in", "x"), link = folder.File("link"), other = folder.File("other");
        File.CreateSymbolicLink(link, input);
        foreach (string same in (string[])[input, link, Path.Combine(folder.Root, ".", "in")])
        {
            Assert.Contains("the input itself", Refused(() => OutputFile.WriteText(same, "y", input)).Found, StringComparison.Ordinal);
        }
        OutputFile.WriteText(other, "y", input, link);
        Assert.Equal("x", File.ReadAllText(input));
    }

    private static byte[] Pack(ReadOnlySpan<byte> content)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }

    private static OrthantInputException Refused(Action action) => Assert.Throws<OrthantInputException>(action);
}
