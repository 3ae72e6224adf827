namespace Orthant.Tests.Numerics;

public class MicroKernelSourceTests
{
    [Fact]
    public void The_kernels_in_the_repository_are_what_their_generator_writes()
    {
        bool write = Environment.GetEnvironmentVariable("ORTHANT_WRITE_GENERATED") == "1";
        foreach (MicroKernelSource source in MicroKernelSource.All)
        {
            string path = Path.Combine(MicroKernelSource.Folder, source.FileName);
            if (write) File.WriteAllText(path, source.Text);
            Assert.Equal(source.Text, File.ReadAllText(path));
        }
        Assert.Equal(MicroKernelSource.All.Count, Directory.GetFiles(MicroKernelSource.Folder, "*.g.cs").Length);
    }
}
