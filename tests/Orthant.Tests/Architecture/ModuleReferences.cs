using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Orthant.Tests.Architecture;

/// <summary>Which types of a compiled assembly name which other types: in bases, signatures, attributes, locals and instructions.</summary>
internal sealed class ModuleReferences
{
    private static readonly Dictionary<int, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => (ushort)o.Value & 0xFFFF, o => o.OperandType);

    private readonly MetadataReader metadata;
    private readonly PEReader image;
    private readonly NameProvider provider;
    private readonly HashSet<(string From, string To)> references = [];

    private ModuleReferences(PEReader image)
    {
        this.image = image;
        metadata = image.GetMetadataReader();
        provider = new NameProvider(metadata);
    }

    /// <summary>Pairs of full type names, the one that names and the one that is named; nested types count as their outermost.</summary>
    public static IReadOnlySet<(string From, string To)> Of(string assemblyPath)
    {
        using PEReader image = new(File.OpenRead(assemblyPath));
        ModuleReferences reader = new(image);
        foreach (TypeDefinitionHandle handle in reader.metadata.TypeDefinitions) reader.ReadType(handle);
        return reader.references;
    }

    private void ReadType(TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        string from = provider.NameOf(handle);
        Add(from, TypeNames(type.BaseType));
        foreach (InterfaceImplementationHandle i in type.GetInterfaceImplementations()) Add(from, TypeNames(metadata.GetInterfaceImplementation(i).Interface));
        foreach (GenericParameterHandle g in type.GetGenericParameters()) AddConstraints(from, g);
        foreach (FieldDefinitionHandle f in type.GetFields()) Add(from, metadata.GetFieldDefinition(f).DecodeSignature(provider, null));
        foreach (CustomAttributeHandle a in type.GetCustomAttributes()) Add(from, MemberNames(metadata.GetCustomAttribute(a).Constructor));
        foreach (MethodDefinitionHandle m in type.GetMethods()) ReadMethod(from, metadata.GetMethodDefinition(m));
    }

    private void ReadMethod(string from, MethodDefinition method)
    {
        Add(from, Names(method.DecodeSignature(provider, null)));
        foreach (GenericParameterHandle g in method.GetGenericParameters()) AddConstraints(from, g);
        if (method.RelativeVirtualAddress == 0) return;
        MethodBodyBlock body = image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            foreach (ImmutableArray<string> local in metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(provider, null)) Add(from, local);
        }
        foreach (ExceptionRegion region in body.ExceptionRegions.Where(r => !r.CatchType.IsNil)) Add(from, TypeNames(region.CatchType));
        BlobReader code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            if (value == 0xFE) value = 0xFE00 | code.ReadByte();
            switch (Operands[value])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    Add(from, MemberNames((EntityHandle)MetadataTokens.Handle(code.ReadInt32())));
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineNone:
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    private void AddConstraints(string from, GenericParameterHandle parameter)
    {
        foreach (GenericParameterConstraintHandle c in metadata.GetGenericParameter(parameter).GetConstraints())
        {
            Add(from, TypeNames(metadata.GetGenericParameterConstraint(c).Type));
        }
    }

    private ImmutableArray<string> MemberNames(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                MethodDefinition method = metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                return [provider.NameOf(method.GetDeclaringType()), .. Names(method.DecodeSignature(provider, null))];
            case HandleKind.FieldDefinition:
                FieldDefinition field = metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                return [provider.NameOf(field.GetDeclaringType()), .. field.DecodeSignature(provider, null)];
            case HandleKind.MemberReference:
                return TypeNames(metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
            case HandleKind.MethodSpecification:
                MethodSpecification specification = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                return [.. MemberNames(specification.Method), .. specification.DecodeSignature(provider, null).SelectMany(n => n)];
            default:
                return TypeNames(handle);
        }
    }

    private ImmutableArray<string> TypeNames(EntityHandle handle) => handle.IsNil ? [] : handle.Kind switch
    {
        HandleKind.TypeDefinition => [provider.NameOf((TypeDefinitionHandle)handle)],
        HandleKind.TypeReference => [provider.NameOf((TypeReferenceHandle)handle)],
        HandleKind.TypeSpecification => metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(provider, null),
        _ => [],
    };

    private static IEnumerable<string> Names(MethodSignature<ImmutableArray<string>> signature) =>
        signature.ReturnType.Concat(signature.ParameterTypes.SelectMany(p => p));

    private void Add(string from, IEnumerable<string> to)
    {
        foreach (string name in to) references.Add((from, name));
    }

    /// <summary>Decodes a signature to the names of all types in it.</summary>
    private sealed class NameProvider(MetadataReader metadata) : ISignatureTypeProvider<ImmutableArray<string>, object?>
    {
        public string NameOf(TypeDefinitionHandle handle)
        {
            TypeDefinition type = metadata.GetTypeDefinition(handle);
            while (!type.GetDeclaringType().IsNil) type = metadata.GetTypeDefinition(type.GetDeclaringType());
            return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
        }

        public string NameOf(TypeReferenceHandle handle)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            while (type.ResolutionScope.Kind == HandleKind.TypeReference) type = metadata.GetTypeReference((TypeReferenceHandle)type.ResolutionScope);
            return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
        }

        public ImmutableArray<string> GetArrayType(ImmutableArray<string> elementType, ArrayShape shape) => elementType;

        public ImmutableArray<string> GetByReferenceType(ImmutableArray<string> elementType) => elementType;

        public ImmutableArray<string> GetFunctionPointerType(MethodSignature<ImmutableArray<string>> signature) => [.. Names(signature)];

        public ImmutableArray<string> GetGenericInstantiation(ImmutableArray<string> genericType, ImmutableArray<ImmutableArray<string>> typeArguments) =>
            [.. genericType, .. typeArguments.SelectMany(a => a)];

        public ImmutableArray<string> GetGenericMethodParameter(object? genericContext, int index) => [];

        public ImmutableArray<string> GetGenericTypeParameter(object? genericContext, int index) => [];

        public ImmutableArray<string> GetModifiedType(ImmutableArray<string> modifier, ImmutableArray<string> unmodifiedType, bool isRequired) => unmodifiedType;

        public ImmutableArray<string> GetPinnedType(ImmutableArray<string> elementType) => elementType;

        public ImmutableArray<string> GetPointerType(ImmutableArray<string> elementType) => elementType;

        public ImmutableArray<string> GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

        public ImmutableArray<string> GetSZArrayType(ImmutableArray<string> elementType) => elementType;

        public ImmutableArray<string> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => [NameOf(handle)];

        public ImmutableArray<string> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => [NameOf(handle)];

        public ImmutableArray<string> GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
    }
}
