// The ivshmem device from inside a guest, through VFIO (Linux, Documentation/driver-api/vfio.rst).
#include "addon.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

// vfioOpen(group: string, address: string): [container, group, device] | -errno
// The container and the group must stay open as long as the device is used, by whatever process.
static Napi::Value VfioOpen(const Napi::CallbackInfo& info) {
  std::string groupPath = info[0].As<Napi::String>(), address = info[1].As<Napi::String>();
  int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
  if (container < 0) return Napi::Number::New(info.Env(), -errno);
  int group = open(groupPath.c_str(), O_RDWR | O_CLOEXEC);
  int device = -1;
  bool opened = group >= 0 && ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) == 0 &&
                ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) == 0 &&
                (device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address.c_str())) >= 0;
  if (!opened) {
    int error = errno;
    if (group >= 0) close(group);
    close(container);
    return Napi::Number::New(info.Env(), -error);
  }
  Napi::Array result = Napi::Array::New(info.Env(), 3);
  result.Set(0u, container);
  result.Set(1u, group);
  result.Set(2u, device);
  return result;
}

// vfioRegion(device, index): { offset, byteLength } | -errno. Where a region of the device is in its descriptor.
static Napi::Value VfioRegion(const Napi::CallbackInfo& info) {
  vfio_region_info region = {};
  region.argsz = sizeof region;
  region.index = info[1].As<Napi::Number>().Uint32Value();
  if (ioctl(info[0].As<Napi::Number>().Int32Value(), VFIO_DEVICE_GET_REGION_INFO, &region) < 0) {
    return Napi::Number::New(info.Env(), -errno);
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("offset", static_cast<double>(region.offset));
  result.Set("byteLength", static_cast<double>(region.size));
  return result;
}

// vfioVectors(device): how many MSI-X vectors the device has | -errno
static Napi::Value VfioVectors(const Napi::CallbackInfo& info) {
  vfio_irq_info irq = {};
  irq.argsz = sizeof irq;
  irq.index = VFIO_PCI_MSIX_IRQ_INDEX;
  if (ioctl(info[0].As<Napi::Number>().Int32Value(), VFIO_DEVICE_GET_IRQ_INFO, &irq) < 0) return Napi::Number::New(info.Env(), -errno);
  return Napi::Number::New(info.Env(), irq.count);
}

// vfioEnable(device, configOffset, doorbells: Int32Array): 0 | -errno
// Lets the device send interrupts, and binds its MSI-X vectors to eventfds. VFIO leaves the bus-master bit clear, and
// without it no MSI-X message leaves the device.
static Napi::Value VfioEnable(const Napi::CallbackInfo& info) {
  constexpr off_t kCommand = 4;
  constexpr uint16_t kMemory = 2, kBusMaster = 4;
  int device = info[0].As<Napi::Number>().Int32Value();
  off_t config = info[1].As<Napi::Number>().Int64Value();
  Napi::Int32Array doorbells = info[2].As<Napi::Int32Array>();
  uint16_t command = 0;
  if (pread(device, &command, sizeof command, config + kCommand) != sizeof command) return Napi::Number::New(info.Env(), -errno);
  command |= kMemory | kBusMaster;
  if (pwrite(device, &command, sizeof command, config + kCommand) != sizeof command) return Napi::Number::New(info.Env(), -errno);
  size_t byteLength = doorbells.ElementLength() * sizeof(int32_t);
  std::vector<char> buffer(sizeof(vfio_irq_set) + byteLength);
  auto* irqs = reinterpret_cast<vfio_irq_set*>(buffer.data());
  irqs->argsz = static_cast<uint32_t>(buffer.size());
  irqs->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
  irqs->index = VFIO_PCI_MSIX_IRQ_INDEX;
  irqs->count = static_cast<uint32_t>(doorbells.ElementLength());
  memcpy(irqs->data, doorbells.Data(), byteLength);
  return Napi::Number::New(info.Env(), ioctl(device, VFIO_DEVICE_SET_IRQS, irqs) < 0 ? -errno : 0);
}

// readRegister(device, offset): value | -errno. Registers are read and written as whole words, as the device wants it.
static Napi::Value ReadRegister(const Napi::CallbackInfo& info) {
  uint32_t value = 0;
  ssize_t got = pread(info[0].As<Napi::Number>().Int32Value(), &value, sizeof value, info[1].As<Napi::Number>().Int64Value());
  return Napi::Number::New(info.Env(), got == sizeof value ? static_cast<double>(value) : got < 0 ? -errno : -EIO);
}

// writeRegister(device, offset, value): 0 | -errno
static Napi::Value WriteRegister(const Napi::CallbackInfo& info) {
  uint32_t value = info[2].As<Napi::Number>().Uint32Value();
  ssize_t put = pwrite(info[0].As<Napi::Number>().Int32Value(), &value, sizeof value, info[1].As<Napi::Number>().Int64Value());
  return Napi::Number::New(info.Env(), put == sizeof value ? 0 : put < 0 ? -errno : -EIO);
}

void InitVfio(Napi::Env env, Napi::Object exports) {
  exports.Set("vfioOpen", Napi::Function::New(env, VfioOpen));
  exports.Set("vfioRegion", Napi::Function::New(env, VfioRegion));
  exports.Set("vfioVectors", Napi::Function::New(env, VfioVectors));
  exports.Set("vfioEnable", Napi::Function::New(env, VfioEnable));
  exports.Set("readRegister", Napi::Function::New(env, ReadRegister));
  exports.Set("writeRegister", Napi::Function::New(env, WriteRegister));
}
