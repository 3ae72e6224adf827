using System.Text;
using CsCheck;
using Google.Protobuf;
using Orthant.Formats;
using Orthant.Formats.Onnx;
using Orthant.Networks;
using DataType = Orthant.Formats.Onnx.TensorProto.Types.DataType;

namespace Orthant.Tests.Formats;

/// <summary>Files that are wrong by accident or on purpose: always a network or the one clear error.</summary>
public sealed class BadInputTests
{
    /// <summary>What reading a file of a few kilobytes may allocate, whatever it claims.</summary>
    private const long MostBytes = 64 << 20;

    [Fact]
    public void MutatedOnnxFiles() => Mutate(OnnxSeeds(), OnnxReader.Load, 20_000);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyMutatedOnnxFiles() => Mutate(OnnxSeeds(), OnnxReader.Load, 200_000);

    [Fact]
    public void OnnxFilesWithChangedFields() => ChangeFields(20_000);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyOnnxFilesWithChangedFields() => ChangeFields(200_000);

    [Fact]
    public void MutatedJsonFiles() => Mutate(JsonSeeds(), JsonNetwork.Load, 20_000);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyMutatedJsonFiles() => Mutate(JsonSeeds(), JsonNetwork.Load, 200_000);

    [Fact]
    public void EveryCutOfAFileIsRefusedOrRead()
    {
        foreach (byte[] seed in OnnxSeeds().Where(s => s.Length < 2000))
        {
            for (int cut = 0; cut < seed.Length; cut++) NetworkOrRefusal(OnnxReader.Load, seed[..cut]);
        }
        byte[] json = JsonSeeds()[0];
        for (int cut = 0; cut < json.Length - 2; cut++) Assert.Throws<OrthantInputException>(
            () => JsonNetwork.Load("x", json.AsMemory(0, cut)));
    }

    [Theory]
    [InlineData("Sin", "node 0 'n0' (Sin)", "operation Sin")]
    [InlineData("Tanh", "node 0 'n0' (Tanh)", "operation Tanh")]
    [InlineData("relu", "node 0 'n0' (relu)", "operation relu")]
    [InlineData("If", "node 0 'n0' (If)", "operation If")]
    public void AnOperationThatIsNotKnownIsNamedWithItsNode(string operation, string place, string found)
    {
        OrthantInputException e = new OnnxGraph(1, 2).Node(operation, "x", "y").Output("y", 1, 2).Refused();
        Assert.Equal((place, found), (e.Place, e.Found));
        if (operation == "relu") Assert.EndsWith("did you mean 'Relu'?", e.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void AForeignDomainIsNamed()
    {
        OnnxGraph graph = new OnnxGraph(1, 2).Node("Relu", "x", "y").Output("y", 1, 2);
        graph.Model.Graph.Node[0].Domain = "com.example";
        Assert.Equal("operation com.example.Relu", graph.Refused().Found);
    }

    [Fact]
    public void WhatAGraphCanHaveWrongIsNamed()
    {
        Refused(new OnnxGraph(1, 2).Node("Add", "x b", "a").Node("Relu", "a", "b").Output("b", 1, 2), "cycle");
        Refused(new OnnxGraph(1, 2).Node("Relu", "y", "y").Output("y", 1, 2), "cycle");
        Refused(new OnnxGraph(1, 2).Node("Relu", "x", "y").Node("Abs", "x", "y").Output("y", 1, 2), "a name that is taken");
        Refused(new OnnxGraph(1, 2).Node("Relu", "x", "x").Output("x", 1, 2), "a name that is taken");
        Refused(new OnnxGraph(1, 2).Floats("c", [1], 1).Floats("c", [1], 2).Node("Add", "x c", "y").Output("y", 1, 2), "a second tensor");
        Refused(
            new OnnxGraph(1, 2).Node("Add", "x weigths", "y").Floats("weights", [1], 1).Output("y", 1, 2),
            "'weigths', which nothing computes");
        Refused(new OnnxGraph(1, 2).Node("Relu", "x", "y").Output("z", 1, 2), "'z', which nothing computes");
        Refused(new OnnxGraph(1, 2).Node("Relu", "x", "y"), "no output");
        Refused(new OnnxGraph(1, 2).Floats("c", [1], 1).Node("Neg", "c", "y").Output("y", 1), "a constant");
        Refused(new OnnxGraph(1, 2).Node("Mul", "x x", "y").Output("y", 1, 2), "a product of two tensors");
        Refused(new OnnxGraph(1, 2).Node("Relu", "x", "y", ("alpha", 1f)).Output("y", 1, 2), "attribute 'alpha'");
        Refused(new OnnxGraph(1, 2).Node("LeakyRelu", "x", "y", ("alpha", 1)).Output("y", 1, 2), "attribute 'alpha' of type Int");
        Refused(new OnnxGraph(1, 2).Node("LeakyRelu", "x", "y", ("alpha", float.NaN)).Output("y", 1, 2), "NaN");
        Refused(new OnnxGraph(1, 2).Node("Relu", "x x", "y").Output("y", 1, 2), "2 inputs");
        Refused(new OnnxGraph(1, 2).Node("Dropout", "x", "y m").Node("Cast", "m", "z", ("to", 1)).Output("z", 1, 2), "output 'm' in use");
        Refused(new OnnxGraph(1, 2).Opset(6).Node("Relu", "x", "y").Output("y", 1, 2), "version 6");
        Refused(new OnnxGraph(1, -1).Node("Relu", "x", "y").Output("y", 1, 2), "an unknown length for dimension 1");
        Refused(new OnnxGraph(1, 1L << 40).Node("Relu", "x", "y").Output("y", 1, 2), "1099511627776");
        Refused(new OnnxGraph(1, 1L << 22, 2).Node("Relu", "x", "y").Output("y", 1, 2), "(1, 4194304, 2)");
        OnnxGraph two = new OnnxGraph(1, 2).Node("Add", "x z", "y").Output("y", 1, 2);
        two.Model.Graph.Input.Add(OnnxGraph.Info("z", [1, 2]));
        Refused(two, "2 inputs ('x', 'z')");
        OnnxGraph integer = new OnnxGraph(1, 2).Node("Relu", "x", "y").Output("y", 1, 2);
        integer.Model.Graph.Input[0] = OnnxGraph.Info("x", [1, 2], DataType.Int64);
        Refused(integer, "element type Int64");
    }

    [Fact]
    public void WrongShapesAreNamed()
    {
        Refused(
            new OnnxGraph(1, 3).Floats("w", [2, 2], 1, 2, 3, 4).Node("MatMul", "x w", "y").Output("y", 1, 2), "shapes (1, 3) and (2, 2)");
        Refused(new OnnxGraph(1, 3).Floats("w", [2], 1, 2).Node("Add", "x w", "y").Output("y", 1, 3), "shapes (1, 3) and (2)");
        Refused(new OnnxGraph(1, 3).Longs("s", 2, 2).Node("Reshape", "x s", "y").Output("y", 2, 2), "3 numbers");
        Refused(new OnnxGraph(1, 3).Longs("s", -1, -1).Node("Reshape", "x s", "y").Output("y", 2, 2), "the length -1");
        Refused(new OnnxGraph(1, 3).Longs("s", 1L << 40, -1).Node("Reshape", "x s", "y").Output("y", 2, 2), "the length 1099511627776");
        Refused(new OnnxGraph(1, 3).Longs("i", 3).Node("Gather", "x i", "y", ("axis", 1)).Output("y", 1, 1), "index 3");
        Refused(new OnnxGraph(1, 3).Node("Transpose", "x", "y", ("perm", new[] { 0, 0 })).Output("y", 1, 3), "perm (0, 0)");
        Refused(new OnnxGraph(1, 3).Node("Flatten", "x", "y", ("axis", 3)).Output("y", 1, 3), "axis 3");
        Refused(new OnnxGraph(1, 1, 3, 3).Floats("w", [1, 1, 4, 4], new float[16]).Node("Conv", "x w", "y").Output("y"), "does not fit");
    }

    [Fact]
    public void DataAreCountedBeforeAnythingIsAllocated()
    {
        Refused(
            new OnnxGraph(1, 2).Floats("w", [1L << 20, 1L << 20], 1, 2).Node("MatMul", "x w", "y").Output("y", 1, 2),
            "shape (1048576, 1048576)");
        Refused(new OnnxGraph(1, 2).Floats("w", [1L << 30], 1, 2).Node("Add", "x w", "y").Output("y", 1, 2), "2 numbers of data");
        Refused(new OnnxGraph(1, 2).Floats("w", [-1], 1).Node("Add", "x w", "y").Output("y", 1, 2), "the length -1");
        Refused(
            new OnnxGraph(1, 2).Add(new TensorProto { Name = "w", DataType = 1, Dims = { 2 }, RawData = ByteString.CopyFrom(1, 2, 3) })
                .Node("Add", "x w", "y").Output("y", 1, 2),
            "3 bytes of data");
        Refused(
            new OnnxGraph(1, 2).Longs("s", 1L << 40).Node("ConstantOfShape", "s", "w").Node("Add", "x w", "y").Output("y", 1, 2),
            "shape (1099511627776)");
        Refused(
            new OnnxGraph(1, 2).Longs("s", 1 << 20, 1 << 20).Node("ConstantOfShape", "s", "w").Node("Add", "x w", "y").Output("y", 1, 2),
            "shape (1048576, 1048576)");
        Refused(
            new OnnxGraph(1, 2).Longs("s", 1 << 20, 1 << 20, 1, 1).Node("Expand", "x s", "y").Output("y"),
            "shape (1048576, 1048576, 1, 2)");
        Refused(
            new OnnxGraph(1, 1, 2, 2)
                .Node("MaxPool", "x", "y", ("kernel_shape", new[] { 1, 1 }), ("pads", new[] { 0, 0, 1 << 20, 1 << 20 })).Output("y"),
            "shape");
        TensorProto elsewhere = new() { Name = "w", DataType = 1, Dims = { 2 }, DataLocation = TensorProto.Types.DataLocation.External };
        elsewhere.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/passwd" });
        Refused(new OnnxGraph(1, 2).Add(elsewhere).Node("Add", "x w", "y").Output("y", 1, 2), "data in another file");
        Refused(new OnnxGraph(1, 2).Floats("w", [2], 1, float.NaN).Node("Add", "x w", "y").Output("y", 1, 2), "NaN as element 1");
        Refused(
            new OnnxGraph(1, 2).Floats("w", [2], 1, float.PositiveInfinity).Node("Add", "x w", "y").Output("y", 1, 2),
            "Infinity as element 1");
        Refused(new OnnxGraph(1, 2).Floats("w", [2], 1, 0).Node("Div", "x w", "y").Output("y", 1, 2), "a division by zero");
    }

    [Fact]
    public void DepthIsNoDangerToTheStack()
    {
        // Graphs within attributes within graphs: the format's own recursion.
        GraphProto inner = new();
        for (int i = 0; i < 200; i++)
        {
            NodeProto node = new() { OpType = "If" };
            node.Attribute.Add(new AttributeProto { Name = "then_branch", G = inner });
            inner = new GraphProto { Node = { node } };
        }
        byte[] nested = new ModelProto { Graph = inner, OpsetImport = { new OperatorSetIdProto { Version = 17 } } }.ToByteArray();
        Assert.Contains(
            "not ONNX", Assert.Throws<OrthantInputException>(() => OnnxReader.Load("x", nested)).Found, StringComparison.Ordinal);

        // A long chain is no depth; branches within branches are.
        OnnxGraph chain = new(1, 1), branches = new(1, 1);
        for (int i = 0; i < 20_000; i++) chain.Node("Relu", i == 0 ? "x" : $"t{i - 1}", $"t{i}");
        Assert.Equal(20_000, chain.Output("t19999", 1, 1).Load().Network.Layers.Length);
        for (int i = 0; i < 1000; i++)
        {
            branches.Node("Relu", i == 0 ? "x" : $"t{i - 1}", $"r{i}").Node("Add", $"x r{i}", $"t{i}");
        }
        Refused(branches.Output("t999", 1, 1), "nested deeper");
    }

    [Fact]
    public void ADoublingGraphStopsAtTheLargestSize()
    {
        OnnxGraph graph = new(1, 1);
        for (int i = 0; i < 60; i++) graph.Node("Concat", i == 0 ? "x x" : $"t{i - 1} t{i - 1}", $"t{i}", ("axis", 1));
        Refused(graph.Output("t59"), "shape (1, 8388608)");
    }

    [Fact]
    public void EmptyAndForeignFilesAreRefused()
    {
        using ScratchFolder folder = new();
        byte[] png = [0x89, .. "PNG\r\n"u8];
        byte[][] foreign = [[0], [.. "hello"u8], [.. "{}"u8], png, new byte[100], new ModelProto().ToByteArray(), [8, 8]];
        foreach (byte[] content in foreign)
        {
            Assert.Throws<OrthantInputException>(() => OnnxReader.Load("x", content));
            Assert.Throws<OrthantInputException>(() => ModelFile.Load(folder.Write("m.onnx", content.Length == 0 ? [0] : content)));
        }
        Assert.Throws<OrthantInputException>(() => OnnxReader.Load("x", Array.Empty<byte>()));
        Assert.Throws<OrthantInputException>(() => ModelFile.Load(folder.Write("empty.onnx", "")));
    }

    [Fact]
    public void NamesPassThroughAsTheyAreAndBreakNoMessage()
    {
        const string Name = "<script>[red]\u001b[31m\n";
        OnnxGraph graph = new OnnxGraph(1, 2).Node("Relu", "x", "a").Node("Softmax", "a", "y").Output("y", 1, 2);
        graph.Model.Graph.Node[0].Name = Name;
        graph.Model.Graph.Name = Name;
        graph.Model.Graph.Input[0].Name = graph.Model.Graph.Node[0].Input[0] = Name;
        graph.Model.MetadataProps.Add(new StringStringEntryProto { Key = Name, Value = Name });
        LoadedModel model = graph.Load();
        Assert.Equal((Name, Name, Name), (model.InputName, model.Network.Name, model.Network.Metadata[Name]));
        graph.Model.Graph.Node[0].OpType = "Sin";
        string message = graph.Refused().Message;
        Assert.Contains("<script>[red]", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void NamesThatAreNotUtf8AreRefusedOrRead()
    {
        byte[] file = new OnnxGraph(1, 2).Node("Relu", "x", "yyyy").Output("yyyy", 1, 2).Bytes();
        int at = file.AsSpan().IndexOf("yyyy"u8);
        file[at] = 0xFF;
        NetworkOrRefusal(OnnxReader.Load, file);
        while ((at = file.AsSpan().IndexOf("yyyy"u8)) >= 0) file[at] = 0xFF;
        NetworkOrRefusal(OnnxReader.Load, file);
    }

    private static void Refused(OnnxGraph graph, string found)
    {
        byte[] file = graph.Bytes();
        long before = GC.GetAllocatedBytesForCurrentThread();
        OrthantInputException e = Assert.Throws<OrthantInputException>(() => OnnxReader.Load("m.onnx", file));
        Assert.Contains(found, e.Found, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * MostBytes);
    }

    private static List<byte[]> OnnxSeeds()
    {
        List<byte[]> seeds = [];
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            RandomNetworks.All(type).Sample(n => seeds.Add(OnnxWriter.ToBytes("x", n)), iter: 12, threads: 1, seed: "0000KOIPe9Y1");
        }
        OnnxGraph graph = new OnnxGraph(-1, 2, 4).Longs("s", 0, 2, 2, 2).Longs("zero", 0).Longs("b", 1).Longs("e", 3)
            .Floats("w", [2, 2, 1, 1], 1, 2, 3, 4).Floats("f", [4, 2], 1, 2, 3, 4, 5, 6, 7, 8);
        graph.Node("Shape", "x", "sh").Node("Gather", "sh zero", "n").Node("Concat", "n b e", "cc", ("axis", 0)).Node("Reshape", "x s", "i")
            .Node("Conv", "i w", "c").Node("Relu", "c", "r");
        graph.Node("Add", "r i", "a").Node("MaxPool", "a", "p", ("kernel_shape", new[] { 2, 1 })).Node("Flatten", "p", "q")
            .Node("Gemm", "q f", "g").Node("Slice", "g zero b", "h");
        graph.Node("ConstantOfShape", "e", "z").Node("Pad", "h s", "pp").Node("Softmax", "g", "y").Output("y", -1, 2);
        seeds.Add(graph.Bytes());
        return seeds;
    }

    private static List<byte[]> JsonSeeds()
    {
        List<byte[]> seeds = [];
        RandomNetworks.Plain.Sample(
            n => seeds.Add(Encoding.UTF8.GetBytes(JsonNetwork.ToText("x", n))), iter: 20, threads: 1, seed: "0000KOIPe9Y1");
        return seeds;
    }

    private static void Mutate(List<byte[]> seeds, Func<string, ReadOnlyMemory<byte>, LoadedModel> load, int count) =>
        Gen.Int.Sample(seed => { NetworkOrRefusal(load, Mutated(seeds, new Random(seed))); }, iter: count);

    private static void ChangeFields(int count)
    {
        ModelProto[] seeds = [.. OnnxSeeds().Select(s => OnnxReader.Parse("x", s))];
        int read = 0;
        Gen.Int.Sample(seed =>
        {
            Random random = new(seed);
            ModelProto model = seeds[random.Next(seeds.Length)].Clone();
            for (int faults = random.Next(1, 4); faults > 0; faults--) MessageMutation.Apply(model, random);
            if (NetworkOrRefusal(OnnxReader.Load, model.ToByteArray())) Interlocked.Increment(ref read);
        }, iter: count);
        // Both ends have to be met often, or the changes are too crude or too mild.
        Assert.InRange(read, count / 20, count * 19 / 20);
    }

    /// <summary>One to four faults: a flipped bit, a changed byte, a cut, a stretch taken from another file, doubled or left out, a length
    /// blown up.</summary>
    private static byte[] Mutated(List<byte[]> seeds, Random random)
    {
        List<byte> file = [.. seeds[random.Next(seeds.Count)]];
        for (int faults = random.Next(1, 5); faults > 0 && file.Count > 1; faults--)
        {
            int at = random.Next(file.Count), length = Math.Min(random.Next(1, 20), file.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    file.RemoveRange(at, random.Next(4) == 0 ? file.Count - at : length);
                    break;
                case 3:
                    byte[] other = seeds[random.Next(seeds.Count)];
                    int from = random.Next(other.Length);
                    file.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 200))]);
                    break;
                case 4:
                    file.InsertRange(at, file.GetRange(at, length));
                    break;
                case 5:
                    file.InsertRange(at, [0xFF, 0xFF, 0xFF, 0xFF, (byte)random.Next(1, 128)]);
                    break;
                case 6:
                    file[at] = (byte)(file[at] + random.Next(-2, 3));
                    break;
                default:
                    file[at] = random.Next(2) == 0 ? (byte)0 : (byte)0x7F;
                    break;
            }
        }
        return [.. file];
    }

    private static bool NetworkOrRefusal(Func<string, ReadOnlyMemory<byte>, LoadedModel> load, byte[] file)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool read = false;
        try
        {
            ReluNetwork network = load("mutated", file).Network;
            Assert.Equal(network.Outputs, network.Evaluate(new double[network.Inputs]).Length);
            read = true;
        }
        catch (OrthantInputException e)
        {
            Assert.DoesNotContain(e.Message, char.IsControl);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes + (16L * file.Length));
        return read;
    }
}
