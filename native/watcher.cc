// Watches a descriptor from the event loop: doorbells in ranks, client sockets in the server.
#include "addon.h"

#include <memory>
#include <uv.h>

class Watcher : public Napi::ObjectWrap<Watcher> {
 public:
  static void Define(Napi::Env env, Napi::Object exports) {
    exports.Set("Watcher", DefineClass(env, "Watcher",
                                       {InstanceMethod("start", &Watcher::Start), InstanceMethod("stop", &Watcher::Stop),
                                        InstanceMethod("ref", &Watcher::RefLoop), InstanceMethod("unref", &Watcher::UnrefLoop),
                                        InstanceMethod("close", &Watcher::Close)}));
  }

  // new Watcher(descriptor, onReady: (readable: boolean, writable: boolean) => void)
  explicit Watcher(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Watcher>(info), env_(info.Env()) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env_, &loop);
    handle_ = new uv_poll_t;
    status_ = uv_poll_init(loop, handle_, info[0].As<Napi::Number>().Int32Value());
    if (status_ < 0) {
      delete handle_;
      handle_ = nullptr;
      return;
    }
    handle_->data = this;
    callback_ = Napi::Persistent(info[1].As<Napi::Function>());
    context_ = std::make_unique<Napi::AsyncContext>(env_, "zivm.Watcher");
    // An environment that ends closes its handles first.
    napi_add_env_cleanup_hook(env_, CloseAtExit, this);
    Ref();  // the wrapper lives as long as its handle
  }

 private:
  // start(writable: boolean): 0 | -errno
  Napi::Value Start(const Napi::CallbackInfo& info) {
    int events = UV_READABLE | (info[0].As<Napi::Boolean>().Value() ? UV_WRITABLE : 0);
    return Napi::Number::New(info.Env(), handle_ ? uv_poll_start(handle_, events, OnPoll) : status_);
  }
  void Stop(const Napi::CallbackInfo&) {
    if (handle_) uv_poll_stop(handle_);
  }
  void RefLoop(const Napi::CallbackInfo&) {
    if (handle_) uv_ref(reinterpret_cast<uv_handle_t*>(handle_));
  }
  void UnrefLoop(const Napi::CallbackInfo&) {
    if (handle_) uv_unref(reinterpret_cast<uv_handle_t*>(handle_));
  }
  void Close(const Napi::CallbackInfo&) { CloseHandle(); }

  void CloseHandle() {
    if (!handle_) return;
    uv_close(reinterpret_cast<uv_handle_t*>(handle_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
    handle_ = nullptr;
    napi_remove_env_cleanup_hook(env_, CloseAtExit, this);
    Unref();
  }

  static void CloseAtExit(void* watcher) { static_cast<Watcher*>(watcher)->CloseHandle(); }

  static void OnPoll(uv_poll_t* handle, int status, int events) {
    auto* watcher = static_cast<Watcher*>(handle->data);
    Napi::HandleScope scope(watcher->env_);
    const napi_value arguments[] = {Napi::Boolean::New(watcher->env_, status < 0 || (events & UV_READABLE)),
                                    Napi::Boolean::New(watcher->env_, (events & UV_WRITABLE) != 0)};
    // It runs the microtasks afterwards. An environment that ends runs its loop once more and calls nothing: then it fails without an
    // exception. (Napi::FunctionReference::MakeCallback would end the process.)
    napi_make_callback(watcher->env_, *watcher->context_, watcher->env_.Global(), watcher->callback_.Value(), 2, arguments, nullptr);
    if (watcher->env_.IsExceptionPending()) {
      napi_fatal_exception(watcher->env_, watcher->env_.GetAndClearPendingException().Value());
    }
  }

  Napi::Env env_;
  uv_poll_t* handle_ = nullptr;
  int status_ = 0;
  Napi::FunctionReference callback_;
  std::unique_ptr<Napi::AsyncContext> context_;
};

void InitWatcher(Napi::Env env, Napi::Object exports) { Watcher::Define(env, exports); }
