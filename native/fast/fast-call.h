// Functions that compiled JavaScript calls as C calls C, in some nanoseconds; an ordinary native call takes a hundred,
// most of them for wrapping and unwrapping the arguments. V8 calls this its fast API.
//
// A call is fast when the calling function has been compiled and every argument is of the declared type: a kind of typed
// array means just that kind, in memory that is neither shared nor resizable. Every other call goes to the ordinary
// callback, which does the same.
//
// Node exports the classes below from its binary, but ships no header for them, and V8 changes them between versions. So
// they are declared here, as they are in V8 11.3 and 12.4, those of every Node 20 and 22; with another Node all calls are
// ordinary ones.
#pragma once

#include <node.h>

#include <cstddef>
#include <cstdint>

#define ZIVM_FAST_CALLS (NODE_MODULE_VERSION == 115 || NODE_MODULE_VERSION == 127)

#if ZIVM_FAST_CALLS
namespace v8 {

class CTypeInfo {
 public:
  enum class Type : uint8_t { kUint8 = 2, kInt32 = 3, kUint32 = 4, kInt64 = 5, kUint64 = 6, kFloat32 = 7, kFloat64 = 8, kValue = 10 };
  enum class Sequence : uint8_t { kScalar = 0, kTypedArray = 2 };

  Type type;
  Sequence sequence = Sequence::kScalar;
  uint8_t flags = 0;
};
static_assert(sizeof(CTypeInfo) == 3);

class CFunctionInfo {
 public:
#if NODE_MODULE_VERSION == 115
  CFunctionInfo(const CTypeInfo& returned, unsigned int count, const CTypeInfo* arguments);
#else
  enum class Int64Representation : uint8_t { kNumber = 0 };
  CFunctionInfo(const CTypeInfo& returned, unsigned int count, const CTypeInfo* arguments,
                Int64Representation representation = Int64Representation::kNumber);
#endif

 private:
  CTypeInfo returned_;
  uint8_t representation_;
  unsigned int count_;
  const CTypeInfo* arguments_;
};
static_assert(sizeof(CFunctionInfo) == 16);

class CFunction {
 public:
  CFunction(const void* address, const CFunctionInfo* info);

 private:
  const void* address_;
  const CFunctionInfo* info_;
};
static_assert(sizeof(CFunction) == 16);

}  // namespace v8
#endif

namespace zivm {

using Receiver = v8::Local<v8::Object>;

// A typed array as compiled code hands it over.
template <typename T>
struct FastArray {
  size_t length;
  T* data;
};

#if ZIVM_FAST_CALLS
template <typename T>
struct TypeOf;
#define ZIVM_TYPE(Type, ...) \
  template <>                \
  struct TypeOf<Type> {      \
    static constexpr v8::CTypeInfo value{__VA_ARGS__}; \
  };
#define ZIVM_ARRAY_TYPE(Element, name) \
  ZIVM_TYPE(const FastArray<Element>&, v8::CTypeInfo::Type::name, v8::CTypeInfo::Sequence::kTypedArray)
ZIVM_TYPE(Receiver, v8::CTypeInfo::Type::kValue)
ZIVM_TYPE(int32_t, v8::CTypeInfo::Type::kInt32)
ZIVM_TYPE(uint32_t, v8::CTypeInfo::Type::kUint32)
ZIVM_ARRAY_TYPE(uint8_t, kUint8)
ZIVM_ARRAY_TYPE(int32_t, kInt32)
ZIVM_ARRAY_TYPE(uint32_t, kUint32)
ZIVM_ARRAY_TYPE(int64_t, kInt64)
ZIVM_ARRAY_TYPE(uint64_t, kUint64)
ZIVM_ARRAY_TYPE(float, kFloat32)
ZIVM_ARRAY_TYPE(double, kFloat64)
#undef ZIVM_ARRAY_TYPE
#undef ZIVM_TYPE

template <auto function>
struct FastCall;

template <typename Returned, typename... Arguments, Returned (*function)(Arguments...)>
struct FastCall<function> {
  static const v8::CFunction* Get() {
    static constexpr v8::CTypeInfo arguments[] = {TypeOf<Arguments>::value...};
    static const v8::CFunctionInfo info(TypeOf<Returned>::value, sizeof...(Arguments), arguments);
    static const v8::CFunction call(reinterpret_cast<const void*>(function), &info);
    return &call;
  }
};
#else
template <auto function>
struct FastCall {
  static const v8::CFunction* Get() { return nullptr; }
};
#endif

}  // namespace zivm
