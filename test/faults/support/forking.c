// Loaded by process.dlopen(), it forks, and returns in both processes. In the child, which runs no exec, only the thread that
// called goes on. FORKED names a file that gets the child's pid.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void* napi_register_module_v1(void* env, void* exports) {
  (void)env;
  pid_t child = fork();
  if (child > 0) {
    FILE* file = fopen(getenv("FORKED"), "w");
    fprintf(file, "%d", (int)child);
    fclose(file);
  }
  return exports;
}
