// Copies between the memory of two processes (Cross Memory Attach).
#include "addon.h"
#include "fast/copy.h"

#include <algorithm>
#include <cerrno>
#include <sys/uio.h>

// addressOf(array): where its bytes are in this process; 0 when it is no typed array
static napi_value AddressOf(napi_env env, napi_callback_info info) {
  napi_value array;
  size_t argc = 1;
  Bytes bytes;
  napi_get_cb_info(env, info, &argc, &array, nullptr, nullptr);
  if (!GetBytes(env, array, &bytes)) return RawNumber(env, 0);
  return RawNumber(env, static_cast<double>(reinterpret_cast<uintptr_t>(bytes.data)));
}

// process_vm_readv or process_vm_writev: the first vectors are of this process, the others of the other one.
using CopyBetween = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

static ssize_t CopyOnce(CopyBetween copy, pid_t pid, uint8_t* own, uint8_t* other, size_t count) {
  iovec here = {own, count};
  iovec there = {other, count};
  return copy(pid, &here, 1, &there, 1, 0);
}

// As CopyOnce, by way of memory that lies as `other` does within a page.
static ssize_t CopyByWay(CopyBetween copy, pid_t pid, uint8_t* own, uint8_t* other, size_t count) {
  constexpr size_t kPage = 4096, kRoom = 64 * 1024;
  alignas(kPage) static thread_local uint8_t room[kPage + kRoom];
  uint8_t* way = room + reinterpret_cast<uintptr_t>(other) % kPage;
  const size_t part = std::min(count, kRoom);
  if (copy == process_vm_writev) CopyBytes(way, own, part);
  const ssize_t copied = CopyOnce(copy, pid, way, other, part);
  if (copy == process_vm_readv && copied > 0) CopyBytes(own, way, copied);
  return copied;
}

// (pid, address, array, offset, byteLength): 0 | -errno
// Copies between another process's memory and bytes [offset, offset + byteLength) of the array (process_vm_readv(2)). The
// other process must be of the same user, on the same kernel; what it says of its address is checked by the kernel.
template <CopyBetween copy>
static napi_value CopyProcess(napi_env env, napi_callback_info info) {
  napi_value args[5];
  size_t argc = 5;
  int32_t pid;
  int64_t address, offset, left;
  Bytes array;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (napi_get_value_int32(env, args[0], &pid) != napi_ok || napi_get_value_int64(env, args[1], &address) != napi_ok ||
      !GetBytes(env, args[2], &array) || napi_get_value_int64(env, args[3], &offset) != napi_ok ||
      napi_get_value_int64(env, args[4], &left) != napi_ok || offset < 0 || left < 0 ||
      static_cast<uint64_t>(offset) > array.byteLength || static_cast<uint64_t>(left) > array.byteLength - offset) {
    return RawNumber(env, -EINVAL);
  }
  auto* own = array.data + offset;
  auto* other = reinterpret_cast<uint8_t*>(address);
  // The kernel copies by `rep movsb`, for which some places are four times as slow, far slower than another copy.
  const bool isSlow = copy == process_vm_readv ? IsSlowForMemcpy(own, other, left) : IsSlowForMemcpy(other, own, left);
  while (left > 0) {
    const ssize_t copied = isSlow ? CopyByWay(copy, pid, own, other, left) : CopyOnce(copy, pid, own, other, left);
    if (copied <= 0) return RawNumber(env, copied < 0 ? -errno : -EFAULT);
    own += copied;
    other += copied;
    left -= copied;
  }
  return RawNumber(env, 0);
}

void InitCrossMemory(Napi::Env env, Napi::Object exports) {
  ExportRaw(env, exports, "addressOf", AddressOf);
  ExportRaw(env, exports, "readProcess", CopyProcess<process_vm_readv>);
  ExportRaw(env, exports, "writeProcess", CopyProcess<process_vm_writev>);
}
