/* What the standard library of Rust gets random numbers from on Windows; wine 8 lacks it. */
#include <windows.h>

/* `RtlGenRandom` by its name in advapi32.dll. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return SystemFunction036(data, (ULONG)length);
}
