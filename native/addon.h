// What every file of the addon shares.
//
// The addon does what JavaScript cannot: memory mappings, descriptors, doorbells, long copies and
// reduction kernels. Functions return a value >= 0, or -errno: TypeScript turns codes into errors.
#pragma once

#include <napi.h>

// Each file adds its functions to the exports of one environment. There are no mutable statics: a
// worker thread loads the addon once more, with an environment of its own.
void InitRegionMemory(Napi::Env env, Napi::Object exports);
void InitDoorbell(Napi::Env env, Napi::Object exports);
void InitMemory(Napi::Env env, Napi::Object exports);
void InitProcess(Napi::Env env, Napi::Object exports);
void InitSocket(Napi::Env env, Napi::Object exports);
void InitVfio(Napi::Env env, Napi::Object exports);
void InitWatcher(Napi::Env env, Napi::Object exports);

// Adds a function written against the C interface. The functions called per message or per wake-up
// use it: it saves the wrapper objects that the C++ interface makes for each argument.
inline void ExportRaw(Napi::Env env, Napi::Object exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  exports.Set(name, Napi::Value(env, value));
}

inline napi_value RawNumber(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}
