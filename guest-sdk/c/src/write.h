/* What else can keep a text from being written. */
#ifndef REENTRY_WRITE_H
#define REENTRY_WRITE_H

#include "reentry/json.h"

/* Makes a text one that could not be written. The problem is kept before. */
void reentry_give_up(reentry_buffer *out);

#endif
