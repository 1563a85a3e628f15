#include "resident.h"

#if defined(_WIN32)

#include <windows.h>

namespace nodezmq {
void StayResident() {
  HMODULE self;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     reinterpret_cast<LPCSTR>(&StayResident), &self);
}
}  // namespace nodezmq

#elif defined(__APPLE__)

#include <dlfcn.h>

namespace nodezmq {
void StayResident() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&StayResident), &self) != 0) {
    dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
  }
}
}  // namespace nodezmq

#else

namespace nodezmq {
void StayResident() {}
}  // namespace nodezmq

#endif
