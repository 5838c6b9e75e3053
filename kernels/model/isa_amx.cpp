// x86-64 with AMX: bf16 and int8 on tile registers, everything else as avx512-bf16. Whether a process may use them is the processor's, the hypervisor's
// and the Linux kernel's to say: CPUID, XCR0, then arch_prctl, once for all threads. No machine of ours has AMX: what runs here is the model of the
// tests, so the set is offered only where a product of each kind, made once, has the bits that Intel's manual gives it.
// Source: Linux Documentation/arch/x86/xstate.rst; Intel SDM volume 1, 18.3 and CPUID leaves 07H, 0DH, 1DH, 1EH.
#include "kernels.h"
#if defined(REFINE_AMX) && defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "amx_check.h"
#include "amx_registers.h"

namespace refine::model {
namespace {

bool processor_has_tiles() {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return false;  // OSXSAVE: XGETBV may be asked
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr uint32_t kWanted = 1u << 22 /* AMX-BF16 */ | 1u << 24 /* AMX-TILE */ | 1u << 25 /* AMX-INT8 */;
  if ((d & kWanted) != kWanted) return false;
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low >> 17 & 3) != 3) return false;  // the kernel saves TILECFG and TILEDATA
  if (!__get_cpuid_count(0x1D, 1, &a, &b, &c, &d)) return false;  // palette 1: bytes of a row, tiles, rows
  if ((b & 0xFFFF) < 64 || b >> 16 < 8 || (c & 0xFFFF) < uint32_t(kAmxTile)) return false;
  if (!__get_cpuid_count(0x1E, 0, &a, &b, &c, &d)) return false;  // what one product takes: words of K, bytes of a row of C
  return (b & 0xFF) >= uint32_t(kAmxTile) && (b >> 8 & 0xFFFF) >= 64;
}

// TILEDATA is 8 KB a thread that Linux (5.16 on) saves only for processes that asked; refused where a thread's signal stack is too small for it.
bool kernel_grants_tiles() {
  constexpr long kGetPermitted = 0x1022, kRequest = 0x1023, kTileData = 18;
  if (syscall(SYS_arch_prctl, kRequest, kTileData) != 0) return false;
  uint64_t permitted = 0;
  return syscall(SYS_arch_prctl, kGetPermitted, &permitted) == 0 && (permitted >> kTileData & 1);
}

}  // namespace

bool amx_is_built() { return true; }
const KernelSet* amx_kernels() {
  static const KernelSet set = AmxTiles<TileRegisters>::set(*avx512_bf16_kernels(), int8_vnni512());
  static const bool has = processor_has_tiles() && kernel_grants_tiles() && sums_are_the_manuals<TileRegisters>();
  return has ? &set : nullptr;
}

}  // namespace refine::model
#else
namespace refine::model {
bool amx_is_built() { return false; }
const KernelSet* amx_kernels() { return nullptr; }
}  // namespace refine::model
#endif
