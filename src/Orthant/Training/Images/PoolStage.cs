using System.Numerics;
using Orthant.Networks;
using Orthant.Numerics;

namespace Orthant.Training;

/// <summary>Average or max pooling over square windows that lie inside the image.</summary>
internal sealed unsafe class PoolStage : ImageStage
{
    private readonly ImageTensor input;
    private readonly TrainablePool plan;
    private readonly AlignedBuffer<int> winners;

    public PoolStage(ImageTensor input, TrainablePool plan, int frame, int batch)
    {
        this.input = input;
        this.plan = plan;
        int height = ((input.Shape.Height - plan.Size) / plan.Stride) + 1, width = ((input.Shape.Width - plan.Size) / plan.Stride) + 1;
        ImageShape shape = new(input.Shape.Channels, height, width);
        Output = new ImageTensor(shape, input.Channels, height * width == 1 ? 0 : frame, batch, true);
        winners = new AlignedBuffer<int>(plan.Largest ? checked(batch * height * width * input.Channels) : 0);
    }

    public override void Forward(WorkerTeam team, int images, in ImageMode mode)
    {
        bool frozen = mode.Activation.IsFrozen;
        OnShards(team, images, (_, first, end) =>
        {
            for (int n = first; n < end; n++) Pool(n, frozen);
        });
    }

    public override void Backward(WorkerTeam team, int images)
    {
        bool adds = input.HasGradient;
        OnShards(team, images, (_, first, end) =>
        {
            for (int n = first; n < end; n++)
            {
                if (!adds) input.GradientOf(n).Clear();
                Spread(n);
            }
        });
        input.HasGradient = true;
    }

    private void Pool(int n, bool frozen)
    {
        ImageTensor output = Output!;
        int channels = input.Channels, width = output.Shape.Width;
        Vector<float> share = new(1f / (plan.Size * plan.Size));
        for (int position = 0; position < output.Shape.Pixels; position++)
        {
            float* from = Corner(input.Origin(n), position, width), to = output.Origin(n) + (position / width * output.Pitch) + (position % width * channels);
            int* won = plan.Largest ? winners.Pointer + ((((nint)n * output.Shape.Pixels) + position) * channels) : null;
            for (int c = 0; c < channels; c += Vector<float>.Count)
            {
                if (won is null)
                {
                    Vector<float> sum = Vector<float>.Zero;
                    for (int cell = 0; cell < plan.Size * plan.Size; cell++) sum += Vector.Load(from + Cell(cell) + c);
                    (sum * share).Store(to + c);
                    continue;
                }
                if (frozen)
                {
                    for (int j = c; j < c + Vector<float>.Count; j++) to[j] = from[Cell(won[j]) + j];
                    continue;
                }
                Vector<float> best = Vector.Load(from + c);
                Vector<int> index = Vector<int>.Zero;
                for (int cell = 1; cell < plan.Size * plan.Size; cell++)
                {
                    Vector<float> value = Vector.Load(from + Cell(cell) + c);
                    Vector<int> larger = Vector.GreaterThan(value, best);
                    best = Vector.ConditionalSelect(larger, value, best);
                    index = Vector.ConditionalSelect(larger, new Vector<int>(cell), index);
                }
                best.Store(to + c);
                index.Store(won + c);
            }
        }
    }

    private void Spread(int n)
    {
        ImageTensor output = Output!;
        int channels = input.Channels, width = output.Shape.Width;
        Vector<float> share = new(1f / (plan.Size * plan.Size));
        for (int position = 0; position < output.Shape.Pixels; position++)
        {
            float* to = Corner(input.GradientOrigin(n), position, width), from = output.GradientOrigin(n) + (position / width * output.Pitch) + (position % width * channels);
            if (plan.Largest)
            {
                int* won = winners.Pointer + ((((nint)n * output.Shape.Pixels) + position) * channels);
                for (int c = 0; c < channels; c++) to[Cell(won[c]) + c] += from[c];
                continue;
            }
            for (int cell = 0; cell < plan.Size * plan.Size; cell++)
            {
                float* at = to + Cell(cell);
                for (int c = 0; c < channels; c += Vector<float>.Count) (Vector.Load(at + c) + (Vector.Load(from + c) * share)).Store(at + c);
            }
        }
    }

    private float* Corner(float* origin, int position, int width) =>
        origin + (position / width * plan.Stride * input.Pitch) + (position % width * plan.Stride * input.Channels);

    private int Cell(int cell) => (cell / plan.Size * input.Pitch) + (cell % plan.Size * input.Channels);

    public override void Dispose()
    {
        Output!.Dispose();
        winners.Dispose();
    }
}
