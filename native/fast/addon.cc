#include "addon.h"

#include "fast-call.h"

// ordinaryCalls(): number
static void OrdinaryCalls(const v8::FunctionCallbackInfo<v8::Value>& info) {
  info.GetReturnValue().Set(ordinaryCalls.load());
}

NODE_MODULE_INIT() {
  InitCopies(context, exports);
  InitKernels(context, exports);
  zivm::Export(context, exports, "ordinaryCalls", OrdinaryCalls, nullptr);
}
