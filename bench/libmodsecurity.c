/* Processor time of one request in libmodsecurity 3: RULES REQUEST BATCHES REQUESTS-A-BATCH. REQUEST is a file that holds
   "METHOD TARGET", a line for each header, an empty line and the body. Prints the microseconds that loading took, the
   microseconds of a request in the best batch, and how many requests were stopped. */
#include <modsecurity/modsecurity.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADERS_MAX 32

struct request {
  char *method, *target;
  char *names[HEADERS_MAX], *values[HEADERS_MAX];
  int headers;
  const unsigned char *body;
  size_t length;
};

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(2);
}

static double processor_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static char *next_line(char **rest) {
  char *line = *rest, *end = strchr(line, '\n');
  if (end == NULL) fail("the file of the request ends early");
  *end = 0;
  *rest = end + 1;
  return line;
}

static void read_request(const char *path, struct request *request) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail("the file of the request cannot be read");
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(size + 1), *rest = text, *line;
  if (text == NULL || fread(text, 1, size, file) != size) fail("the file of the request cannot be read");
  fclose(file);
  text[size] = 0;
  request->method = next_line(&rest);
  request->target = strchr(request->method, ' ');
  if (request->target == NULL) fail("the first line has no target");
  *request->target++ = 0;
  for (request->headers = 0; *(line = next_line(&rest)) != 0; request->headers++) {
    char *colon = strstr(line, ": ");
    if (colon == NULL || request->headers == HEADERS_MAX) fail("a header is not one");
    *colon = 0;
    request->names[request->headers] = line;
    request->values[request->headers] = colon + 2;
  }
  request->body = (const unsigned char *)rest;
  request->length = size - (size_t)(rest - text);
}

static int stopped(Transaction *transaction) {
  ModSecurityIntervention answer;
  memset(&answer, 0, sizeof answer);
  answer.status = 200;
  int disruptive = msc_intervention(transaction, &answer);
  free(answer.url);
  free(answer.log);
  return disruptive;
}

static int look(ModSecurity *engine, RulesSet *rules, const struct request *request) {
  static const unsigned char answer[] = "hello from the protected service\n";
  Transaction *transaction = msc_new_transaction(engine, rules, NULL);
  msc_process_connection(transaction, "192.0.2.1", 40000, "192.0.2.2", 443);
  msc_process_uri(transaction, request->target, request->method, "1.1");
  for (int at = 0; at < request->headers; at++)
    msc_add_request_header(transaction, (const unsigned char *)request->names[at],
                           (const unsigned char *)request->values[at]);
  msc_process_request_headers(transaction);
  int stop = stopped(transaction);
  if (!stop) {
    if (request->length > 0) msc_append_request_body(transaction, request->body, request->length);
    msc_process_request_body(transaction);
    stop = stopped(transaction);
  }
  if (!stop) {
    msc_add_response_header(transaction, (const unsigned char *)"Content-Type", (const unsigned char *)"text/plain");
    msc_process_response_headers(transaction, 200, "HTTP/1.1");
    msc_append_response_body(transaction, answer, sizeof answer - 1);
    msc_process_response_body(transaction);
    stop = stopped(transaction);
  }
  msc_process_logging(transaction);
  msc_transaction_cleanup(transaction);
  return stop;
}

static void quiet(void *data, const void *message) {
  (void)data;
  (void)message;
}

int main(int count, char **words) {
  if (count != 5) fail("RULES REQUEST BATCHES REQUESTS-A-BATCH");
  struct request request;
  read_request(words[2], &request);
  int batches = atoi(words[3]), each = atoi(words[4]), stops = 0;
  ModSecurity *engine = msc_init();
  msc_set_log_cb(engine, quiet);
  RulesSet *rules = msc_create_rules_set();
  const char *error = NULL;
  double began = processor_time();
  if (msc_rules_add_file(rules, words[1], &error) < 0) fail(error == NULL ? "the rules do not load" : error);
  double loaded = processor_time() - began, best = 1e18;
  for (int batch = 0; batch < batches; batch++) {
    began = processor_time();
    for (int at = 0; at < each; at++) stops += look(engine, rules, &request);
    double spent = (processor_time() - began) / each;
    if (spent < best) best = spent;
  }
  printf("%.0f %.2f %d\n", loaded, best, stops);
  return 0;
}
