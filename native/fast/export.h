// Adds functions of JavaScript to the addon.
#pragma once

#include "fast-call.h"

#include <string>

namespace zivm {

// Adds a function to the exports; `fast` may be null.
inline void Export(v8::Local<v8::Context> context, v8::Local<v8::Object> exports, const std::string& name,
                   v8::FunctionCallback ordinary, const v8::CFunction* fast) {
  v8::Isolate* isolate = context->GetIsolate();
  v8::Local<v8::FunctionTemplate> made =
      v8::FunctionTemplate::New(isolate, ordinary, {}, {}, 0, v8::ConstructorBehavior::kThrow,
                                v8::SideEffectType::kHasSideEffect, fast);
  exports->Set(context, v8::String::NewFromUtf8(isolate, name.c_str()).ToLocalChecked(), made->GetFunction(context).ToLocalChecked())
      .Check();
}

// Adds a function for arrays of any kinds under `name`, and for each kind of array one more that is called fast with
// arrays of that kind: `Of<T>::Call`. V8 11.3 has no fast calls with the kinds that are left out.
template <template <typename> class Of>
inline void ExportKinds(v8::Local<v8::Context> context, v8::Local<v8::Object> exports, const std::string& name,
                        v8::FunctionCallback ordinary) {
  Export(context, exports, name, ordinary, nullptr);
  Export(context, exports, name + "Uint8", ordinary, FastCall<Of<uint8_t>::Call>::Get());
  Export(context, exports, name + "Int32", ordinary, FastCall<Of<int32_t>::Call>::Get());
  Export(context, exports, name + "Uint32", ordinary, FastCall<Of<uint32_t>::Call>::Get());
  Export(context, exports, name + "Float32", ordinary, FastCall<Of<float>::Call>::Get());
  Export(context, exports, name + "Float64", ordinary, FastCall<Of<double>::Call>::Get());
  Export(context, exports, name + "BigInt64", ordinary, FastCall<Of<int64_t>::Call>::Get());
  Export(context, exports, name + "BigUint64", ordinary, FastCall<Of<uint64_t>::Call>::Get());
}

}  // namespace zivm
