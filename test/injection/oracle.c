/* Prints libinjection's verdicts, a line for each line of standard input: hexadecimal bytes in, "sqli xss fingerprint" out, the first two as 0 or 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int libinjection_sqli(const char *, size_t, char *);
int libinjection_xss(const char *, size_t);
const char *libinjection_version(void);

static int digit(int c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  printf("%s\n", libinjection_version());
  while ((length = getline(&line, &room, stdin)) >= 0) {
    size_t bytes = 0;
    for (ssize_t i = 0; i + 1 < length && line[i] != '\n'; i += 2)
      line[bytes++] = (char)(digit(line[i]) * 16 + digit(line[i + 1]));
    line[bytes] = 0;
    char fingerprint[16] = "";
    int sqli = libinjection_sqli(line, bytes, fingerprint);
    printf("%d %d %s\n", sqli, libinjection_xss(line, bytes), sqli ? fingerprint : "");
  }
  free(line);
  return 0;
}
