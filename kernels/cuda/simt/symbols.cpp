// The names of kernels and the places of their __shared__ arrays, from the symbol table of the file they were loaded from: a function's
// static variable is called _ZZ <function> E <name>. A stripped file has none: then names are addresses and only dynamic memory is poisoned.
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "block.h"

namespace refine::cuda::simt {
namespace {

struct Kernel {
  std::string name;
  std::vector<Range> shared;
};

Kernel look_up(const void* function) {
  Kernel result;
  char address[32];
  std::snprintf(address, sizeof address, "kernel %p", function);
  result.name = address;
  Dl_info info{};
  if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return result;
  std::ifstream file(info.dli_fname, std::ios::binary);
  if (!file) file.open("/proc/self/exe", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return result;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shoff > bytes.size() || header.e_shnum * sizeof(Elf64_Shdr) > bytes.size() - header.e_shoff) return result;
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  std::memcpy(sections.data(), bytes.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  const auto base = header.e_type == ET_DYN ? reinterpret_cast<uintptr_t>(info.dli_fbase) : 0;
  const auto wanted = reinterpret_cast<uintptr_t>(function) - base;
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const auto& strings = sections[section.sh_link];
    if (section.sh_offset + section.sh_size > bytes.size() || strings.sh_offset + strings.sh_size > bytes.size()) continue;
    std::vector<Elf64_Sym> symbols(section.sh_size / sizeof(Elf64_Sym));
    std::memcpy(symbols.data(), bytes.data() + section.sh_offset, symbols.size() * sizeof(Elf64_Sym));
    const auto name = [&](const Elf64_Sym& symbol) { return symbol.st_name < strings.sh_size ? bytes.c_str() + strings.sh_offset + symbol.st_name : ""; };
    std::string mangled;
    for (const auto& symbol : symbols)
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_value == wanted) mangled = name(symbol);
    if (mangled.compare(0, 2, "_Z") != 0) continue;
    const std::string prefix = "_ZZ" + mangled.substr(2) + "E";
    for (const auto& symbol : symbols)
      if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_size != 0 && std::strncmp(name(symbol), prefix.c_str(), prefix.size()) == 0)
        result.shared.push_back({reinterpret_cast<char*>(base + symbol.st_value), symbol.st_size});
    if (char* plain = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, nullptr)) {
      result.name = plain;
      std::free(plain);
    }
    // "void refine::cuda::(anonymous namespace)::gemm<128>(...)": the name is what tells kernels apart.
    for (const char* part : {"void ", "refine::cuda::", "(anonymous namespace)::"})
      for (size_t at; (at = result.name.find(part)) != std::string::npos;) result.name.erase(at, std::strlen(part));
    result.name.resize(std::min(result.name.size(), result.name.find('(')));
  }
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
