// Last words for what would be an exception of the library of C++: an index that `at` was given, no memory.
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <reentry.h>

#ifdef _LIBCPP_VERSION

_LIBCPP_BEGIN_NAMESPACE_STD

// Takes the place of the one that writes to standard error.
[[noreturn]] void __libcpp_verbose_abort(const char *format, ...) noexcept {
  static char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  reentry_die("%.*s", static_cast<int>(std::strcspn(text, "\n")), text);
}

_LIBCPP_END_NAMESPACE_STD

#endif
