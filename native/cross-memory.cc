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

// The kernel copies by `rep movsb`, for which some places are four times as slow, far slower than another copy.
static bool IsSlowForKernel(CopyBetween copy, const uint8_t* own, const uint8_t* other, size_t count) {
  return copy == process_vm_readv ? IsSlowForMemcpy(own, other, count) : IsSlowForMemcpy(other, own, count);
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

// 0 | -errno
static int CopyAll(CopyBetween copy, pid_t pid, uint8_t* own, uint8_t* other, size_t left) {
  const bool isSlow = IsSlowForKernel(copy, own, other, left);
  while (left > 0) {
    const ssize_t copied = isSlow ? CopyByWay(copy, pid, own, other, left) : CopyOnce(copy, pid, own, other, left);
    if (copied <= 0) return copied < 0 ? -errno : -EFAULT;
    own += copied;
    other += copied;
    left -= copied;
  }
  return 0;
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
  return RawNumber(env, CopyAll(copy, pid, array.data + offset, reinterpret_cast<uint8_t*>(address), left));
}

// readMany(pid, addresses, arrays, byteLengths, count): number | -errno
// Reads `count` pieces of another process's memory, the first `byteLengths[i]` bytes of `arrays[i]` from `addresses[i]`, up to
// kMostReads and 2 GiB together; one call of the kernel takes a microsecond, whatever it copies. Returns how many were read, in order; when the first could not be, why.
static napi_value ReadMany(napi_env env, napi_callback_info info) {
  constexpr uint32_t kMostReads = 16;
  napi_value args[5];
  size_t argc = 5;
  int32_t pid;
  uint32_t count;
  Bytes addresses, byteLengths;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (napi_get_value_int32(env, args[0], &pid) != napi_ok || !GetBytes(env, args[1], &addresses) || !GetBytes(env, args[3], &byteLengths) ||
      napi_get_value_uint32(env, args[4], &count) != napi_ok || count > kMostReads || addresses.byteLength < count * sizeof(double) ||
      byteLengths.byteLength < count * sizeof(double)) {
    return RawNumber(env, -EINVAL);
  }
  iovec here[kMostReads], there[kMostReads];
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    Bytes array;
    double address, byteLength;
    memcpy(&address, addresses.data + i * sizeof(double), sizeof address);
    memcpy(&byteLength, byteLengths.data + i * sizeof(double), sizeof byteLength);
    if (napi_get_element(env, args[2], i, &element) != napi_ok || !GetBytes(env, element, &array) || !(byteLength >= 0 && byteLength <= array.byteLength) ||
        !(address >= 0 && address <= 9007199254740992.0)) {
      return RawNumber(env, -EINVAL);
    }
    here[i] = {array.data, static_cast<size_t>(byteLength)};
    there[i] = {reinterpret_cast<void*>(static_cast<uintptr_t>(address)), static_cast<size_t>(byteLength)};
  }
  const auto isSlow = [&](uint32_t i) {
    return IsSlowForKernel(process_vm_readv, static_cast<uint8_t*>(here[i].iov_base), static_cast<uint8_t*>(there[i].iov_base), here[i].iov_len);
  };
  uint32_t done = 0;
  int error = 0;
  while (done < count && error == 0) {
    uint32_t end = done;
    while (end < count && !isSlow(end)) end++;
    if (end == done) {
      error = CopyAll(process_vm_readv, pid, static_cast<uint8_t*>(here[done].iov_base), static_cast<uint8_t*>(there[done].iov_base), here[done].iov_len);
      if (error == 0) done++;
      continue;
    }
    ssize_t copied = process_vm_readv(pid, here + done, end - done, there + done, end - done, 0);
    if (copied < 0) error = -errno;
    for (; done < end && copied >= static_cast<ssize_t>(here[done].iov_len); done++) copied -= here[done].iov_len;
    if (done < end && error == 0) error = -EFAULT;
  }
  return RawNumber(env, done > 0 ? static_cast<int>(done) : error);
}

void InitCrossMemory(Napi::Env env, Napi::Object exports) {
  ExportRaw(env, exports, "addressOf", AddressOf);
  ExportRaw(env, exports, "readProcess", CopyProcess<process_vm_readv>);
  ExportRaw(env, exports, "readMany", ReadMany);
  ExportRaw(env, exports, "writeProcess", CopyProcess<process_vm_writev>);
}
