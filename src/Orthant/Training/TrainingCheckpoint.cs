using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Orthant.Training;

/// <summary>All that a stopped run needs to go on with the same bits as if it had not been stopped.</summary>
/// <remarks>Plain data. Random numbers are drawn by place (seed, epoch, step, row, unit), so that the number of steps is all the state there is to them.</remarks>
public sealed class TrainingCheckpoint
{
    private const string Magic = "orthant training checkpoint 3";
    private const string Source = "checkpoint";

    /// <summary>Collects the state.</summary>
    /// <param name="architecture">The shape of the network in a line.</param>
    /// <param name="recipe">The options that a resumed run must share, as text.</param>
    /// <param name="step">The number of steps that were made.</param>
    /// <param name="epochLoss">The sum of the losses of the steps of an epoch that was begun.</param>
    /// <param name="parameters">All numbers of the network, one layer after the other.</param>
    /// <param name="moments">For each state of the optimiser the numbers that belong to <paramref name="parameters"/>, in the same order.</param>
    /// <param name="best">The parameters of the epoch of the least test loss, where they are to be given back; else empty.</param>
    /// <param name="epochs">The completed epochs.</param>
    internal TrainingCheckpoint(
        string architecture, string recipe, long step, double epochLoss, float[] parameters, ImmutableArray<float[]> moments, float[] best, ImmutableArray<EpochReport> epochs)
    {
        Architecture = architecture;
        Recipe = recipe;
        Step = step;
        EpochLoss = epochLoss;
        Parameters = parameters;
        Moments = moments;
        Best = best;
        Epochs = epochs;
    }

    /// <summary>The shape of the network in a line, for example <c>784-128-128-10</c>.</summary>
    public string Architecture { get; }

    /// <summary>The options that a resumed run must share, as text: seed, batch size, activation law, optimiser, schedule, augmentation.</summary>
    public string Recipe { get; }

    /// <summary>The number of steps that were made.</summary>
    public long Step { get; }

    /// <summary>The completed epochs.</summary>
    public ImmutableArray<EpochReport> Epochs { get; }

    internal double EpochLoss { get; }

    internal float[] Parameters { get; }

    internal ImmutableArray<float[]> Moments { get; }

    internal float[] Best { get; }

    /// <summary>The state as bytes, which <see cref="FromBytes"/> reads: little-endian, with every length written before what it counts.</summary>
    public byte[] ToBytes()
    {
        using MemoryStream memory = new();
        using BinaryWriter writer = new(memory, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Architecture);
        writer.Write(Recipe);
        writer.Write(Step);
        writer.Write(EpochLoss);
        writer.Write(Epochs.Length);
        foreach (EpochReport epoch in Epochs) Write(writer, epoch);
        writer.Write(Moments.Length);
        foreach (float[] numbers in Moments.Prepend(Parameters).Append(Best))
        {
            writer.Write(numbers.Length);
            writer.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
        }
        writer.Flush();
        return memory.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <param name="bytes">The whole checkpoint.</param>
    /// <exception cref="OrthantInputException">The bytes are no checkpoint, are cut off, or sizes in them contradict each other.</exception>
    public static TrainingCheckpoint FromBytes(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        using MemoryStream memory = new(bytes);
        using BinaryReader reader = new(memory, Encoding.UTF8);
        try
        {
            if (reader.ReadString() is string magic && magic != Magic) throw Bad(memory, "something else", $"'{Magic}'");
            string architecture = reader.ReadString();
            string recipe = reader.ReadString();
            long step = reader.ReadInt64();
            double epochLoss = reader.ReadDouble();
            if (step < 0) throw Bad(memory, $"{step} steps", "0 or more");
            EpochReport[] epochs = new EpochReport[ReadCount(reader, memory, 0, bytes.Length, "epochs")];
            for (int i = 0; i < epochs.Length; i++) epochs[i] = ReadEpoch(reader);
            int states = ReadCount(reader, memory, 1, 2, "optimiser states");
            float[][] numbers = new float[states + 1][];
            for (int i = 0; i < numbers.Length; i++) numbers[i] = ReadNumbers(reader, memory, i == 0 ? null : numbers[0].Length);
            float[] best = ReadNumbers(reader, memory, null);
            if (memory.Position != memory.Length) throw Bad(memory, "more bytes", "the end");
            return new TrainingCheckpoint(architecture, recipe, step, epochLoss, numbers[0], [.. numbers[1..]], best, [.. epochs]);
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            throw new OrthantInputException(Source, $"byte {memory.Position}", "a file that is cut off or damaged", "a whole checkpoint", e);
        }
    }

    private static float[] ReadNumbers(BinaryReader reader, MemoryStream memory, int? needed)
    {
        int count = reader.ReadInt32();
        if (count < 0 || (needed ?? count) != count || count * 4L > memory.Length - memory.Position) throw Bad(memory, $"{count} numbers", $"{needed?.ToString() ?? "as many as follow"}");
        float[] numbers = new float[count];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan()));
        if (!Array.TrueForAll(numbers, float.IsFinite)) throw Bad(memory, "a number that is not finite", "finite numbers");
        return numbers;
    }

    private static int ReadCount(BinaryReader reader, MemoryStream memory, int least, int largest, string what)
    {
        int count = reader.ReadInt32();
        return count >= least && count <= largest ? count : throw Bad(memory, $"{count} {what}", $"{least} to {largest}");
    }

    private static void Write(BinaryWriter writer, EpochReport epoch)
    {
        writer.Write(epoch.Epoch);
        writer.Write(epoch.Epochs);
        writer.Write(epoch.Loss);
        writer.Write(epoch.LearningRate);
        writer.Write(epoch.Seconds);
        writer.Write(epoch.Test is not null);
        if (epoch.Test is not TrainingMetrics test) return;
        foreach (double? metric in (double?[])[test.Accuracy, test.NegativeLogLikelihood, test.RootMeanSquareError]) writer.Write(metric ?? double.NaN);
    }

    private static EpochReport ReadEpoch(BinaryReader reader)
    {
        (int epoch, int epochs) = (reader.ReadInt32(), reader.ReadInt32());
        (double loss, double rate, double seconds) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
        TrainingMetrics? test = reader.ReadBoolean() ? new TrainingMetrics(ReadMetric(reader), ReadMetric(reader), ReadMetric(reader)) : null;
        return new EpochReport(epoch, epochs, loss, rate, test, seconds);
    }

    private static double? ReadMetric(BinaryReader reader) => reader.ReadDouble() is double value && !double.IsNaN(value) ? value : null;

    private static OrthantInputException Bad(MemoryStream memory, string found, string expected) => new(Source, $"byte {memory.Position}", found, expected);
}
