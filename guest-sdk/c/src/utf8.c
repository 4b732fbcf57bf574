#include "utf8.h"

#include <stdint.h>

/* Length of the character that begins here; 0 if none does. */
static size_t character(const unsigned char *at, size_t room) {
  if (at[0] < 0x80) return 1;
  size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
  if (at[0] < 0xc2 || at[0] > 0xf4 || room < length) return 0;
  uint32_t c = at[0] & (0xffu >> (length + 1));
  for (size_t k = 1; k < length; k++) {
    if ((at[k] & 0xc0) != 0x80) return 0;
    c = c << 6 | (at[k] & 0x3f);
  }
  /* Longer than it need be, half of a surrogate pair, or beyond all characters. */
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return c < least[length] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : length;
}

size_t reentry_utf8_length(const char *text, size_t length) {
  size_t valid = 0;
  while (valid < length) {
    size_t step = character((const unsigned char *)text + valid, length - valid);
    if (!step) break;
    valid += step;
  }
  return valid;
}
