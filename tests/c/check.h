/*
 * The framework of the C tests: named tests, and checks that report where they failed.
 *
 *   TEST(emulated_sign_out, "R3: an emulated customer signs out and nothing is sent") {
 *     CHECK_NUMBER(host.request_count, 0);
 *   }
 *
 * A test file includes this once and is a whole program: it runs its tests in their order, or the
 * one whose sentence is the argument, and exits with 1 if a check failed; with --list it prints
 * their sentences. There is no library to install.
 */
#ifndef OCC_CHECK_H
#define OCC_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TESTS_MAX 200

static struct {
  const char *sentence;
  void (*run)(void);
} tests[TESTS_MAX];
static size_t test_count;
static unsigned failed_checks;

static void add_test(const char *sentence, void (*run)(void)) {
  if (test_count == TESTS_MAX) {
    (void)fprintf(stderr, "more than %d tests in a file\n", TESTS_MAX);
    exit(2);
  }
  tests[test_count].sentence = sentence;
  tests[test_count++].run = run;
}

/* A constructor, so no test can be written without being in the list. */
#define TEST(name, sentence)                                                                       \
  static void name(void);                                                                          \
  __attribute__((constructor)) static void add_##name(void) {                                      \
    add_test(sentence, name);                                                                      \
  }                                                                                                \
  static void name(void)

#define CHECK(condition) check_true((condition), __FILE__, __LINE__, #condition)
/* Compares numbers and enums. */
#define CHECK_NUMBER(actual, expected)                                                             \
  check_number((double)(actual), (double)(expected), __FILE__, __LINE__, #actual)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__, #actual)

static inline bool check_true(bool holds, const char *file, int line, const char *what) {
  if (!holds) {
    failed_checks++;
    printf("  %s:%d: %s\n", file, line, what);
  }
  return holds;
}

static inline bool check_number(double actual, double expected, const char *file, int line,
                                const char *what) {
  /* NaN is never expected: it fails. */
  const bool holds = actual == expected;
  if (!holds) {
    failed_checks++;
    printf("  %s:%d: %s is %.17g, not %.17g\n", file, line, what, actual, expected);
  }
  return holds;
}

static inline bool check_text(const char *actual, const char *expected, const char *file, int line,
                              const char *what) {
  const bool holds = strcmp(actual, expected) == 0;
  if (!holds) {
    failed_checks++;
    printf("  %s:%d: %s is\n    %.300s\n  and not\n    %.300s\n", file, line, what, actual,
           expected);
  }
  return holds;
}

static inline int list_tests(void) {
  for (size_t i = 0; i < test_count; i++) {
    printf("%s\n", tests[i].sentence);
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *only = argc > 1 ? argv[1] : NULL;
  if (only != NULL && strcmp(only, "--list") == 0) {
    return list_tests();
  }
  unsigned run_tests = 0;
  unsigned failed_tests = 0;
  for (size_t i = 0; i < test_count; i++) {
    if (only != NULL && strcmp(only, tests[i].sentence) != 0) {
      continue;
    }
    const unsigned before = failed_checks;
    tests[i].run();
    const bool passed = failed_checks == before;
    run_tests++;
    failed_tests += !passed;
    printf("%s %s\n", passed ? "ok    " : "FAILED", tests[i].sentence);
    (void)fflush(stdout);
  }
  printf("%u tests, %u failed\n", run_tests, failed_tests);
  return failed_tests > 0 || run_tests == 0;
}

#endif
