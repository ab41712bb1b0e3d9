/* CHECK for the tests in C: says what is wrong and ends with failure. */
#ifndef INGOT_TESTS_API_CHECK_H_
#define INGOT_TESTS_API_CHECK_H_

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, \
              ingot_last_error());                                                                 \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

#endif
