/* A test is a program that prints what is not as expected. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static inline void check_text(const char *found, const char *expected, const char *file, int line) {
  if (found && expected ? strcmp(found, expected) == 0 : found == expected) return;
  printf("%s:%d: found    %s\n%*s expected %s\n", file, line, found ? found : "NULL", (int)strlen(file) + 5, "",
         expected ? expected : "NULL");
  failures++;
}
/* Text that the function gives is freed. */
static inline void check_given(char *found, const char *expected, const char *file, int line) {
  check_text(found, expected, file, line);
  free(found);
}
#define CHECK(condition) (condition ? (void)0 : check_text("false", #condition, __FILE__, __LINE__))
#define CHECK_TEXT(found, expected) check_text(found, expected, __FILE__, __LINE__)
#define CHECK_GIVEN(found, expected) check_given(found, expected, __FILE__, __LINE__)
