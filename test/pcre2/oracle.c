/* Matches every pattern against every subject with PCRE2. Usage: oracle PATTERNS SUBJECTS OUTPUT
 * PATTERNS: records of option bits, length (both 32 bits, little endian) and bytes; SUBJECTS: length and bytes.
 * OUTPUT: for each pattern a byte (1: compiled), and if so for each subject a byte (0: no match, 1: match, 2: limit),
 * after a match followed by the ends of groups 0 to 9 as 20 signed 32-bit numbers. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *slurp(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(2); }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*size + 1);
  if (fread(bytes, 1, *size, file) != *size) { perror(path); exit(2); }
  fclose(file);
  return bytes;
}

static uint32_t word(const unsigned char **at) {
  uint32_t value;
  memcpy(&value, *at, 4);
  *at += 4;
  return value;
}

static void match_all(pcre2_code *code, const unsigned char *at, const unsigned char *end, FILE *out) {
  pcre2_match_data *data = pcre2_match_data_create(128, NULL);
  pcre2_match_context *context = pcre2_match_context_create(NULL);
  pcre2_set_match_limit(context, 2000000);
  while (at < end) {
    uint32_t length = word(&at);
    int count = pcre2_match(code, at, length, 0, 0, data, context);
    at += length;
    fputc(count > 0 ? 1 : count == PCRE2_ERROR_NOMATCH ? 0 : 2, out);
    if (count <= 0) continue;
    size_t *ends = pcre2_get_ovector_pointer(data);
    int32_t groups[20];
    for (int i = 0; i < 20; i++)
      groups[i] = i < 2 * count && ends[i] != PCRE2_UNSET ? (int32_t)ends[i] : -1;
    fwrite(groups, sizeof groups, 1, out);
  }
  pcre2_match_context_free(context);
  pcre2_match_data_free(data);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  size_t pattern_size, subject_size;
  const unsigned char *at = slurp(argv[1], &pattern_size), *stop = at + pattern_size;
  const unsigned char *subjects = slurp(argv[2], &subject_size);
  FILE *out = fopen(argv[3], "wb");
  if (!out) { perror(argv[3]); return 2; }
  while (at < stop) {
    uint32_t bits = word(&at), length = word(&at), options = 0;
    /* PCRE2 makes \N+ before \R possessive, which loses matches: the search is asked without that shortcut. */
    if (!getenv("PCRE2_JIT")) options |= PCRE2_NO_AUTO_POSSESS;
    if (bits & 1) options |= PCRE2_DOTALL;
    if (bits & 2) options |= PCRE2_DOLLAR_ENDONLY;
    if (bits & 4) options |= PCRE2_MULTILINE;
    if (bits & 8) options |= PCRE2_CASELESS;
    int error;
    size_t offset;
    pcre2_code *code = pcre2_compile(at, length, options, &error, &offset, NULL);
    at += length;
    fputc(code ? 1 : error == PCRE2_ERROR_PATTERN_TOO_LARGE ? 2 : 0, out);
    if (!code) continue;
    /* With JIT, groups of a way that failed may show: the interpreter is asked where groups are compared. */
    if (getenv("PCRE2_JIT")) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    match_all(code, subjects, subjects + subject_size, out);
    pcre2_code_free(code);
  }
  return fclose(out) == 0 ? 0 : 2;
}
