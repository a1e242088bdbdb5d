// Loaded by process.dlopen(), it forks without exec. FORKED names a file that gets the child's pid, CHILD says what becomes of
// it: it waits to be killed (by default), ends by "exit" or "abort", or goes on in "javascript". The parent goes on
// when such a child has ended, and appends to the file by which signal, or 0.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void* napi_register_module_v1(void* env, void* exports) {
  (void)env;
  const char* what = getenv("CHILD");
  pid_t child = fork();
  if (child == 0) {
    while (what == NULL) pause();
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (strcmp(what, "exit") == 0) exit(0);
    if (strcmp(what, "abort") == 0) abort();
    return exports;
  }
  FILE* file = fopen(getenv("FORKED"), "w");
  fprintf(file, "%d", (int)child);
  if (what != NULL) {
    int status;
    waitpid(child, &status, 0);
    fprintf(file, " %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
  fclose(file);
  return exports;
}
