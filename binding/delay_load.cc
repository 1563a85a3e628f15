// Windows: Node-API and libuv are found in the program itself, whatever its name: "node.exe" may be Electron's. With MSVC
// cmake-js brings the same hook along.
#if defined(_WIN32) && !defined(_MSC_VER)

// The order matters.
// clang-format off
#include <windows.h>
#include <delayimp.h>
#include <string.h>
// clang-format on

static FARPROC WINAPI FindProgram(unsigned event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(GetModuleHandleA(nullptr));
}

extern "C" PfnDliHook __pfnDliNotifyHook2 = FindProgram;

#endif
