/* Request bodies in application/x-www-form-urlencoded. */
#include "form.h"

#include "occ_session.h"

#include "check.h"

static char bytes[1000];

static occ_writer writer(size_t size) {
  memset(bytes, 0, sizeof bytes);
  return (occ_writer){.at = bytes, .size = size};
}

TEST(appendix_b, "RFC 6749 Appendix B: its example is encoded as printed there") {
  occ_writer form = writer(100);
  occ_form_add(&form, "x", OCC_TEXT(" %&+\xC2\xA3\xE2\x82\xAC"));
  CHECK_TEXT(bytes, "x=+%25%26%2B%C2%A3%E2%82%AC");
}

TEST(all_bytes, "each of the 256 bytes is encoded as the URL standard says") {
  for (int byte = 0; byte < 256; byte++) {
    const char value = (char)byte;
    char expected[10];
    if (byte == ' ') {
      (void)strcpy(expected, "x=+");
    } else if (byte != 0 && strchr("*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                   "abcdefghijklmnopqrstuvwxyz",
                                   byte) != NULL) {
      (void)snprintf(expected, sizeof expected, "x=%c", byte);
    } else {
      (void)snprintf(expected, sizeof expected, "x=%%%02X", (unsigned)byte);
    }
    occ_writer form = writer(100);
    occ_form_add(&form, "x", (occ_text){&value, 1});
    CHECK_TEXT(bytes, expected);
  }
}

TEST(several, "fields are joined with an ampersand") {
  occ_writer form = writer(100);
  occ_form_add(&form, "one", OCC_TEXT("1"));
  occ_form_add(&form, "two", OCC_TEXT(""));
  occ_form_add(&form, "three", OCC_TEXT("a=b"));
  CHECK_TEXT(bytes, "one=1&two=&three=a%3Db");
  CHECK_NUMBER(form.used, strlen("one=1&two=&three=a%3Db"));
}

TEST(empty_left_out, "an empty optional value is left out") {
  occ_writer form = writer(100);
  occ_form_add_if_any(&form, "scope", OCC_TEXT(""));
  CHECK_TEXT(bytes, "");
  occ_form_add_if_any(&form, "scope", OCC_TEXT("basic openid"));
  occ_form_add_if_any(&form, "client_secret", OCC_TEXT(""));
  CHECK_TEXT(bytes, "scope=basic+openid");
}

TEST(overflow, "an overflow is reported, and nothing is written behind the end") {
  const char *whole = "x=%25%25";
  for (size_t size = 0; size <= strlen(whole); size++) {
    occ_writer form = writer(size);
    occ_form_add(&form, "x", OCC_TEXT("%%"));
    CHECK(form.overflow == (size < strlen(whole)));
    CHECK(form.used <= size);
    CHECK(memcmp(bytes, whole, form.used) == 0);
    for (size_t i = size; i < sizeof bytes; i++) {
      CHECK(bytes[i] == 0);
    }
  }
}

TEST(longest_token, "a token of 8 KiB that needs encoding throughout fits into a body") {
  static char token[OCC_TOKEN_MAX];
  static char body[OCC_INPUT_MAX];
  memset(token, '%', sizeof token);
  occ_writer form = {.at = body, .size = sizeof body};
  occ_form_add(&form, "token", (occ_text){token, sizeof token});
  CHECK(!form.overflow);
  CHECK_NUMBER(form.used, 6 + 3 * 8192);
}
