using System.Reflection;
using System.Text;

namespace Orthant.Tests.Architecture;

/// <summary>The public API is a text of the repository, one file a namespace: a change to it is seen in review.</summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Namespaces { get; } = [.. PublicTypes().Select(t => t.Namespace!).Distinct().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Namespaces))]
    public void ThePublicApiIsTheOneThatWasReviewed(string name)
    {
        StringBuilder text = new();
        foreach (Type type in PublicTypes().Where(t => t.Namespace == name).OrderBy(t => t.FullName, StringComparer.Ordinal)) Describe(type, text);
        Golden.Check($"tests/Orthant.Tests/Architecture/Api/{name}.txt", text.ToString());
    }

    [Fact]
    public void NoReviewedNamespaceIsGone()
    {
        IEnumerable<string?> reviewed = Directory.GetFiles(Path.Combine(Repository.Root, "tests/Orthant.Tests/Architecture/Api")).Select(Path.GetFileNameWithoutExtension);
        Assert.Empty(reviewed.Except(PublicTypes().Select(t => t.Namespace)));
    }

    private static IEnumerable<Type> PublicTypes() => new[] { typeof(OrthantInputException), typeof(Orthant.Formats.Csv), typeof(Orthant.Reports.Report), typeof(Orthant.Store.AnswerStore) }
        .SelectMany(t => t.Assembly.GetExportedTypes());

    private static void Describe(Type type, StringBuilder text)
    {
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : "class";
        string manner = type is { IsAbstract: true, IsSealed: true } ? "static " : type is { IsAbstract: true, IsInterface: false } ? "abstract " : "";
        text.Append($"{manner}{kind} {Name(type)}\n");
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<string> members = type.GetMembers(all).Select(m => Describe(m)).OfType<string>().Order(StringComparer.Ordinal);
        foreach (string member in members) text.Append($"    {member}\n");
        text.Append('\n');
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        FieldInfo { DeclaringType.IsEnum: true, IsSpecialName: false } f => $"{f.Name} = {f.GetRawConstantValue()}",
        FieldInfo f when Visible(f.IsPublic, f.IsFamily || f.IsFamilyOrAssembly) && !f.IsSpecialName => $"{(f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}",
        ConstructorInfo c when Visible(c.IsPublic, c.IsFamily || c.IsFamilyOrAssembly) && !c.IsStatic => $"new({Parameters(c)})",
        MethodInfo m when Visible(m.IsPublic, m.IsFamily || m.IsFamilyOrAssembly) && !m.IsSpecialName && !Generated(m) =>
            $"{Manner(m)}{Name(m.ReturnType)} {m.Name}{Generics(m)}({Parameters(m)})",
        MethodInfo m when m.IsPublic && m.Name.StartsWith("op_", StringComparison.Ordinal) && !Generated(m) => $"static {Name(m.ReturnType)} {m.Name}({Parameters(m)})",
        PropertyInfo p when p.GetAccessors(true).Any(a => Visible(a.IsPublic, a.IsFamily || a.IsFamilyOrAssembly)) =>
            $"{Manner(p.GetAccessors(true)[0])}{Name(p.PropertyType)} {p.Name}{(p.GetIndexParameters() is { Length: > 0 } i ? $"[{string.Join(", ", i.Select(x => Name(x.ParameterType)))}]" : "")} {{ {string.Join(" ", p.GetAccessors(true).Where(a => Visible(a.IsPublic, a.IsFamily)).Select(a => a.Name.StartsWith("get", StringComparison.Ordinal) ? "get;" : a.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "init;" : "set;"))} }}",
        EventInfo e => $"event {e.Name}",
        _ => null,
    };

    /// <summary>What a record brings along says nothing.</summary>
    private static bool Generated(MethodInfo m) =>
        m.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), false) || m.Name is "Equals" or "GetHashCode" or "ToString" or "op_Equality" or "op_Inequality";

    private static bool Visible(bool isPublic, bool isFamily) => isPublic || isFamily;

    private static string Manner(MethodInfo m) => m.IsStatic ? "static " : m.IsAbstract && !m.DeclaringType!.IsInterface ? "abstract " : m.IsVirtual && !m.IsFinal && !m.DeclaringType!.IsInterface ? "virtual " : "";

    private static string Generics(MethodInfo m) => m.IsGenericMethodDefinition ? $"<{string.Join(", ", m.GetGenericArguments().Select(g => g.Name))}>" : "";

    private static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(p =>
        $"{(p.IsOut ? "out " : p.ParameterType.IsByRef ? "ref " : "")}{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? $" = {p.DefaultValue ?? "default"}" : "")}"));

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is Type inner) return $"{Name(inner)}?";
        string name = type.IsNested && !type.IsGenericParameter ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        return type.IsGenericType && tick >= 0 ? $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
