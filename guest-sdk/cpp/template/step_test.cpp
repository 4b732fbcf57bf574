// A test on this machine, without a host:
//   cc -std=gnu11 -Isdk/c/include -c sdk/c/src/*.c sdk/c/fake/*.c
//   c++ -std=c++20 -Isdk/include -Isdk/c/include step.cpp step_test.cpp *.o -o step_test && ./step_test
// GCC before 14 destroys what is made within a co_await twice: take clang, `zig c++`, or make it in the line before.
#include <cassert>
#include <reentry/test.h>
#include <string_view>

int main() {
  using std::string_view;
  const reentry_told asked = reentry_test_start("{{name}}", R"({"item": "a lamp"})");
  assert(asked.kind == REENTRY_TOLD_ASKS && string_view(asked.json) == R"({"item": "a lamp"})");
  const reentry_told bought = reentry_test_resume(REENTRY_ANSWERED, R"({"approved": true})");
  assert(bought.kind == REENTRY_TOLD_COMPLETED && string_view(bought.json) == R"({"bought": "a lamp"})");

  reentry_test_start("{{name}}", R"({"item": "a lamp"})");
  const reentry_told refused =
      reentry_test_resume(REENTRY_ANSWERED, R"({"approved": false, "comment": "too dear"})");
  assert(refused.kind == REENTRY_TOLD_FAILED && string_view(refused.message) == "too dear");
}
