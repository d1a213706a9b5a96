// What the functions on arrays share: arguments, and ranges of bytes within arrays.
#pragma once

#include "fast-call.h"

namespace zivm {

struct Bytes {
  uint8_t* data;
  size_t byteLength;
};

template <typename T>
inline Bytes BytesOf(const FastArray<T>& array) {
  return {reinterpret_cast<uint8_t*>(array.data), array.length * sizeof(T)};
}

// The memory of a typed array; false for anything else.
inline bool GetBytes(v8::Local<v8::Value> value, Bytes* bytes) {
  if (!value->IsTypedArray()) return false;
  v8::Local<v8::TypedArray> array = value.As<v8::TypedArray>();
  uint8_t* memory = static_cast<uint8_t*>(array->Buffer()->Data());
  *bytes = {memory + array->ByteOffset(), array->ByteLength()};
  return true;
}

// A whole number from 0 to 2^53; false for anything else. Comparisons with NaN do not hold.
inline bool GetWhole(v8::Local<v8::Value> value, uint64_t* whole) {
  if (!value->IsNumber()) return false;
  const double number = value.As<v8::Number>()->Value();
  if (!(number >= 0 && number <= 9007199254740992.0)) return false;
  *whole = static_cast<uint64_t>(number);
  return static_cast<double>(*whole) == number;
}

// A whole number that fits into 32 bits, signed; false for anything else. Comparisons with NaN do not hold.
inline bool GetInt32(v8::Local<v8::Value> value, int32_t* whole) {
  if (!value->IsNumber()) return false;
  const double number = value.As<v8::Number>()->Value();
  if (!(number >= INT32_MIN && number <= INT32_MAX)) return false;
  *whole = static_cast<int32_t>(number);
  return *whole == number;
}

// Whether [offset, offset + byteLength) are bytes of the memory. The numbers are so small that the sum does not wrap.
inline bool Holds(const Bytes& memory, uint64_t offset, uint64_t byteLength) {
  return offset + byteLength <= memory.byteLength;
}

}  // namespace zivm
