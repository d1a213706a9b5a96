// What every file of the addon shares.
//
// The addon does what JavaScript cannot: memory mappings, descriptors and doorbells. Functions return a value >= 0, or -errno: TypeScript turns codes into errors.
#pragma once

#include <napi.h>

// Each file adds its functions to the exports of one environment. There are no mutable statics that
// threads share: a worker thread loads the addon once more, with an environment of its own.
void InitDoorbell(Napi::Env env, Napi::Object exports);
void InitMemory(Napi::Env env, Napi::Object exports);
void InitCrossMemory(Napi::Env env, Napi::Object exports);
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

// The memory of a typed array.
struct Bytes {
  uint8_t* data;
  size_t byteLength;
};

inline bool GetBytes(napi_env env, napi_value value, Bytes* bytes) {
  static const size_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  // Kinds that this version of Node-API does not know leave it as it is.
  napi_typedarray_type type = static_cast<napi_typedarray_type>(-1);
  size_t length;
  void* data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return false;
  if (static_cast<size_t>(type) >= sizeof kElementBytes / sizeof *kElementBytes) return false;
  bytes->data = static_cast<uint8_t*>(data);
  bytes->byteLength = length * kElementBytes[type];
  return true;
}

inline napi_value RawNumber(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}
