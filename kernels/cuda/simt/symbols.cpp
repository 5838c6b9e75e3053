// The names of kernels and the places of their __shared__ arrays, from the symbol table of the file they were loaded from: a function's
// static variable is called _ZZ <function> E <name>. A stripped file has none: then names are addresses and only dynamic memory is poisoned.
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "block.h"

namespace refine::cuda::simt {
namespace {

struct Kernel {
  std::string name;
  std::vector<Range> shared;
};

// What a file's symbol table says of functions and objects, read once: a test program has tens of kernels in tens of megabytes.
struct Symbols {
  struct Object {
    std::string name;
    uintptr_t value;
    size_t bytes;
  };
  std::map<uintptr_t, std::string> functions;  // value -> mangled name
  std::vector<Object> objects;                 // statics of functions, by name
  bool relocated = false;                      // values count from where the file was loaded
};

std::string contents_of(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) file.open("/proc/self/exe", std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  std::string bytes(size > 0 ? size_t(size) : 0, '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), std::streamsize(bytes.size()))) bytes.clear();
  return bytes;
}

Symbols read_symbols(const char* path) {
  Symbols result;
  const std::string bytes = contents_of(path);
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return result;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shoff > bytes.size() || header.e_shnum * sizeof(Elf64_Shdr) > bytes.size() - header.e_shoff) return result;
  result.relocated = header.e_type == ET_DYN;
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  std::memcpy(sections.data(), bytes.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const auto& strings = sections[section.sh_link];
    if (section.sh_offset + section.sh_size > bytes.size() || strings.sh_offset + strings.sh_size > bytes.size()) continue;
    std::vector<Elf64_Sym> symbols(section.sh_size / sizeof(Elf64_Sym));
    std::memcpy(symbols.data(), bytes.data() + section.sh_offset, symbols.size() * sizeof(Elf64_Sym));
    for (const auto& symbol : symbols) {
      const char* const name = symbol.st_name < strings.sh_size ? bytes.c_str() + strings.sh_offset + symbol.st_name : "";
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && std::strncmp(name, "_Z", 2) == 0) result.functions[symbol.st_value] = name;
      if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_size != 0 && std::strncmp(name, "_ZZ", 3) == 0) result.objects.push_back({name, uintptr_t(symbol.st_value), size_t(symbol.st_size)});
    }
  }
  std::stable_sort(result.objects.begin(), result.objects.end(), [](const auto& x, const auto& y) { return x.name < y.name; });
  return result;
}

Kernel look_up(const void* function) {
  Kernel result;
  char address[32];
  std::snprintf(address, sizeof address, "kernel %p", function);
  result.name = address;
  Dl_info info{};
  if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return result;
  static std::map<const void*, Symbols> files;  // by where they were loaded
  auto file = files.find(info.dli_fbase);
  if (file == files.end()) file = files.emplace(info.dli_fbase, read_symbols(info.dli_fname)).first;
  const Symbols& symbols = file->second;
  const auto base = symbols.relocated ? reinterpret_cast<uintptr_t>(info.dli_fbase) : 0;
  const auto found = symbols.functions.find(reinterpret_cast<uintptr_t>(function) - base);
  if (found == symbols.functions.end()) return result;
  const std::string prefix = "_ZZ" + found->second.substr(2) + "E";
  for (auto object = std::lower_bound(symbols.objects.begin(), symbols.objects.end(), prefix, [](const auto& one, const std::string& least) { return one.name < least; });
       object != symbols.objects.end() && object->name.compare(0, prefix.size(), prefix) == 0; ++object)
    result.shared.push_back({reinterpret_cast<char*>(base + object->value), object->bytes});
  if (char* plain = abi::__cxa_demangle(found->second.c_str(), nullptr, nullptr, nullptr)) {
    result.name = plain;
    std::free(plain);
  }
  // "void refine::cuda::(anonymous namespace)::gemm<128>(...)": the name is what tells kernels apart.
  for (const char* part : {"void ", "refine::cuda::", "(anonymous namespace)::"})
    for (size_t at; (at = result.name.find(part)) != std::string::npos;) result.name.erase(at, std::strlen(part));
  result.name.resize(std::min(result.name.size(), result.name.find('(')));
  return result;
}

const Kernel& known(const void* function) {
  static std::map<const void*, Kernel> kernels;
  const auto found = kernels.find(function);
  return found != kernels.end() ? found->second : kernels.emplace(function, look_up(function)).first->second;
}

}  // namespace

std::string name_of(const void* function) { return function ? known(function).name : "host"; }
const std::vector<Range>& static_shared(const void* kernel) { return known(kernel).shared; }

}  // namespace refine::cuda::simt
