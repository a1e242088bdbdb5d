// Loaded by process.dlopen(), it forks without exec. The child does nothing until it is killed: JavaScript it could not run, as
// the engine's heap is not there for it. FORKED names a file that gets its pid.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void* napi_register_module_v1(void* env, void* exports) {
  (void)env;
  pid_t child = fork();
  while (child == 0) pause();
  FILE* file = fopen(getenv("FORKED"), "w");
  fprintf(file, "%d", (int)child);
  fclose(file);
  return exports;
}
