namespace Orthant.Tests.Numerics;

public class MicroKernelSourceTests
{
    [Fact]
    public void The_kernels_in_the_repository_are_what_their_generator_writes()
    {
        foreach (MicroKernelSource source in MicroKernelSource.All) Golden.Check(Path.Combine(MicroKernelSource.Folder, source.FileName), source.Text);
        Assert.Equal(MicroKernelSource.All.Count, Directory.GetFiles(Path.Combine(Repository.Root, MicroKernelSource.Folder), "*.g.cs").Length);
    }
}
