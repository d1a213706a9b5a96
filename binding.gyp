{
  "target_defaults": {
    "cflags": ["-Wall", "-Wextra", "-Wno-unused-parameter"],
    "cflags_cc": ["-std=c++17", "-O3", "-fno-exceptions"]
  },
  "targets": [
    {
      "target_name": "zivm",
      "sources": [
        "native/addon.cc",
        "native/cross-memory.cc",
        "native/doorbell.cc",
        "native/memory.cc",
        "native/process.cc",
        "native/socket.cc",
        "native/vfio.cc",
        "native/watcher.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"]
    },
    {
      "target_name": "zivm_fast",
      "cflags_cc": ["-Wno-cast-function-type"],
      "sources": [
        "native/fast/addon.cc",
        "native/fast/combine.cc",
        "native/fast/copy.cc",
        "native/fast/kernels.cc",
        "native/fast/put.cc",
        "native/fast/take.cc",
        "native/fast/yield.cc"
      ]
    }
  ]
}
