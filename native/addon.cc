#include "addon.h"
#include "kernels.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  InitRegionMemory(env, exports);
  InitDoorbell(env, exports);
  InitKernels(env, exports);
  InitMemory(env, exports);
  InitProcess(env, exports);
  InitSocket(env, exports);
  InitVfio(env, exports);
  InitWatcher(env, exports);
  return exports;
}

NODE_API_MODULE(zivm, Init)
