#include "engine/elf.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include <elf.h>
#include <link.h>

namespace roundhouse::engine {
namespace {

using ElfHeader = ElfW(Ehdr);
using Segment = ElfW(Phdr);

constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char kOrder =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#elif defined(__i386__)
constexpr unsigned kMachine = EM_386;
#elif defined(__arm__)
constexpr unsigned kMachine = EM_ARM;
#elif defined(__riscv)
constexpr unsigned kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr unsigned kMachine = EM_PPC64;
#elif defined(__s390x__)
constexpr unsigned kMachine = EM_S390;
#else
#error "name this machine's ELF number"
#endif

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "aarch64";
    case EM_386: return "i386";
    case EM_ARM: return "arm";
    case EM_RISCV: return "riscv";
    case EM_PPC64: return "ppc64";
    case EM_S390: return "s390x";
    default: return "machine " + std::to_string(machine);
  }
}

Error wrong(const std::string& text) {
  return {Errc::unknown_module, text};
}

template <class T>
T read(std::string_view bytes, std::uint64_t at) {
  T out;
  std::memcpy(&out, bytes.data() + at, sizeof out);
  return out;
}

bool inside(std::string_view bytes, std::uint64_t at, std::uint64_t size) {
  return at <= bytes.size() && size <= bytes.size() - at;
}

Error cut_short(std::string_view bytes, std::uint64_t wanted) {
  return wrong("is cut short: it has " + std::to_string(bytes.size()) + " bytes, and speaks of " +
               std::to_string(wanted));
}

// Everything that the program headers speak of is there.
Result<void> check_segments(std::string_view bytes, const ElfHeader& header) {
  bool loads = false;
  bool dynamic = false;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = read<Segment>(bytes, header.e_phoff + i * sizeof(Segment));
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC && segment.p_type != PT_TLS)
      continue;
    if (!inside(bytes, segment.p_offset, segment.p_filesz))
      return cut_short(bytes, segment.p_offset + segment.p_filesz);
    loads = loads || segment.p_type == PT_LOAD;
    dynamic = dynamic || segment.p_type == PT_DYNAMIC;
  }
  if (!loads || !dynamic) return wrong("is no shared library: there is nothing in it to load");
  return {};
}

}  // namespace

Result<void> check_shared_library(std::string_view bytes) {
  if (bytes.size() < SELFMAG || bytes.substr(0, SELFMAG) != ELFMAG) return wrong("is no ELF file");
  if (bytes.size() < sizeof(ElfHeader)) return cut_short(bytes, sizeof(ElfHeader));
  const auto header = read<ElfHeader>(bytes, 0);
  if (header.e_ident[EI_CLASS] != kClass || header.e_ident[EI_DATA] != kOrder)
    return wrong("is for another architecture: its words or its byte order are not those of " +
                 machine_name(kMachine) + ", on which this engine runs");
  if (header.e_machine != kMachine)
    return wrong("is for " + machine_name(header.e_machine) + ", and this engine runs on " +
                 machine_name(kMachine));
  if (header.e_type != ET_DYN) return wrong("is no shared library");
  if (header.e_phentsize != sizeof(Segment)) return wrong("has program headers of another form");
  const std::uint64_t heads = std::uint64_t{header.e_phnum} * sizeof(Segment);
  if (!inside(bytes, header.e_phoff, heads)) return cut_short(bytes, header.e_phoff + heads);
  const std::uint64_t sections = std::uint64_t{header.e_shnum} * header.e_shentsize;
  if (header.e_shoff != 0 && !inside(bytes, header.e_shoff, sections))
    return cut_short(bytes, header.e_shoff + sections);
  return check_segments(bytes, header);
}

}  // namespace roundhouse::engine
