{
  "targets": [
    {
      "target_name": "zivm",
      "sources": [
        "native/addon.cc",
        "native/region-memory.cc",
        "native/doorbell.cc",
        "native/kernels.cc",
        "native/memory.cc",
        "native/process.cc",
        "native/socket.cc",
        "native/vfio.cc",
        "native/watcher.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
      "cflags": ["-Wall", "-Wextra", "-Wno-unused-parameter"],
      "cflags_cc": ["-std=c++17", "-O3", "-fno-exceptions"]
    }
  ]
}
