#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/json_value.hpp"
#include "cli/named_types.hpp"
#include <roundhouse/named_data.hpp>
#include <roundhouse/named_values.hpp>

namespace roundhouse::cli {

namespace {

// What engines answer to a pull, whatever the types are.
class Answers : public AsyncTasks {
 public:
  explicit Answers(AsyncTasks sent) : AsyncTasks(std::move(sent)) {}

  // Throws TimeoutError, and what the tasks ended with.
  void require(Timeout timeout) const {
    require_done(timeout);
    tasks_.size() == 1 ? tasks_.check(0) : tasks_.check_all();
  }

  [[nodiscard]] std::vector<NamedValue> of_engine(std::size_t index, std::size_t names) const {
    return detail::read_pulled(tasks_, index, names);
  }
};

}  // namespace

void push(const NamesOptions& options, Output& out) {
  std::vector<NamedValue> values;
  for (const std::string& word : options.words) values.push_back(parse_named(word));
  Encoded body = encode_named_values(values);
  const Client client = connect(options.ask);
  ApplyMessage message{.function = kPushTask};
  message.engines = resolve_engines(client, options.engines);
  client.send_apply_message(message, {&body, 1}).as_list<void>().get(options.ask.timeout);
  if (out.json()) out.document(Json{{"engines", message.engines}});
}

void pull(const NamesOptions& options, Output& out) {
  Encoded body = encode_names(options.words);
  const Client client = connect(options.ask);
  ApplyMessage message{.function = kPullTask};
  message.engines = resolve_engines(client, options.engines);
  const Answers answers(client.send_apply_message(message, {&body, 1}));
  answers.require(options.ask.timeout);
  Json document = Json::array();
  for (std::size_t i = 0; i < message.engines.size(); ++i) {
    Json names = Json::object();
    for (const NamedValue& value : answers.of_engine(i, options.words.size())) {
      const Json& read = names[value.name] = json_of(value.packed);
      if (out.json()) continue;
      const std::string engine =
          message.engines.size() > 1 ? std::to_string(message.engines[i]) + ": " : std::string();
      const std::string name = options.words.size() > 1 ? value.name + " = " : std::string();
      out.line(engine + printable(name + json_line(read)));
    }
    document.push_back({{"engine", message.engines[i]}, {"values", std::move(names)}});
  }
  if (out.json()) out.document(document);
}

}  // namespace roundhouse::cli
