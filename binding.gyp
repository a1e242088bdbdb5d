{
  "targets": [
    {
      "target_name": "prom_client_mmap",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native', { recursive: true }).filter((name) => name.endsWith('.cc') && !name.startsWith('test')).map((name) => 'native/' + name).join(' ')\")"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      # A worker thread may be terminated inside any call; nothing can be thrown then, which must not be fatal.
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # Sums are exact only as long as the compiler leaves floating-point operations as they are: never -ffast-math.
      "cflags": ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-fvisibility=hidden"],
      "cflags!": ["-O3"],
      "cflags_cc!": ["-std=gnu++17", "-fno-exceptions"],
      "cflags_cc": ["-std=c++20", "-fvisibility-inlines-hidden"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_OPTIMIZATION_LEVEL": "2",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "OTHER_CFLAGS": ["-ffp-contract=off"],
        "WARNING_CFLAGS": ["-Wall", "-Wextra", "-Wconversion"]
      }
    }
  ]
}
