// put(words, record, number, kind, context, tag, length, sendId, receiveId, array, from, byteLength): 0 | -EINVAL
// Writes a record with `byteLength` bytes of an array, from byte `from` on, at a word of the region, and publishes it; a
// full fence follows. A fast call wants numbers that fit into 32 bits.
//
// It is one call, and the words of the record's first line are written last and together, so that the line travels once:
// a receiver that looks at it takes it away as soon as something is written there.
#include "addon.h"
#include "copy.h"
#include "memory.h"

#include <cerrno>

namespace {

using namespace zivm;

// As in src/ring/layout.ts.
constexpr size_t kWord = 4, kHeaderBytes = 32, kLineBytes = 64;
enum Word { kNumber, kKind, kContext, kTag, kLength, kSendId, kReceiveId };

struct Header {
  int32_t number, kind, context, tag, length, sendId, receiveId;
};

int32_t PutRecord(const Bytes& words, uint64_t record, const Header& header, const Bytes& array, uint64_t from, uint64_t byteLength) {
  if (!Holds(array, from, byteLength) || !Holds(words, record * kWord, kHeaderBytes + byteLength)) return -EINVAL;
  uint8_t* payload = words.data + record * kWord + kHeaderBytes;
  const uint8_t* source = array.data + from;
  constexpr size_t kFirst = kLineBytes - kHeaderBytes;
  const size_t first = byteLength < kFirst ? byteLength : kFirst;
  if (byteLength > first) CopyBytes(payload + first, source + first, byteLength - first);
  int32_t* at = reinterpret_cast<int32_t*>(words.data) + record;
  at[kKind] = header.kind;
  at[kContext] = header.context;
  at[kTag] = header.tag;
  at[kLength] = header.length;
  at[kSendId] = header.sendId;
  at[kReceiveId] = header.receiveId;
  memcpy(payload, source, first);
  // SYNC POINT with RingReader.peek, and before Wakeup.notify: as RingWriter.publish.
  __atomic_store_n(at + kNumber, header.number, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return 0;
}

template <typename T>
int32_t FastPut(Receiver, const FastArray<int32_t>& words, uint32_t record, int32_t number, int32_t kind, int32_t context,
                int32_t tag, int32_t length, int32_t sendId, int32_t receiveId, const FastArray<T>& array, uint32_t from,
                uint32_t byteLength) {
  return PutRecord(BytesOf(words), record, {number, kind, context, tag, length, sendId, receiveId}, BytesOf(array), from, byteLength);
}

void Put(const v8::FunctionCallbackInfo<v8::Value>& info) {
  ordinaryCalls++;
  Bytes words, array;
  uint64_t record, from, byteLength;
  int32_t header[7];
  bool isGiven = GetBytes(info[0], &words) && GetWhole(info[1], &record) && GetBytes(info[9], &array) &&
                 GetWhole(info[10], &from) && GetWhole(info[11], &byteLength);
  for (int i = 0; i < 7; i++) isGiven = isGiven && GetInt32(info[2 + i], &header[i]);
  info.GetReturnValue().Set(
      isGiven ? PutRecord(words, record, {header[0], header[1], header[2], header[3], header[4], header[5], header[6]}, array, from, byteLength)
              : -EINVAL);
}

}  // namespace

void InitRecords(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  ZIVM_EXPORT_FAST_KINDS(FastPut, "put", Put);
}
