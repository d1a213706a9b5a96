#include "addon.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  InitDoorbell(env, exports);
  InitMemory(env, exports);
  InitCrossMemory(env, exports);
  InitProcess(env, exports);
  InitSocket(env, exports);
  InitVfio(env, exports);
  InitWatcher(env, exports);
  return exports;
}

NODE_API_MODULE(zivm, Init)
