// put(words, record, number, kind, context, tag, array, byteLength, isOneOfMany): 0 | -EINVAL
// Writes a record, a message of the first `byteLength` bytes of an array, at a word of the region, and publishes it. If it is
// one of many (1, and 0 if not), asks for the lines of a record that is to come. A fast call wants numbers that fit into 32 bits.
//
// It is one call, and the words of the record's first line are written last and together, so that the line travels once:
// a receiver that looks at it takes it away as soon as something is written there.
#include "addon.h"
#include "copy-in.h"
#include "export.h"
#include "memory.h"

#include <cerrno>

namespace {

using namespace zivm;

// As in src/ring/layout.ts.
constexpr size_t kWord = 4, kHeaderBytes = 32, kLineBytes = 64;
enum Word { kNumber, kKind, kContext, kTag, kLength };

// The lines of a short record are asked for so far ahead, those of a longer one just behind it, up to so many.
constexpr size_t kLinesAhead = 4, kMostLines = 17;

struct Header {
  int32_t number, kind, context, tag;
};

// Asks for a line that is to be written soon.
inline void FetchToWrite(const void* line) {
#ifdef __x86_64__
  __asm__ volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line, 1);
#endif
}

// Asks for as many lines ahead of a record as it has. The other core has read them a lap ago, and stores leave a core in order: they
// would wait behind the first one to such a line, and a core keeps so few of them that a second message would hardly be on its way
// meanwhile. Longer records have so many lines that the processor sees by itself where it goes on.
inline void FetchAhead(const uint8_t* record, uint64_t recordBytes) {
  const size_t lines = (recordBytes + kLineBytes - 1) / kLineBytes;
  if (lines > kMostLines) return;
  const uint8_t* ahead = record + (lines < kLinesAhead ? kLinesAhead : lines) * kLineBytes;
  for (size_t line = 0; line < lines; line++) FetchToWrite(ahead + line * kLineBytes);
}

// Inlined, so that the arguments stay in registers.
__attribute__((always_inline)) inline int32_t PutMessage(Bytes words, uint64_t record, Header header, Bytes array, uint64_t byteLength,
                                                         int32_t isOneOfMany) {
  if (!Holds(array, 0, byteLength) || !Holds(words, record * kWord, kHeaderBytes + byteLength)) return -EINVAL;
  int32_t* at = reinterpret_cast<int32_t*>(words.data) + record;
  uint8_t* payload = words.data + record * kWord + kHeaderBytes;
  constexpr size_t kFirst = kLineBytes - kHeaderBytes;
  const size_t first = byteLength < kFirst ? byteLength : kFirst;
  if (byteLength > first) CopyIn(payload + first, array.data + first, byteLength - first);
  at[kKind] = header.kind;
  at[kContext] = header.context;
  at[kTag] = header.tag;
  at[kLength] = static_cast<int32_t>(byteLength);
  CopyFew(payload, array.data, first);
  // SYNC POINT with RingReader.peek: as RingWriter.publish.
  __atomic_store_n(at + kNumber, header.number, __ATOMIC_RELEASE);
  if (isOneOfMany) FetchAhead(words.data + record * kWord, kHeaderBytes + byteLength);
  return 0;
}

template <typename T>
struct FastPut {
  static int32_t Call(Receiver, const FastArray<int32_t>& words, uint32_t record, int32_t number, int32_t kind, int32_t context,
                      int32_t tag, const FastArray<T>& array, uint32_t byteLength, int32_t isOneOfMany) {
    return PutMessage(BytesOf(words), record, {number, kind, context, tag}, BytesOf(array), byteLength, isOneOfMany);
  }
};

void Put(const v8::FunctionCallbackInfo<v8::Value>& info) {
  ordinaryCalls++;
  Bytes words, array;
  uint64_t record, byteLength;
  Header header;
  int32_t isOneOfMany;
  const bool isGiven = GetBytes(info[0], &words) && GetWhole(info[1], &record) && GetInt32(info[2], &header.number) &&
                       GetInt32(info[3], &header.kind) && GetInt32(info[4], &header.context) && GetInt32(info[5], &header.tag) &&
                       GetBytes(info[6], &array) && GetWhole(info[7], &byteLength) && GetInt32(info[8], &isOneOfMany);
  info.GetReturnValue().Set(isGiven ? PutMessage(words, record, header, array, byteLength, isOneOfMany) : -EINVAL);
}

}  // namespace

void InitPut(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  ExportKinds<FastPut>(context, exports, "put", Put);
}
