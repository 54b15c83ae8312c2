#include "cli/input_run.hpp"

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <utility>

#include "cli/by_engine.hpp"
#include "shared/clock.hpp"
#include "shared/printable.hpp"

namespace roundhouse::cli {

namespace {

using Texts = std::vector<std::pair<int, std::string>>;

// What the compiler said is told in full, and what an engine threw in a line.
std::string text_of(const RemoteErrorInfo& error) {
  if (error.name == kCompileError && !error.traceback.empty()) return error.traceback;
  return error.name + (error.value.empty() ? "" : ": " + error.value);
}

// The beginning of what is too long for anybody to read.
std::string shown(std::string_view value, std::size_t bytes_max) {
  if (value.size() <= bytes_max) return printable_lines(value);
  std::size_t end = 0;
  for (std::size_t next = 0; next <= bytes_max; next += character_bytes(value.substr(next)))
    end = next;
  return printable_lines(value.substr(0, end)) + "… (" +
         with_commas(static_cast<std::uint64_t>(value.size())) + " bytes in all)";
}

void show_each(std::ostream& to, const std::string& what, const Texts& texts, bool several) {
  for (const Said& said : by_text(texts)) {
    const std::string title = "[" + what + ":" + engine_set(said.engines) + "]";
    show_text(to, several ? title : std::string(), said.text);
  }
}

}  // namespace

InputRun::InputRun(const Client& client, const std::vector<int>& engines, const Input& input,
                   const InputOptions& options)
    : engines_(engines),
      value_bytes_max_(options.value_bytes_max),
      live_(engines.size()),
      finished_(engines.size()) {
  if (options.live) lines_.emplace(engines.size() > 1, std::cout, std::cerr);
  ApplyMessage message{.function = kExecuteTask, .label = options.label};
  if (options.time_limit) message.time_limit = Limit(*options.time_limit);
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    const int engine = engines_[i];
    message.engines = {engine};
    Encoded body = detail::encode_source(input.code, input.file, input.is_program);
    results_.push_back(client.send_apply_message(message, {&body, 1}).as<ExecuteResult>());
    if (!lines_) continue;
    live_[i] = std::make_unique<LiveText>(
        results_.back(), [this, engine](OutputStream stream, std::string_view text) {
          lines_->write(engine, stream, text);
        });
  }
}

bool InputRun::wait(Duration most) {
  const TimePoint end = steady_now() + most;
  bool all = true;
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (finished_[i]) continue;
    const Duration left = std::max(end - steady_now(), Duration::zero());
    if (results_[i].wait(left))
      finish(i);
    else
      all = false;
  }
  return all;
}

void InputRun::finish(std::size_t index) {
  finished_[index] = true;
  const Outcome<ExecuteResult> outcome = results_[index].get(return_exceptions);
  if (live_[index] != nullptr) {
    if (outcome)
      live_[index]->finish(outcome.value().out, outcome.value().err);
    else
      live_[index]->finish(results_[index].stdout(), results_[index].stderr());
    live_[index].reset();
    lines_->end(engines_[index]);
  }
  if (!outcome) errors_.push_back(outcome.error());
}

std::vector<int> InputRun::under_way() const {
  std::vector<int> out;
  for (std::size_t i = 0; i < engines_.size(); ++i)
    if (!finished_[i]) out.push_back(engines_[i]);
  return out;
}

std::vector<std::string> InputRun::ids_under_way() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < engines_.size(); ++i)
    if (!finished_[i]) out.push_back(results_[i].msg_ids().front());
  return out;
}

void InputRun::show(Output& out, bool every_error) const {
  Texts values;
  Texts warnings;
  Texts errors;
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    if (!finished_[i]) continue;
    const Outcome<ExecuteResult> outcome = results_[i].get(return_exceptions);
    if (!outcome) {
      const RemoteErrorInfo& error = outcome.error();
      const bool is_a_line = engines_.size() == 1 && error.traceback.empty();
      if (every_error || !is_a_line) errors.emplace_back(engines_[i], text_of(error));
      continue;
    }
    const ExecuteResult& result = outcome.value();
    if (!result.warnings.empty()) warnings.emplace_back(engines_[i], result.warnings);
    if (!result.type.empty())
      values.emplace_back(engines_[i], shown(result.value, value_bytes_max_));
  }
  const bool several = engines_.size() > 1;
  show_each(std::cerr, "warning", warnings, several);
  show_each(std::cerr, "error", errors, several);
  if (!several && !values.empty()) return out.line(values.front().second);
  std::string text = labelled("Out", by_text(values));
  if (text.ends_with('\n')) text.pop_back();
  if (!text.empty()) out.line(text);
}

}  // namespace roundhouse::cli
