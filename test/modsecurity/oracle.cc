/*
 * Shows exchanges to libmodsecurity: oracle CONFIGURATION < exchanges > answers.
 * An exchange is: method, target, version, address texts; number of header texts and these; 0 or 1 and the body; status; number
 * of header texts of the response and these; body of the response. Numbers are four bytes, little end first; texts follow their length.
 * An answer is a line for each rule that matched: number, tab, what libmodsecurity says of the match; and a line "." at the end.
 */
#include <modsecurity/modsecurity.h>
#include <modsecurity/rule_message.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

using Headers = std::vector<std::pair<std::string, std::string>>;

static uint32_t number() {
  uint32_t value;
  if (fread(&value, 4, 1, stdin) != 1) exit(0);
  return value;
}

static std::string text() {
  std::string value(number(), '\0');
  if (!value.empty() && fread(&value[0], value.size(), 1, stdin) != 1) exit(3);
  return value;
}

static Headers headers() {
  Headers list;
  for (uint32_t left = number() / 2; left > 0; left--) {
    std::string name = text();
    list.emplace_back(std::move(name), text());
  }
  return list;
}

static void onMatch(void *, const void *data) {
  auto *message = static_cast<const modsecurity::RuleMessage *>(data);
  std::string said = message->m_match.substr(0, 400) + " | " + message->m_data.substr(0, 400);
  for (char &byte : said)
    if (byte == '\n' || byte == '\r') byte = ' ';
  printf("%d\t%s\n", message->m_ruleId, said.c_str());
}

static const unsigned char *bytes(const std::string &value) {
  return reinterpret_cast<const unsigned char *>(value.data());
}

static void show(modsecurity::ModSecurity &engine, modsecurity::RulesSet &rules) {
  std::string method = text(), target = text(), version = text(), address = text();
  Headers asked = headers();
  bool hasBody = number() == 1;
  std::string body = text();
  int status = static_cast<int>(number());
  Headers answered = headers();
  std::string answer = text();
  modsecurity::Transaction transaction(&engine, &rules, nullptr);
  transaction.processConnection(address.c_str(), 40000, "192.0.2.2", 443);
  transaction.processURI(target.c_str(), method.c_str(), version.c_str());
  for (auto &[name, value] : asked)
    transaction.addRequestHeader(bytes(name), name.size(), bytes(value), value.size());
  transaction.processRequestHeaders();
  if (hasBody) transaction.appendRequestBody(bytes(body), body.size());
  transaction.processRequestBody();
  for (auto &[name, value] : answered)
    transaction.addResponseHeader(bytes(name), name.size(), bytes(value), value.size());
  transaction.processResponseHeaders(status, "HTTP/1.1");
  if (!answer.empty()) transaction.appendResponseBody(bytes(answer), answer.size());
  transaction.processResponseBody();
  transaction.processLogging();
}

int main(int count, char **words) {
  if (count != 2) return 2;
  modsecurity::ModSecurity engine;
  engine.setConnectorInformation("comparison");
  engine.setServerLogCb(onMatch, modsecurity::RuleMessageLogProperty);
  modsecurity::RulesSet rules;
  if (rules.loadFromUri(words[1]) < 0) {
    fprintf(stderr, "%s\n", rules.getParserError().c_str());
    return 4;
  }
  for (;;) {
    show(engine, rules);
    puts(".");
    fflush(stdout);
  }
}
