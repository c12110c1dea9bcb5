// Numbers as text.
#include "ckernels.h"
#include <stdio.h>

int64_t ck_print_double(char *out, int64_t size, char form, int precision, int alternate, double x) {
  const char format[] = {'%', alternate ? '#' : '.', alternate ? '.' : '*', alternate ? '*' : form, alternate ? form : 0, 0};
  const int count = snprintf(out, (size_t)size, format, precision, x);
  return count < 0 ? 0 : count < size ? count : size - 1;
}
