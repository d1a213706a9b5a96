#include "addon.h"

#include "export.h"

// ordinaryCalls(): number
static void OrdinaryCalls(const v8::FunctionCallbackInfo<v8::Value>& info) {
  info.GetReturnValue().Set(ordinaryCalls.load());
}

NODE_MODULE_INIT() {
  InitCopy(context, exports);
  InitPut(context, exports);
  InitTake(context, exports);
  InitCombine(context, exports);
  InitYield(context, exports);
  zivm::Export(context, exports, "ordinaryCalls", OrdinaryCalls, nullptr);
  v8::Isolate* isolate = context->GetIsolate();
  exports->Set(context, v8::String::NewFromUtf8Literal(isolate, "hasDirectCalls"), v8::Boolean::New(isolate, ZIVM_FAST_CALLS)).Check();
}
