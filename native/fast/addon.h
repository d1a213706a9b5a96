// What the files of this addon share. It is apart from the other one, which uses Node-API only: V8 offers no fast calls
// there.
#pragma once

#include <node.h>

#include <atomic>
#include <cstdint>

// How many calls were no fast ones: tests see that a loop in its steady state makes none.
inline std::atomic<uint32_t> ordinaryCalls{0};

void InitCopy(v8::Local<v8::Context> context, v8::Local<v8::Object> exports);
void InitPut(v8::Local<v8::Context> context, v8::Local<v8::Object> exports);
void InitTake(v8::Local<v8::Context> context, v8::Local<v8::Object> exports);
void InitCombine(v8::Local<v8::Context> context, v8::Local<v8::Object> exports);
void InitYield(v8::Local<v8::Context> context, v8::Local<v8::Object> exports);
