/* Code of others, which knows nothing of steps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void exits_elsewhere(int status) { exit(status); }

const char *opens_elsewhere(void) { return fopen("prices.txt", "r") ? NULL : strerror(errno); }
